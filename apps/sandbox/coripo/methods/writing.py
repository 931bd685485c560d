"""Writing records, one and many. A batch is no transaction: what comes before an entry that fails stays."""

from typing import Any

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.addresses import addresses_of
from apps.sandbox.coripo.arguments import as_list, name_values
from apps.sandbox.coripo.catalogue import Module, module_named
from apps.sandbox.coripo.cleaning import clean_text, echoed
from apps.sandbox.coripo.faults import NotAllowed, PhpFatal, SilentNull
from apps.sandbox.coripo.methods.reading import nvl
from apps.sandbox.coripo.models import Account, Contact, User
from apps.sandbox.coripo.saving import InvalidId, save
from apps.sandbox.coripo.sessions import session_of


def set_entry(session: Any, module_name: Any, name_value_list: Any, track_view: Any = False) -> Any:
    """Create, change or delete one record. The echo in the answer is no proof of what was saved."""
    with session_of(session) as user:
        module = module_named(module_name)
        if module.name == "Users" and not user.is_admin:
            raise NotAllowed
        values = name_values(name_value_list)
        try:
            with knobs.writing_record():
                record_id = save(module, values, user=user)
        except InvalidId as error:
            raise SilentNull from error
        echo = {name: echoed(clean_text(value)) for name, value in values.items() if name in module.fields}
        return {"id": record_id, "entry_list": nvl(echo)}


def set_entries(session: Any, module_name: Any, name_value_lists: Any) -> Any:
    """The same for many, one after another. Ids of entries that the user may not save are left out of the answer."""
    with session_of(session) as user:
        module = module_named(module_name)
        if module.name == "Users" and not user.is_admin:
            raise NotAllowed
        breaks_after = knobs.take_batch_break()
        ids: list[str] = []
        for number, name_value_list in enumerate(as_list(name_value_lists), start=1):
            values = name_values(name_value_list)
            try:
                with knobs.writing_record():
                    ids.append(
                        _duplicate(module, values) or save(module, _with_company(module, values, user), user=user)
                    )
            except InvalidId:
                ids.append(values["id"])
            except NotAllowed:
                continue
            if number == breaks_after:
                raise PhpFatal("out of memory, as the knob asks")
        return {"ids": ids}


def _duplicate(module: Module, values: dict[str, str]) -> str:
    """Id of the contact of that first and last name and address, compared by case; set_entry never looks for one."""
    if module.name != "Contacts" or values.get("id") or not values.get("last_name") or not values.get("email1"):
        return ""
    namesakes = Contact.objects.filter(
        first_name=values.get("first_name", ""), last_name=values["last_name"], deleted=False
    ).order_by("date_entered", "pk")
    ids = list(namesakes.values_list("pk", flat=True))
    addresses = addresses_of(module=module.name, record_ids=ids)
    return next((id for id in ids if values["email1"] in addresses.get(id, [])), "")


def _with_company(module: Module, values: dict[str, str], user: User) -> dict[str, str]:
    """A batch of contacts finds or creates the company that is only named; set_entry links nothing by name."""
    name = values.get("account_name", "")
    if module.name != "Contacts" or not name or values.get("account_id"):
        return values
    company = Account.objects.filter(name=name, deleted=False).order_by("date_entered", "pk").first()
    company_id = company.pk if company else save(module_named("Accounts"), {"name": name}, user=user)
    return values | {"account_id": company_id}
