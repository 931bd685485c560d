"""*Link contact with CORIPO*: whom, and then what of both is to hold."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.contacts.actions import link_contact
from apps.contacts.candidates import Comparison, compare, find_candidates
from apps.contacts.cards import from_json
from apps.contacts.earlier_mails import assign_mails, count_to_assign
from apps.contacts.models import OutlookContact, Side
from apps.contacts.person import CONTACTS
from apps.contacts.settling import choices
from apps.contacts.views.contacts import about_sync
from apps.contacts.views.person import about_assigning, own_contact
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import FoundRecord
from apps.sync.causes import sentence_for
from apps.sync.rules import rules_of

LONGEST_TEXT = 100


@login_required
@never_cache
@require_safe
def link(request: PortalRequest, pk: int) -> HttpResponse:
    """Candidates, those with the contact's address on top. Without words the person's name is searched for."""
    contact = own_contact(request, pk)
    text = " ".join(request.GET.get("q", _name(contact)).replace("\x00", "")[:LONGEST_TEXT].split())
    found, trouble = None, ""
    try:
        found = find_candidates(contact, text, user=request.user)
    except CrmUnauthorized:
        pass
    except CrmError as error:
        trouble = told(error)
    context = {
        "contact": contact,
        "text": text,
        "found": found,
        "trouble": trouble,
        "opens_in": rules_of(request.user).opens_in,
    }
    return render(request, "contacts/link.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def compare_and_link(request: PortalRequest, pk: int, crm_id: str) -> HttpResponse:
    """What would differ and change; POST links with the choices that were made for these very values."""
    contact = own_contact(request, pk)
    try:
        comparison = compare(contact, crm_id, user=request.user)
    except (LookupError, CrmUnauthorized):
        return redirect("contacts:link", pk=pk)
    except CrmError as error:
        messages.warning(request, told(error))
        return redirect("contacts:link", pk=pk)
    if comparison is None:
        messages.warning(request, _("This contact is no longer to be seen in CORIPO."))
        return redirect("contacts:link", pk=pk)
    if request.method == "POST":
        return _link(request, contact, comparison)
    return _page(request, contact, comparison)


def told(error: CrmError) -> str:
    return _("CORIPO does not answer.") if error.is_retryable else sentence_for(error.code)


def _link(request: PortalRequest, contact: OutlookContact, comparison: Comparison) -> HttpResponse:
    candidate, takes_over = comparison.candidate, "takes_over" in request.POST
    if candidate.taken_by and not takes_over:
        error = _("Confirm that the other contact loses its link, or choose another one.")
        return _page(request, contact, comparison, error=error, status=422)
    picked = {
        name: (request.POST.get(f"pick_{name}", ""), request.POST.get(f"seen_{name}", "")) for name in comparison.seen
    }
    made = choices(comparison.seen, {name: pick for name, pick in picked.items() if pick[0] in Side.values})
    if made.stale:
        error = _("A value has changed since the page was shown. Look at it once more.")
        return _page(request, contact, comparison, error=error, status=422)
    wish = Wish(picks=made.wished, takes_over=takes_over)
    said = about_sync(link_contact(contact.pk, candidate.stored.id, user=request.user, at=now(), wish=wish))
    if "assigns_mails" in request.POST:
        record = FoundRecord(CONTACTS, candidate.stored.id, candidate.name, company=candidate.companies)
        said = f"{said} {about_assigning(assign_mails(contact, record, user=request.user, at=now()))}"
    messages.success(request, said)
    return redirect("contacts:person", pk=contact.pk)


def _page(
    request: PortalRequest, contact: OutlookContact, comparison: Comparison, *, error: str = "", status: int = 200
) -> HttpResponse:
    kept: Mapping[str, str] = request.POST if request.method == "POST" else {}
    context = {
        "contact": contact,
        "comparison": comparison,
        "choices": [(it, kept.get(f"pick_{it.field}", it.chosen)) for it in comparison.choices],
        "to_assign": count_to_assign(contact, user=request.user),
        "opens_in": rules_of(request.user).opens_in,
        "error": error,
    }
    return render(request, "contacts/compare.html", context, status=status)


def _name(contact: OutlookContact) -> str:
    """The words by which a person would look for the contact."""
    card = from_json(contact.card)
    return " ".join(filter(None, (card.given_name, card.surname))) or contact.display_name
