"""From the tree to SQL with parameters, over the tables of this database."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.expressions import RawSQL

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.catalogue import Module, under_old_names
from apps.sandbox.coripo.collation import NOCASE, fold
from apps.sandbox.coripo.faults import DatabaseFailure
from apps.sandbox.coripo.queries import parsing as tree

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MIDNIGHT = " 00:00:00"
# What this stand-in keeps in the users table and the real one does not.
SECRET_COLUMNS = {"password", "role", "is_ldap"}


def condition(query: str, module: Module) -> RawSQL | None:
    """The condition as a filter for the module's query set, None for an empty one.

    Raises fault 40 where the server's checker refuses the text, DatabaseFailure where MySQL does.
    """
    if not query.strip():
        return None
    scope = Scope({module.table: _columns(module.table)}, ambiguous=_columns_of_joins(module))
    sql = _Writer()
    sql.condition(tree.parse(query), scope)
    return RawSQL(f"({''.join(sql.parts)})", sql.parameters, output_field=models.BooleanField())  # noqa: S611


@dataclass(frozen=True)
class Scope:
    """The tables that a column may come from: alias to columns, and the tables of the query around."""

    tables: Mapping[str, Mapping[str, models.Field]]
    outer: "Scope | None" = None
    # Columns that exist in tables joined unseen, so that a bare name says nothing.
    ambiguous: frozenset[str] = field(default_factory=frozenset)

    def find(self, column: tree.Column) -> tuple[str, models.Field]:
        """Alias and column; raises DatabaseFailure for an unknown or ambiguous one."""
        name = column.name.lower()
        if column.table:
            for alias, columns in self.tables.items():
                if alias.lower() == column.table.lower() and name in columns:
                    return alias, columns[name]
        else:
            found = [(alias, columns[name]) for alias, columns in self.tables.items() if name in columns]
            if len(found) > 1 or (found and name in self.ambiguous):
                raise DatabaseFailure(f"column {name} is ambiguous")
            if found:
                return found[0]
        if self.outer is None:
            raise DatabaseFailure(f"unknown column {column.table}.{name}")
        return self.outer.find(column)


class _Writer:
    """Collects SQL and parameters while it walks the tree."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.parameters: list[Any] = []

    def condition(self, node: tree.Condition, scope: Scope) -> None:
        match node:
            case tree.AllOf(conditions):
                self._joined(conditions, " AND ", scope)
            case tree.AnyOf(conditions):
                self._joined(conditions, " OR ", scope)
            case tree.Not(inner):
                self.parts.append("NOT (")
                self.condition(inner, scope)
                self.parts.append(")")
            case tree.Compare(left, sign, right):
                manner = Manner.of((left, right), scope)
                self.operand(left, scope, manner)
                self.parts.append({"!=": " <> ", "<=>": " IS "}.get(sign, f" {sign} "))
                self.operand(right, scope, manner)
            case tree.Like(left, pattern, is_negated):
                manner = Manner.of((left, pattern), scope)
                self.operand(left, scope, manner)
                self.parts.append(" NOT LIKE " if is_negated else " LIKE ")
                self.operand(pattern, scope, manner)
                self.parts.append(r" ESCAPE '\'")
            case tree.Within(left, choices, is_negated):
                self._within(left, choices, is_negated, scope)
            case tree.Between(left, low, high, is_negated):
                manner = Manner.of((left, low, high), scope)
                self.operand(left, scope, manner)
                self.parts.append(" NOT BETWEEN " if is_negated else " BETWEEN ")
                self.operand(low, scope, manner)
                self.parts.append(" AND ")
                self.operand(high, scope, manner)
            case tree.IsNull(left, is_negated):
                # What nobody has filled in is NULL there and '' here.
                self.parts.append("NOT (" if is_negated else "(")
                self.operand(left, scope, Manner())
                self.parts.append(" IS NULL OR ")
                self.operand(left, scope, Manner())
                self.parts.append(" = '')")
            case tree.Truth(operand):
                self.operand(operand, scope, Manner())

    def operand(self, node: tree.Operand, scope: Scope, manner: "Manner") -> None:
        match node:
            case tree.Literal(value):
                self.parts.append("%s")
                self.parameters.append(manner.fitted(value))
            case tree.Column():
                alias, column = scope.find(node)
                name = f'"{alias}"."{column.column}"'
                self.parts.append(f"fold({name})" if manner.folds else name)
            case tree.Binary(inner):
                self.operand(inner, scope, manner)
                self.parts.append(" COLLATE BINARY")
            case tree.Call("concat", operands):
                self._separated(operands, " || ", scope, manner)
            case tree.Call(function, operands):
                self.parts.append(f"{function}(")
                self._separated(operands, ", ", scope, manner, brackets=False)
                self.parts.append(")")

    def _joined(self, conditions: Sequence[tree.Condition], word: str, scope: Scope) -> None:
        self.parts.append("(")
        for number, inner in enumerate(conditions):
            if number:
                self.parts.append(word)
            self.condition(inner, scope)
        self.parts.append(")")

    def _separated(
        self, operands: Sequence[tree.Operand], sign: str, scope: Scope, manner: "Manner", *, brackets: bool = True
    ) -> None:
        self.parts.append("(" if brackets else "")
        for number, operand in enumerate(operands):
            if number:
                self.parts.append(sign)
            self.operand(operand, scope, manner)
        self.parts.append(")" if brackets else "")

    def _within(
        self,
        left: tree.Operand,
        choices: tuple[tree.Operand, ...] | tree.Select,
        is_negated: bool,
        scope: Scope,
    ) -> None:
        word = " NOT IN " if is_negated else " IN "
        if isinstance(choices, tree.Select):
            self.operand(left, scope, Manner())
            self.parts.append(f"{word}(")
            self._select(choices, scope)
            self.parts.append(")")
            return
        manner = Manner.of((left, *choices), scope)
        self.operand(left, scope, manner)
        self.parts.append(word)
        self._separated(choices, ", ", scope, manner)

    def _select(self, select: tree.Select, outer: Scope) -> None:
        tables = (select.table, *(join.table for join in select.joins))
        scope = Scope({table.alias: _columns(table.name) for table in tables}, outer=outer)
        self.parts.append("SELECT ")
        self.operand(select.column, scope, Manner())
        self.parts.append(f' FROM "{select.table.name}" AS "{select.table.alias}"')
        for join in select.joins:
            self.parts.append(f' {join.kind} "{join.table.name}" AS "{join.table.alias}" ON ')
            self.condition(join.on, scope)
        if select.where is not None:
            self.parts.append(" WHERE ")
            self.condition(select.where, scope)


