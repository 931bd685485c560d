"""A run over contacts: how far it is, what became of each, and what may be done with it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.contacts import runs
from apps.contacts.actions import undo_transfers
from apps.contacts.models import ContactTransfer
from apps.core.clock import now
from apps.core.http import PortalRequest


@login_required
@never_cache
@require_safe
def run(request: PortalRequest, pk: int) -> HttpResponse:
    """The run; the page loads itself again while something moves."""
    own = get_object_or_404(runs.runs_of(request.user), pk=pk)
    (shown,) = runs.shown_runs([own])
    after = request.GET.get("after", "")
    outcome = request.GET.get("outcome", "")
    results, older = runs.results_of(
        own, outcome=outcome, after=int(after) if after.isascii() and after.isdecimal() and len(after) <= 18 else 0
    )
    context = {"shown": shown, "results": results, "next": older, "outcome": outcome}
    response = render(request, "contacts/run.html", context)
    if shown.is_moving:
        response["Refresh"] = "2"
    return response


@login_required
@require_POST
def steer(request: PortalRequest, pk: int) -> HttpResponse:
    """Pause, resume, cancel, try again or take back."""
    own = get_object_or_404(runs.runs_of(request.user), pk=pk)
    action, at = request.POST.get("action", ""), now()
    if action == "undo":
        asked = undo_transfers(ContactTransfer.objects.filter(run=own), user=request.user, at=at)
        if asked.run:
            return redirect("contacts:run", pk=asked.run.pk)
        messages.info(
            request, _("It is being taken back.") if asked.queued else _("There was nothing left to take back.")
        )
        return redirect("contacts:run", pk=pk)
    has_done = {
        "pause": lambda: runs.pause(own),
        "resume": lambda: runs.resume(own, at=at),
        "cancel": lambda: runs.cancel(own, at=at),
        "retry": lambda: runs.retry(own, at=at),
    }.get(action, lambda: False)()
    if not has_done:
        messages.info(request, _("The run has gone on meanwhile. This is how it stands."))
    return redirect("contacts:run", pk=pk)
