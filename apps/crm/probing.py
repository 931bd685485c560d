"""Who a login is, and what it may do, before anything is stored with it."""

from collections.abc import Mapping

from apps.crm import shapes
from apps.crm.calling import Caller
from apps.crm.errors import CrmContractBroken, CrmForbidden
from apps.crm.face import Probe
from apps.crm.transport import Transport

# Module → what a login may do there: `list`, `view`, `edit`, ... A module without access may be absent.
Rights = Mapping[str, frozenset[str]]


def server_version(transport: Transport) -> str:
    """The version of the server; it needs no login. Raises `CrmContractBroken` where no CORIPO answers."""
    answer = transport.call("get_server_info", {}, is_write=False)
    version = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(version, str):
        raise CrmContractBroken("get_server_info: no version")
    return version


def probe(caller: Caller) -> Probe:
    version = server_version(caller.transport)
    signed_on = caller.sign_on()
    rights = rights_of(caller)
    return Probe(
        user_id=signed_on.user_id,
        user_name=signed_on.user_name,
        full_name=_full_name(caller, signed_on.user_id) or signed_on.user_name,
        is_admin=signed_on.is_admin,
        version=version,
        may_create_emails=may_create(rights, "Emails"),
        may_read_contacts={"list", "view"} <= rights.get("Contacts", frozenset()),
        # There is one right for both.
        may_create_contacts=may_create(rights, "Contacts"),
        may_edit_contacts=may_create(rights, "Contacts"),
    )


def rights_of(caller: Caller) -> Rights:
    answer = caller.read("get_available_modules", filter="all")
    modules = answer.get("modules") if isinstance(answer, dict) else None
    if not isinstance(modules, list):
        raise CrmContractBroken("get_available_modules: no modules")
    rights: dict[str, frozenset[str]] = {}
    for module in modules:
        granted = (acl for acl in module.get("acls") or [] if acl.get("access") in (True, 1, "1"))
        rights[str(module.get("module_key"))] = frozenset(str(acl.get("action")) for acl in granted)
    return rights


def may_create(rights: Rights, module: str) -> bool:
    return "edit" in rights.get(module, frozenset())


def _full_name(caller: Caller, user_id: str) -> str:
    """The person's name, "" where an ordinary user may not read users."""
    try:
        answer = caller.read(
            "get_entry",
            module_name="Users",
            id=user_id,
            select_fields=["id", "first_name", "last_name"],
            link_name_to_fields_array=[],
            track_view=False,
        )
    except CrmForbidden:
        return ""
    return " ".join(f"{user['first_name']} {user['last_name']}".strip() for user in shapes.records_in(answer))
