"""The way to an undo: of a run, of one e-mail, or of what went by itself in a span. Its run shows the forecast and waits."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.selection import UndoForm
from apps.mailboxes.models import Message
from apps.sync.undo_asking import (
    ask_undo_of_automat,
    ask_undo_of_message,
    ask_undo_of_run,
    may_undo_message,
    may_undo_run,
)
from apps.sync.undo_scope import OF_MESSAGE, OF_RUN
from apps.work.models import Run


@login_required
@require_POST
def ask_undo(request: PortalRequest) -> HttpResponse:
    """Nothing is taken back yet: the page of the new run shows what would go and what stays."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.warning(request, form.first_error())
        return redirect("settings_automatic" if "since" in request.POST else "runs")
    wanted = form.cleaned_data
    if wanted["of"] == OF_RUN:
        return _of_run(request, wanted["run"])
    if wanted["of"] == OF_MESSAGE:
        return _of_message(request, wanted["message"])
    return _of_automat(request, wanted["since"], wanted["until"])


def _of_run(request: PortalRequest, pk: int) -> HttpResponse:
    undone = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if not may_undo_run(undone):
        messages.info(request, _("This run has left nothing in CORIPO."))
        return redirect("run", pk=pk)
    return redirect("run", pk=ask_undo_of_run(undone, at=now()).pk)


def _of_message(request: PortalRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    if not may_undo_message(message, user=request.user):
        messages.info(request, _("Your transfers have left nothing of this e-mail in CORIPO."))
        return redirect("message", pk=pk)
    return redirect("run", pk=ask_undo_of_message(message, user=request.user, at=now()).pk)


def _of_automat(request: PortalRequest, since: datetime, until: datetime | None) -> HttpResponse:
    at = now()
    return redirect("run", pk=ask_undo_of_automat(since, until or at, user=request.user, at=at).pk)
