"""Which messages the automat has to do with: by index, whatever the size of the mailbox."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.mailboxes.models import MailFolder, Message, MessageQuerySet, MessageState
from apps.sync.models import Mark, SyncRules, Transfer
from apps.sync.taken_folders import taken_folders

# What the policy's own rules left out, and not the fate of the mail or a person's word.
_RULES = ("excluded", "private", *(f"kind_{kind}" for kind in Message.Kind.values))


def in_scope(rules: SyncRules, states: Collection[MessageState]) -> MessageQuerySet:
    """The messages in these states whose direction, folder and date the settings take: the last rules of the policy, as a
    query over an index."""
    directions = [
        direction
        for direction, is_taken in (
            (Message.Direction.RECEIVED, rules.takes_received),
            (Message.Direction.SENT, rules.takes_sent),
        )
        if is_taken
    ]
    folders = sorted(taken_folders(rules.user, rules))
    messages = _loaded(rules.user).filter(folder__in=folders, state__in=states, direction__in=directions)
    return messages.filter(received_at__gte=rules.since) if rules.since else messages


def cleared(rules: SyncRules) -> MessageQuerySet:
    """The messages that somebody marked as not synced, whatever their folder and date."""
    user = rules.user
    accounts = user.mailboxes.values("home_account_id")
    marks = Mark.objects.filter(home_account_id__in=accounts, value=Mark.Value.CLEARED)
    word = marks.filter(
        home_account_id=OuterRef("mailbox__home_account_id"),
        email_key=OuterRef("email_key"),
        variant=OuterRef("variant"),
    )
    return _loaded(user).filter(
        Exists(word),
        folder__in=_followed(user),
        email_key__in=marks.values("email_key"),
        state__in=(MessageState.NOT_SYNCED, MessageState.RESYNC),
    )


def skipped_by_rule(messages: Collection[Message]) -> dict[int, Transfer]:
    """The newest transfer of those that one of the policy's rules left out, by message."""
    skipped = [message.pk for message in messages if message.state == MessageState.SKIPPED]
    newest = {transfer.message_id: transfer for transfer in Transfer.objects.filter(message__in=skipped).order_by("pk")}
    return {pk: transfer for pk, transfer in newest.items() if transfer.cause in _RULES}


def _followed(user: User) -> list[int]:
    return list(MailFolder.objects.visible_to(user).followable().filter(is_followed=True).values_list("pk", flat=True))


def _loaded(user: User) -> MessageQuerySet:
    return (
        Message.objects.visible_to(user).filter(gone_at=None).select_related("mailbox").defer("search_text", "preview")
    )
