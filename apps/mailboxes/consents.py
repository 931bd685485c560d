"""Consents beyond the one to read mail: each asked for by itself, when it is first needed, and for this very mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.graph import signin
from apps.graph.errors import GraphRejected
from apps.graph.signin import SignedIn
from apps.mailboxes.models import Mailbox
from apps.mailboxes.tokens import store_sign_in

# The address that is registered with Microsoft for coming back; one for every consent.
CALLBACK = "/mailboxes/callback/"
# In the session: the address of our own to which the answer is handed on, where an app above began the flow.
DOOR = "mailbox_flow_door"


class OtherAccount(GraphRejected):
    """The person came back with another account than the mailbox's."""

    code = "other_account"


def begin_consent(mailbox: Mailbox, *, scopes: tuple[str, ...], redirect_uri: str) -> dict[str, Any]:
    """Start the consent to these scopes; keep the answer server-side, send the browser to its `auth_uri`."""
    return signin.begin(scopes=scopes, redirect_uri=redirect_uri, address=mailbox.address)


def finish_consent(
    flow: Mapping[str, Any], params: Mapping[str, str], *, mailbox: Mailbox, scopes: tuple[str, ...]
) -> SignedIn:
    """What Microsoft answered, if it granted all of it for this very mailbox. Nothing is changed yet.

    Raises OtherAccount, and what `signin.finish` raises.
    """
    signed_in = signin.finish(flow, params, scopes=scopes)
    if signed_in.home_account_id != mailbox.home_account_id:
        raise OtherAccount("another account")
    return signed_in


def keep_consent(mailbox: Mailbox, signed_in: SignedIn, *, at: datetime) -> None:
    """Keep the tokens of the consent, in the caller's transaction. The new sign-in serves for reading as well."""
    own = Mailbox.objects.select_for_update(no_key=True).filter(pk=mailbox.pk)
    before = own.values_list("granted_scopes", flat=True).get()
    # Of a consent that was given before, this answer need not speak.
    granted = dict.fromkeys([*before.split(), *signed_in.scopes])
    own.update(granted_scopes=" ".join(granted)[:500])
    own.filter(status=Mailbox.Status.RECONNECT).update(
        status=Mailbox.Status.ACTIVE, status_since=at, status_reason="", next_look_at=at
    )
    store_sign_in(mailbox, signed_in.cache)
