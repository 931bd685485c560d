"""One message: the panel beside the list, or a page of its own on a phone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.visits import note_visit
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.filters import page_query
from apps.inbox.listing import listing
from apps.inbox.page import list_context
from apps.inbox.panel import panel
from apps.mailboxes.models import Message
from apps.sync.rules import rules_of


@login_required
@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def message(request: PortalRequest, pk: int) -> HttpResponse:
    """Local truth only. What Microsoft 365 and CORIPO know is loaded into it afterwards, each part on its own."""
    shown = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox", "folder"), pk=pk)
    note_visit(request.user, at=now())
    context = {"panel": panel(shown, user=request.user), "back": page_query(request.GET.urlencode())}
    if request.htmx and request.htmx.target == "panel" and not request.htmx.history_restore_request:
        context["opens_in"] = rules_of(request.user).opens_in
        return render(request, "inbox/_panel.html", context)
    beside = listing(request.GET, user=request.user, at=now())
    return render(request, "inbox/inbox.html", context | list_context(beside, user=request.user))
