"""Making CRM users."""

import uuid

from apps.sandbox.coripo.addresses import give_addresses, has_addresses
from apps.sandbox.coripo.models import User

# Fixed, so that a user has the same id after every reset.
NAMESPACE = uuid.UUID("5b0a4c52-8a4f-4d0e-9c55-2f1d5d0c7a11")


def create_user(
    user_name: str, password: str, full_name: str, role: str = "user", *, mail: str = "", is_ldap: bool = False
) -> User:
    """The user of that name, made or changed to what is given. `role` is admin, user or restricted.

    Raises ValueError for any other role.
    """
    if role not in User.Role.values:
        raise ValueError(f"No role is called {role!r}. There are: {', '.join(User.Role.values)}.")
    first_name, _, last_name = full_name.strip().rpartition(" ")
    values = {
        "first_name": first_name,
        "last_name": last_name,
        "password": password,
        "role": role,
        "is_ldap": is_ldap,
    }
    user, _ = User.objects.update_or_create(
        user_name=user_name,
        defaults=values,
        create_defaults=values | {"id": str(uuid.uuid5(NAMESPACE, f"users:{user_name}"))},
    )
    if mail and not has_addresses(module="Users", record_id=user.pk):
        give_addresses(module="Users", record_id=user.pk, addresses=[mail])
    return user
