"""The web pages of the CRM: open to everybody and read only, so that a link to a record leads somewhere.

/index.php                                                   start
/index.php?module=Contacts&action=index&query=nov&page=2     records of a module, all or those that a word finds
/index.php?module=Contacts&action=DetailView&record=ID       a record
/index.php?module=Emails&action=body&record=ID               the html of an e-mail, for the frame of its page
/index.php?entryPoint=download&id=NOTE                       the file of a note
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from apps.sandbox.coripo.catalogue import MODULES, Module
from apps.sandbox.coripo.letters import read_texts
from apps.sandbox.coripo.methods.searching import titled_or_addressed
from apps.sandbox.coripo.models import Note, NoteFile, User
from apps.sandbox.coripo.records import title_of
from apps.sandbox.coripo.tables import Table, in_reading_order, record_url, table_of

ROWS_PER_PAGE = 50
WRITTEN_LAST = 15
PAGE_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
# The letter of a stranger: its own origin, no script, nothing from outside.
LETTER_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
# What the policy forbids anyway. Under another name nothing is even tried, and the browser's console stays quiet.
LOADING_ATTRIBUTES = re.compile(r"\b(src|srcset|background|poster)(\s*=)", re.IGNORECASE)
# Shown in the head of the page, or of no interest to a reader.
UNSHOWN = {
    "id", "name", "first_name", "last_name", "deleted", "date_entered", "date_modified", "created_by",
    "modified_user_id", "assigned_user_id", "description", "parent_type", "parent_id", "account_id", "contact_id",
    "orphaned", "intent", "mailbox_id", "user_name", "filename",
}  # fmt: skip
# What Czech companies keep in fields of other countries.
LABELS = {"ticker_symbol": "Company number (IČO)", "sic_code": "VAT number (DIČ)"}


@dataclass(frozen=True)
class Reference:
    """A record that another one names."""

    module: str
    title: str
    url: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The one address of all pages; what it shows stands in the query."""
    if request.GET.get("entryPoint") == "download":
        return download(request.GET.get("id", ""))
    name = request.GET.get("module")
    if name in {None, "", "Home"}:
        response = start(request)
    elif name not in MODULES:
        response = missing(request)
    else:
        response = module_page(request, MODULES[name])
    response.setdefault("Content-Security-Policy", PAGE_POLICY)
    return response


def start(request: HttpRequest) -> HttpResponse:
    """How many records each module has, and what was written last."""
    modules = [
        {
            "module": module,
            "url": f"/index.php?module={module.name}&action=index",
            "count": module.model._default_manager.filter(deleted=False).count(),
        }
        for module in MODULES.values()
        if module.name != "EmailAddresses"
    ]
    emails = MODULES["Emails"].model._default_manager.filter(deleted=False).order_by("-date_entered", "-pk")
    table = table_of(MODULES["Emails"], list(emails[:WRITTEN_LAST]))
    return render(request, "coripo/start.html", {"modules": modules, "table": table})


def module_page(request: HttpRequest, module: Module) -> HttpResponse:
    record_id = request.GET.get("record", "")
    action = request.GET.get("action", "")
    if not record_id:
        return list_page(request, module)
    record = module.model._default_manager.filter(pk=record_id, deleted=False).first()
    if record is None:
        return missing(request)
    if module.name == "Emails" and action == "body":
        return letter_body(record)
    return record_page(request, module, record)


def list_page(request: HttpRequest, module: Module) -> HttpResponse:
    """The records of a module, with a search by title and address."""
    words = request.GET.get("query", "").strip()
    records = titled_or_addressed(module, words) if words else module.model._default_manager.filter(deleted=False)
    page = Paginator(in_reading_order(module, records), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"module": module, "page": page, "table": table_of(module, list(page)), "words": words}
    return render(request, "coripo/list.html", context)


def record_page(request: HttpRequest, module: Module, record: Any) -> HttpResponse:
    """A record with its fields and everything that is tied to it; e-mails with letter and attachments."""
    context = {
        "module": module,
        "record": record,
        "title": title_of(module, record),
        "people": {
            "created": _user_name(getattr(record, "created_by", "")),
            "modified": _user_name(getattr(record, "modified_user_id", "")),
            "assigned": _user_name(getattr(record, "assigned_user_id", "")),
        },
        "addresses": _addresses(module, record),
        "fields": _fields(module, record),
        "related": _related(module, record),
        "files": _files(module, record),
        "parent": _parent(record),
        "list_url": f"/index.php?module={module.name}&action=index",
    }
    if module.name == "Emails":
        texts = read_texts([record.pk]).get(record.pk, {})
        context |= {"texts": texts, "body_url": record_url("Emails", record.pk, action="body")}
        return render(request, "coripo/email.html", context)
    return render(request, "coripo/record.html", context)


