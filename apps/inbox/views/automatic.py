"""Settings of automatic sync: what it takes, the dry run before a change holds, and pause, switch off, run now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.dry_run import ALL, lines_of, match_counts, shown_counts, wanted_ids
from apps.inbox.taken_folders import taken_trees
from apps.sync import automatic
from apps.sync.dry_run import MOST_LISTED, dry_run
from apps.sync.forms import AutomaticForm
from apps.sync.rules import rules_of

PAGE_SIZE = 50
PAUSES = [
    ("hour", gettext_lazy("for an hour")),
    ("day", gettext_lazy("until tomorrow morning")),
    ("week", gettext_lazy("for a week")),
]
MORNING = 8


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PortalRequest) -> HttpResponse:
    """The form. Where automatic sync is on, every change leads to its dry run first."""
    at = now()
    rules = rules_of(request.user)
    form = AutomaticForm(request.POST or None, instance=rules_of(request.user))
    if form.is_valid():
        if request.POST.get("action") == "save" and not rules.is_automatic:
            automatic.keep_off(form.values(), user=request.user)
            messages.success(request, _("Settings are saved."))
            return redirect("settings_automatic")
        automatic.propose(form.values(), user=request.user)
        return redirect("settings_dry_run")
    is_paused = rules.paused_until is not None and rules.paused_until > at
    folders = taken_trees(request.user, form)
    context = {"form": form, "rules": rules, "is_paused": is_paused, "pauses": PAUSES, "folders": folders}
    return render(request, "settings/automatic.html", context)


@login_required
@never_cache
@require_GET
def show_dry_run(request: PortalRequest) -> HttpResponse:
    """What the proposed settings would do, counted by rule and listed."""
    at = now()
    proposed = automatic.proposed_rules(request.user, at=at)
    if proposed is None:
        return redirect("settings_automatic")
    present = rules_of(request.user)
    shown = dry_run(proposed, present, at=at)
    rule = request.GET.get("rule", ALL)
    page = Paginator(wanted_ids(shown, rule), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "shown": shown,
        "counts": shown_counts(shown),
        "match_counts": match_counts(shown),
        "is_asking": present.is_asking,
        "rule": rule,
        "page": page,
        "lines": lines_of(shown, list(page), user=request.user),
        "most": MOST_LISTED,
        "is_on": present.is_automatic,
    }
    return render(request, "settings/dry_run.html", context)


@login_required
@require_POST
def steer(request: PortalRequest) -> HttpResponse:
    """Confirm or discard what is proposed, pause, switch off, run now."""
    user, at = request.user, now()
    action = request.POST.get("action", "")
    if action == "confirm":
        if automatic.confirm(user=user, at=at):
            messages.success(request, _("Automatic sync is on with these settings."))
    elif action == "discard":
        automatic.discard(user=user)
        messages.info(request, _("The settings stay as they were."))
    elif action == "off":
        automatic.switch_off(user=user)
        messages.success(request, _("Automatic sync is off. What is on its way finishes."))
    elif action == "pause" and (until := _pause_end(request.POST.get("pause", ""), at)):
        automatic.pause(user=user, until=until)
        messages.success(request, _("Automatic sync is paused. What is on its way finishes."))
    elif action == "run":
        automatic.run_now(user=user, at=at)
        messages.success(request, _("The portal looks into your mailboxes now."))
    else:
        # Buttons that our page offers: anything else was made by hand.
        raise Http404
    return redirect("settings_automatic")


def _pause_end(choice: str, at: datetime) -> datetime | None:
    tomorrow = timezone.localtime(at) + timedelta(days=1)
    return {
        "hour": at + timedelta(hours=1),
        "day": tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0),
        "week": at + timedelta(days=7),
    }.get(choice)
