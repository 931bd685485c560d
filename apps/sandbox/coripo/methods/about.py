"""What this CRM is, what it has, and who is asking."""

from typing import Any

from django.db import models
from django.utils import timezone

from apps.sandbox.coripo.access import may_create
from apps.sandbox.coripo.arguments import as_texts
from apps.sandbox.coripo.catalogue import ADDRESS_FIELDS, MODULES, Module, module_named, modules
from apps.sandbox.coripo.choices import CHOICES
from apps.sandbox.coripo.models.base import RecordId
from apps.sandbox.coripo.sessions import session_of


def get_server_info() -> Any:
    """Needs no session."""
    return {"flavor": "CE", "version": "6.5.25", "gmt_time": f"{timezone.now():%Y-%m-%d %H:%M:%S}"}


def get_user_id(session: Any) -> Any:
    with session_of(session) as user:
        return user.pk


def get_available_modules(session: Any, filter: Any = "all") -> Any:
    """Trap: an expired session is fault 10 here, not 11."""
    with session_of(session, fault=10) as user:
        return {
            "modules": [
                {
                    "module_key": module.name,
                    "module_label": module.label,
                    "favorite_enabled": False,
                    "acls": [
                        {"action": action, "access": action in {"list", "view", "export"} or may_create(module, user)}
                        for action in ("edit", "delete", "list", "view", "import", "export")
                    ],
                }
                for module in modules()
            ]
        }


def get_module_fields(session: Any, module_name: Any, fields: Any = None) -> Any:
    with session_of(session):
        module = module_named(module_name)
        asked = as_texts(fields)
        return {
            "module_name": module.name,
            "table_name": module.table,
            "module_fields": {name: _field(module, name) for name in module.fields if not asked or name in asked} or [],
            "link_fields": {
                name: {
                    "name": name,
                    "type": "link",
                    "group": "",
                    "id_name": "",
                    "relationship": f"{module.name.lower()}_{name}",
                    "module": link.target,
                    "bean_name": MODULES[link.target].singular,
                }
                for name, link in module.links.items()
                if not asked or name in asked
            }
            or [],
        }


def _field(module: Module, name: str) -> dict[str, Any]:
    column = module.columns.get(name)
    choices = CHOICES.get(module.name, {})
    described: dict[str, Any] = {
        "name": name,
        "type": "enum" if name in choices else _type(column, name),
        "group": "",
        "id_name": "",
        "label": name.replace("_", " ").capitalize() + ":",
        "required": 1 if name in {"last_name"} or (name == "name" and column is not None) else 0,
        "options": {key: {"name": key, "value": word} for key, word in choices.get(name, {}).items()} or [],
        "related_module": "",
        "calculated": False,
        "len": str(getattr(column, "max_length", None) or ""),
    }
    return described


def _type(column: models.Field | None, name: str) -> str:
    match column:
        case None:
            return "varchar" if name in ADDRESS_FIELDS else "relate"
        case RecordId():
            return "id"
        case models.CharField():
            return "varchar"
        case models.TextField():
            return "text"
        case models.BooleanField():
            return "bool"
        case models.DateTimeField():
            return "datetime"
        case models.DateField():
            return "date"
        case models.IntegerField():
            return "int"
        case _:
            return "currency"
