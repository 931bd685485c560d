"""What a person decided before a contact is synced, as it is kept with the transfer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Wish:
    """`crm_id` is the contact of CORIPO to link with ("" leaves it to the rules); `picks` say which side wins, by field, as
    `settling.choices` gives them. `company_id` is the company that the name stands for.

    Without `may_create` nothing new is made in CORIPO, and one that is not found there needs a choice. `is_new` makes a new
    one although others have the address. `makes_company` creates the company that CORIPO lacks; `without_company` does without.
    `takes_over` takes the contact of CORIPO from another contact of the same address book.
    """

    crm_id: str = ""
    picks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    company_id: str = ""
    may_create: bool = True
    is_new: bool = False
    makes_company: bool = False
    without_company: bool = False
    takes_private: bool = False
    takes_over: bool = False

    def to_json(self) -> dict[str, Any]:
        """What differs from no wish at all."""
        return {
            one.name: value for one in fields(self) if (value := getattr(self, one.name)) != getattr(NO_WISH, one.name)
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Wish:
        """The wish that `to_json` was of; a part that this version does not know is left out."""
        return cls(**{one.name: stored[one.name] for one in fields(cls) if one.name in stored})


NO_WISH = Wish()
