"""The tab *Contacts* of the settings: what travels and how, and of each mailbox the consent and the folder for new ones."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.contacts.consent import stop_refused
from apps.contacts.folders import OWN_FOLDER, choose_folder, folders_of, make_own_folder
from apps.contacts.forms import ContactRulesForm, NewContactsForm
from apps.contacts.models import AddressBook, ContactFolder
from apps.contacts.rules import rules_of
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.graph.errors import GraphError, GraphForbidden
from apps.mailboxes.connection import page_contacts_client
from apps.mailboxes.models import Mailbox
from apps.sync.causes import sentence_for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mailbox with its address book, if there is a consent, and the folders in which new contacts can be made."""

    mailbox: Mailbox
    book: AddressBook | None
    folders: list[ContactFolder]

    @property
    def has_own_folder(self) -> bool:
        return any(folder.name == OWN_FOLDER for folder in self.folders)

    @property
    def lost_folder(self) -> bool:
        """Whether the chosen folder is not there any more: new contacts go into the default one."""
        chosen = self.book.new_contacts_folder_id if self.book else None
        return chosen is not None and chosen not in {folder.pk for folder in self.folders}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PortalRequest) -> HttpResponse:
    form = ContactRulesForm(request.POST or None, instance=rules_of(request.user))
    if form.is_valid():
        form.save()
        messages.success(request, _("Settings are saved."))
        return redirect("settings_contacts")
    return render(request, "settings/contacts.html", {"form": form, "shown": _shown(request)})


@login_required
@require_POST
def choose_new_contacts_folder(request: PortalRequest, pk: int) -> HttpResponse:
    """Where new contacts of a mailbox are made from now on. Those that are there stay where they are."""
    books = AddressBook.objects.visible_to(request.user).select_related("mailbox")
    book = get_object_or_404(books, pk=pk)
    form = NewContactsForm(request.POST, folders=folders_of(book))
    if not form.is_valid():
        raise Http404
    if not form.makes:
        choose_folder(book, form.chosen)
        messages.success(request, _("Settings are saved."))
        return redirect("settings_contacts")
    try:
        with page_contacts_client(book.mailbox) as client:
            make_own_folder(book, client, at=now())
    except GraphError as error:
        log.warning("contact folder not made", extra={"mailbox_id": pk, "error": error.code})
        if isinstance(error, GraphForbidden):
            stop_refused(pk, at=now())
        said = _("The folder could not be made. %(why)s") % {"why": sentence_for(error.code)}
        messages.error(request, said)
    else:
        messages.success(request, _("Outlook has the folder %(name)s for new contacts.") % {"name": OWN_FOLDER})
    return redirect("settings_contacts")


def _shown(request: PortalRequest) -> list[Shown]:
    owned = Mailbox.objects.visible_to(request.user).select_related("address_book").order_by("connected_at", "pk")
    mailboxes = list(owned)
    by_mailbox: dict[int, list[ContactFolder]] = {}
    for folder in ContactFolder.objects.filter(mailbox__in=mailboxes, is_gone=False).defer("cursor").order_by("name"):
        by_mailbox.setdefault(folder.mailbox_id, []).append(folder)
    return [
        Shown(mailbox, getattr(mailbox, "address_book", None), by_mailbox.get(mailbox.pk, [])) for mailbox in mailboxes
    ]
