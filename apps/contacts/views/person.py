"""A person's page, and what is decided there about the contact, its link and its suggestions."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import CrmAccount
from apps.contacts.actions import dismiss_suggestion, sync_contacts, unlink_contact
from apps.contacts.deciding import DECISIONS, create_again_in_outlook, decide, transfer_to_undo, undo_last
from apps.contacts.differing import differences_of
from apps.contacts.earlier_mails import assign_mails, count_to_assign
from apps.contacts.models import ContactLink, OutlookContact, Side
from apps.contacts.person import CONTACTS, person_page
from apps.contacts.settling import choices, seen_in
from apps.contacts.views.contacts import about_sync
from apps.contacts.wishes import Wish
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError
from apps.crm.face import SHORTEST_SEARCH, FoundRecord
from apps.sync.causes import sentence_for
from apps.sync.finding import find_records
from apps.sync.rules import rules_of


def own_contact(request: PortalRequest, pk: int) -> OutlookContact:
    """Raises Http404 for what is not the user's."""
    contacts = OutlookContact.objects.visible_to(request.user).select_related("mailbox", "link", "folder")
    return get_object_or_404(contacts, pk=pk)


@login_required
@require_safe
def person(request: PortalRequest, pk: int) -> HttpResponse:
    contact = own_contact(request, pk)
    context = {
        "page": person_page(contact, user=request.user),
        "opens_in": rules_of(request.user).opens_in,
        "is_connected": CrmAccount.objects.working_for(request.user).exists(),
        "can_undo": transfer_to_undo(contact) is not None,
        "to_assign": count_to_assign(contact, user=request.user) if hasattr(contact, "link") else 0,
    }
    return render(request, "contacts/person.html", context)


@login_required
@require_POST
def act(request: PortalRequest, pk: int) -> HttpResponse:
    """A button of the person's page. `function` is one of DECISIONS, unlink, dismiss, assign, undo or restore."""
    contact, function, at = own_contact(request, pk), request.POST.get("function", ""), now()
    if function in DECISIONS:
        messages.success(request, about_sync(decide(contact, function, user=request.user, at=at)))
        return redirect("contacts:open" if request.POST.get("then") == "open" else "contacts:person", pk=pk)
    if function == "unlink":
        was_linked = unlink_contact(pk, user=request.user, at=at)
        said = _("The two are no longer linked. Both stay as they are.") if was_linked else _("Nothing changed.")
        messages.success(request, said)
    elif function == "dismiss":
        dismiss_suggestion(pk, request.POST.get("crm_id", "")[:36], user=request.user, at=at)
        messages.success(request, _("This suggestion will not come again."))
    elif function == "assign":
        messages.success(request, about_assigning(_assign(request, contact)))
    elif function == "restore":
        transfer = create_again_in_outlook(contact, user=request.user, at=at)
        if transfer is not None:
            return redirect("contacts:waiting", pk=transfer.pk)
        messages.warning(request, _("Nothing changed."))
    elif function == "undo":
        asked = undo_last(contact, user=request.user, at=at)
        messages.success(request, about_sync(asked) if asked else _("Nothing changed."))
    else:
        raise Http404
    return redirect("contacts:person", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def differences(request: PortalRequest, pk: int) -> HttpResponse:
    """Each difference with both values. POST keeps what was chosen; what is not chosen waits."""
    contact = own_contact(request, pk)
    link = getattr(contact, "link", None)
    if link is None or not link.differences.exists():
        messages.info(request, _("Nothing differs any more."))
        return redirect("contacts:person", pk=pk)
    if request.method == "POST":
        return _settle(request, contact, link)
    context = {"contact": contact, "differences": list(differences_of(link)), "link": link}
    return render(request, "contacts/differences.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def company(request: PortalRequest, pk: int) -> HttpResponse:
    """Which company of CORIPO the text on the contact means: one that is there, a new one, or none."""
    contact = own_contact(request, pk)
    if request.method == "POST":
        chosen = request.POST.get("company", "")
        if chosen in ("create_company", "without_company"):
            asked = decide(contact, chosen, user=request.user, at=now())
        elif chosen:
            asked = decide(contact, "sync", user=request.user, at=now(), company_id=chosen[:36], makes_company=False)
        else:
            messages.warning(request, _("Choose one of the companies first."))
            return redirect("contacts:company", pk=pk)
        messages.success(request, about_sync(asked))
        return redirect("contacts:person", pk=pk)
    text = (request.GET.get("q", "") or contact.company)[:100].strip()
    found, trouble = None, ""
    if len(text) >= SHORTEST_SEARCH:
        try:
            found = find_records("Accounts", text, user=request.user)
        except CrmError as error:
            trouble = _("CORIPO does not answer.") if error.is_retryable else sentence_for(error.code)
    context = {"contact": contact, "text": text, "found": found.records if found else (), "trouble": trouble}
    return render(request, "contacts/company.html", context)


def about_assigning(count: int) -> str:
    if not count:
        return _("No earlier e-mail from this person is in CORIPO.")
    said = ngettext(
        "%(count)d earlier e-mail is being assigned.", "%(count)d earlier e-mails are being assigned.", count
    )
    return said % {"count": count}


def _assign(request: PortalRequest, contact: OutlookContact) -> int:
    link = getattr(contact, "link", None)
    if link is None:
        return 0
    record = FoundRecord(CONTACTS, link.crm_id, contact.display_name, company=contact.company)
    return assign_mails(contact, record, user=request.user, at=now())


def _settle(request: PortalRequest, contact: OutlookContact, link: ContactLink) -> HttpResponse:
    seen = seen_in(link)
    for_all = request.POST.get("all", "")
    picked = {
        name: (for_all or request.POST.get(f"pick_{name}", ""), request.POST.get(f"seen_{name}", "")) for name in seen
    }
    told = choices(seen, {name: pick for name, pick in picked.items() if pick[0] in Side.values})
    if told.stale:
        messages.warning(request, _("A value has changed since the page was shown. Look at it once more."))
    if not told.wished:
        if not told.stale:
            messages.info(request, _("Nothing was chosen, so nothing changed."))
        return redirect("contacts:differences", pk=contact.pk)
    asked = sync_contacts([contact.pk], user=request.user, at=now(), wish=Wish(picks=told.wished))
    messages.success(request, about_sync(asked))
    return redirect("contacts:person", pk=contact.pk)
