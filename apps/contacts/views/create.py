"""*Create contact in Outlook* from a mail: the form, what stands in its way, and the page that waits for the contact."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.contacts.actions import change_contact, create_contacts, under_way
from apps.contacts.card_form import CardForm, sealed_values, unsealed_values, values_of
from apps.contacts.cards import from_json
from apps.contacts.causes import sentence_for
from apps.contacts.consent import has_consent
from apps.contacts.correspondents import Correspondent, correspondents, main_people, proposed
from apps.contacts.drafting import Offer, draft_cards, offers_of, sealed, unsealed
from apps.contacts.folders import folder_for_new, folders_of
from apps.contacts.functions import Code, choose_url, create_url
from apps.contacts.models import AddressBook, ContactTransfer, OutlookContact
from apps.core.addresses import canonical
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.graph.cards import Card
from apps.graph.errors import GraphError
from apps.mailboxes.models import Message
from apps.work.models import ACTIVE, Status

log = logging.getLogger(__name__)

WAIT_SECONDS = 1
LOADING_SECONDS = 3
# What somebody had filled in when the consent was found missing, until they are back.
DRAFT = "contact_draft"
# Where the new contact is wanted for.
THEN: dict[str, str] = {Code.SYNC: "contacts:person", Code.OPEN: "contacts:open", Code.LINK: "contacts:link"}
# All fields of the form with their offers; what is larger is not ours.
LONGEST_DRAFT = 20_000


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: PortalRequest) -> HttpResponse:
    """The form for somebody of a `message`, by `address`; without one for the only person it can be, or to the choice.

    `for` is the function for which the contact is made, `complete` opens the form of a contact that is there already,
    `again` fills it with what a transfer could not write.
    """
    message = message_of(request)
    people = correspondents(message, user=request.user)
    address = canonical(request.GET.get("address", ""))
    if not address:
        candidates = proposed(main_people(message, people))
        if len(candidates) != 1:
            return redirect(choose_url(message.pk, Code.CREATE))
        return redirect(create_url(message.pk, candidates[0].address, then=then_of(request)))
    person = next((one for one in people if one.address == address), None)
    if person is None:
        raise Http404
    if person.why_not:
        return refused(request, message, person.shown_name, str(person.why_not))
    if not has_consent(message.mailbox):
        return _without_consent(request, message, person)
    book = message.mailbox.address_book
    if book.completed_at is None:
        # Whether the contact is there already can only be told once all of them are known.
        response = render(request, "contacts/loading.html", {"message": message, "person": person})
        if request.method != "POST":
            response["Refresh"] = f"{LOADING_SECONDS}; url={request.get_full_path()}"
            return response
        _keep_draft(request)
        return redirect(request.get_full_path())
    if person.contact is not None:
        return _there_already(request, message, person, person.contact)
    making = under_way(book.mailbox_id).get(address)
    if making is not None:
        return redirect(waiting_url(making, then_of(request)))
    return _new_contact(request, message, person, book)


@login_required
@never_cache
@require_safe
def waiting(request: PortalRequest, pk: int) -> HttpResponse:
    """Looks again by itself until the contact is there, then goes where it is wanted; or says why it is not."""
    transfers = ContactTransfer.objects.visible_to(request.user).select_related("mailbox__address_book")
    transfer = get_object_or_404(transfers, pk=pk)
    then = then_of(request)
    is_created = transfer.purpose == ContactTransfer.Purpose.CREATE and transfer.contact_id is not None
    if is_created or (transfer.contact_id is not None and transfer.status == Status.DONE):
        return redirect(THEN.get(then, "contacts:person"), transfer.contact_id)
    card = from_json(transfer.card)
    mail = Message.objects.visible_to(request.user).filter(pk=transfer.message_id_here or 0).first()
    is_failed = transfer.status not in ACTIVE
    context = {
        "transfer": transfer,
        "name": name_of(card),
        "message": mail,
        "is_failed": is_failed,
        "trouble": sentence_for(transfer.cause) if transfer.cause else "",
        "mailbox": None if has_consent(transfer.mailbox) else transfer.mailbox,
        "form_url": _form_again(transfer, mail, card, then),
        "then": then,
    }
    response = render(request, "contacts/waiting.html", context)
    if not is_failed:
        response["Refresh"] = f"{WAIT_SECONDS}; url={request.get_full_path()}"
    return response


def message_of(request: PortalRequest) -> Message:
    """The user's own message that the address names. Raises Http404."""
    named = request.GET.get("message", "") or request.POST.get("message", "")
    if not (named.isascii() and named.isdecimal() and len(named) <= 18):
        raise Http404
    owned = Message.objects.visible_to(request.user).select_related("mailbox__address_book", "mailbox__token")
    return get_object_or_404(owned, pk=named)


def then_of(request: PortalRequest) -> str:
    wanted = request.GET.get("for", "")
    return wanted if wanted in THEN else ""


def waiting_url(transfer: ContactTransfer, then: str = "") -> str:
    return reverse("contacts:waiting", args=[transfer.pk]) + (f"?for={then}" if then else "")


def refused(request: PortalRequest, message: Message, name: str, why: str) -> HttpResponse:
    return render(request, "contacts/refused.html", {"message": message, "name": name, "why": why})


def name_of(card: Card) -> str:
    parts = (card.title, card.given_name, card.middle_name, card.surname, card.suffix)
    return " ".join(part for part in parts if part) or card.company


def _without_consent(request: PortalRequest, message: Message, person: Correspondent) -> HttpResponse:
    if request.method == "POST":
        _keep_draft(request)
    context = {
        "message": message,
        "mailbox": message.mailbox,
        "person": person,
        "then": request.get_full_path(),
        "is_kept": request.method == "POST" or request.session.get(DRAFT, {}).get("path") == request.get_full_path(),
    }
    return render(request, "contacts/allow.html", context)


