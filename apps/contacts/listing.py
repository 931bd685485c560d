"""The list of contacts as a person asks for it: filters with their counts, a search, pages by keyset, state in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.contacts.causes import sentence_for
from apps.contacts.duplicates import Twin, twins_of
from apps.contacts.models import (
    ContactAddress,
    ContactLink,
    Difference,
    OutlookContact,
    OutlookContactQuerySet,
    Suggestion,
)
from apps.mailboxes.texts import words_of

State = OutlookContact.State
PAGE_SIZE = 50
LONGEST_TEXT = 100
# The icon and colour of each state; its word is the state's own.
LOOKS: dict[str, str] = {
    State.ALONE: "not_synced",
    State.SUGGESTED: "link",
    State.QUEUED: "queued",
    State.LINKED: "synced",
    State.CONFLICT: "resync",
    State.ASKING: "attention",
    State.FAILED: "failed",
}
# What the states are called above the list, where they name many.
TABS: dict[str, Promise] = {
    "": _("All"),
    State.LINKED: pgettext_lazy("contacts", "Linked"),
    State.ALONE: _("Only in Outlook"),
    State.SUGGESTED: _("Suggestions"),
    State.CONFLICT: _("Differences"),
    State.ASKING: pgettext_lazy("contacts", "Needs your choice"),
    State.FAILED: _("Errors"),
    State.QUEUED: pgettext_lazy("contacts", "Waiting"),
}
# Beside these, a tab stands only where it leads to somebody.
_ALWAYS = ("", State.LINKED, State.ALONE, State.SUGGESTED, State.CONFLICT)


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """What a person wants to see; empty means all. A contact is found by a text when each of its words begins a word of the
    name, the company or an address."""

    state: str = ""
    text: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> ContactFilter:
        state = query.get("state", "")
        text = query.get("q", "")[:LONGEST_TEXT].replace("\x00", "").strip()
        return cls(state if state in State.values else "", text)

    def query(self, **more: str) -> str:
        """The query string with its question mark; "" for everything."""
        chosen = {name: value for name, value in {"state": self.state, "q": self.text, **more}.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""


@dataclass(frozen=True, slots=True)
class Tab:
    label: Promise
    query: str
    count: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`remark` is why the state is as it is, where a person needs to know; `twins` are who may be the same person."""

    contact: OutlookContact
    address: str
    remark: str
    twins: tuple[Twin, ...]

    @property
    def look(self) -> str:
        return LOOKS[self.contact.state]


@dataclass(frozen=True, slots=True)
class ContactPage:
    """`newer` and `older` are the addresses of the pages before and after, "" at the ends."""

    wanted: ContactFilter
    rows: tuple[Row, ...]
    tabs: tuple[Tab, ...]
    total: int
    query: str
    before: str
    after: str

    @property
    def moving(self) -> str:
        """The query with which the page asks for those that change by themselves; "" where none does."""
        waiting = [str(row.contact.pk) for row in self.rows if row.contact.state == State.QUEUED]
        return self.wanted.query(shown=",".join(waiting)) if waiting else ""


def listed(user: User) -> OutlookContactQuerySet:
    """Who is there, and of those deleted in Outlook the ones about whom somebody has to decide."""
    return OutlookContact.objects.visible_to(user).filter(Q(gone_at=None) | Q(state=State.ASKING))


def contact_page(query: QueryDict, *, user: User) -> ContactPage:
    """One page; as many queries for one contact as for fifty."""
    wanted = ContactFilter.of(query)
    found = listed(user)
    if wanted.state:
        found = found.filter(state=wanted.state)
    for word in words_of(wanted.text):
        found = found.filter(search_text__contains=f" {word}")
    contacts, before, after, place = _page_of(found, query, user=user)
    counts = count_by_state(user)
    return ContactPage(
        wanted=wanted,
        rows=tuple(rows_of(contacts)),
        tabs=tuple(tabs_of(wanted, counts)),
        total=sum(counts.values()),
        query=wanted.query(**place),
        before=wanted.query(before=before) if before else "",
        after=wanted.query(after=after) if after else "",
    )


