"""A person's choices between two values, kept with the values that this person saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.contacts.fields import Value
from apps.contacts.models import ContactLink, Side

Seen = tuple[Value, Value]
"""What Outlook has, and what CORIPO has."""


@dataclass(frozen=True, slots=True)
class Choices:
    """`wished` goes into a transfer's wish, and from there to `agreeing.judge`. `stale` are fields that have other values
    by now than the page showed: they are shown again.
    """

    wished: dict[str, dict[str, Any]]
    stale: tuple[str, ...] = ()


def token_of(seen: Seen) -> str:
    """Stands in the form beside the choice, for the values that the page shows."""
    text = json.dumps(list(seen), ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def seen_in(link: ContactLink) -> dict[str, Seen]:
    """The differences of a link that wait for a person."""
    return {row.field: (row.outlook_value, row.crm_value) for row in link.differences.all()}


def choices(seen: Mapping[str, Seen], chosen: Mapping[str, tuple[str, str]]) -> Choices:
    """`chosen` is by field the side and the token from the form; a field that is not in `seen` any more is settled."""
    wished, stale = {}, []
    for name, (side, token) in chosen.items():
        if name not in seen or side not in Side.values:
            continue
        if token_of(seen[name]) != token:
            stale.append(name)
        else:
            wished[name] = {"side": side, "seen": list(seen[name])}
    return Choices(wished, tuple(stale))
