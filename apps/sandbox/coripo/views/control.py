"""Switches for tests and demonstrations: expired sessions, slowness, half-written e-mails."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of
from apps.sandbox.coripo import knobs, losing
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
