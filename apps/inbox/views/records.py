"""*Pick a record*: search CORIPO for companies, contacts and leads, and link the e-mail with what was picked."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.answers import about_links
from apps.inbox.picking import PickForm, SearchForm, picking
from apps.mailboxes.models import Message
from apps.sync.actions import choose_records, forget_choice
from apps.sync.rules import rules_of


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def records(request: PortalRequest, pk: int) -> HttpResponse:
    """POST links what was picked; its other button only searches, so that nothing picked is lost without JavaScript."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox"), pk=pk)
    sent = request.POST if request.method == "POST" else request.GET
    search, picks = SearchForm(sent), PickForm(sent, user=request.user)
    if request.method == "POST" and request.POST.get("action") != "search":
        if picks.is_valid():
            picked = picks.records()
            choose_records(message.pk, picked, user=request.user, at=now())
            messages.success(request, about_links(len(picked)))
            return redirect("message", pk=pk)
        messages.warning(request, picks.first_error())
    module, text = search.wanted()
    context = {
        "picking": picking(message, user=request.user, module=module, text=text, picked=picks.records()),
        "message": message,
        "search": SearchForm(initial={"module": module, "text": text}),
        "opens_in": rules_of(request.user).opens_in,
    }
    is_part = request.htmx and request.htmx.target == "found-records"
    return render(request, "inbox/_found_records.html" if is_part else "inbox/records.html", context)


@login_required
@require_POST
def forget_record(request: PortalRequest, pk: int) -> HttpResponse:
    """Take back one choice that is not linked in CORIPO."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    forget_choice(
        message.pk,
        module=request.POST.get("module", ""),
        record_id=request.POST.get("record_id", ""),
        user=request.user,
    )
    return redirect("message_records", pk=pk)
