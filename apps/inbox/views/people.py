"""The people of a message and what CORIPO knows of them, with what *Sync e-mail* will do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError
from apps.inbox.people import shown_people
from apps.inbox.troubles import sentence_for_reader
from apps.mailboxes.models import Message, MessageState
from apps.sync.chosen import chosen_for
from apps.sync.conversations import later_links
from apps.sync.people import IN_CORIPO, SOUGHT, known_people, people_beyond_limit, plan
from apps.sync.reasons import beyond_limit_sentence
from apps.sync.rules import rules_of

PEOPLE_PER_PAGE = 50
# The text of the e-mail stands below them, so the others come up when they are asked for.
OPEN_PEOPLE = 10
# Nothing of the mail is in CORIPO, so Sync will store it; for the others it would only add links.
PLANNED = (
    MessageState.NOT_SYNCED,
    MessageState.NO_MATCH,
    MessageState.FAILED,
    MessageState.SKIPPED,
    MessageState.MARKED,
    MessageState.GONE,
)


@login_required
@never_cache
@require_safe
def people(request: PortalRequest, pk: int) -> HttpResponse:
    """A part of the panel; without JavaScript a page of its own. Where CORIPO is silent, the page says so and shows
    what is known."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox"), pk=pk)
    account = CrmAccount.objects.filter(user=request.user, status=CrmAccount.Status.ACTIVE).first()
    at = now()
    trouble = ""
    try:
        found = known_people(message, user=request.user, at=at, ask=True)
    except CrmError as error:
        trouble = sentence_for_reader(error.code)
        found = known_people(message, user=request.user, at=at, ask=False)
    chosen = [
        *(choice.record.name for choice in chosen_for(message)),
        *(later.name for later in later_links(message) if message.received_at >= later.since),
    ]
    rules = rules_of(request.user)
    beyond = people_beyond_limit(message, rules)
    if len(found) > OPEN_PEOPLE:
        # Those who matter are not to be looked for among many.
        found.sort(key=lambda person: person.kind not in IN_CORIPO)
    page = Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    shown = shown_people(list(page), message, user=request.user, is_connected=account is not None)
    context = {
        "message": message,
        "page": page,
        "beyond_limit": beyond_limit_sentence(beyond) if beyond else "",
        "people": shown[:OPEN_PEOPLE],
        "more_people": shown[OPEN_PEOPLE:],
        "is_for_several": sum(bool(person.functions) for person in shown) > 1,
        "in_crm": sum(person.kind in IN_CORIPO for person in found),
        "sought": sum(person.kind in SOUGHT for person in found),
        "plan": plan(found, user=request.user, message=message, chosen=list(dict.fromkeys(chosen)))
        if message.state in PLANNED
        else None,
        "trouble": trouble,
        "is_connected": account is not None,
        "opens_in": rules.opens_in,
    }
    return render(request, "inbox/_people.html" if request.htmx else "inbox/people.html", context)
