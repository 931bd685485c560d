"""The list of contacts: what it shows, what is asked for many, and what of it has changed since."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import CrmServer
from apps.contacts.actions import Asked, link_contacts, sync_contacts
from apps.contacts.deciding import bring_from_crm
from apps.contacts.listing import (
    ContactFilter,
    State,
    contact_page,
    contacts_by_id,
    count_by_state,
    linked_crm_ids,
    rows_of,
    tabs_of,
)
from apps.contacts.models import AddressBook, AddressBookQuerySet, ContactLink, OutlookContact, Suggestion
from apps.contacts.person import words_for
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError
from apps.crm.face import SHORTEST_SEARCH
from apps.mailboxes.actions import note_page_seen
from apps.mailboxes.models import Mailbox
from apps.sync.causes import sentence_for
from apps.sync.finding import find_records
from apps.sync.rules import rules_of

MOST_AT_ONCE = 200
# Ten minutes: what waits by then waits for something that takes long.
MOST_ASKED = 300
STOP_POLLING = 286  # htmx: put the answer in its place and ask no more
CERTAINTIES = (50, 70, 80, 90)
MOST_SUGGESTED = 100


@login_required
@require_safe
def contacts(request: PortalRequest) -> HttpResponse:
    """The list; the first steps instead while no address book may be read."""
    mailboxes = list(
        Mailbox.objects.visible_to(request.user).select_related("address_book").order_by("connected_at", "pk")
    )
    books = [mailbox.address_book for mailbox in mailboxes if hasattr(mailbox, "address_book")]
    closed = [mailbox for mailbox in mailboxes if not hasattr(mailbox, "address_book")]
    if not books:
        return render(request, "contacts/first_steps.html", {"mailboxes": closed})
    note_page_seen(request.user, at=now())
    page = contact_page(request.GET, user=request.user)
    context = {
        "page": page,
        "closed": closed,
        "reading": [book for book in books if book.completed_at is None and book.refused_at is None],
    }
    return render(request, "contacts/list.html", context)


@login_required
@never_cache
@require_safe
def states(request: PortalRequest) -> HttpResponse:
    """The rows among `shown`, which waited, that wait no longer, each to be put in its place by its id; and the tabs. The
    page of a person is loaded anew instead."""
    if not request.htmx:
        return redirect("contacts:list")
    found = contacts_by_id(request.user, _ids(request.GET.get("shown", "").split(",")))
    asked = (_ids([request.GET.get("asked", "")]) or [0])[0] + 1
    still = [str(contact.pk) for contact in found if contact.state == State.QUEUED]
    rows = rows_of([contact for contact in found if contact.state != State.QUEUED])
    if "person" in request.GET and rows:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    wanted, goes_on = ContactFilter.of(request.GET), bool(still) and asked < MOST_ASKED
    person = {"person": "1"} if "person" in request.GET else {}
    context = {
        "rows": rows,
        "tabs": tabs_of(wanted, count_by_state(request.user)) if rows else (),
        "moving": wanted.query(shown=",".join(still), asked=str(asked), **person) if goes_on else "",
        "swaps": True,
    }
    return render(request, "contacts/_states.html", context, status=200 if goes_on else STOP_POLLING)


@login_required
@require_POST
def sync(request: PortalRequest) -> HttpResponse:
    """*Sync contact* for those that are ticked. Ids of somebody else are as if they had not been sent."""
    asked = sync_contacts(_ids(request.POST.getlist("contact")), user=request.user, at=now())
    messages.success(request, about_sync(asked))
    return redirect(f"{reverse('contacts:list')}{_list_query(request.POST.get('page', ''))}")


@login_required
@require_safe
def in_crm(request: PortalRequest) -> HttpResponse:
    """Contacts of CORIPO that are in no address book of the user: searched for, since nobody lists all of them."""
    text = ContactFilter.of(request.GET).text
    found, trouble, is_connected = None, "", True
    if len(text.replace(" ", "")) >= SHORTEST_SEARCH:
        try:
            found = find_records("Contacts", text, user=request.user)
        except CrmError as error:
            trouble = _("CORIPO does not answer.") if error.is_retryable else sentence_for(error.code)
        is_connected = bool(trouble) or found is not None
    records = found.records if found else ()
    linked = linked_crm_ids(request.user, [record.id for record in records])
    server = CrmServer.objects.current()
    context = {
        "text": text,
        "found": [(it, server.record_url(it.module, it.id), linked.get(it.id)) for it in records],
        "has_searched": found is not None,
        "has_more": bool(found and found.has_more),
        "trouble": trouble,
        "is_connected": is_connected,
        "books": list(_open_books(request)),
        "opens_in": rules_of(request.user).opens_in,
    }
    return render(request, "contacts/in_crm.html", context)


@login_required
@require_POST
def bring(request: PortalRequest) -> HttpResponse:
    """Create a contact of CORIPO in the address book that the form names, or go to the one that is there already."""
    named, crm_id = request.POST.get("book", ""), request.POST.get("crm_id", "")[:36]
    book = get_object_or_404(_open_books(request), pk=(_ids([named]) or [0])[0])
    try:
        brought = bring_from_crm(book, crm_id, user=request.user, at=now())
    except CrmError as error:
        messages.warning(request, _("CORIPO does not answer.") if error.is_retryable else sentence_for(error.code))
        return redirect("contacts:in_crm")
    if brought is None:
        messages.warning(request, _("This contact is no longer to be seen in CORIPO."))
        return redirect("contacts:in_crm")
    if brought.transfer is not None:
        return redirect("contacts:waiting", pk=brought.transfer.pk)
    messages.info(request, _("Somebody with this e-mail address is in Outlook already. Nothing was created."))
    return (
        redirect("contacts:compare", pk=brought.there.pk, crm_id=crm_id) if brought.there else redirect("contacts:list")
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def suggestions(request: PortalRequest) -> HttpResponse:
    """The pairs above a certainty, to be looked at before any is linked. POST links those that are ticked."""
    if request.method == "POST":
        return _link_ticked(request)
    text = request.GET.get("above", "")
    above = int(text) if text in map(str, CERTAINTIES) else 80
    server = CrmServer.objects.current()
    offered = [
        (row, words_for(row.evidence), server.record_url("Contacts", row.crm_id)) for row in _offered(request, above)
    ]
    context = {
        "offered": offered,
        "above": above,
        "certainties": CERTAINTIES,
        "opens_in": rules_of(request.user).opens_in,
    }
    return render(request, "contacts/suggestions.html", context)


def _open_books(request: PortalRequest) -> AddressBookQuerySet:
    books = AddressBook.objects.visible_to(request.user).filter(refused_at=None).select_related("mailbox")
    return books.order_by("mailbox__connected_at", "pk")


def about_sync(asked: Asked) -> str:
    counted = (
        (asked.queued, ngettext("%(count)d contact queued.", "%(count)d contacts queued.", asked.queued)),
        (asked.already, ngettext("%(count)d was waiting already.", "%(count)d were waiting already.", asked.already)),
    )
    return " ".join(sentence % {"count": count} for count, sentence in counted if count) or _("Nothing changed.")


def _link_ticked(request: PortalRequest) -> HttpResponse:
    ticked = _ids(request.POST.getlist("suggestion"))
    chosen = Suggestion.objects.open().filter(
        pk__in=ticked, contact__in=OutlookContact.objects.visible_to(request.user)
    )
    pairs: dict[int, str] = {}
    for row in chosen.order_by("certainty", "pk"):
        pairs[row.contact_id] = row.crm_id
    asked = link_contacts(pairs, user=request.user, at=now())
    messages.success(request, about_sync(asked))
    return redirect(f"{reverse('contacts:list')}?state={State.SUGGESTED}" if asked.queued == 0 else "contacts:list")


def _offered(request: PortalRequest, above: int) -> list[Suggestion]:
    """Of each contact the most certain pair, unless another one is as certain or somebody of the book has it already."""
    rows = list(
        Suggestion.objects.open()
        .filter(
            contact__in=OutlookContact.objects.visible_to(request.user),
            contact__state=State.SUGGESTED,
            certainty__gte=above,
        )
        .select_related("contact")
        .order_by("-certainty", "contact__sort_name", "pk")[: MOST_SUGGESTED * 2]
    )
    links = ContactLink.objects.visible_to(request.user).filter(crm_id__in={row.crm_id for row in rows})
    taken = set(links.values_list("mailbox", "crm_id"))
    best: dict[int, Suggestion | None] = {}
    for row in rows:
        first = best.setdefault(row.contact_id, row)
        if first is not None and first is not row and first.certainty == row.certainty:
            best[row.contact_id] = None
    given: set[tuple[int, str]] = taken
    offered = []
    for row in filter(None, best.values()):
        if (row.contact.mailbox_id, row.crm_id) not in given:
            given.add((row.contact.mailbox_id, row.crm_id))
            offered.append(row)
    return offered[:MOST_SUGGESTED]


def _ids(texts: Sequence[str]) -> list[int]:
    """What of it is an id; more digits than a database's id has would be refused there."""
    return [int(it) for it in texts[:MOST_AT_ONCE] if it.isascii() and it.isdecimal() and len(it) <= 18]


def _list_query(text: str) -> str:
    """The query of the list that a page of ours wrote into its form, made anew from what of it means something."""
    query = QueryDict(text.removeprefix("?")[:1000])
    place = {name: query[name] for name in ("before", "after") if query.get(name, "").isdecimal()}
    return ContactFilter.of(query).query(**place)
