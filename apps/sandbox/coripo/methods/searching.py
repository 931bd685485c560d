"""Search over several modules, the way the search box does: fuzzy, and no means to identify anybody."""

from typing import Any

from django.db import models
from django.db.models.functions import Concat

from apps.sandbox.coripo.access import visible
from apps.sandbox.coripo.arguments import as_number, as_text, as_texts
from apps.sandbox.coripo.catalogue import Module, known_module
from apps.sandbox.coripo.collation import Fold, fold
from apps.sandbox.coripo.methods.reading import DEFAULT_PAGE
from apps.sandbox.coripo.models import EmailAddress, EmailAddressOfBean
from apps.sandbox.coripo.records import read
from apps.sandbox.coripo.sessions import session_of


def search_by_module(
    session: Any,
    search_string: Any,
    modules: Any,
    offset: Any,
    max_results: Any,
    assigned_user_id: Any = "",
    select_fields: Any = None,
    unified_search_only: Any = True,
    favorites: Any = False,
) -> Any:
    """Records of each module whose name or address begins with or contains the text.

    Trap: an expired session is fault 10 here, not 11; addresses are found but not shown.
    """
    with session_of(session, fault=10) as user:
        text = as_text(search_string)
        asked = as_texts(select_fields)
        start, size = max(as_number(offset), 0), as_number(max_results)
        entries = []
        for name in as_texts(modules):
            module = known_module(name)
            if module is None:
                continue
            found = visible(titled_or_addressed(module, text), module, user).order_by("id")
            if assigned_user_id:
                found = found.filter(assigned_user_id=as_text(assigned_user_id))
            page = list(found[start : start + (size if size > 0 else DEFAULT_PAGE)])
            fields = [field for field in asked if field in module.columns or field == "name"] or ["id", "name"]
            rows = read(module, page, [field for field in fields if field in module.fields])
            entries.append(
                {
                    "name": name,
                    "records": [{key: {"name": key, "value": value} for key, value in row.items()} for row in rows],
                }
            )
        return {"entry_list": entries}


def titled_or_addressed(module: Module, text: str) -> models.QuerySet[Any]:
    """The live records whose title contains the text, or whose address begins with it."""
    records = module.model._default_manager.filter(deleted=False)
    if module.is_of_people:
        title: models.Expression = Concat("first_name", models.Value(" "), "last_name")
    else:
        title = models.F("name" if "name" in module.columns else "email_address")  # type: ignore[assignment]
    records = records.annotate(folded_title=Fold(title))
    matches = models.Q(folded_title__contains=fold(text))
    if module.has_addresses:
        bearers = EmailAddressOfBean.objects.filter(
            bean_module=module.name,
            deleted=False,
            email_address_id__in=EmailAddress.objects.filter(email_address_caps__startswith=text.upper()).values("pk"),
        )
        matches |= models.Q(pk__in=bearers.values("bean_id"))
    return records.filter(matches)