@dataclass(frozen=True)
class Manner:
    """How the two sides of a comparison are brought to one form before they are compared."""

    folds: bool = False
    is_moment: bool = False
    is_text: bool = False

    @classmethod
    def of(cls, operands: Sequence[tree.Operand], scope: Scope) -> "Manner":
        columns = [scope.find(operand)[1] for operand in _columns_within(operands)]
        is_binary = any(isinstance(operand, tree.Binary) for operand in operands)
        texts = [column for column in columns if isinstance(column, models.CharField | models.TextField)]
        return cls(
            # NOCASE columns compare as they should by themselves, and by their index.
            folds=not is_binary and any(column.db_collation != NOCASE for column in texts),
            is_moment=any(isinstance(column, models.DateTimeField) for column in columns),
            is_text=bool(texts),
        )

    def fitted(self, value: str | int | float | None) -> object:
        if self.is_text and value is not None:
            value = str(value)
        if self.is_moment and isinstance(value, str) and DAY.fullmatch(value):
            return value + MIDNIGHT
        return fold(value) if self.folds else value


def _columns_within(operands: Sequence[tree.Operand]) -> list[tree.Column]:
    columns: list[tree.Column] = []
    for operand in operands:
        match operand:
            case tree.Column():
                columns.append(operand)
            case tree.Binary(inner):
                columns += _columns_within([inner])
            case tree.Call(_function, inner):
                columns += _columns_within(inner)
    return columns


def _columns(table: str) -> Mapping[str, models.Field]:
    """Columns of a table by the name that clients know them by."""
    columns = _columns_as_stored(table)
    return under_old_names(table, columns) if knobs.has_old_date_field() else columns


@cache
def _columns_as_stored(table: str) -> Mapping[str, models.Field]:
    (model,) = (model for model in apps.get_app_config("sandbox_coripo").get_models() if model._meta.db_table == table)
    return {column.name: column for column in model._meta.concrete_fields if column.name not in SECRET_COLUMNS}


def _columns_of_joins(module: Module) -> frozenset[str]:
    return frozenset(name for table in module.joins for name in _columns(table))
