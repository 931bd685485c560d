"""One message as the panel shows it: its state and reason, its headers, and what the portal made of it in CORIPO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.contacts.correspondents import Refusals
from apps.inbox.functions import FUNCTIONS
from apps.inbox.kinds import kind_of
from apps.inbox.rows import ShownRow, shown_row
from apps.mailboxes.models import Mailbox, Message, MessageState, Participant
from apps.sync.conversations import later_links
from apps.sync.history import ToldChange, changes_of
from apps.sync.models import ConversationLink, CrmEmail, Outcome
from apps.sync.queries import Record, record_of, rows_of
from apps.sync.reasons import Remedy, Why, why
from apps.sync.undo_asking import may_undo_message

# States that wait for a person: their reason is open at once.
TELLING = (
    MessageState.FAILED,
    MessageState.PARTIAL,
    MessageState.NO_MATCH,
    MessageState.GONE,
    MessageState.HIDDEN,
    MessageState.SKIPPED,
)
CLOCKS_DIFFER = timedelta(days=1)
# Where a person changes the rule that decided: the page of settings, and the place on it.
_SETTINGS = {
    "off": ("settings_automatic", ""),
    "paused": ("settings_automatic", ""),
    "automatic": ("settings_automatic", ""),
    "cleared": ("settings_automatic", ""),
    "excluded": ("settings_automatic", "id_left_out_addresses"),
    "private": ("settings_automatic", "id_takes_private"),
    "direction": ("settings_automatic", "id_takes_received"),
    "folder": ("settings_automatic", "id_followed_folders_0"),
    "since": ("settings_automatic", "id_since"),
    "kind": ("settings_automatic", "id_left_out_kinds_0"),
    "folder_left": ("settings_mailboxes", ""),
    "no_contact": ("settings_emails", "id_no_match_0"),
}
_NAMES = {str(function.code): function.name for function in FUNCTIONS}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A record that the mail belongs with in CORIPO; `failed` where the link could not be made."""

    name: str
    module: str
    kind: Promise
    url: str
    failed: bool


@dataclass(frozen=True, slots=True)
class PanelHead:
    """What changes with the state of the message. `setting` is the address of the rule that decided, "" where none did;
    `later` are the records that later replies are linked with."""

    row: ShownRow
    reason: Why
    remedy: Remedy | None
    setting: str
    changes: list[ToldChange]
    is_telling: bool
    colleague: str
    links: tuple[ShownLink, ...]
    later: tuple[ConversationLink, ...]
    may_undo: bool

    @property
    def message(self) -> Message:
        return self.row.message

    @property
    def shown(self) -> str:
        return f"{self.message.pk}.{self.message.state}"


@dataclass(frozen=True, slots=True)
class Panel:
    """`mailbox` is the address of the mailbox it lies in, "" for a person with only one."""

    head: PanelHead
    headers: tuple[tuple[str, tuple[str, ...]], ...]
    odd_sent_at: datetime | None
    mailbox: str


def panel_head(message: Message, *, user: User, query: str = "") -> PanelHead:
    """The head of one of the user's own messages. No call outside."""
    (row,) = rows_of(user, [message])
    reason = why(message, user=user)
    record = record_of(message, user=user)
    return PanelHead(
        row=shown_row(row, Refusals.of(user), query),
        reason=reason,
        remedy=_remedy_beside_the_functions(reason),
        setting=setting_of(reason.cause),
        changes=changes_of(message),
        is_telling=message.state in TELLING,
        colleague=record.colleague if record else "",
        links=_links(record),
        later=tuple(later_links(message)),
        may_undo=may_undo_message(message, user=user),
    )


def panel(message: Message, *, user: User, query: str = "") -> Panel:
    """The whole panel but for what Microsoft 365 and CORIPO are asked for: body, files and people come on their own."""
    participants = list(message.participants.order_by("role", "position", "pk"))
    return Panel(
        head=panel_head(message, user=user, query=query),
        headers=tuple(
            (str(role.label), _names(participants, role))
            for role in (Participant.Role.FROM, Participant.Role.TO, Participant.Role.CC, Participant.Role.BCC)
            if any(participant.role == role for participant in participants)
        ),
        # The list goes by the time of arrival; a sender's clock that says something else is worth a line.
        odd_sent_at=message.sent_at if abs(message.sent_at - message.received_at) > CLOCKS_DIFFER else None,
        mailbox=_mailbox_among_several(message, user=user),
    )


def _mailbox_among_several(message: Message, *, user: User) -> str:
    has_others = Mailbox.objects.visible_to(user).exclude(pk=message.mailbox_id).exists()
    return message.mailbox.address if has_others else ""


def _names(participants: Sequence[Participant], role: str) -> tuple[str, ...]:
    return tuple(
        f"{participant.name} <{participant.written_address}>"
        if participant.name and participant.written_address and participant.name != participant.written_address
        else participant.name or participant.written_address
        for participant in participants
        if participant.role == role
    )


def _remedy_beside_the_functions(reason: Why) -> Remedy | None:
    """The way out, unless it is one of the buttons above it under the same name."""
    remedy = reason.remedy
    if remedy is None or remedy.label == _NAMES.get(remedy.action):
        return None
    return remedy


def setting_of(cause: str) -> str:
    """The address at which a person changes the setting that decided, "" where none did."""
    page, place = _SETTINGS.get("kind" if cause.startswith("kind_") else cause, ("", ""))
    return reverse(page) + (f"#{place}" if place else "") if page else ""


def _links(record: Record | None) -> tuple[ShownLink, ...]:
    # A record that was deleted belongs with nobody any more.
    if record is None or record.crm_email.status == CrmEmail.Status.DELETED:
        return ()
    server = record.crm_email.server
    return tuple(
        ShownLink(
            name=link.name or link.record_id,
            module=link.module,
            kind=kind_of(link.module),
            url=server.record_url(link.module, link.record_id),
            failed=link.outcome == Outcome.FAILED,
        )
        for link in record.links
    )
