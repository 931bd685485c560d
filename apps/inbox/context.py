"""What surrounds every page: mailboxes and folders, how fresh the mail is, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import CrmAccount, User
from apps.contacts.models import AddressBook
from apps.core.clock import now
from apps.core.templatetags.portal import moment
from apps.inbox.filters import query_of
from apps.inbox.folder_tree import FolderNode, choices, followed
from apps.inbox.moving import capped
from apps.mailboxes.models import Mailbox, MailFolder, MessageState, OutlookCategory
from apps.sync.claiming import crm_key
from apps.sync.listing import MessageFilter
from apps.sync.queries import UNDECIDED, count_undecided
from apps.sync.status_queries import waiting_by_mailbox
from apps.work.fences import outage

# A first strike is a moment's trouble, as often as not over before a person has read of it.
STRIKES_TO_TELL = 2


@dataclass(frozen=True, slots=True)
class NavMailbox:
    """`trouble` is why nothing new comes from it, "" where all is well."""

    pk: int
    address: str
    folders: tuple[FolderNode, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class Health:
    """How fresh the mail is, in the bar of every page."""

    icon: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A connection that waits for a person, with the button that mends it."""

    headline: str
    sentence: str
    button: str
    url: str
    is_form: bool = False
    mailbox: int | None = None
    tone: str = "bad"
    icon: str = "failed"


@dataclass(frozen=True, slots=True)
class Undecided:
    """E-mails of one state that wait for a decision; `query` leads to their list."""

    label: str
    icon: str
    count: str
    query: str


@dataclass(frozen=True, slots=True)
class Attention:
    """What waits for a person in the mail itself, beside broken connections."""

    headline: str
    count: str
    undecided: list[Undecided]


@dataclass(frozen=True, slots=True)
class Shell:
    mailboxes: list[NavMailbox]
    health: Health | None
    trouble: Trouble | None
    attention: Attention | None


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database only where a page shows it, as often for one folder as for fifty."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"shell": SimpleLazyObject(lambda: shell_of(cast("User", user)))}


def shell_of(user: User) -> Shell:
    mailboxes = list(
        Mailbox.objects.visible_to(user).select_related("category", "address_book").order_by("connected_at", "pk")
    )
    account = CrmAccount.objects.select_related("server").filter(user=user).first()
    return Shell(
        navigation(mailboxes),
        health_of(mailboxes),
        next(troubles(mailboxes, account), None),
        attention_of(count_undecided(user)),
    )


def navigation(mailboxes: list[Mailbox]) -> list[NavMailbox]:
    """Each mailbox with the folders that are followed."""
    present = MailFolder.objects.filter(mailbox__in=mailboxes, is_gone=False).defer("cursor")
    folders: dict[int, list[MailFolder]] = {}
    for folder in present:
        folders.setdefault(folder.mailbox_id, []).append(folder)
    return [
        NavMailbox(
            mailbox.pk,
            mailbox.address,
            followed(choices(folders.get(mailbox.pk, []))),
            "" if mailbox.status == Mailbox.Status.ACTIVE else mailbox.get_status_display(),
        )
        for mailbox in mailboxes
    ]


def health_of(mailboxes: list[Mailbox]) -> Health | None:
    """As old as the mailbox that was looked at longest ago. None where no mailbox is connected."""
    if not mailboxes:
        return None
    if any(mailbox.status != Mailbox.Status.ACTIVE for mailbox in mailboxes):
        return Health("failed", _("A connection waits for you"))
    looks = [mailbox.looked_at for mailbox in mailboxes]
    if None in looks:
        return Health("running", _("Loading mail"))
    oldest = min(look for look in looks if look is not None)
    return Health("synced", _("Up to date at %(time)s") % {"time": moment(oldest)})