def letter_body(email: Any) -> HttpResponse:
    """The stored html by itself: it is foreign text and gets no rights at all."""
    html = read_texts([email.pk]).get(email.pk, {}).get("description_html", "")
    html = LOADING_ATTRIBUTES.sub(r"data-\1\2", html)
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Letter</title></head>'
    page = f"{head}<body>{html}</body></html>"
    return HttpResponse(page, headers={"Content-Security-Policy": LETTER_POLICY, "X-Content-Type-Options": "nosniff"})


def download(note_id: str) -> HttpResponse:
    """The file of a note, always as a download and never as a page."""
    note = Note.objects.filter(pk=note_id, deleted=False).first()
    file = NoteFile.objects.filter(pk=note.pk).first() if note else None
    if note is None or file is None:
        return HttpResponse("There is no such file.", status=404, content_type="text/plain; charset=utf-8")
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=note.filename) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(bytes(file.content), content_type="application/octet-stream", headers=headers)


def missing(request: HttpRequest) -> HttpResponse:
    return render(request, "coripo/missing.html", status=404)


def _fields(module: Module, record: Any) -> list[tuple[str, Any]]:
    """Label and value of the columns that have one and stand nowhere else on the page."""
    values = [(name, getattr(record, column.name)) for name, column in module.columns.items() if name not in UNSHOWN]
    return [
        (LABELS.get(name, name.replace("_", " ").capitalize()), value)
        for name, value in values
        if value not in ("", None, False)
    ]


def _addresses(module: Module, record: Any) -> list[str]:
    if not module.has_addresses:
        return []
    ids = module.links["email_addresses"].far_ids([record.pk]).get(record.pk, [])
    return [reference.title for reference in _references("EmailAddresses", ids)]


def _related(module: Module, record: Any) -> list[Table]:
    """A table for each link that leads somewhere; the attachments of an e-mail are shown by themselves."""
    shown = []
    for name, link in module.links.items():
        if link.target == "EmailAddresses" or (module.name == "Emails" and name == "notes"):
            continue
        target = MODULES[link.target]
        ids = link.far_ids([record.pk]).get(record.pk, [])
        live = target.model._default_manager.filter(pk__in=ids, deleted=False)
        if records := list(in_reading_order(target, live)):
            shown.append(table_of(target, records))
    return shown


def _files(module: Module, record: Any) -> list[dict[str, Any]]:
    """Attachments of an e-mail, or the file of a note itself."""
    if module.name == "Notes":
        notes = [record]
    elif module.name == "Emails":
        notes = list(
            Note.objects.filter(parent_type="Emails", parent_id=record.pk, deleted=False).order_by("name", "pk")
        )
    else:
        return []
    sizes = {file.pk: len(file.content) for file in NoteFile.objects.filter(pk__in=[note.pk for note in notes])}
    return [
        {
            "name": note.filename or note.name,
            "size": sizes.get(note.pk),
            "url": "/index.php?" + urlencode({"entryPoint": "download", "id": note.pk, "type": "Notes"}),
        }
        for note in notes
    ]


def _parent(record: Any) -> Reference | None:
    parent_type, parent_id = getattr(record, "parent_type", ""), getattr(record, "parent_id", "")
    references = _references(parent_type, [parent_id]) if parent_type in MODULES else []
    return references[0] if references else None


def _references(module_name: str, ids: list[str]) -> list[Reference]:
    """The live records among the ids, in their order."""
    module = MODULES[module_name]
    records = {r.pk: r for r in module.model._default_manager.filter(pk__in=ids, deleted=False)}
    return [
        Reference(module.singular, title_of(module, records[id]) or "(no name)", record_url(module_name, id))
        for id in ids
        if id in records
    ]


def _user_name(user_id: str) -> str:
    user = User.objects.filter(pk=user_id).first() if user_id else None
    return str(user) if user else ""
