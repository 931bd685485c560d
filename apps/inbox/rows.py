"""A message as a page shows it: with its address and the functions it offers."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from apps.contacts.correspondents import NOBODY, Refusals
from apps.core.addresses import canonical
from apps.inbox.functions import Offered, offered
from apps.mailboxes.models import Message
from apps.sync.queries import MessageRow


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: MessageRow
    url: str
    functions: tuple[Offered, ...]
    # Why no contact is made of the person whose mail it is; "" where one is offered.
    why_no_contact: str = ""

    @property
    def message(self) -> Message:
        return self.row.message

    @property
    def refused(self) -> list[Offered]:
        """The functions that cannot be used now, with their reasons."""
        return [function for function in self.functions if function.why_not]


def shown_row(row: MessageRow, refusals: Refusals, query: str = "") -> ShownRow:
    """`query` keeps the filter of the list in the address of the message."""
    return ShownRow(
        row=row,
        url=reverse("message", args=[row.message.pk]) + query,
        functions=offered(row.message, mark=row.mark),
        why_no_contact=_why_no_contact(row, refusals),
    )


def _why_no_contact(row: MessageRow, refusals: Refusals) -> str:
    """Of sent mail the page that follows tells of each recipient."""
    if row.message.direction == Message.Direction.SENT:
        return "" if row.recipients else str(NOBODY)
    return str(refusals.why_not(canonical(row.message.sender_address), kind=row.message.kind))
