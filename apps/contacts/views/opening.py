"""*Open contact in CORIPO*: go to the record, say what would be created, wait for it, or say why not."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.contacts.causes import why
from apps.contacts.listing import LOOKS
from apps.contacts.models import ContactAddress, OutlookContact
from apps.contacts.opening import Kind, Opening, open_contact
from apps.contacts.rules import rules_of as contact_rules_of
from apps.contacts.views.person import own_contact
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.sync.models import OpensIn
from apps.sync.rules import rules_of

WAIT_SECONDS = 1

HEADLINES: dict[Kind, Promise] = {
    Kind.OPEN: _("The record is ready for Microsoft Edge"),
    Kind.WAITING: _("On its way to CORIPO"),
    Kind.CREATES: _("The contact is not in CORIPO yet"),
    Kind.LINKS: _("The contact is in CORIPO and not linked yet"),
    Kind.SEVERAL: _("Choose the contact in CORIPO"),
    Kind.ASKING: _("The contact needs your choice"),
    Kind.FAILED: _("The contact could not be transferred"),
    Kind.GONE: _("The contact is no longer in CORIPO"),
    Kind.HIDDEN: _("You have no access to the contact"),
    Kind.NOT_CONNECTED: _("CORIPO is not connected"),
    Kind.CRM_SILENT: _("CORIPO does not answer"),
}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_record(request: PortalRequest, pk: int) -> HttpResponse:
    """POST may ask for the transfer, once the page has said what it creates or where the settings do without that; GET,
    which the waiting page repeats, only looks."""
    contact = own_contact(request, pk)
    may_sync = request.method == "POST" and (
        "confirmed" in request.POST or not contact_rules_of(request.user).confirms_creation
    )
    opening = open_contact(contact, user=request.user, at=now(), may_sync=may_sync)
    opens_in = rules_of(request.user).opens_in
    if opening.kind == Kind.OPEN and opens_in != OpensIn.EDGE:
        response: HttpResponse = HttpResponseRedirect(opening.url)
    else:
        response = _tell(request, contact, opening, opens_in=opens_in)
    if opens_in == OpensIn.ONE_TAB:
        # The tab shows CORIPO before and after this answer. Any other policy would cut it off from the page that names it,
        # and the next record would open yet another tab.
        response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def _tell(request: PortalRequest, contact: OutlookContact, opening: Opening, *, opens_in: str) -> HttpResponse:
    contact.refresh_from_db(fields=["state", "cause"])
    address = ContactAddress.objects.filter(contact=contact).order_by("pk").values_list("address", flat=True).first()
    context = {
        "contact": contact,
        "look": LOOKS[contact.state],
        "kind": opening.kind.value,
        "headline": HEADLINES[opening.kind],
        "candidates": opening.candidates,
        "reason": why(contact),
        "address": address or "",
        "url": opening.url,
        "opens_in": opens_in,
    }
    response = render(request, "contacts/opening.html", context)
    if opening.kind == Kind.WAITING:
        response["Refresh"] = f"{WAIT_SECONDS}; url={reverse('contacts:open', args=[contact.pk])}"
    return response
