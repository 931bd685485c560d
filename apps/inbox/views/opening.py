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
from apps.mailboxes.models import Message
from apps.sync.opening import Kind
from apps.sync.opening import open_record as find_record
from apps.sync.reasons import why

WAIT_SECONDS = 1

HEADLINES: dict[Kind, Promise] = {
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
    if opening.kind == Kind.OPEN:
        return HttpResponseRedirect(opening.url)
    message.refresh_from_db(fields=["state"])
    context = {
        "message": message,
        "kind": opening.kind.value,
        "headline": HEADLINES[opening.kind],
        "reason": why(message, user=request.user),
    }
    response = render(request, "inbox/opening.html", context)
    if opening.kind == Kind.WAITING:
        response["Refresh"] = f"{WAIT_SECONDS}; url={reverse('open_record', args=[pk])}"
    return response
