"""The doors of mailboxes: the second consent, which is apart from signing in, and what an owner may do with one."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.graph.errors import GraphError
from apps.graph.signin import SignInMismatch
from apps.mailboxes.actions import MailboxTaken, begin_connecting, connect_mailbox, namesake_of, refresh_now
from apps.mailboxes.consents import CALLBACK, DOOR
from apps.mailboxes.models import Mailbox
from apps.mailboxes.sentences import sentence_for, sentence_for_consent
from apps.mailboxes.writing import begin_writing, show_category

log = logging.getLogger(__name__)

# MSAL's flow: state, nonce and PKCE verifier. It stays in the session, on the server, and serves once.
FLOW = "mailbox_flow"
# Where the flow is for writing: the mailbox into which.
WRITES = "mailbox_flow_writes"


@login_required
@require_POST
def connect(request: PortalRequest) -> HttpResponse:
    """Go to Microsoft to pick an account. Where the form names one of the user's mailboxes, its account is proposed."""
    named = request.POST.get("mailbox", "")
    known = Mailbox.objects.visible_to(request.user).filter(pk=named).first() if named.isdecimal() else None
    try:
        flow = begin_connecting(redirect_uri=f"{settings.PORTAL_URL}{CALLBACK}", address=known.address if known else "")
    except GraphError as error:
        return _failed(request, error)
    request.session[FLOW] = flow
    request.session.pop(WRITES, None)
    request.session.pop(DOOR, None)
    return redirect(flow["auth_uri"])


@login_required
@require_POST
def write(request: PortalRequest, pk: int) -> HttpResponse:
    """Go to Microsoft for the consent to write into one of the user's mailboxes, so that Outlook shows what is synced."""
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    try:
        flow = begin_writing(mailbox, redirect_uri=f"{settings.PORTAL_URL}{CALLBACK}")
    except GraphError as error:
        return _not_written(request, error)
    request.session[FLOW], request.session[WRITES] = flow, mailbox.pk
    request.session.pop(DOOR, None)
    return redirect(flow["auth_uri"])


@login_required
@never_cache
@require_GET
def callback(request: PortalRequest) -> HttpResponse:
    """Where Microsoft sends people back to, whatever they went for: one address to register, and doors behind it."""
    if (door := request.session.pop(DOOR, None)) is not None:
        return redirect(f"{door}?{request.GET.urlencode()}")
    flow, writes = request.session.pop(FLOW, None), request.session.pop(WRITES, None)
    if writes is not None:
        return _finish_writing(request, flow, get_object_or_404(Mailbox.objects.visible_to(request.user), pk=writes))
    try:
        if flow is None:
            raise SignInMismatch("no sign-in was begun")
        mailbox = connect_mailbox(flow, request.GET.dict(), user=request.user, at=now())
    except (GraphError, MailboxTaken) as error:
        return _failed(request, error)
    messages.success(
        request, _("%(address)s is connected. The newest mail is being loaded.") % {"address": mailbox.address}
    )
    if namesake_of(mailbox):
        messages.warning(
            request,
            _(
                "You had connected another mailbox with this address: Microsoft 365 has put a new one in its place. "
                "Your marks stay with the old one; disconnect it when you need it no longer."
            ),
        )
    return redirect("home")


@login_required
@require_POST
def refresh(request: PortalRequest, pk: int) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    refresh_now(mailbox, at=now())
    return redirect("inbox")


def _finish_writing(request: PortalRequest, flow: dict[str, Any] | None, mailbox: Mailbox) -> HttpResponse:
    try:
        if flow is None:
            raise SignInMismatch("no sign-in was begun")
        show_category(flow, request.GET.dict(), mailbox=mailbox, at=now())
    except GraphError as error:
        return _not_written(request, error)
    messages.success(
        request,
        _("Outlook shows the category CORIPO on what is synced from %(address)s.") % {"address": mailbox.address},
    )
    return redirect("settings_mailboxes")


def _not_written(request: PortalRequest, error: GraphError) -> HttpResponse:
    log.warning(
        "writing not allowed",
        extra={"user_id": request.user.pk, "error": error.code, "graph_request_id": error.request_id},
    )
    declined = _(
        "Microsoft did not allow the portal to write into the mailbox, because the request was declined. Nothing was changed."
    )
    messages.error(request, sentence_for_consent(error, declined=declined))
    return redirect("settings_mailboxes")


def _failed(request: PortalRequest, error: GraphError | MailboxTaken) -> HttpResponse:
    code = error.code if isinstance(error, GraphError) else "mailbox_taken"
    request_id = error.request_id if isinstance(error, GraphError) else ""
    log.warning(
        "mailbox not connected", extra={"user_id": request.user.pk, "error": code, "graph_request_id": request_id}
    )
    messages.error(request, sentence_for(error))
    has_mailbox = Mailbox.objects.visible_to(request.user).exists()
    return redirect("settings_mailboxes" if has_mailbox else "home")
