"""Settings, a page for each tab. What is saved holds from now on; what was transferred stays as it is."""

from __future__ import annotations

from django.conf import settings as portal_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from apps.accounts.actions import choose_language
from apps.accounts.forms import PreferencesForm
from apps.accounts.middleware import language_of
from apps.accounts.models import CrmAccount
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.folder_tree import choices
from apps.inbox.forms import WINDOWS, CategoryForm, DisconnectForm, WindowForm
from apps.mailboxes.actions import refresh_now
from apps.mailboxes.forms import FollowForm
from apps.mailboxes.models import Mailbox, MailFolder
from apps.mailboxes.writing import stop_showing, take_category
from apps.sync.actions import disconnect, follow_folders
from apps.sync.forms import SyncRulesForm
from apps.sync.rules import rules_of
from apps.sync.tagging import progress_of_category


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def general(request: PortalRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        # The answer already speaks the language that was chosen.
        with translation.override(language_of(request)):
            messages.success(request, _("Settings are saved."))
        return redirect("settings")
    if form.errors:
        # What did not pass must not colour the page: theme and name come from the row.
        request.user.refresh_from_db()
    account = CrmAccount.objects.filter(user=request.user).first()
    context = {"form": form, "account": account}
    return render(request, "settings/general.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def emails(request: PortalRequest) -> HttpResponse:
    form = SyncRulesForm(request.POST or None, instance=rules_of(request.user))
    if form.is_valid():
        form.save()
        messages.success(request, _("Settings are saved."))
        return redirect("settings_emails")
    return render(request, "settings/emails.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mailboxes(request: PortalRequest) -> HttpResponse:
    """Each mailbox with its folders. A POST says how far back one is loaded; folders have a door of their own."""
    if request.method == "POST":
        return _load_days(request)
    owned = Mailbox.objects.visible_to(request.user).order_by("connected_at", "pk")
    folders = MailFolder.objects.filter(is_gone=False).defer("cursor")
    mailboxes = list(owned.select_related("category", "address_book").prefetch_related(Prefetch("folders", folders)))
    shown = progress_of_category(mailboxes)
    context = {
        "mailboxes": [(mailbox, choices(mailbox.folders.all()), shown[mailbox.pk]) for mailbox in mailboxes],
        "windows": WINDOWS,
    }
    return render(request, "settings/mailboxes.html", context)


def _load_days(request: PortalRequest) -> HttpResponse:
    form = WindowForm(request.POST, user=request.user)
    if not form.is_valid():
        # Lists that our page offers: another value, or somebody else's mailbox, was made by hand.
        raise Http404
    refresh_now(form.save(), at=now())
    messages.success(request, _("Settings are saved."))
    return redirect("settings_mailboxes")


@login_required
@require_POST
def choose_folders(request: PortalRequest, pk: int) -> HttpResponse:
    """Follow these folders of a mailbox from now on. What was loaded from the others is out of sight, not deleted."""
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    form = FollowForm(request.POST, mailbox=mailbox)
    if not form.is_valid():
        messages.error(request, _("One of the folders is not there any more. Choose again."))
        return redirect("settings_mailboxes")
    stopped = follow_folders(mailbox, form.chosen("folders"), with_subfolders=form.chosen("with_subfolders"), at=now())
    said = [_("The folders to follow are saved.")]
    if stopped:
        said.append(
            ngettext(
                "%(count)s e-mail that waited in a folder you left will not be transferred.",
                "%(count)s e-mails that waited in folders you left will not be transferred.",
                stopped,
            )
            % {"count": number_format(stopped)}
        )
    messages.success(request, " ".join(said))
    return redirect("settings_mailboxes")


@login_required
@require_POST
def disconnect_mailbox(request: PortalRequest, pk: int) -> HttpResponse:
    """Forget the connection of a mailbox and, where its owner ticks that, the marks of its e-mails."""
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    form = DisconnectForm(request.POST)
    if not form.is_valid():
        raise Http404
    address = mailbox.address
    forgets = form.cleaned_data["forget_marks"]
    disconnect(mailbox, forget_marks=forgets, at=now())
    said = [_("%(address)s is disconnected. Nothing was changed in the mailbox or in CORIPO.") % {"address": address}]
    if forgets:
        said.append(_("Your marks of its e-mails are forgotten."))
    messages.success(request, " ".join(said))
    return redirect("settings_mailboxes")


@login_required
@require_POST
def choose_category(request: PortalRequest, pk: int) -> HttpResponse:
    """Take the category of Outlook for a wish or not, or stop showing it. To show it, Microsoft is asked first."""
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    form = CategoryForm(request.POST)
    if not form.is_valid():
        raise Http404
    action = form.cleaned_data["action"]
    if action == CategoryForm.Action.SAVE:
        take_category(mailbox, is_taken=form.cleaned_data["is_taken"], at=now())
        said = _("Settings are saved.")
    elif action == CategoryForm.Action.STOP:
        stop_showing(mailbox, removing=False)
        said = _("New e-mails do not get the category any more. Those that have it keep it.")
    else:
        stop_showing(mailbox, removing=True)
        said = _("The category is being removed from the e-mails that the portal gave it to.")
    messages.success(request, said)
    return redirect("settings_mailboxes")


@require_POST
def language(request: HttpRequest) -> HttpResponseBase:
    """Choose a language from any page, signed in or not, and come back to it."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(portal_settings.LANGUAGES):
        choose_language(request.user, chosen)
    return set_language(request)
