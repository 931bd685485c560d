"""What can go wrong between us and Microsoft, sorted by what happens next. Nothing else leaves this wire.

GraphError                    try again?   who hears of it
├── GraphUnreachable          yes          nobody yet (no connection, or no answer in time)
│   └── GraphTokenAwaited     yes          nobody: not Microsoft's trouble, somebody else fetches the token for all
├── GraphOutcomeUnknown       look first   nobody yet (a write whose answer never came)
├── GraphThrottled            yes          nobody yet; carries retry_after_seconds
├── GraphServerTrouble        yes          nobody yet (5xx)
├── GraphMisconfigured        yes          the operator: secret, registration, redirect address
├── MailboxDisconnected       no           the mailbox's owner: "Connect again"; carries the reason
├── MailboxUnavailable        no           the owner: this account has no mailbox that we can reach
├── ItemGone                  no           nobody: the item left the mailbox
├── ResyncRequired            no           nobody: the cursor is void, the folder is listed afresh
├── GraphForbidden            no           the owner: a right is missing
├── GraphConflict             no           nobody: somebody else changed the item; read it again, then write
├── GraphRejected             no           us: a request that Graph does not take
│   └── GraphTooLarge         no           nobody: the answer is larger than the caller takes, and was not read
└── GraphContractBroken       no           us: an answer that we cannot read, or a link that leads elsewhere
    └── InvalidIdToken        no           us and the person: nobody is signed in by it

Source: Microsoft's error reference for Entra ID and Graph.
"""

from __future__ import annotations

from enum import StrEnum


class GraphError(Exception):
    """`what` says what was tried, in plain words without content; `request_id` is what Microsoft's support asks for."""

    is_retryable = False
    code = "graph_error"

    def __init__(self, what: str = "", *, request_id: str = "", retry_after_seconds: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return f"{self.what} (request {self.request_id})" if self.request_id else self.what


class GraphUnreachable(GraphError):
    is_retryable = True
    code = "graph_unreachable"


class GraphTokenAwaited(GraphUnreachable):
    """Microsoft was not asked: another process refreshes the token. `again_after_seconds` is when to come back."""

    def __init__(self, what: str, *, again_after_seconds: float) -> None:
        super().__init__(what)
        self.again_after_seconds = again_after_seconds


class GraphOutcomeUnknown(GraphError):
    """Something was to be made, and may have been: look whether it is there before asking again."""

    is_retryable = True
    code = "graph_outcome_unknown"


class GraphThrottled(GraphError):
    """Microsoft asks for quiet, or our own fence stands; `retry_after_seconds` may be unknown."""

    is_retryable = True
    code = "graph_throttled"


class GraphServerTrouble(GraphError):
    is_retryable = True
    code = "graph_trouble"


class GraphMisconfigured(GraphError):
    """Only the operator can mend it; work waits and no connection is blamed."""

    is_retryable = True
    code = "microsoft_misconfigured"


class Disconnection(StrEnum):
    """Why a connection ended: the word that is kept as `Mailbox.status_reason`."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    CONSENT = "consent"
    ADMIN = "admin"
    EXTRA_STEP = "extra_step"
    BLOCKED = "blocked"
    ACCOUNT = "account"
    REFUSED = "refused"


class MailboxDisconnected(GraphError):
    code = "mailbox_disconnected"

    def __init__(self, what: str = "", *, reason: Disconnection, request_id: str = "") -> None:
        super().__init__(what, request_id=request_id)
        self.reason = reason


class MailboxUnavailable(GraphError):
    code = "mailbox_unavailable"


class ItemGone(GraphError):
    code = "item_gone"


class ResyncRequired(GraphError):
    code = "resync_required"


class GraphForbidden(GraphError):
    code = "graph_forbidden"


class GraphConflict(GraphError):
    code = "graph_conflict"


class GraphRejected(GraphError):
    code = "graph_rejected"


class GraphTooLarge(GraphRejected):
    code = "graph_too_large"


class GraphContractBroken(GraphError):
    code = "graph_contract_broken"


class InvalidIdToken(GraphContractBroken):
    code = "id_token_invalid"
