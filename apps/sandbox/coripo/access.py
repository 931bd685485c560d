"""Who may see and change what.

Administrators and ordinary users: every record. A restricted user: what is assigned to him, made by him or shared
with him; he changes no companies. Lists leave hidden records out, a read of one is fault 40 for the whole call, a link
from one fails. Users and addresses are open to everybody; only an administrator changes users.
Source: service/v4_1 of the same family; measured on SuiteCRM 7.14.6, "Errors".
"""

from typing import Any

from django.db import models

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.catalogue import Module
from apps.sandbox.coripo.models import Grant, User

OPEN_MODULES = {"Users", "EmailAddresses"}


def visible(records: models.QuerySet[Any], module: Module, user: User) -> models.QuerySet[Any]:
    """The records that the user may see."""
    if not user.is_restricted or module.name in OPEN_MODULES:
        return records
    granted = Grant.objects.filter(user_id=user.pk, module=module.name).values("record_id")
    return records.filter(models.Q(assigned_user_id=user.pk) | models.Q(created_by=user.pk) | models.Q(pk__in=granted))


def hidden_ids(records: list[Any], module: Module, user: User) -> set[str]:
    """Ids of those among the records that the user may not see."""
    if not user.is_restricted or module.name in OPEN_MODULES:
        return set()
    ids = [record.pk for record in records]
    seen = visible(module.model._default_manager.filter(pk__in=ids), module, user).values_list("pk", flat=True)
    return set(ids) - set(seen)


def may_create(module: Module, user: User) -> bool:
    if module.name == "Users":
        return user.is_admin
    if module.name == "Contacts" and knobs.are_contacts_read_only() and not user.is_admin:
        return False
    return not (user.is_restricted and module.name == "Accounts")


def may_change(record: Any, module: Module, user: User) -> bool:
    return may_create(module, user) and not hidden_ids([record], module, user)
