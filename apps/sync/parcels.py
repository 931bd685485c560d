"""What travels through a delivery: a letter for each transfer, and a parcel for each mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from apps.crm.errors import CrmError
from apps.graph.errors import GraphError
from apps.mailboxes.letters import Letter
from apps.sync.deciding import Target
from apps.sync.models import CrmEmail, Transfer
from apps.sync.states import Identity


@dataclass(slots=True)
class Fetched:
    """A transfer with its letter as read from the mailbox, and the records that it belongs with.

    `no_lead` is the cause why no lead could be made of its sender, "" where none was to be made.
    """

    transfer: Transfer
    letter: Letter
    targets: list[Target] = field(default_factory=list)
    no_lead: str = ""


class Ending(Enum):
    """How a parcel's way ends, where it does not simply arrive."""

    ARRIVES = "arrives"
    WAITS = "waits"  # another carrier is creating the record, or the time of this one is up
    GONE = "gone"  # somebody deleted the record in CORIPO
    HIDDEN = "hidden"  # the record exists, this login may not see it
    RETRIES = "retries"
    FAILS = "fails"


@dataclass(slots=True)
class Parcel:
    """One mail on its way: its record, and all transfers of the batch that ask for it (copies in several folders)."""

    crm_email: CrmEmail
    items: list[Fetched]
    is_new_intent: bool
    exists: bool = False
    is_fresh: bool = False
    known_links: frozenset[tuple[str, str]] = frozenset()
    links_added: int = 0
    # Nobody but us has changed the record, as far as was read before our own write.
    is_untouched: bool = False
    ending: Ending = Ending.ARRIVES
    error: CrmError | GraphError | None = None

    @property
    def identity(self) -> Identity:
        return self.crm_email.email_key, self.crm_email.variant

    @property
    def letter(self) -> Letter:
        return self.items[0].letter

    @property
    def targets(self) -> list[Target]:
        return list({(t.module, t.record_id): t for item in self.items for t in item.targets}.values())

    def has_targets(self, targets: Iterable[Target]) -> bool:
        mine = {(target.module, target.record_id) for target in self.targets}
        return all((target.module, target.record_id) in mine for target in targets)

    def end(self, ending: Ending, error: CrmError | GraphError | None = None) -> None:
        self.ending, self.error = ending, error


def under_way(parcels: Iterable[Parcel]) -> list[Parcel]:
    return [parcel for parcel in parcels if parcel.ending is Ending.ARRIVES]
