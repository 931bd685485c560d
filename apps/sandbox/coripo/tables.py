"""Records as rows of a table on the web pages: what is shown of a record depends on its module alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import models

from apps.sandbox.coripo.catalogue import Module
from apps.sandbox.coripo.cleaning import unescaped
from apps.sandbox.coripo.collation import Fold
from apps.sandbox.coripo.records import read, title_of

# Head and field of each column after the title; what is not here is recognised by its title and its last change.
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "Accounts": (("E-mail", "email1"), ("City", "billing_address_city"), ("Phone", "phone_office")),
    "Contacts": (("Company", "account_name"), ("E-mail", "email1"), ("Title", "title"), ("Phone", "phone_work")),
    "Leads": (("Company", "account_name"), ("E-mail", "email1"), ("Status", "status")),
    "Prospects": (("Company", "account_name"), ("E-mail", "email1")),
    "Users": (("User name", "user_name"), ("E-mail", "email1")),
    "Emails": (("From", "from_addr_name"), ("Belongs to", "parent_name"), ("Sent (UTC)", "date_sent_received")),
    "Notes": (("File", "filename"), ("Belongs to", "parent_name"), ("Created by", "created_by_name")),
    "Opportunities": (("Company", "account_name"), ("Stage", "sales_stage"), ("Amount", "amount")),
    "Cases": (("Company", "account_name"), ("Status", "status"), ("Priority", "priority")),
    "Project": (("Status", "status"), ("Begins", "estimated_start_date"), ("Ends", "estimated_end_date")),
}
OTHERS = (("Changed (UTC)", "date_modified"),)


@dataclass(frozen=True)
class Row:
    title: str
    url: str
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """`heads` are those of the cells; before them comes what the module calls one of its records."""

    module: Module
    heads: list[str]
    rows: list[Row]


def record_url(module: str, record_id: str, *, action: str = "DetailView") -> str:
    return "/index.php?" + urlencode({"module": module, "action": action, "record": record_id})


def table_of(module: Module, records: Sequence[Any]) -> Table:
    """A row for each record, in their order."""
    columns = COLUMNS.get(module.name, OTHERS)
    values = read(module, records, [field for _head, field in columns])
    rows = [
        Row(
            title=title_of(module, record) or "(no name)",
            url=record_url(module.name, record.pk),
            cells=[unescaped(fields.get(field, "")) for _head, field in columns],
        )
        for record, fields in zip(records, values, strict=True)
    ]
    return Table(module, [head for head, _field in columns], rows)


def in_reading_order(module: Module, records: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """People and companies by their name, everything else the newest first."""
    if module.is_of_people:
        return records.order_by(Fold(models.F("last_name")), Fold(models.F("first_name")), "pk")
    if module.name == "Accounts":
        return records.order_by(Fold(models.F("name")), "pk")
    newest = {"Emails": "date_sent_received"}.get(module.name, "date_modified")
    return records.order_by(models.F(newest).desc(nulls_last=True), "-pk")