def _keep_draft(request: PortalRequest) -> None:
    written = request.POST.copy()
    written.pop("csrfmiddlewaretoken", None)
    encoded = written.urlencode()
    if len(encoded) <= LONGEST_DRAFT:
        request.session[DRAFT] = {"path": request.get_full_path(), "data": encoded}


def _kept_draft(request: PortalRequest) -> QueryDict | None:
    if request.method == "POST":
        return None
    kept = request.session.get(DRAFT)
    if kept is None or kept["path"] != request.get_full_path():
        return None
    del request.session[DRAFT]
    return QueryDict(kept["data"])


def _new_contact(request: PortalRequest, message: Message, person: Correspondent, book: AddressBook) -> HttpResponse:
    folders = folders_of(book)
    failed = _failed(request, message, ContactTransfer.Purpose.CREATE)
    card = from_json(failed.card) if failed else draft_cards([person], user=request.user)[0]
    kept = _kept_draft(request)
    data = request.POST if request.method == "POST" else kept
    offers, trouble = _offers(message, person, data)
    form = CardForm(data, card=card, offers=offers, folders=folders, folder=folder_for_new(book))
    if request.method == "POST" and form.is_valid():
        folder = form.chosen_folder
        (outcome,) = create_contacts(
            book,
            [form.card()],
            folder=folder,
            syncs_then=request.POST.get("action") == "create_and_sync",
            user=request.user,
            at=now(),
            message=message,
        )
        if isinstance(outcome, ContactTransfer):
            return redirect(waiting_url(outcome, then_of(request)))
        form.add_error("email", _("The contact %(name)s has this address already.") % {"name": outcome.display_name})
    return _form_page(request, message, person, form, offers, {"trouble": trouble, "then": then_of(request)})


def _there_already(
    request: PortalRequest, message: Message, person: Correspondent, contact: OutlookContact
) -> HttpResponse:
    """The contact with the address is shown, and completed where the person wants that."""
    if "complete" not in request.GET:
        context = {
            "message": message,
            "person": person,
            "contact": contact,
            "card": from_json(contact.card),
            "is_linked": getattr(contact, "link", None) is not None,
            "complete_url": create_url(message.pk, person.address, then=then_of(request), complete="1"),
        }
        return render(request, "contacts/there_already.html", context)
    card = from_json(contact.card)
    seen = unsealed_values(request.POST.get("seen", "")) if request.method == "POST" else None
    data = request.POST if request.method == "POST" else _kept_draft(request)
    offers, trouble = _offers(message, person, data)
    has_now = values_of(card)
    # Only what is missing is accepted beforehand, for that is what the person came for.
    missing = [index for index, offer in enumerate(offers) if not has_now[offer.field]]
    failed = _failed(request, message, ContactTransfer.Purpose.CHANGE, contact)
    wanted = from_json(failed.card) if failed else card
    form = CardForm(data, card=wanted, offers=offers, accepted=() if failed else missing)
    if request.method == "POST" and form.is_valid():
        changed = form.card_over(card, seen=seen or has_now)
        if changed is not None:
            transfer = change_contact(
                contact,
                changed,
                syncs_then=request.POST.get("action") == "create_and_sync",
                user=request.user,
                at=now(),
                message=message,
            )
            if transfer is not None:
                return redirect(waiting_url(transfer, then_of(request)))
            messages.warning(request, _("The contact is on its way just now. Save again in a moment."))
    return _form_page(
        request,
        message,
        person,
        form,
        offers,
        {"trouble": trouble, "then": then_of(request), "contact": contact, "seen": sealed_values(card)},
    )


def _form_page(
    request: PortalRequest,
    message: Message,
    person: Correspondent,
    form: CardForm,
    offers: list[Offer],
    context: dict[str, Any],
) -> HttpResponse:
    context = context | {
        "message": message,
        "person": person,
        "form": form,
        "offers": sealed(offers),
    }
    return render(request, "contacts/create.html", context, status=422 if request.method == "POST" else 200)


def _offers(message: Message, person: Correspondent, data: QueryDict | None) -> tuple[list[Offer], str]:
    """What the signature offers, and why it could not be read. A form that comes back brings what it showed."""
    if data is not None and "offers" in data:
        return unsealed(data.get("offers", "")), ""
    try:
        return offers_of(message, person), ""
    except GraphError as error:
        log.warning("signature not read", extra={"mailbox_id": message.mailbox_id, "error": error.code})
        return [], _("The text of the e-mail could not be read just now, so nothing is offered from its signature.")


def _failed(
    request: PortalRequest, message: Message, purpose: ContactTransfer.Purpose, contact: OutlookContact | None = None
) -> ContactTransfer | None:
    """The transfer that could not write the contact, whose card the person wants back."""
    again = request.GET.get("again", "")
    if not (again.isascii() and again.isdecimal() and len(again) <= 18):
        return None
    tried = ContactTransfer.objects.visible_to(request.user).filter(mailbox=message.mailbox_id)
    return tried.filter(pk=again, purpose=purpose, contact=contact).first()


def _form_again(transfer: ContactTransfer, message: Message | None, card: Card, then: str) -> str:
    if message is None or not card.addresses:
        return ""
    named = set(message.participants.values_list("address", flat=True))
    address = next((it for one in card.addresses if (it := canonical(one.address)) in named), "")
    if not address:
        return ""
    complete = {} if transfer.purpose == ContactTransfer.Purpose.CREATE else {"complete": "1"}
    return create_url(message.pk, address, then=then, again=str(transfer.pk), **complete)
