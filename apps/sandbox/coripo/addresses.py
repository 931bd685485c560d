"""Addresses of people and companies: one row for each address, shared by everybody who has it."""

import re
from collections.abc import Iterable, Sequence

from apps.sandbox.coripo.models import EmailAddress, EmailAddressOfBean

# What the server accepts; anything else is dropped without a word.
VALID = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_valid(address: str) -> bool:
    """
    >>> [is_valid(a) for a in ("a+b@x.example", "a@b", "<c@x.example>", " d@x.example", '"q q"@x.example')]
    [True, False, False, False, False]
    """
    return VALID.fullmatch(address) is not None


def address_ids(addresses: Sequence[str]) -> dict[str, str]:
    """Id of the row of each address, made where it is new. A known one keeps the spelling in which it came first."""
    caps = {address: address.upper()[:255] for address in addresses}
    known = dict(
        EmailAddress.objects.filter(email_address_caps__in=set(caps.values()), deleted=False).values_list(
            "email_address_caps", "id"
        )
    )
    new = {}
    for address, upper in caps.items():
        if upper not in known and upper not in new:
            new[upper] = EmailAddress(email_address=address[:255], email_address_caps=upper)
    EmailAddress.objects.bulk_create(new.values())
    known |= {upper: row.id for upper, row in new.items()}
    return {address: known[upper] for address, upper in caps.items()}


def give_addresses(*, module: str, record_id: str, addresses: Iterable[str]) -> None:
    """The record gets these addresses, the first one as its primary; invalid ones are dropped."""
    valid = [address for address in dict.fromkeys(addresses) if is_valid(address)]
    ids = dict.fromkeys(address_ids(valid).values())
    EmailAddressOfBean.objects.bulk_create(
        EmailAddressOfBean(
            email_address_id=address_id, bean_id=record_id, bean_module=module, primary_address=number == 0
        )
        for number, address_id in enumerate(ids)
    )


def has_addresses(*, module: str, record_id: str) -> bool:
    return EmailAddressOfBean.objects.filter(bean_module=module, bean_id=record_id, deleted=False).exists()


def addresses_of(*, module: str, record_ids: Sequence[str]) -> dict[str, list[str]]:
    """Addresses of each record, the primary one first, spelled as they are kept."""
    rows = list(
        EmailAddressOfBean.objects.filter(bean_module=module, bean_id__in=record_ids, deleted=False).order_by(
            "-primary_address", "pk"
        )
    )
    spelled = dict(
        EmailAddress.objects.filter(pk__in={row.email_address_id for row in rows}, deleted=False).values_list(
            "pk", "email_address"
        )
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.email_address_id in spelled:
            found.setdefault(row.bean_id, []).append(spelled[row.email_address_id])
    return found
