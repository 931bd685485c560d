"""What the owner of a mailbox does to its folders in Outlook."""

from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of
from apps.sandbox.graph import mailroom, shapes
from apps.sandbox.graph.models import Folder, Mailbox

KINDS = {"ordinary", "search", "hidden"}


@answers_in_words
@require_http_methods(["POST", "PATCH", "DELETE"])
def folders(request: HttpRequest) -> HttpResponse:
    """`mailbox` and `folder` (a well-known name, a display name, or a path of them: "Zakázky 2026/Servis").

    POST makes it, also as a `kind` of its own: search or hidden. PATCH gives it a `name`, or moves it `to` another
    folder; DELETE removes it with all that is in it.
    """
    wish = json_of(request, "mailbox", "folder", "kind", "name", "to")
    name = str(wish.get("folder", "")).strip()
    if not name:
        raise BadAsk("The folder is missing: a well-known name, a display name or a path of them.")
    try:
        mailbox = mailroom.mailbox_of(str(wish.get("mailbox", "")))
        if request.method == "POST":
            return _answer(_made(mailbox, name, str(wish.get("kind", "ordinary"))), status=201)
        folder = _found(mailbox, name)
        if request.method == "PATCH":
            return _answer(_changed(folder, wish))
    except mailroom.NoSuchMailbox as error:
        raise BadAsk(f"Nobody here has the mailbox {str(error)!r}.") from error
    except IntegrityError as error:
        raise BadAsk("There is already a folder with this name at this place.") from error
    except mailroom.FolderInsideItself as error:
        raise BadAsk("A folder cannot be moved into itself.") from error
    mailroom.delete_folder(folder)
    return HttpResponse(status=204)


def _made(mailbox: Mailbox, name: str, kind: str) -> Folder:
    if kind not in KINDS:
        raise BadAsk(f"No folder is {kind!r}. It may be: {', '.join(sorted(KINDS))}.")
    above, _slash, last = name.rpartition("/")
    parent = mailroom.folder_for(mailbox, above or mailroom.ROOT)
    return mailroom.create_folder(
        parent, display_name=last.strip(), is_search=kind == "search", is_hidden=kind == "hidden"
    )


def _found(mailbox: Mailbox, name: str) -> Folder:
    folder = mailroom.folder_at(mailbox, name)
    if folder is None:
        raise BadAsk(f"There is no folder {name!r}.")
    return folder


def _changed(folder: Folder, wish: dict[str, Any]) -> Folder:
    if wish.get("name"):
        folder = mailroom.rename_folder(folder, display_name=str(wish["name"]).strip())
    if wish.get("to"):
        folder = mailroom.move_folder(folder, parent=_found(folder.mailbox, str(wish["to"])))
    return folder


def _answer(folder: Folder, *, status: int = 200) -> HttpResponse:
    return JsonResponse({"id": shapes.folder_id(folder.mailbox.guid, folder.pk)}, status=status)
