"""Kinds of column, and what every record has."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from apps.sandbox.coripo.collation import NOCASE


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> datetime:
    """The CRM's clock: its resolution is one second."""
    return timezone.now().replace(microsecond=0)


class RecordId(models.CharField):
    """The id of a record, compared without case as MySQL does; empty where nothing is named."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"max_length": 36, "db_collation": NOCASE, "blank": True, "default": ""}
        super().__init__(**defaults | options)


class Varchar(models.CharField):
    """One line of text: trimmed and cut on save."""

    def __init__(self, max_length: int = 100, **options: Any) -> None:
        defaults: dict[str, Any] = {"max_length": max_length, "blank": True, "default": ""}
        super().__init__(**defaults | options)


class Text(models.TextField):
    """Text of many lines: neither trimmed nor cut."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"blank": True, "default": ""}
        super().__init__(**defaults | options)


class Moment(models.DateTimeField):
    """A UTC time, or none."""

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"null": True, "blank": True}
        super().__init__(**defaults | options)


class Record(models.Model):
    """What the records of all modules have."""

    id = RecordId(primary_key=True, default=new_id)
    name = Varchar(255)
    date_entered = Moment(default=now, db_index=True)
    date_modified = Moment(default=now, db_index=True)
    modified_user_id = RecordId()
    created_by = RecordId(db_index=True)
    description = Text()
    deleted = models.BooleanField(default=False)
    assigned_user_id = RecordId(db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class LinkRow(models.Model):
    """A row of a table that ties two records."""

    date_modified = Moment(default=now)
    deleted = models.BooleanField(default=False)

    class Meta:
        abstract = True
