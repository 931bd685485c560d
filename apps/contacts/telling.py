"""Values and the history of a contact as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.contacts.causes import sentence_for
from apps.contacts.models import ContactChange, ContactLink, Field, OutlookContact, Side

Kind = ContactChange.Kind
MOST_TOLD = 50
# What somebody asked for or saw; the sentence itself says so.
_SAID_ALREADY = {"by_hand", "differs"}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history. `before` and `after` are shown where something was written over; of a difference they are
    what Outlook and what CORIPO said, and `is_between_sides`."""

    at: datetime
    sentence: str
    who: str = ""
    why: str = ""
    before: str = ""
    after: str = ""
    has_values: bool = False
    is_between_sides: bool = False


def text_of(value: Any) -> str:
    """A value of a field on one line; "" for an empty one."""
    if isinstance(value, dict):
        parts = ("street", "postal_code", "city", "state", "country")
        return ", ".join(str(value[part]).replace("\n", ", ") for part in parts if value.get(part))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value or "")


def history_of(contact: OutlookContact) -> list[Told]:
    """What happened to the contact, the newest first. One query."""
    changes = ContactChange.objects.filter(contact=contact).select_related("actor").order_by("-pk")[:MOST_TOLD]
    return list(_told(changes))


def _told(changes: Iterable[ContactChange]) -> Iterable[Told]:
    for change in changes:
        has_values = bool(change.field) and change.kind not in (Kind.LINKED, Kind.UNLINKED, Kind.CREATED)
        yield Told(
            at=change.at,
            sentence=_sentence(change),
            who=change.actor.shown_name if change.actor else _("by itself"),
            why=_why(change.cause),
            before=text_of(change.before),
            after=text_of(change.after),
            has_values=has_values,
            is_between_sides=change.kind in (Kind.CONFLICT, Kind.SETTLED),
        )


def _why(cause: str) -> str:
    """A link tells by what the two were found to be one."""
    if cause in ContactLink.Origin.values:
        return capfirst(str(ContactLink.Origin(cause).label))
    return sentence_for(cause) if cause and cause not in _SAID_ALREADY else ""


def _sentence(change: ContactChange) -> str:
    where = Side(change.side).label if change.side else ""
    field = Field(change.field).label if change.field in Field.values else change.field
    if change.kind == Kind.CREATED:
        return _("Created in %(where)s.") % {"where": where or "CORIPO"}
    if change.kind == Kind.WRITTEN:
        return _("%(field)s changed in %(where)s.") % {"field": field, "where": where}
    if change.kind == Kind.CONFLICT:
        return _("%(field)s differs on the two sides.") % {"field": field}
    if change.kind == Kind.SETTLED:
        return _("%(field)s was settled.") % {"field": field}
    if change.kind == Kind.UNDONE:
        return _("A change of %(field)s was taken back.") % {"field": field} if field else _("Taken back.")
    if change.kind == Kind.GONE and field:
        return _("%(field)s was not carried over.") % {"field": field}
    if change.kind == Kind.GONE:
        return _("No longer there in %(where)s.") % {"where": where}
    if change.kind == Kind.UNLINKED:
        return _("Unlinked from the contact in CORIPO.")
    return _("Linked with a contact in CORIPO.")
