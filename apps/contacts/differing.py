"""The differences of two linked contacts as a page asks about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.contacts.models import ContactLink
from apps.contacts.settling import token_of
from apps.contacts.telling import text_of


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """`base` is what both had when they last agreed, None where they never did."""

    field: str
    label: str
    outlook: str
    crm: str
    base: str | None
    outlook_at: datetime | None
    crm_at: datetime | None
    crm_by: str
    token: str


def differences_of(link: ContactLink) -> Iterable[ShownDifference]:
    for row in link.differences.order_by("pk"):
        yield ShownDifference(
            field=row.field,
            label=row.get_field_display(),
            outlook=text_of(row.outlook_value),
            crm=text_of(row.crm_value),
            base=text_of(row.base[0]) if row.base else None,
            outlook_at=row.outlook_at,
            crm_at=row.crm_at,
            crm_by=row.crm_by,
            token=token_of((row.outlook_value, row.crm_value)),
        )
