"""What a colleague does to contacts at the CRM's own pages: edit, merge, delete. Every save of theirs shows."""

import secrets
from collections.abc import Mapping, Sequence

from apps.sandbox.coripo.addresses import address_ids
from apps.sandbox.coripo.catalogue import module_named
from apps.sandbox.coripo.models import Contact, EmailAddressOfBean, User
from apps.sandbox.coripo.saving import delete, save
from apps.sandbox.coripo.users import create_user

# Of an address it would make a second primary one.
NOT_MOVED = {"email_addresses_primary"}


class NoSuchPerson(LookupError):
    """There is no such user, or no such live contact."""


def colleague(user_name: str) -> User:
    """The user of that name; without one somebody whom nobody else is."""
    if not user_name:
        return create_user("kolegyne", secrets.token_urlsafe(), "Karla Kolegyně")
    user = User.objects.filter(user_name=user_name, deleted=False).first()
    if user is None:
        raise NoSuchPerson(user_name)
    return user


def edit(contact_id: str, fields: Mapping[str, str], addresses: Sequence[str] | None, *, user: User) -> None:
    """Set fields and, where they are given, all addresses, the first one as the primary."""
    contact = _live(contact_id)
    if addresses is not None:
        ids = list(dict.fromkeys(address_ids(addresses).values()))
        link = module_named("Contacts").links["email_addresses"]
        link.remove(contact.pk, [it for it in link.far_ids([contact.pk]).get(contact.pk, []) if it not in ids])
        link.add(contact.pk, ids)
        rows = EmailAddressOfBean.objects.filter(bean_module="Contacts", bean_id=contact.pk, deleted=False)
        rows.update(primary_address=False)
        rows.filter(email_address_id__in=ids[:1]).update(primary_address=True)
    save(module_named("Contacts"), {**fields, "id": contact.pk}, user=user)


def remove(contact_id: str, *, user: User) -> None:
    delete(module_named("Contacts"), _live(contact_id), user=user)


def merge(contact_id: str, into_id: str, *, user: User) -> None:
    """All links move to the contact that stays, which is saved; the other one is deleted."""
    gone, staying, module = _live(contact_id), _live(into_id), module_named("Contacts")
    for name, link in module.links.items():
        if name not in NOT_MOVED:
            link.add(staying.pk, link.far_ids([gone.pk]).get(gone.pk, []))
    delete(module, gone, user=user)
    save(module, {"id": staying.pk}, user=user)


def _live(contact_id: str) -> Contact:
    contact = Contact.objects.filter(pk=contact_id, deleted=False).first()
    if contact is None:
        raise NoSuchPerson(contact_id)
    return contact
