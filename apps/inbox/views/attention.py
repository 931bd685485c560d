"""What waits for a person: connections, e-mails that were not transferred, and people whom CORIPO does not know."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import CrmAccount
from apps.accounts.visits import note_told, note_visit
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.attention import contact_groups, groups, stranger
from apps.inbox.context import troubles
from apps.inbox.digest import digest, sentences_of
from apps.inbox.moving import capped
from apps.inbox.selection import GroupForm
from apps.mailboxes.models import Mailbox
from apps.sync.attention_queries import unmatched
from apps.sync.bulk import ask_run, matching, start_run
from apps.sync.catching_up import catch_ups
from apps.work.models import Function

PAGE_SIZE = 20


@login_required
@never_cache
@require_safe
def attention(request: PortalRequest) -> HttpResponse:
    at = now()
    visit = note_visit(request.user, at=at)
    owned = Mailbox.objects.visible_to(request.user).select_related("category", "address_book")
    mailboxes = list(owned.order_by("connected_at", "pk"))
    account = CrmAccount.objects.select_related("server").filter(user=request.user).first()
    found = unmatched(request.user)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "digest": digest(request.user, visit),
        "catch_ups": [sentences_of(told) for told in catch_ups(request.user, at=at)],
        "troubles": list(troubles(mailboxes, account)),
        "groups": groups(request.user),
        "contact_groups": contact_groups(request.user),
        "strangers": [stranger(mails) for mails in page],
        "page": page,
        "count_unmatched": capped(sum(mails.count for mails in found)),
    }
    note_told(visit, at=at)
    return render(request, "attention/attention.html", context)


@login_required
@require_POST
def try_again(request: PortalRequest) -> HttpResponse:
    """A run over a whole group, begun at once: its cause arrives, never ids."""
    form = GroupForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("This selection cannot be read. Load the page again and repeat it."))
        return redirect("attention")
    if not matching(request.user, form.wanted()):
        messages.info(request, _("Nothing of that kind is left."))
        return redirect("attention")
    at = now()
    run = ask_run(form.wanted(), function=Function.SYNC, user=request.user, at=at)
    start_run(run, at=at)
    return redirect("run", pk=run.pk)
