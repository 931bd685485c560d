"""What a person may ask of mailboxes: connect, disconnect, follow folders, look now."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.graph import signin
from apps.graph.client import GraphClient
from apps.graph.errors import Disconnection, GraphError, MailboxDisconnected, MailboxUnavailable
from apps.graph.parsing import GraphProfile
from apps.graph.signin import SignedIn
from apps.mailboxes.folders import subtree
from apps.mailboxes.models import Mailbox, MailboxToken, MailFolder
from apps.mailboxes.own_addresses import own_addresses_of
from apps.mailboxes.tokens import SCOPES, store_sign_in
from apps.mailboxes.turns import WATCHED_EVERY
from apps.work.wakeups import wake

log = logging.getLogger(__name__)

# A page says "seen" this often at most: it is a write, and the list asks for itself every few seconds.
SEEN_EVERY = timedelta(seconds=30)


class MailboxTaken(Exception):
    """The mailbox is connected by another user, and the person asking does not sign in with its account."""


def begin_connecting(*, redirect_uri: str, address: str = "") -> dict[str, Any]:
    """Start the consent for a mailbox; keep the answer server-side and send the browser to its `auth_uri`.

    An `address` proposes its account: a connection is mended, not another one made.
    """
    return signin.begin(scopes=SCOPES, redirect_uri=redirect_uri, address=address)


def connect_mailbox(flow: Mapping[str, Any], params: Mapping[str, str], *, user: User, at: datetime) -> Mailbox:
    """Finish the consent and keep the connection: a new mailbox, or one of the user's that is connected again.

    Nothing is kept unless Microsoft, the ID token and the mailbox itself have answered. Raises MailboxTaken,
    MailboxUnavailable for an account without mailbox, and what `signin.finish` raises.
    """
    signed_in = signin.finish(flow, params, scopes=SCOPES)
    client = GraphClient(base_url=settings.GRAPH_BASE_URL, tokens=_FreshTokens(signed_in))
    profile = client.profile()
    if not client.well_known_folders(["inbox"]):
        raise MailboxUnavailable("the account has no inbox")
    with transaction.atomic():
        mailbox = _keep(signed_in, profile, user=user, at=at)
        _wake_importer()
    log.info("mailbox connected", extra={"mailbox_id": mailbox.pk, "user_id": user.pk})
    return mailbox


def release_mailbox(mailbox: Mailbox, *, by: User, at: datetime) -> None:
    """Take the connection from its owner, so that somebody else can connect the mailbox. Mailbox, CORIPO and marks stay."""
    disconnect_mailbox(mailbox, at=at)
    log.warning("mailbox released", extra={"mailbox_id": mailbox.pk, "owner_id": mailbox.owner_id, "user_id": by.pk})


def namesake_of(mailbox: Mailbox) -> Mailbox | None:
    """Another mailbox of the same owner that bears this address: Microsoft 365 has replaced the account behind it."""
    others = (
        Mailbox.objects.kept().filter(owner=mailbox.owner_id, address__iexact=mailbox.address).exclude(pk=mailbox.pk)
    )
    return others.order_by("pk").first()


def disconnect_mailbox(mailbox: Mailbox, *, at: datetime) -> None:
    """Forget the connection. Mailbox, CORIPO and marks stay as they are.

    The tokens go at once, and nobody sees or touches the mailbox any more. Folders and messages of the portal, which may be
    many, are cleared away by a worker; the account is free to be connected again meanwhile.
    """
    with transaction.atomic():
        # Whoever looks at it has lost the turn, and so writes nothing more.
        Mailbox.objects.filter(pk=mailbox.pk).update(
            status=Mailbox.Status.LEAVING,
            status_since=at,
            home_account_id=f"left:{mailbox.pk}",
            look_claim=None,
            look_lease_until=None,
        )
        MailboxToken.objects.filter(pk=mailbox.pk).delete()
        wake("apps.sync.tasks.clear_away", queue="background")
    log.info("mailbox disconnected", extra={"mailbox_id": mailbox.pk})


def follow_folders(
    mailbox: Mailbox, folder_ids: Collection[int], *, with_subfolders: Collection[int] = (), at: datetime
) -> set[int]:
    """Follow exactly these folders of the mailbox, and `with_subfolders` with all that lies or will lie below them, but
    never drafts, junk or deleted mail. Rows of the others stay. Returns the ids of the folders that were left.
    """
    with transaction.atomic():
        rows = list(mailbox.folders.select_for_update(no_key=True).order_by("pk"))
        deep = {row.pk for row in rows if row.pk in with_subfolders}
        below = subtree([row for row in rows if row.pk in deep], rows)
        unwanted = subtree([row for row in rows if row.kind in MailFolder.NEVER], rows)
        may_follow = set(MailFolder.objects.followable().filter(mailbox=mailbox).values_list("pk", flat=True))
        wanted = (may_follow - unwanted) & (below | set(folder_ids))
        left = {row.pk for row in rows if row.is_followed} - wanted
        for row in rows:
            row.is_followed, row.with_subfolders = row.pk in wanted, row.pk in wanted & deep
        MailFolder.objects.bulk_update(rows, ["is_followed", "with_subfolders"], batch_size=100)
        refresh_now(mailbox, at=at)
    return left


def refresh_now(mailbox: Mailbox, *, at: datetime) -> None:
    """Look at the mailbox and its folders as soon as a worker is free. A fence of Microsoft's still holds."""
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(next_look_at=at, folders_read_at=None)
        _wake_importer()


