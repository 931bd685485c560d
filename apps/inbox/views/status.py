"""Where the connections stand, what is waiting, and the proof that nothing is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import CrmAccount, CrmServer, User
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.core.templatetags.portal import moment
from apps.inbox.digest import sentences_of
from apps.inbox.moving import capped
from apps.inbox.proving import verdict_of
from apps.mailboxes.connection import graph_key
from apps.mailboxes.models import Mailbox
from apps.sync.catching_up import catch_ups
from apps.sync.claiming import crm_key
from apps.sync.proof_asking import request_check
from apps.sync.proof_queries import proofs
from apps.sync.status_queries import glance_at
from apps.work.fences import fences, outage
from apps.work.models import Fence


@dataclass(frozen=True, slots=True)
class Connection:
    """One line of the table; `state` is a code of the state badges."""

    name: str
    state: str
    label: str
    succeeded_at: datetime | None
    note: str = ""
    # The name of the page on which a person can mend it.
    remedy: str = ""


@login_required
@require_safe
def status(request: PortalRequest) -> HttpResponse:
    at = now()
    owned = Mailbox.objects.visible_to(request.user).select_related("address_book")
    mailboxes = list(owned.order_by("connected_at", "pk"))
    standing = fences([graph_key(mailbox) for mailbox in mailboxes], at=at)
    transfers = glance_at(request.user)
    verdicts = [verdict_of(proof) for proof in proofs(request.user)]
    context = {
        "at": at,
        "connections": [
            *(_mailbox_line(mailbox, standing.get(graph_key(mailbox))) for mailbox in mailboxes),
            *(_book_line(mailbox) for mailbox in mailboxes if hasattr(mailbox, "address_book")),
            _crm_line(request.user, newest=transfers.newest, at=at),
        ],
        "waiting": capped(transfers.waiting),
        "running": capped(transfers.running),
        "failed": capped(transfers.failed),
        "newest": transfers.newest,
        "catch_ups": [sentences_of(told) for told in catch_ups(request.user, at=at)],
        "verdicts": verdicts,
        "is_checking": any(verdict.step for verdict in verdicts),
    }
    return render(request, "status/status.html", context)


@login_required
@require_POST
def check_mailbox(request: PortalRequest, pk: int) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox.objects.visible_to(request.user), pk=pk)
    request_check(mailbox, user=request.user, at=now())
    return redirect("status")


def _mailbox_line(mailbox: Mailbox, standing: Fence | None) -> Connection:
    name = f"Microsoft 365 · {mailbox.address}"
    if mailbox.status == Mailbox.Status.RECONNECT:
        return Connection(name, "failed", _("Waiting for you"), mailbox.looked_at, _since(mailbox.status_since))
    if mailbox.status == Mailbox.Status.UNAVAILABLE:
        return Connection(
            name, "failed", _("No access to the mailbox"), mailbox.looked_at, _since(mailbox.status_since)
        )
    if standing:
        until = _("until %(time)s") % {"time": moment(standing.until)}
        return Connection(name, "queued", _("Microsoft 365 asks for a pause"), mailbox.looked_at, until)
    if mailbox.looked_at is None:
        return Connection(name, "running", _("Loading mail"), None)
    return Connection(name, "synced", _("In order"), mailbox.looked_at)


def _book_line(mailbox: Mailbox) -> Connection:
    """The contacts of a mailbox; what concerns the whole mailbox is told in its own line."""
    book, name = mailbox.address_book, _("Contacts · %(address)s") % {"address": mailbox.address}
    if book.refused_at:
        refused = _since(book.refused_at)
        return Connection(name, "failed", _("No access to the contacts"), book.looked_at, refused, "settings_contacts")
    if book.completed_at is None:
        return Connection(name, "running", _("Loading contacts"), book.looked_at)
    count = ngettext("%(count)s contact", "%(count)s contacts", book.contact_count)
    return Connection(
        name, "synced", _("In order"), book.looked_at, count % {"count": number_format(book.contact_count)}
    )


def _crm_line(user: User, *, newest: datetime | None, at: datetime) -> Connection:
    name = f"CORIPO · {CrmServer.objects.current().web_url.partition('://')[2]}"
    account = CrmAccount.objects.select_related("server").filter(user=user).first()
    if account is None:
        return Connection(name, "not_synced", _("Not connected"), None)
    if account.status == CrmAccount.Status.REFUSED:
        return Connection(name, "failed", _("Login refused, waiting for you"), newest, _since(account.status_since))
    if standing := outage(crm_key(account.server), at=at):
        return Connection(name, "queued", _("CORIPO does not answer"), newest, _since(standing.since))
    succeeded_at = max(newest, account.status_since) if newest else account.status_since
    return Connection(name, "synced", _("In order"), succeeded_at, account.user_name)


def _since(begin: datetime) -> str:
    return _("since %(time)s") % {"time": moment(begin)}
