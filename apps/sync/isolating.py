"""Trouble at a batch: CORIPO's own, or brought about by one mail? An address at which CORIPO breaks off stops nobody else."""

from __future__ import annotations

import logging
from datetime import datetime

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.errors import CrmContractBroken, CrmError, CrmThrottled, CrmUnreachable
from apps.crm.face import CrmClient
from apps.sync import recording
from apps.sync.claiming import Batch, crm_key
from apps.sync.parcels import Fetched
from apps.work.fences import passage, raise_fence

log = logging.getLogger(__name__)

# More of them in one batch are no culprits any more: then it is CORIPO that fails at this kind of question.
MOST_CULPRITS = 5


class Outage(Exception):
    """CORIPO does not answer, or asks for quiet: everybody keeps away until `again_at`. `reason` is a code."""

    def __init__(self, reason: str, *, again_at: datetime) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again_at = again_at


def reach(account: CrmAccount, crm: CrmClient) -> None:
    """Before anything is done with the login: where a fence was over, ask whether CORIPO answers again, one at a time.

    Raises Outage with the fence up again, FenceStands where one stands, or CrmUnauthorized.
    """
    with passage(crm_key(account.server)) as way:
        if way.is_probe:
            if not crm.is_answering():
                raise keep_away(account, CrmUnreachable("the portal asks whether CORIPO answers"))
            way.answered()


def keep_away(account: CrmAccount, error: CrmError) -> Outage:
    """Put up the fence before this CORIPO, for all processes."""
    standing = raise_fence(crm_key(account.server), reason=error.code, seconds=error.retry_after_seconds)
    log.warning("coripo fenced", extra={"error": error.code, "strikes": standing.strikes})
    return Outage(error.code, again_at=standing.until)


class Culprits:
    """Whom CORIPO breaks off at, in one batch: who is found fails alone, and after its last try for good."""

    def __init__(self, batch: Batch, crm: CrmClient) -> None:
        self._batch = batch
        self._crm = crm
        self._found = 0

    def halves(self, fetched: list[Fetched], error: CrmError) -> tuple[list[Fetched], ...]:
        """What to try next where these could not be handed over together. A single one is the culprit.

        Raises Outage where the trouble is CORIPO's, or the error itself where no smaller batch can help.
        """
        if isinstance(error, CrmThrottled):
            raise keep_away(self._batch.account, error) from error
        if not isinstance(error, CrmUnreachable | CrmContractBroken):
            raise error
        if self._found >= MOST_CULPRITS or not self._crm.is_answering():
            if isinstance(error, CrmContractBroken):
                raise error
            raise keep_away(self._batch.account, error) from error
        if isinstance(error, CrmUnreachable) and not error.is_refusal:
            # Silence costs its whole time for each half. The rows remember, and who was in it too often goes alone.
            self._blame(fetched, error)
            return ()
        if len(fetched) > 1:
            middle = len(fetched) // 2
            return fetched[:middle], fetched[middle:]
        self._found += 1
        self._blame(fetched, error)
        return ()

    def _blame(self, fetched: list[Fetched], error: CrmError) -> None:
        log.warning("coripo breaks off", extra={"error": error.code, "mails": len(fetched)})
        recording.blame(self._batch, [item.transfer for item in fetched], error=error, at=now())