def rows_of(contacts: Sequence[OutlookContact]) -> list[Row]:
    pks = [contact.pk for contact in contacts]
    addresses: dict[int, str] = {}
    for pk, address in ContactAddress.objects.filter(contact__in=pks).order_by("pk").values_list("contact", "address"):
        addresses.setdefault(pk, address)
    twins = twins_of(contacts)
    remarks = _remarks(contacts)
    return [
        Row(contact, addresses.get(contact.pk, ""), remarks.get(contact.pk, ""), tuple(twins.get(contact.pk, ())))
        for contact in contacts
    ]


def count_by_state(user: User) -> dict[str, int]:
    counted = listed(user).order_by().values("state").annotate(count=Count("pk"))
    return {one["state"]: one["count"] for one in counted}


def contacts_by_id(user: User, pks: Sequence[int]) -> list[OutlookContact]:
    return list(OutlookContact.objects.visible_to(user).filter(pk__in=pks).order_by("pk"))


def _page_of(
    found: OutlookContactQuerySet, query: QueryDict, *, user: User
) -> tuple[list[OutlookContact], str, str, dict[str, str]]:
    """The contacts of the page, the ids from which the pages before and after go on, and this page's own place."""
    backwards = "before" in query
    name = "before" if backwards else "after"
    start = _place(query.get(name, ""), user=user)
    found = found.defer("search_text")
    if start is not None:
        key, pk = start
        if backwards:
            found = found.filter(Q(sort_name__lt=key) | Q(sort_name=key, pk__lt=pk), sort_name__lte=key)
        else:
            found = found.filter(Q(sort_name__gt=key) | Q(sort_name=key, pk__gt=pk), sort_name__gte=key)
    backwards = backwards and start is not None
    order = ("-sort_name", "-pk") if backwards else ("sort_name", "pk")
    rows = list(found.order_by(*order)[: PAGE_SIZE + 1])
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    has_before = has_more if backwards else start is not None
    has_after = True if backwards else has_more
    place = {name: str(start[1])} if start is not None else {}
    return (
        rows,
        str(rows[0].pk) if rows and has_before else "",
        str(rows[-1].pk) if rows and has_after else "",
        place,
    )


def _place(text: str, *, user: User) -> tuple[str, int] | None:
    """Where in the order a contact stands; None for what is none of the user's. No name has to stand in an address."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        return None
    return OutlookContact.objects.visible_to(user).filter(pk=text).values_list("sort_name", "pk").first()


def tabs_of(wanted: ContactFilter, counts: dict[str, int]) -> list[Tab]:
    return [
        Tab(
            label,
            query=replace(wanted, state=state).query(),
            count=counts.get(state, 0) if state else sum(counts.values()),
            is_current=wanted.state == state,
        )
        for state, label in TABS.items()
        if state in _ALWAYS or counts.get(state) or wanted.state == state
    ]


def _remarks(contacts: Sequence[OutlookContact]) -> dict[int, str]:
    """What stands below the state: which fields differ, who is suggested and how certain, when both agreed, or the cause."""
    in_state: dict[str, list[int]] = {}
    for contact in contacts:
        in_state.setdefault(contact.state, []).append(contact.pk)
    told = {contact.pk: sentence_for(contact.cause) for contact in contacts if contact.cause}
    differing: dict[int, list[str]] = {}
    for row in Difference.objects.filter(link__contact__in=in_state.get(State.CONFLICT, [])).select_related("link"):
        differing.setdefault(row.link.contact_id, []).append(row.get_field_display())
    told |= {pk: ", ".join(labels) for pk, labels in differing.items()}
    best = Suggestion.objects.open().filter(contact__in=in_state.get(State.SUGGESTED, [])).order_by("certainty")
    told |= {row.contact_id: f"{' · '.join(filter(None, (row.name, row.company)))} ({row.certainty} %)" for row in best}
    return told


def linked_crm_ids(user: User, crm_ids: Sequence[str]) -> dict[str, OutlookContact]:
    """Of these contacts of CORIPO those that are linked with one of the user's, and with which."""
    links = ContactLink.objects.visible_to(user).filter(crm_id__in=crm_ids).select_related("contact")
    return {link.crm_id: link.contact for link in links}
