"""What administrators and owners do to a mailbox: take it away, move it, share it."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of, person_at
from apps.sandbox.graph import mailroom
from apps.sandbox.graph.models import Mailbox, Share


@answers_in_words
@require_http_methods(["GET", "POST"])
def mailbox(request: HttpRequest, mail: str) -> HttpResponse:
    """`state`: enabled, not-enabled, not-supported, store-unavailable, moving or denied."""
    found = _mailbox(mail)
    if request.method == "POST":
        state = re.sub(r"[\s_]+", "-", str(json_of(request, "state").get("state", "")).strip().lower())
        if state not in Mailbox.State.values:
            raise BadAsk(f"No mailbox is {state!r}. It may be: {', '.join(Mailbox.State.values)}.")
        found.state = state
        found.save(update_fields=["state"])
    return JsonResponse({"state": found.state})


@answers_in_words
@require_http_methods(["GET", "POST", "DELETE"])
def shares(request: HttpRequest, mail: str) -> HttpResponse:
    """POST {"to"} gives somebody full access to the mailbox; DELETE takes it from that person, or from everybody."""
    found = _mailbox(mail)
    if request.method != "GET":
        to = json_of(request, "to").get("to")
        if request.method == "POST":
            Share.objects.get_or_create(mailbox=found, person=person_at(to))
        else:
            rows = found.shares.filter(person=person_at(to)) if to else found.shares.all()
            rows.delete()
    return JsonResponse({"to": sorted(found.shares.values_list("person__mail", flat=True))})


def _mailbox(mail: str) -> Mailbox:
    try:
        return mailroom.mailbox_of(mail)
    except mailroom.NoSuchMailbox as error:
        raise BadAsk(f"Nobody here has the mailbox {mail!r}.") from error
