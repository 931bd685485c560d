"""A person's page: both records side by side, why the state is as it is, who it may be in CORIPO, history and mails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from apps.accounts.models import CrmServer, User
from apps.contacts.cards import from_json
from apps.contacts.causes import Reason, why
from apps.contacts.duplicates import Twin, twins_of
from apps.contacts.evidence import WORDS
from apps.contacts.fields import empty, is_same_across, outlook_values
from apps.contacts.listing import LOOKS
from apps.contacts.models import ContactAddress, ContactLink, Difference, Field, OutlookContact, Suggestion
from apps.contacts.rules import rules_of
from apps.contacts.telling import Told, history_of, text_of
from apps.contacts.verdicts import MergeRules
from apps.mailboxes.models import Message, Participant

MOST_MAILS = 10
CONTACTS = "Contacts"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field on both sides. `waits` says that it is a difference that somebody has to settle, `travels` that the settings
    let it go from one side to the other."""

    label: str
    outlook: str
    crm: str
    differs: bool
    waits: bool
    travels: bool


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody in CORIPO who may be the person, with what speaks for it."""

    row: Suggestion
    evidence: tuple[Promise, ...]
    url: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    contact: OutlookContact
    link: ContactLink | None
    reason: Reason
    addresses: tuple[str, ...]
    fields: tuple[FieldRow, ...]
    suggestions: tuple[Suggested, ...]
    twins: tuple[Twin, ...]
    history: list[Told]
    mails: list[Message]

    @property
    def look(self) -> str:
        return LOOKS[self.contact.state]

    @property
    def moving(self) -> str:
        """The query with which the page asks whether the contact still waits; "" where it does not."""
        is_waiting = self.contact.state == OutlookContact.State.QUEUED
        return f"?shown={self.contact.pk}&person=1" if is_waiting else ""

    @property
    def companies(self) -> str:
        """Every company of the contact in CORIPO."""
        return ", ".join(name for _id, name in self.link.crm_companies) if self.link else ""


def person_page(contact: OutlookContact, *, user: User) -> PersonPage:
    """Asks nobody outside: CORIPO's side is as it was last read."""
    link = ContactLink.objects.filter(contact=contact).select_related("linked_by").first()
    addresses = tuple(ContactAddress.objects.filter(contact=contact).order_by("pk").values_list("address", flat=True))
    return PersonPage(
        contact=contact,
        link=link,
        reason=why(contact),
        addresses=addresses,
        fields=tuple(_fields(contact, link, MergeRules.of(rules_of(user)))),
        suggestions=tuple(suggestions_of(contact)) if link is None else (),
        twins=tuple(twins_of([contact]).get(contact.pk, ())),
        history=history_of(contact),
        mails=mails_of(contact, addresses, user=user),
    )


def suggestions_of(contact: OutlookContact) -> Iterable[Suggested]:
    server = CrmServer.objects.current()
    for row in Suggestion.objects.open().filter(contact=contact).order_by("-certainty", "crm_id"):
        yield Suggested(row, words_for(row.evidence), server.record_url(CONTACTS, row.crm_id))


def words_for(codes: Iterable[str]) -> tuple[Promise, ...]:
    return tuple(WORDS[code] for code in codes if code in WORDS)


def mails_of(contact: OutlookContact, addresses: tuple[str, ...], *, user: User) -> list[Message]:
    """The newest mails of the contact's mailbox that name one of its addresses."""
    if not addresses:
        return []
    named = Participant.objects.filter(address__in=addresses, message__mailbox=contact.mailbox_id)
    mails = Message.objects.visible_to(user).filter(gone_at=None, pk__in=named.values("message"))
    return list(mails.order_by("-received_at", "-pk")[:MOST_MAILS])


def _fields(contact: OutlookContact, link: ContactLink | None, rules: MergeRules) -> Iterable[FieldRow]:
    """The fields of which a side says something, in the order of a card."""
    agreed = {name: entry[0] for name, entry in link.snapshot.items()} if link else {}
    outlook = outlook_values(from_json(contact.card), agreed=agreed)
    crm = link.crm_values if link else {}
    waiting = set(Difference.objects.filter(link=link).values_list("field", flat=True)) if link else set()
    for field in Field:
        ours, theirs = outlook.get(field, empty(field)), crm.get(field, empty(field))
        if ours or theirs:
            differs = bool(link) and bool(crm) and not is_same_across(field, ours, theirs)
            yield FieldRow(
                str(field.label), text_of(ours), text_of(theirs), differs, field in waiting, rules.travels(field)
            )
