"""Text that is encrypted at rest: MultiFernet under FIELD_ENCRYPTION_KEYS, the first key encrypts, all of them decrypt."""

from functools import lru_cache
from typing import Any, NoReturn

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "v1:"


class UnreadableSecret(Exception):
    """A stored secret does not open with the keys in force: FIELD_ENCRYPTION_KEYS lost a key."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS))


class EncryptedText(models.TextField):
    """Plain text in Python, ciphertext in the database. It cannot be searched."""

    def get_prep_value(self, value: str | None) -> str | None:
        if value is None:
            return None
        return PREFIX + box().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        try:
            return box().decrypt(value.removeprefix(PREFIX).encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret(f"{self.model._meta.label}.{self.name}") from error

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            self._refuse(lookup_name)
        return super().get_lookup(lookup_name)

    def _refuse(self, lookup_name: str) -> NoReturn:
        raise TypeError(f"{self.name} is encrypted and cannot be compared ({lookup_name}).")
