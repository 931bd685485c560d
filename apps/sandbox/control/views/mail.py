"""What others do to a mailbox: a mail arrives, its owner moves or deletes it in Outlook."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.sandbox.control.bodies import BadAsk, answers_in_words, base64_bytes, json_of, moment
from apps.sandbox.graph import mailroom, shapes
from apps.sandbox.graph.models import Message


@answers_in_words
@require_POST
def deliver(request: HttpRequest) -> HttpResponse:
    """`mailbox`, `folder`, `received_at`, and the mail as `mime_base64` or, in a multipart form, as the file `mime`."""
    if request.content_type == "application/json":
        wish = json_of(request, "mailbox", "folder", "mime_base64", "received_at")
    else:
        wish = request.POST.dict()
    upload = request.FILES.get("mime")
    if upload is None and not wish.get("mime_base64"):
        raise BadAsk("The mail is missing: mime_base64, or the file mime.")
    mime = upload.read() if upload else base64_bytes(str(wish["mime_base64"]), "mime_base64")
    received_at = moment(str(wish.get("received_at", "")), "received_at")
    try:
        message = mailroom.deliver(
            str(wish.get("mailbox", "")), mime, folder=str(wish.get("folder") or "inbox"), received_at=received_at
        )
    except mailroom.NoSuchMailbox as error:
        raise BadAsk(f"Nobody here has the mailbox {str(error)!r}.") from error
    return JsonResponse({"id": _immutable_id(message)}, status=201)


@answers_in_words
@require_http_methods(["DELETE"])
def delete(request: HttpRequest, message_id: str) -> HttpResponse:
    mailroom.delete(_message(message_id))
    return HttpResponse(status=204)


@answers_in_words
@require_POST
def move(request: HttpRequest, message_id: str) -> HttpResponse:
    folder = str(json_of(request, "folder").get("folder", ""))
    if not folder.strip():
        raise BadAsk("The folder is missing: a well-known name or a display name.")
    message = mailroom.move(_message(message_id), folder=folder)
    return JsonResponse({"id": _immutable_id(message)})


@answers_in_words
@require_http_methods(["GET", "PUT"])
def categories(request: HttpRequest, message_id: str) -> HttpResponse:
    """What its owner sees and sets in Outlook: `categories`, a list of names that takes the place of the former one."""
    message = _message(message_id)
    if request.method == "PUT":
        names = json_of(request, "categories").get("categories")
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise BadAsk("categories takes a list of names.")
        message = mailroom.change(message, categories=names)
    return JsonResponse({"categories": message.categories})


def _message(immutable_id: str) -> Message:
    try:
        return mailroom.message_of(immutable_id)
    except mailroom.NoSuchMessage as error:
        raise BadAsk(f"There is no message with the immutable id {immutable_id!r}.") from error


def _immutable_id(message: Message) -> str:
    return shapes.message_id(message.mailbox.guid, message.pk, message.location, immutable=True)