def note_page_seen(user: User, *, at: datetime) -> None:
    """The user looks at mail: their mailboxes are followed closely for a while. Writes rarely."""
    rarely = Q(page_seen_at=None) | Q(page_seen_at__lte=at - SEEN_EVERY)
    mailboxes = Mailbox.objects.visible_to(user).filter(rarely, status=Mailbox.Status.ACTIVE)
    if not mailboxes.exists():
        return
    with transaction.atomic():
        # Whoever was away does not wait for the long interval to end.
        late = mailboxes.filter(next_look_at__gt=at, looked_at__lte=at - WATCHED_EVERY).update(
            next_look_at=at, page_seen_at=at
        )
        mailboxes.update(page_seen_at=at)
        if late:
            _wake_importer()


def _wake_importer() -> None:
    wake("apps.sync.tasks.keep_in_step", queue="background")


def _keep(signed_in: SignedIn, profile: GraphProfile, *, user: User, at: datetime) -> Mailbox:
    words = {
        "address": (profile.mail or profile.user_principal_name)[:254],
        "display_name": profile.display_name[:200],
        "own_addresses": own_addresses_of(profile),
        "own_addresses_read_at": at,
        "granted_scopes": " ".join(signed_in.scopes)[:500],
        "status": Mailbox.Status.ACTIVE,
        "status_since": at,
        "status_reason": "",
        "next_look_at": at,
    }
    new = {"owner": user, "connected_at": at, "page_seen_at": at, **words}
    # Two may come back from Microsoft with one account in the same moment: whoever is second finds the first one's row.
    known, is_new = Mailbox.objects.select_for_update().get_or_create(
        home_account_id=signed_in.home_account_id, defaults=new
    )
    if known.owner_id != user.pk:
        if not _is_own_sign_in(user, signed_in):
            raise MailboxTaken
        disconnect_mailbox(known, at=at)
        known, is_new = Mailbox.objects.create(home_account_id=signed_in.home_account_id, **new), True
    if not is_new:
        Mailbox.objects.filter(pk=known.pk).update(**words)
        known.refresh_from_db()
    store_sign_in(known, signed_in.cache)
    return known


def _is_own_sign_in(user: User, signed_in: SignedIn) -> bool:
    """Whether the user signs in to the portal with this very account: then the mailbox is theirs to take over."""
    uid = f"{signed_in.claims.tid}.{signed_in.claims.oid}"
    return SocialAccount.objects.filter(user=user, provider="entra", uid=uid).exists()


class _FreshTokens:
    """The token of a sign-in that is not stored yet."""

    def __init__(self, signed_in: SignedIn) -> None:
        self._token = signin.cached_token(signed_in.cache, home_account_id=signed_in.home_account_id, scopes=SCOPES)

    def access_token(self, *, rejected: str | None = None) -> str:
        if self._token is None or rejected is not None:
            raise self.refused()
        return self._token

    def refused(self) -> GraphError:
        return MailboxDisconnected("Graph refuses a fresh token", reason=Disconnection.REFUSED)
