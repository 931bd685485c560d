"""How many carriers use CORIPO at once: each takes a session of its own, and what is too much for CORIPO waits in the table.

Half of the sessions are the interactive lane's, and no login has more than two in a lane: whoever asked for many mails of a
slow CORIPO leaves carriers and sessions to the next one's click.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.crm.face import CrmClient
from apps.sync.claiming import crm_key
from apps.work.limits import slot
from apps.work.models import Lane
from apps.work.pace import note_turn, width

MOST_OF_A_LOGIN = 2


@contextmanager
def crm_session(account: CrmAccount, *, lane: Lane) -> Iterator[None]:
    """A place among the carriers of this CORIPO until the block ends.

    Raises LimitReached at once where those of the lane, or of this login in it, are taken.
    """
    server = crm_key(account.server)
    most = width(server)
    numbers = range(most) if lane == Lane.INTERACTIVE else range(most // 2, most)
    kind = "interactive" if lane == Lane.INTERACTIVE else "bulk"
    of_login = slot(f"{server}:{account.pk}:{kind}", range(min(MOST_OF_A_LOGIN, most // 2)))
    with of_login, slot(server, numbers):
        yield


@contextmanager
def watched(account: CrmAccount, crm: CrmClient) -> Iterator[None]:
    """How CORIPO does in the block decides how many carriers may come at once."""
    try:
        yield
    finally:
        pulse = crm.pulse
        if pulse.troubles or pulse.quickest_seconds is not None:
            note_turn(
                crm_key(account.server),
                quickest_seconds=pulse.quickest_seconds,
                troubles=pulse.troubles,
                at=now(),
            )
