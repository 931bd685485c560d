"""Picking records of CORIPO for an e-mail: what a person searches for, and what they pick of what was found.

A found record travels through the page as a ticket, signed for this person: nobody can pick what their own login has not
been shown, and nothing has to be asked of CORIPO a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.core.addresses import domain_of
from apps.crm.errors import CrmError
from apps.crm.face import SHORTEST_SEARCH, FoundRecord
from apps.inbox.kinds import RECORD_KINDS, kind_of
from apps.mailboxes.models import Message, MessageState
from apps.sync.causes import sentence_for
from apps.sync.chosen import Chosen, chosen_for, correspondent_of, linked_records, suggested_for
from apps.sync.conversations import Conversation, conversation_of, later_links
from apps.sync.finding import find_records, related_to_people
from apps.sync.models import ConversationLink, Outcome
from apps.sync.unlinking import LinkedRecord, WhyNot, linked_with

LONGEST_TEXT = 100
MOST_PICKED = 20

# The record is there, so a transfer only adds links to it.
STORED = (MessageState.SYNCED, MessageState.PARTIAL, MessageState.RESYNC)


class SearchForm(forms.Form):
    module = forms.ChoiceField(label=gettext_lazy("Type"), choices=list(RECORD_KINDS.items()), required=False)
    text = forms.CharField(
        label=gettext_lazy("Find in CORIPO"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=gettext_lazy("A name, an address or a domain. The letters may stand anywhere in the name."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def wanted(self) -> tuple[str, str]:
        """Module and words; what cannot be searched for is as if nothing had been asked."""
        if not self.is_valid():
            return next(iter(RECORD_KINDS)), ""
        return self.cleaned_data["module"] or next(iter(RECORD_KINDS)), " ".join(self.cleaned_data["text"].split())


class TicketsField(forms.MultipleChoiceField):
    """Records that this person was shown, from their tickets."""

    default_error_messages = {
        "required": gettext_lazy("Pick at least one record first."),
        "too_many": gettext_lazy("Pick at most %(most)d records at once."),
        "no_ticket": gettext_lazy("This choice cannot be read. Search again and repeat it."),
    }

    def __init__(self, *, user: User) -> None:
        super().__init__()
        self.user = user

    def to_python(self, value: Any) -> list[Any]:
        if len(value or ()) > MOST_PICKED:
            raise forms.ValidationError(self.error_messages["too_many"], code="too_many", params={"most": MOST_PICKED})
        try:
            return [record_of_ticket(ticket, user=self.user) for ticket in value or ()]
        except (signing.BadSignature, TypeError) as error:
            raise forms.ValidationError(self.error_messages["no_ticket"], code="no_ticket") from error

    def validate(self, value: list[Any]) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")


class PickForm(forms.Form):
    """Records, and whether they are picked for the rest of the conversation as well."""

    for_others = forms.BooleanField(required=False)
    for_later = forms.BooleanField(required=False)

    def __init__(self, *args: Any, user: User, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["record"] = TicketsField(user=user)

    def records(self) -> list[FoundRecord]:
        """The picked records, each once; none where the form is not valid."""
        picked = self.cleaned_data["record"] if self.is_valid() else []
        return list({(record.module, record.id): record for record in picked}.values())

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


@dataclass(frozen=True, slots=True)
class Offer:
    """A record that can be picked. `ticket` is what the page sends back; `is_linked` that there is nothing to pick."""

    record: FoundRecord
    ticket: str
    kind: Promise
    is_picked: bool
    is_linked: bool

    @property
    def evidence(self) -> tuple[str, ...]:
        """What tells the record from others of the same name."""
        return tuple(filter(None, (self.record.company, self.record.address, self.record.phone, self.record.detail)))


@dataclass(frozen=True, slots=True)
class Related:
    """What belongs to the mail's people in CORIPO; `trouble` is why it could not be asked."""

    offers: tuple[Offer, ...] = ()
    has_more: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A record with which the mail is linked; `why_not` is "" where the user can unlink it."""

    linked: LinkedRecord
    kind: Promise
    why_not: str


@dataclass(frozen=True, slots=True)
class Picking:
    """Everything that the page shows. `trouble` is why nothing could be searched, and then nothing was found either.

    `related` is None while nobody has asked CORIPO for it.
    """

    message: Message
    module: str
    text: str
    picked: tuple[Offer, ...]
    found: tuple[Offer, ...]
    suggested: tuple[Offer, ...]
    related: Related | None
    chosen: tuple[Chosen, ...]
    linked: tuple[ShownLink, ...]
    conversation: Conversation
    later: tuple[ConversationLink, ...]
    has_more: bool
    has_searched: bool
    is_connected: bool
    trouble: str
    domain: str

    @property
    def is_stored(self) -> bool:
        return self.message.state in STORED

    @property
    def is_too_short(self) -> bool:
        return 0 < len(self.text.replace(" ", "")) < SHORTEST_SEARCH


def picking(
    message: Message,
    *,
    user: User,
    module: str,
    text: str,
    picked: Iterable[FoundRecord],
    with_related: bool,
    at: datetime,
) -> Picking:
    """The page for one of the user's own messages. Asks CORIPO where there is something to search for, and `with_related`
    for what belongs to the people of the mail."""
    picked = tuple(picked)
    taken = {(record.module, record.id) for record in picked}
    linked = linked_records(message)

    def offers(records: Iterable[FoundRecord], *, are_picked: bool = False) -> tuple[Offer, ...]:
        return tuple(
            Offer(
                record=record,
                ticket=ticket_for(record, user=user),
                kind=kind_of(record.module),
                is_picked=are_picked,
                is_linked=(record.module, record.id) in linked,
            )
            for record in records
            if are_picked or (record.module, record.id) not in taken
        )

    is_sought = len(text.replace(" ", "")) >= SHORTEST_SEARCH
    trouble, found = "", None
    if is_sought:
        try:
            found = find_records(module, text, user=user)
        except CrmError as error:
            trouble = _told(error)
    suggested = () if is_sought else offers(suggested_for(message, user=user))
    taken |= {(offer.record.module, offer.record.id) for offer in suggested}
    related = None
    if with_related and not is_sought:
        related = _related(message, offers, user=user, at=at)
    return Picking(
        message=message,
        module=module,
        text=text,
        picked=offers(picked, are_picked=True),
        found=offers(found.records) if found else (),
        suggested=suggested,
        related=related,
        chosen=tuple(choice for choice in chosen_for(message) if choice.outcome != Outcome.MADE),
        linked=tuple(
            ShownLink(linked, kind=kind_of(linked.link.module), why_not=why_not_unlink(linked))
            for linked in linked_with(message, user=user)
        ),
        conversation=conversation_of(message, user=user),
        later=tuple(later_links(message)),
        has_more=bool(found and found.has_more),
        has_searched=found is not None,
        is_connected=not is_sought or bool(trouble) or found is not None,
        trouble=trouble,
        domain="" if is_sought else domain_of(correspondent_of(message)),
    )


def _related(
    message: Message, offers: Callable[[Iterable[FoundRecord]], tuple[Offer, ...]], *, user: User, at: datetime
) -> Related:
    try:
        found = related_to_people(message, user=user, at=at)
    except CrmError as error:
        return Related(trouble=_told(error))
    if found is None:
        return Related()
    return Related(tuple(offer for offer in offers(found.records) if not offer.is_linked), has_more=found.has_more)


def why_not_unlink(linked: LinkedRecord) -> str:
    """Why the user cannot unlink it; "" where they can."""
    if linked.why_not == WhyNot.ADOPTED:
        return _("The link was in CORIPO before the portal came to it. It can be removed there.")
    if linked.why_not == WhyNot.COLLEAGUE:
        maker = linked.link.made_by
        if maker is None:
            return _("Somebody who is no longer here linked it. The link can be removed in CORIPO.")
        return _("Linked by %(name)s. Others can remove the link in CORIPO.") % {"name": maker.shown_name}
    return ""


def ticket_for(record: FoundRecord, *, user: User) -> str:
    return signing.dumps(asdict(record), salt=_salt(user), compress=True)


def record_of_ticket(ticket: str, *, user: User) -> FoundRecord:
    """Raises BadSignature for what was not given to this person."""
    return FoundRecord(**signing.loads(ticket, salt=_salt(user)))


def _salt(user: User) -> str:
    return f"inbox.picking.{user.pk}"


def _told(error: CrmError) -> str:
    if error.is_retryable:
        return _("CORIPO does not answer. What you have picked stays picked.")
    return sentence_for(error.code)
