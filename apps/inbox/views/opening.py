"""*Open e-mail in CORIPO*: go to the record, wait for it, or say why not."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.templatetags.records import in_edge
from apps.mailboxes.models import Message
from apps.sync.models import OpensIn
from apps.sync.opening import Kind, Opening
from apps.sync.opening import open_record as find_record
from apps.sync.reasons import why
from apps.sync.rules import rules_of

WAIT_SECONDS = 1

HEADLINES: dict[Kind, Promise] = {
    Kind.OPEN: _("The record is ready for Microsoft Edge"),
    Kind.WAITING: _("On its way to CORIPO"),
    Kind.NO_MATCH: _("Nobody in CORIPO has an address of this e-mail"),
    Kind.FAILED: _("The e-mail could not be transferred"),
    Kind.SKIPPED: _("The e-mail was left out"),
    Kind.GONE: _("The record is no longer in CORIPO"),
    Kind.HIDDEN: _("You have no access to the record"),
    Kind.NOT_CONNECTED: _("CORIPO is not connected"),
    Kind.CRM_SILENT: _("CORIPO does not answer"),
    Kind.NOT_ASKED: _("The e-mail is not in CORIPO yet"),
}


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def open_record(request: PortalRequest, pk: int) -> HttpResponse:
    """POST may ask for the transfer first; GET, which the waiting page repeats, only looks."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox"), pk=pk)
    opening = find_record(message, user=request.user, at=now(), may_sync=request.method == "POST")
    opens_in = rules_of(request.user).opens_in
    if opening.kind == Kind.OPEN and opens_in != OpensIn.EDGE:
        response: HttpResponse = HttpResponseRedirect(opening.url)
    else:
        response = _tell(request, message, opening)
    if opens_in == OpensIn.ONE_TAB:
        # The tab shows CORIPO before and after this answer. Any other policy would cut it off from the page that names it,
        # and the next record would open yet another tab.
        response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def _tell(request: PortalRequest, message: Message, opening: Opening) -> HttpResponse:
    """The page that waits, says why not, or hands the record over to Microsoft Edge."""
    message.refresh_from_db(fields=["state"])
    context = {
        "message": message,
        "kind": opening.kind.value,
        "headline": HEADLINES[opening.kind],
        "reason": why(message, user=request.user),
        "url": opening.url,
        # Pressed by the person: browsers hand no address over to another program unasked.
        "edge_url": in_edge(opening.url) if opening.url else "",
    }
    response = render(request, "inbox/opening.html", context)
    if opening.kind == Kind.WAITING:
        response["Refresh"] = f"{WAIT_SECONDS}; url={reverse('open_record', args=[message.pk])}"
    return response
