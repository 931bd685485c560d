"""Functions 5 to 8: their names, and for somebody of a mail where each leads and, if it cannot be used, why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.correspondents import Correspondent
from apps.contacts.models import OutlookContact


class Code(StrEnum):
    CREATE = "create"
    SYNC = "sync"
    OPEN = "open"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class ContactFunction:
    """`name` is what people and tests find it by."""

    code: Code
    name: Promise
    icon: str


CONTACT_FUNCTIONS = (
    ContactFunction(Code.CREATE, gettext_lazy("Create contact in Outlook"), "add-person"),
    ContactFunction(Code.SYNC, gettext_lazy("Sync contact"), "sync-person"),
    ContactFunction(Code.OPEN, gettext_lazy("Open contact in CORIPO"), "open"),
    ContactFunction(Code.LINK, gettext_lazy("Link contact with CORIPO"), "link"),
)


@dataclass(frozen=True, slots=True)
class OfferedContactFunction:
    """A function as it is offered for one person: a link to `url`, or a form there where it `is_done_at_once`."""

    function: ContactFunction
    url: str
    why_not: str = ""
    is_done_at_once: bool = False

    @property
    def leads_to_coripo(self) -> bool:
        return self.function.code == Code.OPEN


def offered_for(person: Correspondent, message_pk: int, *, is_connected: bool) -> tuple[OfferedContactFunction, ...]:
    """The four functions for somebody who is proposed. `is_connected` is whether the user's login at CORIPO works."""
    return tuple(
        OfferedContactFunction(
            function,
            url=_url(function.code, person, message_pk),
            why_not=_why_not(function.code, person.contact, is_connected=is_connected),
            is_done_at_once=function.code == Code.SYNC and person.contact is not None,
        )
        for function in CONTACT_FUNCTIONS
    )


def create_url(message_pk: int, address: str, *, then: str = "", **more: str) -> str:
    """The form that makes a contact of somebody; `then` is the function for which it is made."""
    query = {"message": str(message_pk), "address": address, **({"for": then} if then else {}), **more}
    return f"{reverse('contacts:create')}?{urlencode(query)}"


def choose_url(message_pk: int, function: str = "", address: str = "") -> str:
    """The people of the mail for whom a function is offered, or the way to it for the only one."""
    query = {"message": str(message_pk), "function": function, "address": address}
    return f"{reverse('contacts:choose')}?{urlencode({name: value for name, value in query.items() if value})}"


def _url(code: Code, person: Correspondent, message_pk: int) -> str:
    if code == Code.CREATE:
        return create_url(message_pk, person.address)
    if person.contact is None:
        if code == Code.OPEN:
            # There may be a contact in CORIPO all the same.
            return choose_url(message_pk, code, person.address)
        return create_url(message_pk, person.address, then=code)
    if code == Code.SYNC:
        return reverse("contacts:choose")
    return reverse(f"contacts:{code}", args=[person.contact.pk])


def _why_not(code: Code, contact: OutlookContact | None, *, is_connected: bool) -> str:
    if code == Code.CREATE:
        return ""
    if not is_connected:
        return _("CORIPO is not connected.")
    if code == Code.SYNC and contact is not None and contact.state == OutlookContact.State.QUEUED:
        return _("It is on its way already.")
    return ""
