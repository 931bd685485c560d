"""How records of one module are tied to records of another: by a table between them, or by a column of one of them.

Every link answers for many records at once, so that a batch costs as many queries as one record.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models

from apps.sandbox.coripo.models.base import now

Constants = tuple[tuple[str, Any], ...]


class Link(Protocol):
    """One link of a module. `near` is the record that has the link, `far` what it leads to."""

    @property
    def target(self) -> str:
        """Name of the module that the far records belong to."""

    def far_ids(self, near_ids: Sequence[str]) -> dict[str, list[str]]:
        """Ids of the tied records for each near id in the order of tying; near ids without any are absent."""

    def add(self, near_id: str, far_ids: Sequence[str]) -> None:
        """Tie them. Repeating it changes nothing, and no id is checked: both as measured."""

    def remove(self, near_id: str, far_ids: Sequence[str]) -> None:
        """Untie them, as far as they are tied."""

    def forget(self, near_id: str) -> None:
        """Untie everything, because the near record was deleted."""


@dataclass(frozen=True)
class TableLink:
    """Both ids stand in a row of their own. `constants` tell apart the links that share a table."""

    target: str
    table: type[models.Model]
    near: str
    far: str
    constants: Constants = ()
    # Conditions on reading that are no part of a new row's identity.
    only: Constants = ()

    def far_ids(self, near_ids: Sequence[str]) -> dict[str, list[str]]:
        rows = (
            self._rows(**{f"{self.near}__in": near_ids}, **dict(self.only))
            .order_by("pk")
            .values_list(self.near, self.far)
        )
        return _grouped(rows)

    def add(self, near_id: str, far_ids: Sequence[str]) -> None:
        tied = set(self._rows(**{self.near: near_id, f"{self.far}__in": far_ids}).values_list(self.far, flat=True))
        self.table._default_manager.bulk_create(
            self.table(**{self.near: near_id, self.far: far_id}, **dict(self.constants), **dict(self.only))
            for far_id in dict.fromkeys(far_ids)
            if far_id not in tied
        )

    def remove(self, near_id: str, far_ids: Sequence[str]) -> None:
        self._rows(**{self.near: near_id, f"{self.far}__in": far_ids}).update(deleted=True, date_modified=now())

    def forget(self, near_id: str) -> None:
        self._rows(**{self.near: near_id}).update(deleted=True, date_modified=now())

    def _rows(self, **conditions: Any) -> models.QuerySet[Any]:
        return self.table._default_manager.filter(deleted=False, **dict(self.constants), **conditions)


@dataclass(frozen=True)
class ColumnLink:
    """Many far records bear the near id in a column of theirs."""

    target: str
    table: type[models.Model]
    column: str
    constants: Constants = ()

    def far_ids(self, near_ids: Sequence[str]) -> dict[str, list[str]]:
        rows = (
            self.table._default_manager.filter(
                deleted=False, **{f"{self.column}__in": near_ids}, **dict(self.constants)
            )
            .order_by("date_entered", "pk")
            .values_list(self.column, "pk")
        )
        return _grouped(rows)

    def add(self, near_id: str, far_ids: Sequence[str]) -> None:
        self.table._default_manager.filter(pk__in=far_ids).update(**{self.column: near_id}, **dict(self.constants))

    def remove(self, near_id: str, far_ids: Sequence[str]) -> None:
        self.table._default_manager.filter(pk__in=far_ids, **{self.column: near_id}).update(**{self.column: ""})

    def forget(self, near_id: str) -> None:
        self.table._default_manager.filter(**{self.column: near_id}, **dict(self.constants)).update(**{self.column: ""})


@dataclass(frozen=True)
class OwnColumnLink:
    """The near record bears one far id in a column of its own."""

    target: str
    table: type[models.Model]
    column: str
    constants: Constants = ()

    def far_ids(self, near_ids: Sequence[str]) -> dict[str, list[str]]:
        rows = self.table._default_manager.filter(pk__in=near_ids, **dict(self.constants)).exclude(**{self.column: ""})
        return _grouped(rows.values_list("pk", self.column))

    def add(self, near_id: str, far_ids: Sequence[str]) -> None:
        for far_id in far_ids[-1:]:
            self.table._default_manager.filter(pk=near_id).update(**{self.column: far_id}, **dict(self.constants))

    def remove(self, near_id: str, far_ids: Sequence[str]) -> None:
        self.table._default_manager.filter(pk=near_id, **{f"{self.column}__in": far_ids}).update(**{self.column: ""})

    def forget(self, near_id: str) -> None:
        """The column goes down with its record."""


def _grouped(pairs: Any) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for near_id, far_id in pairs:
        grouped[near_id].append(far_id)
    return dict(grouped)
