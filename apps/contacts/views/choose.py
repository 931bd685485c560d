"""Functions 5 to 8 of the people of a mail: the choice of somebody, the way for the only one, and several at once."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount
from apps.contacts.actions import create_contacts, sync_contacts
from apps.contacts.causes import sentence_for
from apps.contacts.consent import has_consent
from apps.contacts.correspondents import Correspondent, correspondents, main_people, proposed, why_nobody
from apps.contacts.drafting import draft_cards
from apps.contacts.functions import CONTACT_FUNCTIONS, Code, choose_url, create_url, offered_for
from apps.contacts.models import ContactTransfer
from apps.contacts.views.create import message_of, refused
from apps.core.addresses import canonical
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError
from apps.mailboxes.models import Message
from apps.sync.models import OpensIn
from apps.sync.rules import rules_of

# Of more people the list in the panel has pages.
LISTED = 100


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: PortalRequest) -> HttpResponse:
    """The people for whom a `function` is offered. Where there is only one, or an `address` says who, GET goes there
    and POST, which *Sync contact* needs, does it. Without a function all four are offered."""
    message = message_of(request)
    values = request.POST if request.method == "POST" else request.GET
    wanted = values.get("function", "")
    if wanted not in ("", *Code):
        raise Http404
    everybody = correspondents(message, user=request.user)
    address = canonical(values.get("address", ""))
    people = [one for one in everybody if one.address == address] if address else main_people(message, everybody)
    candidates = proposed(people)
    if not candidates:
        name = people[0].shown_name if len(people) == 1 else ""
        return refused(request, message, name, str(why_nobody(people)))
    if wanted and len(candidates) == 1:
        answer = _go(request, message, candidates[0], Code(wanted))
        if answer is not None:
            return answer
    if request.method == "POST":
        return redirect(choose_url(message.pk, wanted, address))
    is_connected = CrmAccount.objects.working_for(request.user).exists()
    offered = [
        (
            one,
            [it for it in offered_for(one, message.pk, is_connected=is_connected) if wanted in ("", it.function.code)],
        )
        for one in candidates
    ]
    context = {
        "message": message,
        "offered": offered[:LISTED],
        "has_more": len(offered) > LISTED,
        "headline": next((it.name for it in CONTACT_FUNCTIONS if it.code == wanted), ""),
        "opens_in": rules_of(request.user).opens_in,
    }
    return render(request, "contacts/choose.html", context)


@login_required
@require_POST
def act_on_several(request: PortalRequest) -> HttpResponse:
    """Create or sync those people of a mail who were ticked. Who is not proposed is as if not ticked."""
    message = message_of(request)
    ticked = {canonical(address) for address in request.POST.getlist("address")}
    people = [one for one in proposed(correspondents(message, user=request.user)) if one.address in ticked]
    if not people:
        messages.warning(request, _("Tick somebody first."))
        return redirect("message", pk=message.pk)
    if not has_consent(message.mailbox):
        messages.info(request, _("Allow the access to your contacts first, then tick them again."))
        then = urlencode({"then": reverse("message", args=[message.pk])})
        return redirect(f"{reverse('contacts:consent')}?{then}")
    book = message.mailbox.address_book
    if book.completed_at is None:
        messages.warning(request, _("Your contacts are still being loaded. Try again in a moment."))
        return redirect("message", pk=message.pk)
    is_sync = request.POST.get("action") == Code.SYNC
    there = [one.contact.pk for one in people if one.contact is not None]
    missing = [one for one in people if one.contact is None]
    cards = draft_cards(missing, user=request.user)
    at = now()
    outcomes = create_contacts(book, cards, syncs_then=is_sync, user=request.user, at=at, message=message)
    made = sum(isinstance(one, ContactTransfer) for one in outcomes)
    if made:
        said = ngettext(
            "%(count)s contact is being created in Outlook.", "%(count)s contacts are being created in Outlook.", made
        )
        messages.success(request, said % {"count": made})
    if is_sync and there:
        sync_contacts(there, user=request.user, at=at)
        said = ngettext("%(count)s contact is being synced.", "%(count)s contacts are being synced.", len(there))
        messages.success(request, said % {"count": len(there)})
    elif there:
        said = ngettext(
            "%(count)s contact is in Outlook already.", "%(count)s contacts are in Outlook already.", len(there)
        )
        messages.info(request, said % {"count": len(there)})
    return redirect("message", pk=message.pk)


def _go(request: PortalRequest, message: Message, person: Correspondent, code: Code) -> HttpResponse | None:
    """The function for this person; None where the page has to offer it, since a look alone is to change nothing."""
    if code == Code.OPEN and person.contact is None:
        return _open_in_coripo(request, message, person)
    if code == Code.SYNC and person.contact is not None:
        if request.method != "POST":
            return None
        sync_contacts([person.contact.pk], user=request.user, at=now())
        said = _("%(name)s is being synced with CORIPO.") % {"name": person.contact.display_name or person.shown_name}
        messages.success(request, said)
        return redirect("message", pk=message.pk)
    offered = offered_for(person, message.pk, is_connected=True)
    return redirect(next(one.url for one in offered if one.function.code == code))


def _open_in_coripo(request: PortalRequest, message: Message, person: Correspondent) -> HttpResponse:
    """The contact in CORIPO of somebody who is not in the address book, looked for just now: never a dead link."""
    opens_in = rules_of(request.user).opens_in
    account = CrmAccount.objects.working_for(request.user).first()
    found, trouble = [], ""
    if account is not None:
        try:
            with crm_login(account) as crm:
                found = list(crm.find_contacts([person.address]).get(person.address, ()))
        except CrmError as error:
            trouble = sentence_for(error.code)
    urls = [account.server.record_url("Contacts", one.id) for one in found] if account else []
    if len(urls) == 1 and opens_in != OpensIn.EDGE:
        response: HttpResponse = HttpResponseRedirect(urls[0])
    else:
        context = {
            "message": message,
            "person": person,
            "found": list(zip(found, urls, strict=True)),
            "trouble": trouble,
            "is_connected": account is not None,
            "create_url": create_url(message.pk, person.address, then=Code.OPEN),
            "again_url": request.get_full_path(),
            "opens_in": opens_in,
        }
        response = render(request, "contacts/open_by_address.html", context)
    if opens_in == OpensIn.ONE_TAB:
        # As for the record of an e-mail: any other policy would cut the tab off from the page that names it.
        response["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response
