"""The mailbox's list of categories: names and colours. A shared mailbox has its own."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction

from apps.sandbox.graph import errors
from apps.sandbox.graph.calls import Call, Reply
from apps.sandbox.graph.models import MasterCategory

COLORS = {"none", *(f"preset{number}" for number in range(25))}


def listed(call: Call) -> Reply:
    rows = call.mailbox.categories.order_by("pk")
    return Reply({"@odata.context": _context(call), "value": [_shown(row) for row in rows]})


def show(call: Call, category: str) -> Reply:
    return _one(call, _named(call, category))


def create(call: Call) -> Reply:
    content = call.content()
    name = content.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise errors.bad_request("The value of displayName must be a text.")
    try:
        with transaction.atomic():
            row = call.mailbox.categories.create(display_name=name.strip(), color=_color(content))
    except IntegrityError:
        raise errors.category_exists() from None
    return _one(call, row, status=201)


def recolor(call: Call, category: str) -> Reply:
    """The colour alone: the name cannot be changed, and is ignored."""
    row = _named(call, category)
    row.color = _color(call.content())
    row.save(update_fields=["color"])
    return _one(call, row)


def delete(call: Call, category: str) -> Reply:
    """Messages keep the name."""
    _named(call, category).delete()
    return Reply(None, status=204)


def _named(call: Call, category: str) -> MasterCategory:
    try:
        return call.mailbox.categories.get(guid=uuid.UUID(category))
    except ValueError:
        raise errors.malformed_id() from None
    except MasterCategory.DoesNotExist:
        raise errors.item_not_found() from None


def _color(content: dict[str, Any]) -> str:
    color = str(content.get("color", "none"))
    if color.lower() not in COLORS:
        raise errors.bad_request("The value of color must be None or preset0 to preset24.")
    return color.lower()


def _one(call: Call, row: MasterCategory, *, status: int = 200) -> Reply:
    return Reply({"@odata.context": f"{_context(call)}/$entity", **_shown(row)}, status=status)


def _shown(row: MasterCategory) -> dict[str, Any]:
    return {"id": str(row.guid), "displayName": row.display_name, "color": row.color}


def _context(call: Call) -> str:
    return call.context("outlook/masterCategories")
