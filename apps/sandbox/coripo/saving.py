"""Saving a record the way the server does, silent losses included.

Source: measured on SuiteCRM 7.14.6, "Ids, updates, idempotence", "Emails", "Contacts, accounts, addresses".
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, models, transaction

from apps.sandbox.coripo import knobs, letters
from apps.sandbox.coripo.access import may_change, may_create
from apps.sandbox.coripo.addresses import give_addresses, has_addresses
from apps.sandbox.coripo.catalogue import ADDRESS_FIELDS, MODULES, Module
from apps.sandbox.coripo.cleaning import clean_line, clean_message_id, clean_text, parse_date, parse_moment
from apps.sandbox.coripo.faults import DatabaseFailure, NotAllowed, PhpFatal
from apps.sandbox.coripo.links import Link
from apps.sandbox.coripo.models import Email, User
from apps.sandbox.coripo.models.base import RecordId, new_id, now
from apps.sandbox.coripo.records import companies_of

VALID_ID = re.compile(r"[A-Za-z0-9_-]+")
FALSE = {"", "0", "false", "off"}
# Set by the server, whatever a client sends.
OWN_COLUMNS = {"id", "deleted", "created_by", "modified_user_id", "date_modified"}


class InvalidId(ValueError):
    """The id has characters that no id has."""


def save(module: Module, values: Mapping[str, str], *, user: User) -> str:
    """Create, change or delete one record; answers its id, also where nothing was saved.

    Without an id it is created. With one it is changed, and if there is no such live record nothing happens. With
    `new_with_id` it is created under the id. Raises InvalidId, fault 40, and DatabaseFailure for an id that is taken;
    PhpFatal where the knob lets it crash.
    """
    record_id = values.get("id", "")
    if record_id and not VALID_ID.fullmatch(record_id):
        raise InvalidId(record_id)
    record = module.model._default_manager.filter(pk=record_id, deleted=False).first() if record_id else None
    if record is not None and not may_change(record, module, user):
        raise NotAllowed
    is_new = not record_id or values.get("new_with_id", "").lower() not in FALSE
    if is_new:
        if not may_create(module, user):
            raise NotAllowed
        return _create(module, values, record_id=record_id or new_id(), user=user)
    if record is not None:
        _change(module, record, values, user=user)
    return record_id


def delete(module: Module, record: Any, *, user: User) -> None:
    """Mark the record deleted and untie it from everything."""
    record.deleted = True
    record.date_modified = now()
    changed = ["deleted", "date_modified"]
    if hasattr(record, "modified_user_id"):
        record.modified_user_id = user.pk
        changed.append("modified_user_id")
    record.save(update_fields=changed)
    for link in module.links.values():
        link.forget(record.pk)


def assign(module: Module, record: Any, values: Mapping[str, str]) -> set[str]:
    """Put the cleaned values into the record's columns; answers the names of those that were set."""
    assigned = set()
    for name, value in values.items():
        column = module.columns.get(name)
        if column is not None and name not in OWN_COLUMNS and not _is_put_back(module, name):
            setattr(record, column.name, _stored(column, value))
            assigned.add(column.name)
    return assigned


def _create(module: Module, values: Mapping[str, str], *, record_id: str, user: User) -> str:
    if len(record_id) > 36:
        raise DatabaseFailure("the id is too long")
    record: Any = module.model(pk=record_id)
    assign(module, record, values)
    if hasattr(record, "created_by"):
        record.created_by = record.modified_user_id = user.pk
    if moment := parse_moment(values.get("date_modified", "")):
        record.date_modified = moment if _keeps_date_modified(values) else record.date_modified
    if module.name == "EmailAddresses":
        record.email_address_caps = record.email_address_caps or record.email_address.upper()
    crashes = isinstance(record, Email) and knobs.take_crash()
    try:
        with transaction.atomic():
            if isinstance(record, Email):
                _prepare_email(record, user=user)
                # The texts come first, and their key is what a second create with the same id meets.
                letters.new_texts(values, email_id=record_id).save(force_insert=True)
                letters.save_addresses(values, email_id=record_id, is_new=True)
            if not crashes:
                record.save(force_insert=True)
                _save_relations(module, record, values, is_new=True)
                if values.get("deleted", "").lower() not in FALSE:
                    delete(module, record, user=user)
    except IntegrityError as error:
        raise DatabaseFailure("duplicate key") from error
    if crashes:
        raise PhpFatal("out of time, as the knob asks")
    return record_id


