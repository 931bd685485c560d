"""The doors of the consent to contacts: what it is for, the way to Microsoft, and the way back to where somebody was."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.contacts.consent import begin, finish
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.graph.errors import GraphError
from apps.graph.signin import SignInMismatch
from apps.mailboxes.consents import CALLBACK, DOOR
from apps.mailboxes.models import Mailbox
from apps.mailboxes.sentences import sentence_for_consent

log = logging.getLogger(__name__)

# MSAL's flow, the mailbox and the page to return to. It stays in the session, on the server, and serves once.
FLOW = "contacts_flow"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: PortalRequest) -> HttpResponse:
    """GET explains what Microsoft will ask; POST goes there for the `mailbox` of the form. `then` is where to return."""
    then = _own_page(request.POST.get("then") or request.GET.get("then") or "")
    owned = Mailbox.objects.visible_to(request.user).order_by("connected_at", "pk")
    if request.method != "POST":
        mailboxes = list(owned.select_related("address_book"))
        return render(request, "contacts/consent.html", {"mailboxes": mailboxes, "then": then})
    named = request.POST.get("mailbox", "")
    if not named.isdecimal():
        raise Http404
    mailbox = get_object_or_404(owned, pk=named)
    try:
        flow = begin(mailbox, redirect_uri=f"{settings.PORTAL_URL}{CALLBACK}")
    except GraphError as error:
        return _refused(request, error, then=then)
    request.session[FLOW] = {"flow": flow, "mailbox": mailbox.pk, "then": then}
    request.session[DOOR] = reverse("contacts:consented")
    return redirect(flow["auth_uri"])


@login_required
@never_cache
@require_GET
def consented(request: PortalRequest) -> HttpResponse:
    begun = request.session.pop(FLOW, None)
    if begun is None:
        return _refused(request, SignInMismatch("no consent was begun"), then=reverse("settings_contacts"))
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=begun["mailbox"])
    try:
        finish(begun["flow"], request.GET.dict(), mailbox=mailbox, at=now())
    except GraphError as error:
        return _refused(request, error, then=begun["then"])
    said = _("The portal may use the contacts of %(address)s. They are being loaded.")
    messages.success(request, said % {"address": mailbox.address})
    return redirect(begun["then"])


def _refused(request: PortalRequest, error: GraphError, *, then: str) -> HttpResponse:
    log.warning(
        "contacts not allowed",
        extra={"user_id": request.user.pk, "error": error.code, "graph_request_id": error.request_id},
    )
    declined = _(
        "Microsoft did not allow the portal to use your contacts, because the request was declined. Nothing was changed."
    )
    messages.error(request, sentence_for_consent(error, declined=declined))
    return redirect(then)


def _own_page(then: str) -> str:
    """The page to return to, if it is one of ours and named without a host."""
    if then.startswith("/") and url_has_allowed_host_and_scheme(then, allowed_hosts=None):
        return then
    return reverse("settings_contacts")
