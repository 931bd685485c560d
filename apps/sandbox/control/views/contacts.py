"""What the owner of a mailbox does to its contacts, and to their folders, in Outlook."""

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of
from apps.sandbox.graph import addressbook, contact_shapes, mailroom, properties
from apps.sandbox.graph.errors import GraphError
from apps.sandbox.graph.models import Contact, ContactFolder, Mailbox

DELETED = "deleted items"


@answers_in_words
@require_http_methods(["GET", "POST"])
def contacts(request: HttpRequest) -> HttpResponse:
    """GET tells all of a `mailbox`. POST makes one in a `folder` (a path of display names below the default one; none:
    the default one) from a `contact` as Graph writes it, with extended `properties` by their ids.
    """
    if request.method == "GET":
        rows = _mailbox(request.GET.get("mailbox")).contacts.select_related("folder", "mailbox").order_by("pk")
        rows = rows.prefetch_related("extended_properties")
        return JsonResponse({"contacts": [_told(row) for row in rows]})
    wish = json_of(request, "mailbox", "folder", "contact", "properties")
    folder = addressbook.folder_for(_mailbox(wish.get("mailbox")), str(wish.get("folder", "")))
    row = addressbook.create(folder, _facts(wish), properties=_tags(wish))
    return JsonResponse({"id": _id(row)}, status=201)


@answers_in_words
@require_http_methods(["PATCH", "DELETE"])
@transaction.atomic
def contact(request: HttpRequest, contact_id: str) -> HttpResponse:
    """PATCH sets what the `contact` says, and `properties`; DELETE puts it among the deleted items."""
    row = _contact(contact_id)
    if request.method == "DELETE":
        addressbook.move(row, None)
        return HttpResponse(status=204)
    wish = json_of(request, "contact", "properties")
    return JsonResponse({"id": _id(addressbook.change(row, _facts(wish), properties=_tags(wish)))})


@answers_in_words
@require_POST
def move(request: HttpRequest, contact_id: str) -> HttpResponse:
    """Into a `folder`, named as for a new one."""
    row = _contact(contact_id)
    folder = addressbook.folder_for(row.mailbox, str(json_of(request, "folder").get("folder", "")))
    return JsonResponse({"id": _id(addressbook.move(row, folder))})


@answers_in_words
@require_http_methods(["POST", "PATCH", "DELETE"])
def folders(request: HttpRequest) -> HttpResponse:
    """`mailbox` and `folder` as above. POST makes it, PATCH gives it a `name`, DELETE removes it with all in it."""
    wish = json_of(request, "mailbox", "folder", "name")
    path = str(wish.get("folder", "")).strip()
    if not path:
        raise BadAsk("The folder is missing: a display name or a path of them.")
    mailbox = _mailbox(wish.get("mailbox"))
    if request.method == "POST":
        return _answer(addressbook.folder_for(mailbox, path), status=201)
    folder = addressbook.folder_at(mailbox, path)
    if folder is None:
        raise BadAsk(f"There is no folder {path!r}.")
    if request.method == "DELETE":
        addressbook.delete_folder(folder)
        return HttpResponse(status=204)
    try:
        return _answer(addressbook.rename_folder(folder, display_name=str(wish.get("name", "")).strip() or path))
    except IntegrityError as error:
        raise BadAsk("There is already a folder with this name at this place.") from error


def _mailbox(mail: object) -> Mailbox:
    try:
        return mailroom.mailbox_of(str(mail or ""))
    except mailroom.NoSuchMailbox as error:
        raise BadAsk(f"Nobody here has the mailbox {str(error)!r}.") from error


def _contact(immutable_id: str) -> Contact:
    try:
        return addressbook.contact_of(immutable_id)
    except addressbook.NoSuchContact as error:
        raise BadAsk(f"There is no contact with the immutable id {immutable_id!r}.") from error


def _facts(wish: dict[str, Any]) -> dict[str, Any]:
    try:
        return contact_shapes.written(wish.get("contact", {}), is_new=False)
    except GraphError as error:
        raise BadAsk(error.message) from error


def _tags(wish: dict[str, Any]) -> dict[str, str]:
    try:
        return {properties.tag_of(str(tag)): str(value) for tag, value in wish.get("properties", {}).items()}
    except GraphError as error:
        raise BadAsk(error.message) from error


def _told(row: Contact) -> dict[str, Any]:
    extended = {one.tag: one.value for one in row.extended_properties.all()}
    return {"id": _id(row), "folder": str(row.folder or DELETED), **row.facts, "properties": extended}


def _id(row: Contact) -> str:
    return contact_shapes.contact_id(row.mailbox.guid, row.pk, row.location, immutable=True)


def _answer(folder: ContactFolder, *, status: int = 200) -> HttpResponse:
    return JsonResponse({"id": contact_shapes.folder_id(folder.mailbox.guid, folder.pk)}, status=status)
