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
from apps.graph.errors import Disconnection, GraphError, GraphMisconfigured, MailboxDisconnected, MailboxUnavailable
from apps.graph.signin import GuestAccount, ScopesMissing, SignInMismatch
from apps.mailboxes.actions import MailboxTaken, begin_connecting, connect_mailbox, namesake_of, refresh_now
from apps.mailboxes.models import Mailbox
from apps.mailboxes.writing import OtherAccount, begin_writing, show_category

log = logging.getLogger(__name__)

# MSAL's flow: state, nonce and PKCE verifier. It stays in the session, on the server, and serves once.
FLOW = "mailbox_flow"
# Where the flow is for writing: the mailbox into which.
WRITES = "mailbox_flow_writes"
CALLBACK = "/mailboxes/callback/"


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
    return redirect(flow["auth_uri"])


@login_required
@never_cache
@require_GET
def callback(request: PortalRequest) -> HttpResponse:
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
    if isinstance(error, OtherAccount):
        said = _("You signed in with another account than that of this mailbox. Nothing was changed.")
    elif isinstance(error, MailboxDisconnected) and error.reason in (Disconnection.CONSENT, Disconnection.REFUSED):
        said = _(
            "Microsoft did not allow the portal to write into the mailbox, because the request was declined. Nothing was changed."
        )
    else:
        said = _sentence(error)
    messages.error(request, said)
    return redirect("settings_mailboxes")


def _failed(request: PortalRequest, error: GraphError | MailboxTaken) -> HttpResponse:
    code = error.code if isinstance(error, GraphError) else "mailbox_taken"
    request_id = error.request_id if isinstance(error, GraphError) else ""
    log.warning(
        "mailbox not connected", extra={"user_id": request.user.pk, "error": code, "graph_request_id": request_id}
    )
    messages.error(request, _sentence(error))
    has_mailbox = Mailbox.objects.visible_to(request.user).exists()
    return redirect("settings_mailboxes" if has_mailbox else "home")


def _sentence(error: GraphError | MailboxTaken) -> str:
    """What happened, and what helps, for the person who wanted to connect."""
    if isinstance(error, MailboxTaken):
        return _("This mailbox is connected by another user of the portal. An administrator can release it.")
    if isinstance(error, SignInMismatch):
        return _("This sign-in was used already or is too old. Please connect the mailbox again.")
    if isinstance(error, GuestAccount):
        return _("You are a guest in this organisation. Please choose the account that the mailbox belongs to.")
    if isinstance(error, ScopesMissing):
        return _("Microsoft did not allow the portal to read mail. Please connect again and accept the request.")
    if isinstance(error, MailboxDisconnected):
        return _refusal(error.reason)
    if isinstance(error, MailboxUnavailable):
        return _("This account has no mailbox in Microsoft 365.")
    if isinstance(error, GraphMisconfigured):
        return _("The portal is not set up correctly with Microsoft. Please tell your administrator.")
    if error.is_retryable:
        return _("Microsoft does not answer at the moment. Nothing was changed. Please try again in a few minutes.")
    return _("Microsoft's answer could not be used. Please connect the mailbox again.")


def _refusal(reason: Disconnection) -> str:
    if reason == Disconnection.ADMIN:
        return _("Your organisation allows this only after its Microsoft 365 administrator has approved the portal.")
    if reason == Disconnection.BLOCKED:
        return _("A policy of your organisation blocks the sign-in from here. Please ask your administrator.")
    if reason == Disconnection.ACCOUNT:
        return _("Microsoft refuses this account. Please choose another one or ask your administrator.")
    return _("The mailbox was not connected, because the request was declined. Nothing was changed.")
