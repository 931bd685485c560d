"""The three names of each of CORIPO's modules: its own, its table's in a condition, and its link's at an e-mail."""

from apps.crm.errors import CrmRejected

_TABLES = {
    "Accounts": "accounts",
    "Bugs": "bugs",
    "Cases": "cases",
    "Contacts": "contacts",
    "Emails": "emails",
    "Leads": "leads",
    "Notes": "notes",
    "Opportunities": "opportunities",
    "Project": "project",
    "ProjectTask": "project_task",
    "Tasks": "tasks",
    "Users": "users",
}
_LINKS_OF_EMAIL = {
    "Accounts": "accounts",
    "Bugs": "bugs",
    "Cases": "cases",
    "Contacts": "contacts",
    "Leads": "leads",
    "Opportunities": "opportunities",
    "Project": "project",
    "ProjectTask": "projecttask",
    "Tasks": "tasks",
}


# Whatever an e-mail can be linked with.
LINKABLE = tuple(_LINKS_OF_EMAIL)


def table_of(module: str) -> str:
    return _known(_TABLES, module)


def link_of(module: str) -> str:
    """The link from an e-mail to records of this module."""
    return _known(_LINKS_OF_EMAIL, module)


def _known(names: dict[str, str], module: str) -> str:
    try:
        return names[module]
    except KeyError as error:
        raise CrmRejected(field="module", reason=f"{module} is not served") from error
