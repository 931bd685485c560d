"""MySQL compares texts without case and accents (utf8mb4_general_ci); SQLite does neither. This closes the gap.

Columns that hold ids and addresses are declared NOCASE, so that their indexes serve. All other texts go through `fold`.
"""

import unicodedata
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

NOCASE = "NOCASE"


def fold(text: object) -> object:
    """The text without case and accents; anything else unchanged.

    >>> fold("Dvořák")
    'dvorak'
    """
    if not isinstance(text, str):
        return text
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def teach_mysql_manners(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new SQLite connection the function `fold`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("fold", 1, fold, deterministic=True)


class Fold(models.Func):
    """The text without case and accents, as MySQL compares it."""

    function = "fold"
    output_field = models.TextField()
