"""The company in CORIPO that a contact's text names: by exact name but for case, blanks and legal form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from apps.contacts.claiming import Batch
from apps.contacts.companies import company_key
from apps.contacts.finding import Item
from apps.contacts.models import ContactRules, UnknownCompany
from apps.crm.errors import CrmError, CrmForbidden
from apps.crm.face import CrmClient, CrmCompany


@dataclass(frozen=True, slots=True)
class Meant:
    """`company_id` is "" where the contact goes without: then `asks` is what a person must decide, or `leaves` why it is so."""

    company_id: str = ""
    asks: str = ""
    leaves: str = ""


def companies_meant(
    batch: Batch, named: Sequence[tuple[Item, str]], crm: CrmClient, *, rules: ContactRules
) -> dict[int, Meant]:
    """By transfer, the company that each text names. One request for all of them, and two where some are to be made.

    The id of a company that is made is kept before the write, so that another try makes no second one.
    """
    if not named:
        return {}
    candidates = crm.companies_named(sorted({name for _item, name in named}))
    meant: dict[int, Meant] = {}
    missing: dict[str, list[tuple[Item, str]]] = {}
    for item, name in named:
        same = [company for company in candidates.get(name, ()) if company_key(company.name) == company_key(name)]
        answer = _among(item, same)
        if answer is None and (item.wish.makes_company or rules.unknown_company == UnknownCompany.CREATE):
            missing.setdefault(company_key(name), []).append((item, name))
        elif answer is None:
            leaves = item.wish.without_company or rules.unknown_company == UnknownCompany.LEAVE
            answer = Meant(leaves="company_left") if leaves else Meant(asks="company_unknown")
        if answer is not None:
            meant[item.transfer.pk] = answer
    if missing:
        meant |= _made(batch, list(missing.values()), crm)
    return meant


def _among(item: Item, same: list[CrmCompany]) -> Meant | None:
    """None where CORIPO has no such company."""
    if item.wish.company_id:
        return Meant(item.wish.company_id)
    if item.wish.without_company:
        return Meant(leaves="company_left")
    mine = {company.id for company in item.stored.companies} if item.stored else set()
    chosen = [company for company in same if company.id in mine] or same
    if not chosen:
        return None
    return Meant(chosen[0].id) if len(chosen) == 1 else Meant(asks="several_companies")


def _made(batch: Batch, groups: Sequence[list[tuple[Item, str]]], crm: CrmClient) -> dict[int, Meant]:
    """Each company once, however many contacts of the batch name it."""
    wanted = []
    for group in groups:
        first, name = group[0]
        if first.transfer.own_company_id is None:
            first.transfer.own_company_id = uuid4()
            batch.ours([first.transfer]).update(own_company_id=first.transfer.own_company_id)
        wanted.append((str(first.transfer.own_company_id), name))
    meant: dict[int, Meant] = {}
    for group, outcome in zip(groups, crm.create_companies(wanted), strict=True):
        if isinstance(outcome, CrmForbidden):
            answer = Meant(asks="no_right_to_create_company")
        elif isinstance(outcome, CrmError):
            raise outcome
        else:
            answer = Meant(outcome.id)
        meant |= {item.transfer.pk: answer for item, _name in group}
    return meant
