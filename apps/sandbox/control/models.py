"""The people of the sandbox: one person has a Microsoft account, a mailbox and a CORIPO user."""

import uuid

from django.db import models


class Person(models.Model):
    """Somebody who can be signed in as. The password is a demo credential and is shown to whoever asks."""

    class Language(models.TextChoices):
        CZECH = "cs", "Czech"
        ENGLISH = "en", "English"

    name = models.CharField(max_length=200)
    mail = models.CharField(max_length=320, unique=True)
    oid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    coripo_user = models.CharField(max_length=60, unique=True)
    coripo_password = models.CharField(max_length=100)
    # Further addresses under which mail reaches the person.
    aliases = models.JSONField(default=list)
    language = models.CharField(max_length=2, choices=Language, default=Language.CZECH)

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"
