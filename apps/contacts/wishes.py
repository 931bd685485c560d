"""What a person decided before a contact is synced, as it is kept with the transfer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.contacts.models import Field, Side


@dataclass(frozen=True, slots=True)
class Wish:
    """`crm_id` is the contact of CORIPO to link with ("" leaves it to the rules); `picks` say which side wins, by field.

    Without `may_create` nothing new is made in CORIPO, and one that is not found there needs a choice. `is_new` makes a new
    one although others have the address. `makes_company` creates the company that CORIPO lacks; `without_company` does without.
    `takes_over` takes the contact of CORIPO from another contact of the same address book.
    """

    crm_id: str = ""
    picks: Mapping[Field, Side] = field(default_factory=dict)
    may_create: bool = True
    is_new: bool = False
    makes_company: bool = False
    without_company: bool = False
    takes_private: bool = False
    takes_over: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in _FLAGS if getattr(self, name) != _DEFAULTS[name]},
            **({"crm_id": self.crm_id} if self.crm_id else {}),
            **({"picks": {str(name): str(side) for name, side in self.picks.items()}} if self.picks else {}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Wish:
        picks = {Field(name): Side(side) for name, side in stored.get("picks", {}).items()}
        flags = {name: bool(stored[name]) for name in _FLAGS if name in stored}
        return cls(crm_id=stored.get("crm_id", ""), picks=picks, **flags)


_DEFAULTS = {
    "may_create": True,
    "is_new": False,
    "makes_company": False,
    "without_company": False,
    "takes_private": False,
    "takes_over": False,
}
_FLAGS = tuple(_DEFAULTS)
