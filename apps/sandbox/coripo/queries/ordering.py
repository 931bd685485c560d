"""`order_by` of a list: bare field names count, everything else is ignored silently."""

import re
from typing import Any

from django.db import models

from apps.sandbox.coripo.catalogue import Module

PART = re.compile(r"(?:(?P<table>\w+)\.)?(?P<field>\w+)(?:\s+(?P<direction>asc|desc))?", re.IGNORECASE)


def order(records: models.QuerySet[Any], module: Module, order_by: str, *, offset: int) -> models.QuerySet[Any]:
    """The records in the asked order.

    Rows that are equal by it come in an order of their own on later pages, so that paging without `id` loses and
    repeats some: measured, and a client has to ask for `id` as well.
    """
    keys = [key for part in order_by.split(",") if (key := _key(part.strip(), module))]
    names = {key.removeprefix("-") for key in keys}
    if not keys:
        return records.order_by("id")
    if "id" not in names:
        keys.append("-id" if offset else "id")
    return records.order_by(*keys)


def _key(part: str, module: Module) -> str:
    match = PART.fullmatch(part)
    if match is None:
        return ""
    # Emails alone have their own list query, which takes qualified names.
    if match["table"] and not (module.name == "Emails" and match["table"].lower() == module.table):
        return ""
    field = match["field"].lower()
    if field == "name" and module.is_of_people:
        field = "last_name"
    if field not in module.columns:
        return ""
    field = module.columns[field].name
    return f"-{field}" if (match["direction"] or "").lower() == "desc" else field