def _change(module: Module, record: Any, values: Mapping[str, str], *, user: User) -> None:
    former_parent = (record.parent_type, record.parent_id) if isinstance(record, Email) else ("", "")
    changed = assign(module, record, values)
    if _keeps_date_modified(values):
        record.date_modified = parse_moment(values.get("date_modified", "")) or record.date_modified
    else:
        record.date_modified = now()
    changed.add("date_modified")
    if hasattr(record, "modified_user_id"):
        record.modified_user_id = user.pk
        changed.add("modified_user_id")
    with transaction.atomic():
        if isinstance(record, Email):
            letters.change_texts(values, email_id=record.pk)
            letters.save_addresses(values, email_id=record.pk, is_new=False)
            former_link = _emails_of(former_parent[0])
            if former_link and former_parent != (record.parent_type, record.parent_id):
                former_link.remove(former_parent[1], [record.pk])
        record.save(update_fields=changed)
        _save_relations(module, record, values, is_new=False)
        if values.get("deleted", "").lower() not in FALSE:
            delete(module, record, user=user)


def _prepare_email(email: Email, *, user: User) -> None:
    email.assigned_user_id = email.assigned_user_id or user.pk
    if email.status == "sent":
        email.date_sent_received = email.date_sent_received or now()


def _save_relations(module: Module, record: Any, values: Mapping[str, str], *, is_new: bool) -> None:
    link = _emails_of(record.parent_type) if isinstance(record, Email) and record.parent_id else None
    if link is not None:
        link.add(record.parent_id, [record.pk])
    addresses = [values[name] for name in ADDRESS_FIELDS if name in values] if module.has_addresses else []
    # An update that names addresses is ignored once there is any.
    if addresses and (is_new or not has_addresses(module=module.name, record_id=record.pk)):
        give_addresses(module=module.name, record_id=record.pk, addresses=addresses)
    if "account_id" in module.computed and "account_id" in values:
        company_id = values["account_id"]
        former = companies_of(module, [record.pk]).get(record.pk, "")
        if company_id != former:
            module.links["accounts"].remove(record.pk, [former])
            module.links["accounts"].add(record.pk, [company_id] if company_id else [])


def _is_put_back(module: Module, name: str) -> bool:
    return module.name == "Contacts" and name == knobs.unkept_field()


def _emails_of(module_name: str) -> Link | None:
    """The link by which records of a module have e-mails; none where the module is unknown or has no such link."""
    module = MODULES.get(module_name)
    return module.links.get("emails") if module and module.name != "Notes" else None


def _keeps_date_modified(values: Mapping[str, str]) -> bool:
    return values.get("update_date_modified", "1").lower() in FALSE


def _stored(column: models.Field, value: str) -> object:
    """What a column keeps of a value that a client sent."""
    match column:
        case RecordId():
            return value.strip()[: column.max_length]
        case models.CharField() if column.name == "message_id":
            return clean_message_id(value)
        case models.CharField():
            return clean_line(value, max_length=column.max_length or 255)
        case models.TextField():
            return clean_text(value)
        case models.BooleanField():
            return value.lower() not in FALSE
        case models.DateTimeField():
            return parse_moment(value)
        case models.DateField():
            return parse_date(value)
        case models.IntegerField():
            return int(value) if re.fullmatch(r"-?\d{1,9}", value) else None
        case _:
            try:
                return Decimal(value)
            except InvalidOperation:
                return None
