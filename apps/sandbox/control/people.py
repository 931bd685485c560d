"""People of the sandbox: who there is, and one more when a test needs somebody of its own."""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.sandbox.control.models import Person
from apps.sandbox.coripo.users import create_user
from apps.sandbox.graph.mailroom import open_mailbox

DOMAIN = "strojirny-beskyd.example"
CORIPO_ROLES = ("admin", "user", "restricted")


class PersonRefused(ValueError):
    """The person cannot be created; the text says why."""


@transaction.atomic
def add_person(
    *,
    name: str,
    mail: str = "",
    coripo_user: str = "",
    coripo_password: str = "",
    coripo_role: str = "user",
    language: str = Person.Language.CZECH,
    aliases: Sequence[str] = (),
) -> Person:
    """Create a person with an empty mailbox and a CORIPO user. What is left out is made from the name, and unique.

    Raises PersonRefused.
    """
    if not name.strip():
        raise PersonRefused("A person needs a name.")
    if coripo_role not in CORIPO_ROLES:
        raise PersonRefused(f"The role {coripo_role!r} is unknown. There are: {', '.join(CORIPO_ROLES)}.")
    if language not in Person.Language.values:
        raise PersonRefused(f"The language {language!r} is unknown. There are: {', '.join(Person.Language.values)}.")
    local_part = f"{_ascii(name)}.{uuid.uuid4().hex[:6]}"
    person = Person(
        name=name.strip(),
        mail=mail.strip() or f"{local_part}@{DOMAIN}",
        coripo_user=coripo_user.strip() or local_part,
        coripo_password=coripo_password or uuid.uuid4().hex[:12],
        language=language,
        aliases=list(aliases),
    )
    is_like = Q(mail__iexact=person.mail) | Q(coripo_user__iexact=person.coripo_user)
    if Person.objects.filter(is_like).exists():
        raise PersonRefused("There is already a person with this address or this CORIPO user name.")
    person.save()
    open_mailbox(person)
    create_user(person.coripo_user, person.coripo_password, person.name, role=coripo_role, mail=person.mail)
    return person


def shown(person: Person) -> dict[str, Any]:
    """A person as the control endpoints show one, password included: it is a demo credential."""
    return {
        "name": person.name,
        "mail": person.mail,
        "oid": str(person.oid),
        "coripo_user": person.coripo_user,
        "coripo_password": person.coripo_password,
    }


def _ascii(name: str) -> str:
    """Jana Svobodová becomes jana.svobodova."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return ".".join(re.findall(r"[a-z0-9]+", plain)) or "somebody"