def troubles(mailboxes: list[Mailbox], account: CrmAccount | None) -> Iterator[Trouble]:
    """The one to mend first comes first: without mail there is nothing to transfer, so mailboxes come before CORIPO, and
    contacts and what only shows in Outlook come last. The mailboxes bring their `category` and `address_book`."""
    yield from _broken_connections(mailboxes, account)
    for mailbox in mailboxes:
        book: AddressBook | None = getattr(mailbox, "address_book", None)
        if book is not None and book.refused_at is not None:
            yield Trouble(
                headline=_("Microsoft no longer gives access to the contacts of %(address)s.")
                % {"address": mailbox.address},
                sentence=_(
                    "Contacts have not gone between Outlook and CORIPO since %(time)s. Nothing was lost; mail is read as before."
                )
                % {"time": moment(book.refused_at)},
                button=_("Allow again"),
                url=reverse("contacts:consent"),
                is_form=True,
                mailbox=mailbox.pk,
                tone="warn",
                icon="attention",
            )
    for mailbox in mailboxes:
        category: OutlookCategory | None = getattr(mailbox, "category", None)
        if category is not None and category.refused_at is not None:
            yield Trouble(
                headline=_("Outlook no longer shows what is synced from %(address)s.") % {"address": mailbox.address},
                sentence=_("Microsoft has not let the portal write there since %(time)s. E-mails are synced as before.")
                % {"time": moment(category.refused_at)},
                button=_("Connect again"),
                url=reverse("mailboxes:write", args=[mailbox.pk]),
                is_form=True,
                tone="warn",
                icon="attention",
            )


def _broken_connections(mailboxes: list[Mailbox], account: CrmAccount | None) -> Iterator[Trouble]:
    if not mailboxes:
        yield Trouble(
            headline=_("No mailbox is connected yet."),
            sentence=_("Connect one, and you see its e-mails here."),
            button=_("First steps"),
            url=reverse("start"),
            tone="wait",
            icon="info",
        )
        return

    @cache
    def waiting() -> Counter[int]:
        return Counter(waiting_by_mailbox(mailbox.pk for mailbox in mailboxes))

    for mailbox in mailboxes:
        if mailbox.status == Mailbox.Status.RECONNECT:
            yield Trouble(
                headline=_("The connection to %(address)s has ended.") % {"address": mailbox.address},
                sentence=_("No new mail has come since %(time)s.") % {"time": moment(mailbox.status_since)}
                + " "
                + _waiting(waiting()[mailbox.pk]),
                button=_("Connect again"),
                url=reverse("mailboxes:connect"),
                is_form=True,
                mailbox=mailbox.pk,
            )
        if mailbox.status == Mailbox.Status.UNAVAILABLE:
            yield Trouble(
                headline=_("Microsoft 365 gives no access to the mailbox %(address)s.") % {"address": mailbox.address},
                sentence=_("It may have no licence, or be kept elsewhere. Your Microsoft 365 administrator can help."),
                button=_("Mailboxes"),
                url=reverse("settings_mailboxes"),
            )
    if account is None:
        yield Trouble(
            headline=_("CORIPO is not connected yet."),
            sentence=_("You can read your mail. To transfer it, the portal needs your login at CORIPO."),
            button=_("Connect CORIPO"),
            url=reverse("connect_crm"),
            tone="wait",
            icon="info",
        )
        return
    if account.status == CrmAccount.Status.REFUSED:
        yield Trouble(
            headline=_("CORIPO has refused your login since %(time)s.") % {"time": moment(account.status_since)},
            sentence=_waiting(waiting().total()),
            button=_("Check the login"),
            url=reverse("connect_crm"),
        )
    # CORIPO does not answer: nobody has to do anything, and everybody may know since when. Silent at its first strike.
    standing = outage(crm_key(account.server), at=now())
    if standing is not None and standing.strikes >= STRIKES_TO_TELL:
        yield Trouble(
            headline=_("CORIPO has not answered since %(time)s.") % {"time": moment(standing.since)},
            sentence=_waiting(waiting().total()) + " " + _("It goes on by itself."),
            button=_("Status"),
            url=reverse("status"),
            tone="wait",
            icon="queued",
        )


def attention_of(counts: Mapping[str, int]) -> Attention | None:
    """One banner for all; None where nothing waits. `counts` are by state, the sum of them up to COUNT_LIMIT."""
    total = sum(counts.values())
    if not total:
        return None
    return Attention(
        headline=ngettext("%(count)s e-mail needs your decision.", "%(count)s e-mails need your decision.", total)
        % {"count": capped(total)},
        count=capped(total),
        undecided=[
            Undecided(
                label=str(MessageState(state).label),
                icon=state,
                count=capped(counts[state]),
                query=query_of(MessageFilter(state=state)),
            )
            for state in UNDECIDED
            if counts.get(state)
        ],
    )


def _waiting(count: int) -> str:
    if not count:
        return _("Nothing was lost.")
    return ngettext(
        "Nothing was lost, %(count)s e-mail is waiting.", "Nothing was lost, %(count)s e-mails are waiting.", count
    ) % {"count": capped(count)}
