"""Who may log in, who is logged in, and what restricted users may see besides their own."""

from django.db import models
from django.utils import timezone

from apps.sandbox.coripo.collation import NOCASE
from apps.sandbox.coripo.models.base import Record, RecordId, Varchar


class User(Record):
    """A CRM user. The password is a demo credential kept in clear: md5 and plain logins both have to be checked."""

    class Role(models.TextChoices):
        ADMIN = "admin", "Administrator: sees and changes everything"
        USER = "user", "Ordinary user: sees and changes all records"
        RESTRICTED = "restricted", "Sees only records that are his own or shared with him"

    name: None = None  # type: ignore[assignment]
    user_name = Varchar(60, db_collation=NOCASE, unique=True)
    first_name = Varchar(255)
    last_name = Varchar(255)
    title = Varchar(50)
    department = Varchar(50)
    phone_work = Varchar(50)
    phone_mobile = Varchar(50)
    status = Varchar(100, default="Active")
    password = Varchar(100)
    role = models.CharField(max_length=10, choices=Role, default=Role.USER)
    is_ldap = models.BooleanField(default=False)

    class Meta:
        db_table = "users"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def is_restricted(self) -> bool:
        return self.role == self.Role.RESTRICTED


class Session(models.Model):
    """A login that has not ended, as a PHP session: `network` is where it came from, `used_at` when it last called.

    Removing the row is what expiry looks like from outside.
    """

    id = models.CharField(max_length=26, primary_key=True)
    user_id = RecordId()
    network = Varchar(50)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "coripo_sessions"

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class Grant(models.Model):
    """A restricted user may see this record although it is not his."""

    user_id = RecordId(db_index=True)
    module = Varchar(100)
    record_id = RecordId(db_index=True)

    class Meta:
        db_table = "coripo_grants"

    def __str__(self) -> str:
        return f"{self.module} {self.record_id} for {self.user_id}"
