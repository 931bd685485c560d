"""What on a page has changed since it was shown. Asked only while something moves."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.moving import next_step
from apps.inbox.page import step_context

STOP_POLLING = 286  # htmx: put the answer in its place and ask no more


@login_required
@never_cache
@require_safe
def states(request: PortalRequest) -> HttpResponse:
    """The rows and the panel's head that look different now, each to be put in its place by its id."""
    if not request.htmx:
        return redirect("inbox")
    step = next_step(request.GET, user=request.user, at=now())
    if step.starts_over:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    if step.is_idle:
        return HttpResponse(status=204)
    status = 200 if step.moving.goes_on else STOP_POLLING
    return render(request, "inbox/_step.html", step_context(step, user=request.user), status=status)
