"""Runs: all that were asked for, one of them with its results, and the way to a new one over everything that a filter matches."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.contacts.runs import runs_of as runs_of_contacts
from apps.contacts.runs import shown_runs as shown_contact_runs
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.inbox.filters import filter_of, query_of
from apps.inbox.results import csv_lines, result_page
from apps.inbox.runs import count_words, filter_words, places_of, shown_runs
from apps.inbox.selection import MatchingForm, SteeringForm
from apps.inbox.undo import named_of, stops_a_run, undos_of
from apps.inbox.views.states import STOP_POLLING
from apps.sync.bulk import (
    ask_run,
    cancel_run,
    discard_run,
    matching,
    pause_run,
    resume_run,
    retry_failed,
    start_run,
)
from apps.sync.listing import newest_message_id
from apps.sync.queries import PAGE_SIZE as LIST_PAGE_SIZE
from apps.work.models import Function, Run

PAGE_SIZE = 20
MOST_GOING = 20


@login_required
@never_cache
@require_GET
def runs(request: PortalRequest) -> HttpResponse:
    """What is under way first, then what ended, the newest first."""
    own = Run.objects.visible_to(request.user).bulk().order_by("-pk")
    ended = own.filter(status__in=Run.ENDED)
    before = _number(request.GET.get("before", ""))
    if before:
        ended = ended.filter(pk__lt=before)
    page = list(ended[: PAGE_SIZE + 1])
    going = [] if before else list(own.exclude(status__in=Run.ENDED)[:MOST_GOING])
    shown = shown_runs([*going, *page[:PAGE_SIZE]], user=request.user, at=now())
    context = {
        "going": shown[: len(going)],
        "ended": shown[len(going) :],
        "older": page[PAGE_SIZE - 1].pk if len(page) > PAGE_SIZE else 0,
        "moves": any(one.is_moving for one in shown),
        "contact_runs": shown_contact_runs(runs_of_contacts(request.user)[:PAGE_SIZE]) if not before else (),
    }
    return _render(request, "runs/runs.html", "runs/_run_list.html", context, target="runs", moves=context["moves"])


@login_required
@never_cache
@require_GET
@vary_on_headers("HX-Request", "HX-Target")
def run(request: PortalRequest, pk: int) -> HttpResponse:
    """One run; htmx asks for the part that changes while it moves."""
    own = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    if own.function == Function.CONTACTS:
        return redirect("contacts:run", pk=pk)
    at = now()
    (shown,) = shown_runs([own], user=request.user, at=at, with_estimate=True)
    page = result_page(own, outcome=request.GET.get("outcome", ""), after=_number(request.GET.get("after", "")))
    context = {
        "shown": shown,
        "page": page,
        "at": at,
        "named": named_of(own, user=request.user),
        "undos": undos_of(own),
        "stops_a_run": shown.is_forecast and stops_a_run(own),
    }
    return _render(request, "runs/run.html", "runs/_progress.html", context, target="progress", moves=shown.is_moving)


@login_required
@never_cache
@require_GET
def new_run(request: PortalRequest) -> HttpResponse:
    """What may be done with all that an address of the list matches: the way without a script."""
    return render(request, "runs/new.html", _matching_context(request))


@login_required
@never_cache
@require_GET
def offer_matching(request: PortalRequest) -> HttpResponse:
    """A part of the list: how many match besides those on the page, and then the bar that acts on all of them."""
    if not request.htmx:
        return redirect("new_run")
    is_chosen = request.htmx.target == "matching"
    template = "inbox/_matching_bar.html" if is_chosen else "inbox/_matching_offer.html"
    return render(request, template, _matching_context(request))


@login_required
@require_POST
def ask(request: PortalRequest) -> HttpResponse:
    """A run over all that match: a filter and a moment arrive, never ids. Its page shows the forecast and waits for a word."""
    form = MatchingForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("This selection cannot be read. Load the page again and repeat it."))
        return redirect("inbox")
    asked = ask_run(form.wanted(), function=Function(form.cleaned_data["action"]), user=request.user, at=now())
    return redirect("run", pk=asked.pk)


@login_required
@require_POST
def steer(request: PortalRequest, pk: int) -> HttpResponse:
    """Start, pause, resume, cancel, try again, or discard before it began."""
    own = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    form = SteeringForm(request.POST)
    if not form.is_valid() or not _steer(own, form.cleaned_data["action"], at=now()):
        messages.info(request, _("The run has gone on meanwhile. This is how it stands."))
    if not Run.objects.filter(pk=pk).exists():
        messages.success(request, _("The run was discarded. No e-mail was touched."))
        return redirect("inbox")
    return redirect("run", pk=pk)


@login_required
@require_GET
def export(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The results of a run as a CSV file, line by line, however many there are."""
    own = get_object_or_404(Run.objects.visible_to(request.user), pk=pk)
    return StreamingHttpResponse(
        csv_lines(own, language=translation.get_language(), time_zone=timezone.get_current_timezone()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="run-{own.pk}.csv"'},
    )


def _steer(own: Run, action: str, *, at: datetime) -> bool:
    if action == "start":
        return start_run(own, at=at)
    if action == "discard":
        return discard_run(own)
    if action == "pause":
        return pause_run(own)
    if action == "resume":
        return resume_run(own, at=at)
    if action == "cancel":
        return cancel_run(own, at=at)
    return retry_failed(own, at=at)


def _matching_context(request: PortalRequest) -> dict[str, object]:
    wanted = filter_of(request.GET)
    count = matching(request.user, wanted)
    return {
        "count": count,
        "has_more": count > LIST_PAGE_SIZE,
        "count_words": count_words(count),
        "filter_words": filter_words(wanted, places_of(request.user)),
        "query": query_of(wanted),
        "up_to": newest_message_id(),
    }


def _render(
    request: PortalRequest, page: str, part: str, context: dict[str, object], *, target: str, moves: object
) -> HttpResponse:
    """The page, or for htmx the part of it that changes: the last one tells it to ask no more."""
    if request.htmx and request.htmx.target == target and not request.htmx.history_restore_request:
        return render(request, part, context, status=200 if moves else STOP_POLLING)
    return render(request, page, context)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
