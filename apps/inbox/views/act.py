"""Functions 2 to 4 on one message or on a selection: sync, mark, unmark, and the ways out that *Why?* offers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.answers import about_cleared_marks, about_marks, about_matched, about_sync
from apps.inbox.filters import page_query
from apps.inbox.functions import Code
from apps.inbox.moving import next_step
from apps.inbox.page import step_context
from apps.inbox.selection import SelectionForm, WishForm
from apps.mailboxes.models import Message
from apps.sync.actions import (
    mark_not_synced,
    mark_synced,
    store_as_new,
    store_without_link,
    sync_matched,
    sync_messages,
    sync_with_suggestion,
)


@login_required
@require_POST
def act_on_selection(request: PortalRequest) -> HttpResponse:
    """Ids that are not the user's own are as if they had not been sent."""
    form = SelectionForm(request.POST)
    if not form.is_valid():
        messages.warning(request, form.first_error())
        return _answer(request, to="inbox")
    said = _act(
        form.cleaned_data["action"], form.cleaned_data["message"], user=request.user, at=now(), leave_out_marked=True
    )
    messages.success(request, said)
    return _answer(request, to="inbox")


@login_required
@require_POST
def act_on_message(request: PortalRequest, pk: int) -> HttpResponse:
    """A single sync always goes, whatever the mark."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    form = WishForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("This cannot be done with an e-mail."))
        return _answer(request, to="message", pk=pk)
    said = _act(form.cleaned_data["action"], [message.pk], user=request.user, at=now(), leave_out_marked=False)
    if form.cleaned_data["then"] == "open":
        # The page that waits for the transfer says how it goes.
        return redirect("open_record", pk=pk)
    messages.success(request, said)
    return _answer(request, to="message", pk=pk)


@login_required
@require_POST
def use_suggestion(request: PortalRequest, pk: int) -> HttpResponse:
    """Sync the mail with the contact that the panel guessed for a tagged address. Once, and for this mail alone."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    asked = sync_with_suggestion(message.pk, request.POST.get("address", ""), user=request.user, at=now())
    messages.success(request, about_sync(asked))
    return redirect("message", pk=pk)


@login_required
@require_POST
def sync_with_matches(request: PortalRequest) -> HttpResponse:
    """Sync the person's mails that waited without a match and have one now."""
    count = sync_matched(user=request.user, at=now())
    messages.success(request, about_matched(count))
    return redirect("inbox")


def _act(action: str, pks: Collection[int], *, user: User, at: datetime, leave_out_marked: bool) -> str:
    """Do it and say what became of it."""
    if action == Code.MARK:
        return about_marks(mark_synced(pks, user=user, at=at))
    if action == Code.UNMARK:
        return about_cleared_marks(mark_not_synced(pks, user=user, at=at))
    if action == "store_without_link":
        return about_sync(store_without_link(*pks, user=user, at=at))
    if action == "store_as_new":
        return about_sync(store_as_new(*pks, user=user, at=at))
    return about_sync(sync_messages(pks, user=user, at=at, leave_out_marked=leave_out_marked))


def _answer(request: PortalRequest, *, to: str, pk: int | None = None) -> HttpResponse:
    """The page again; for htmx only what changed on it, as far as the page said what it shows."""
    if not request.htmx:
        response = redirect(to, pk=pk) if pk is not None else redirect(to)
        response["Location"] += page_query(request.POST.get("page", ""))
        return response
    step = next_step(request.POST, user=request.user, at=now())
    return render(request, "inbox/_step.html", step_context(step, user=request.user) | {"says": True})
