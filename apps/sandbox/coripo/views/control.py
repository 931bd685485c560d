"""Switches for tests and demonstrations: expired sessions, slowness, half-written e-mails, colleagues at contacts."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of
from apps.sandbox.coripo import colleagues, knobs, losing
from apps.sandbox.coripo.models import EmailText
from apps.sandbox.coripo.sessions import expire_sessions as end_sessions


@answers_in_words
@require_POST
def expire_sessions(request: HttpRequest) -> JsonResponse:
    """End all sessions, or those of the `user_name` in the body."""
    # A client that posts nothing at all sends an empty form.
    wish = json_of(request, "user_name") if request.content_type == "application/json" else {}
    return JsonResponse({"expired": end_sessions(user_name=str(wish.get("user_name", "")))})


@answers_in_words
@require_http_methods(["GET", "POST", "DELETE"])
def turn_knobs(request: HttpRequest) -> JsonResponse:
    """POST sets the named knobs, DELETE resets them; all three answer the knobs as they stand."""
    if request.method == "DELETE":
        knobs.reset()
    try:
        return JsonResponse(knobs.turn(json_of(request) if request.method == "POST" else {}))
    except knobs.UnknownKnob as error:
        raise BadAsk(str(error)) from error


@answers_in_words
@require_POST
def orphan_texts(request: HttpRequest) -> JsonResponse:
    """Leave the trace of a crash while the e-mail of that `id` was written: its texts without the e-mail."""
    email_id = str(json_of(request, "id").get("id", ""))
    if not email_id:
        raise BadAsk("The id of the e-mail is missing.")
    EmailText.objects.get_or_create(email_id=email_id)
    return JsonResponse({"ok": True}, status=201)


@answers_in_words
@require_POST
def lose(request: HttpRequest) -> JsonResponse:
    """Take rows out of the database, as a broken disk or an old backup does: no deleted row stays behind.

    `what` of the e-mail with this `id`: "record" with all that hangs on it, its "links", or its "files".
    """
    wish = json_of(request, "id", "what")
    try:
        lost = losing.LOSSES[str(wish.get("what", ""))](str(wish.get("id", "")))
    except KeyError as error:
        raise BadAsk(f"what must be one of {', '.join(losing.LOSSES)}.") from error
    return JsonResponse({"lost": lost})


@answers_in_words
@require_http_methods(["PATCH", "DELETE"])
def contact(request: HttpRequest, contact_id: str) -> HttpResponse:
    """As the CRM's user `user_name`, or somebody else: PATCH sets `fields` and all `addresses`, DELETE deletes."""
    wish = json_of(request, "user_name", "fields", "addresses") if request.content_type == "application/json" else {}
    try:
        user = colleagues.colleague(str(wish.get("user_name", "")))
        if request.method == "DELETE":
            colleagues.remove(contact_id, user=user)
        else:
            fields = {str(name): str(value) for name, value in wish.get("fields", {}).items()}
            colleagues.edit(contact_id, fields, wish.get("addresses"), user=user)
    except colleagues.NoSuchPerson as error:
        raise BadAsk(f"There is no {str(error)!r}.") from error
    return HttpResponse(status=204)


@answers_in_words
@require_POST
def merge_contact(request: HttpRequest, contact_id: str) -> HttpResponse:
    """The contact goes down in the one with the id `into`, by the hand of `user_name` or somebody else."""
    wish = json_of(request, "user_name", "into")
    try:
        user = colleagues.colleague(str(wish.get("user_name", "")))
        colleagues.merge(contact_id, str(wish.get("into", "")), user=user)
    except colleagues.NoSuchPerson as error:
        raise BadAsk(f"There is no {str(error)!r}.") from error
    return HttpResponse(status=204)
