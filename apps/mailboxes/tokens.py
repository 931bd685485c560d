"""Access tokens of a mailbox: one refresh for everybody, however many ask at once.

No transaction stays open across the network. Whoever refreshes holds the row by a lease, which a sign of life keeps up for
longer than MSAL's time-outs; the others wait for the new token. A rotated token is kept whatever became of the lease, unless
somebody saved another.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from uuid import uuid4

from django.db.models import F, Q

from apps.core.clock import now
from apps.graph import signin
from apps.graph.errors import Disconnection, GraphError, GraphForbidden, GraphTokenAwaited, MailboxDisconnected
from apps.mailboxes.models import Mailbox, MailboxToken
from apps.work.heartbeat import heartbeat, lease

log = logging.getLogger(__name__)

# Always this list in this casing: another spelling makes every call a refresh.
SCOPES = ("User.Read", "Mail.Read")
# Asked for only where the owner wants something shown in Outlook, by a consent of its own.
WRITE_SCOPES = (*SCOPES, "Mail.ReadWrite")
# Asked for when a function of contacts is first used. A mailbox may have both consents: a token has what its use needs.
CONTACT_SCOPES = (*SCOPES, "Contacts.ReadWrite")
# MSAL's time-outs end before: who lives and refreshes for longer hangs.
LONGEST_REFRESH_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.1


class MailboxTokens:
    """The token source of one mailbox, for a GraphClient. Call it outside of transactions."""

    def __init__(self, mailbox_id: int, *, scopes: tuple[str, ...] = SCOPES) -> None:
        self._mailbox_id = mailbox_id
        self._scopes = scopes

    def access_token(self, *, rejected: str | None = None) -> str:
        """The token in force, refreshed if its end is near or Graph rejected it.

        Raises MailboxDisconnected (and has noted it) where only the owner can help, GraphForbidden where only the consent
        to these scopes is missing, GraphTokenAwaited where somebody else is refreshing for long, else an error to be tried
        again.
        """
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            row = self._row()
            token = signin.cached_token(row.cache, home_account_id=row.mailbox.home_account_id, scopes=self._scopes)
            if token and token != rejected:
                return token
            if (since := self._claim(row)) and (fresh := self._refreshed(row, since=since, force=rejected is not None)):
                return fresh
            if time.monotonic() > give_up_at:
                raise _awaited(row)
            time.sleep(LOOK_AGAIN_SECONDS)

    def refused(self) -> MailboxDisconnected:
        """Graph refused a token that came fresh from Microsoft: only a new sign-in can help."""
        row = self._row()
        record_disconnection(row, reason=Disconnection.REFUSED, at=now())
        return MailboxDisconnected("Graph refuses a fresh token", reason=Disconnection.REFUSED)

    def _row(self) -> MailboxToken:
        row = MailboxToken.objects.select_related("mailbox").filter(pk=self._mailbox_id).first()
        if row is None:
            raise MailboxDisconnected("no sign-in is stored", reason=Disconnection.REFUSED)
        if row.mailbox.status == Mailbox.Status.RECONNECT:
            raise MailboxDisconnected("waits for its owner", reason=_reason(row.mailbox.status_reason))
        return row

    def _claim(self, row: MailboxToken) -> datetime | None:
        """Since when the refresh is ours."""
        at = now()
        free = Q(refresh_claim=None) | Q(refresh_lease_until__lt=at)
        row.refresh_claim = uuid4()
        claimed = MailboxToken.objects.filter(free, pk=row.pk, generation=row.generation).update(
            refresh_claim=row.refresh_claim, refresh_lease_until=at + lease()
        )
        return at if claimed else None

    def _refreshed(self, row: MailboxToken, *, since: datetime, force: bool) -> str | None:
        """Ask Microsoft. None when the row changed meanwhile and has to be read again before anything is said."""
        ours = MailboxToken.objects.filter(pk=row.pk, refresh_claim=row.refresh_claim)
        try:
            with heartbeat(
                lambda: bool(ours.update(refresh_lease_until=now() + lease())), longest_seconds=LONGEST_REFRESH_SECONDS
            ):
                refreshed = signin.refresh(
                    row.cache, home_account_id=row.mailbox.home_account_id, scopes=self._scopes, force=force
                )
        except MailboxDisconnected as error:
            self._let_go(row)
            if self._scopes != SCOPES and error.reason in (Disconnection.CONSENT, Disconnection.ADMIN):
                # Only a right beyond reading mail was taken back: that goes on.
                raise GraphForbidden("consent beyond reading", request_id=error.request_id) from error
            if not record_disconnection(row, reason=error.reason, at=now()):
                return None
            raise
        except GraphError:
            self._let_go(row)
            raise
        changes = {"cache": refreshed.cache, "generation": F("generation") + 1} if refreshed.has_changed else {}
        saved = MailboxToken.objects.filter(pk=row.pk, generation=row.generation).update(
            refresh_claim=None, refresh_lease_until=None, **changes
        )
        if saved and changes:
            # We hung, were relieved, and Microsoft refused the relief the token that we had used: it was the good one after all.
            Mailbox.objects.filter(pk=row.pk, status=Mailbox.Status.RECONNECT, status_since__gte=since).update(
                status=Mailbox.Status.ACTIVE, status_since=now(), status_reason=""
            )
        log.info("token refreshed", extra={"mailbox_id": row.pk})
        if self._scopes != SCOPES and _lacks(refreshed.scopes, self._scopes):
            raise GraphForbidden("a token with fewer rights")
        return refreshed.access_token

    def _let_go(self, row: MailboxToken) -> None:
        MailboxToken.objects.filter(pk=row.pk, refresh_claim=row.refresh_claim).update(
            refresh_claim=None, refresh_lease_until=None
        )


def store_sign_in(mailbox: Mailbox, cache: str) -> None:
    """Keep the tokens of a new sign-in; who refreshes the old ones meanwhile is too late."""
    changed = MailboxToken.objects.filter(pk=mailbox.pk).update(
        cache=cache, generation=F("generation") + 1, refresh_claim=None, refresh_lease_until=None
    )
    if not changed:
        MailboxToken.objects.create(mailbox=mailbox, cache=cache)


def record_disconnection(row: MailboxToken, *, reason: Disconnection, at: datetime) -> bool:
    """Park the mailbox until its owner signs in again; False when a newer token was saved meanwhile."""
    unchanged = MailboxToken.objects.filter(pk=row.pk, generation=row.generation)
    parked = Mailbox.objects.filter(pk=row.pk, token__in=unchanged).update(
        status=Mailbox.Status.RECONNECT, status_since=at, status_reason=reason.value
    )
    if parked:
        log.warning("mailbox disconnected", extra={"mailbox_id": row.pk, "reason": reason.value})
    return bool(parked)


def _awaited(row: MailboxToken) -> GraphTokenAwaited:
    """Come back when the refresh may be ours: a process that died holds it until its lease ends."""
    left = (row.refresh_lease_until - now()).total_seconds() if row.refresh_lease_until else 0.0
    return GraphTokenAwaited(
        "the token is being refreshed elsewhere", again_after_seconds=min(max(left, 1.0), LONGEST_WAIT_SECONDS)
    )


def _reason(text: str) -> Disconnection:
    return Disconnection(text) if text in set(Disconnection) else Disconnection.REFUSED


def _lacks(granted: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether Microsoft says that a token has less than was wanted; it may say nothing of it."""
    return bool(granted) and not {scope.lower() for scope in wanted} <= {scope.lower() for scope in granted}
