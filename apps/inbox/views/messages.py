"""The list of messages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.visits import note_visit
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.digest import digest_for_inbox
from apps.inbox.listing import listing
from apps.inbox.page import list_context
from apps.mailboxes.actions import note_page_seen, refresh_now
from apps.mailboxes.models import Mailbox


@login_required
@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def inbox(request: PortalRequest) -> HttpResponse:
    """The list alone; htmx asks for its section only."""
    at = now()
    shown = listing(request.GET, user=request.user, at=at)
    if not shown.has_mailbox:
        return redirect("start")
    note_page_seen(request.user, at=at)
    visit = note_visit(request.user, at=at)
    is_section = request.htmx and request.htmx.target == "list" and not request.htmx.history_restore_request
    return render(
        request,
        "inbox/_message_list.html" if is_section else "inbox/inbox.html",
        list_context(shown, user=request.user) | {"digest": digest_for_inbox(request.user, visit)},
    )


@login_required
@require_POST
def refresh(request: PortalRequest) -> HttpResponse:
    """Look for new mail now, in every mailbox that is connected."""
    mailboxes = Mailbox.objects.visible_to(request.user).filter(status=Mailbox.Status.ACTIVE)
    at = now()
    for mailbox in mailboxes:
        refresh_now(mailbox, at=at)
    messages.info(request, _("The portal is looking for new mail."))
    return redirect("inbox")
