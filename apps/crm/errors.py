"""What can go wrong with CORIPO, sorted by what happens next. Nothing else leaves this wire.

CrmError                     try again?   who hears of it
├── CrmUnreachable           yes          nobody yet (nothing was changed: no connection, or a reading failed)
├── CrmOutcomeUnknown        look first   nobody yet (a write without an answer, or with HTTP 5xx)
├── CrmThrottled             yes          nobody yet; carries retry_after_seconds
├── CrmUnauthorized          no           the login's owner: "Check your CORIPO password"
├── CrmRejected              no           the user: which field, and why
│   └── CrmForbidden         no           the user: this login has no right to do that
├── CrmIdOccupied            no           the caller decides (docs/adr/0002)
├── CrmConflict              no           the caller decides: somebody was quicker, nothing was written
└── CrmContractBroken        no           us: an answer that we cannot read
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from apps.crm.contact_face import StoredContact


class CrmError(Exception):
    """A call to CORIPO failed. Its text names the step and never holds content, a password or a session.

    `code` is a short word that stays the same, for rows and logs. `retry_after_seconds` is CORIPO's own wish, if it
    has one.
    """

    code: ClassVar[str] = "crm_error"
    is_retryable: ClassVar[bool] = False

    def __init__(self, what: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(what)
        self.retry_after_seconds = retry_after_seconds


class CrmUnreachable(CrmError):
    """Nothing was changed in CORIPO: there is no connection, or a reading got no usable answer.

    `is_broken_connection` is set where a connection that stood was closed without an answer: kept-alive ones end like that.
    `is_refusal` is set where the server did answer, with HTTP 5xx: what was asked for may be what it breaks off at.
    """

    code = "crm_unreachable"
    is_retryable = True

    def __init__(
        self,
        what: str,
        *,
        is_tls: bool = False,
        is_broken_connection: bool = False,
        is_refusal: bool = False,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(what, retry_after_seconds=retry_after_seconds)
        self.is_tls = is_tls
        self.is_broken_connection = is_broken_connection
        self.is_refusal = is_refusal


class CrmOutcomeUnknown(CrmError):
    """A write was sent and may have been carried out. Look before it is repeated.

    `is_database_failure` is set where CORIPO itself said so (HTTP 500 `Database failure`): an id that is taken answers
    like that.
    """

    code = "crm_outcome_unknown"
    is_retryable = True

    def __init__(self, what: str, *, is_database_failure: bool = False, retry_after_seconds: int | None = None) -> None:
        super().__init__(what, retry_after_seconds=retry_after_seconds)
        self.is_database_failure = is_database_failure


class CrmThrottled(CrmError):
    """CORIPO asks for quiet; the call was not carried out."""

    code = "crm_throttled"
    is_retryable = True


class CrmUnauthorized(CrmError):
    """CORIPO refuses this login. It is not tried again by itself: three wrong ones may lock the account."""

    code = "crm_unauthorized"


class CrmRejected(CrmError):
    """CORIPO, or a limit that we know of it, refuses this one thing. `field` says which part, `reason` why."""

    code = "crm_rejected"

    def __init__(self, *, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class CrmForbidden(CrmRejected):
    """This login has no right to do that."""

    code = "crm_forbidden"

    def __init__(self, what: str) -> None:
        super().__init__(field="rights", reason=what)


class CrmIdOccupied(CrmError):
    """The id is taken, and no live record is seen there.

    A single create ended in `Database failure`, or in *Access denied* for a login that may create, or it was answered.

    With `is_deleted` the record is there, deleted by somebody. Without it, it is in no reading: either this login may
    not see it, or a create that broke off left only its text behind.
    """

    code = "crm_id_occupied"

    def __init__(self, record_id: str, *, is_deleted: bool) -> None:
        super().__init__(f"the id {record_id} is taken")
        self.record_id = record_id
        self.is_deleted = is_deleted


class CrmConflict(CrmError):
    """Somebody changed the contact since it was read, and nothing was written. `contact` is what it is now."""

    code = "crm_conflict"

    def __init__(self, contact: StoredContact) -> None:
        super().__init__(f"the contact {contact.id} was changed by somebody else")
        self.contact = contact


class CrmContractBroken(CrmError):
    """An answer that we cannot read, from something that may not be a CORIPO at all."""

    code = "crm_contract_broken"


class LoginFailed(Exception):
    """*Test and save* stopped at one step.

    `address`: nobody answers there, or it is no CORIPO; `tls`: no trusted encryption; `login`: user name or password
    refused; `rights`: the login works and may not read contacts or create e-mails.
    """

    def __init__(self, step: Literal["address", "tls", "login", "rights"]) -> None:
        super().__init__(step)
        self.step = step
