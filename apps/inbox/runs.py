"""Runs as pages show them: what was asked in words, how far it is, and what one may do with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import User
from apps.inbox.filters import query_of
from apps.inbox.undo import Undone, undo_url, undo_words, undone_by
from apps.mailboxes.models import Mailbox, MailFolder, Message, MessageState
from apps.sync.bulk import MOST_COUNTED
from apps.sync.causes import UNDO_CAUSES, sentence_for
from apps.sync.listing import MessageFilter
from apps.sync.outcomes import LISTED, UNDER_WAY, RunOutcome, tallies
from apps.sync.remaining import Remaining, remaining
from apps.sync.tending import wanted_of
from apps.sync.undo_asking import may_undo_run
from apps.work.models import Function, Lane, Run

# Statuses of runs as the badges of messages look.
BADGES = {
    Run.Status.FORECASTING: "running",
    Run.Status.READY: "queued",
    Run.Status.EXPANDING: "running",
    Run.Status.RUNNING: "running",
    Run.Status.PAUSED: "queued",
    Run.Status.RETRYING: "running",
    Run.Status.CANCELLING: "running",
    Run.Status.CANCELLED: "skipped",
    Run.Status.DONE: "synced",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A part of a tally; `code` is empty where there are no results to list."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Places:
    """The names of the folders and mailboxes of a user, by id."""

    folders: dict[int, str]
    mailboxes: dict[int, str]


@dataclass(frozen=True, slots=True)
class ShownRun:
    """`done` of `total` messages have their outcome. `left` is the estimate in words, "" where none can be given."""

    run: Run
    title: str
    filter_words: str
    # The way to what the words name, "" where there is none.
    about_url: str
    badge: str
    parts: tuple[Counted, ...]
    foreseen: tuple[Counted, ...]
    # Of the forecast of an undo, how much stays for which reason.
    kept: tuple[Counted, ...]
    done: int
    total: str
    percent: int
    is_whole: bool
    left: str
    left_range: str
    failures: int

    @property
    def is_forecast(self) -> bool:
        return self.run.status in (Run.Status.FORECASTING, Run.Status.READY)

    @property
    def is_moving(self) -> bool:
        """Whether the page asks again."""
        return self.run.status in Run.TENDED

    @property
    def yields(self) -> bool:
        """Whether single clicks are served before what this run asks for."""
        return self.has_results and self.run.lane != Lane.INTERACTIVE

    @property
    def has_results(self) -> bool:
        return self.run.function in (Function.SYNC, Function.UNDO)

    @property
    def may_undo(self) -> bool:
        return may_undo_run(self.run)

    @property
    def may_pause(self) -> bool:
        return self.run.status in (Run.Status.EXPANDING, Run.Status.RUNNING) and not self.is_whole

    @property
    def may_resume(self) -> bool:
        return self.run.status == Run.Status.PAUSED and not self.is_whole

    @property
    def may_cancel(self) -> bool:
        return self.may_pause or self.may_resume or self.run.status == Run.Status.RETRYING

    @property
    def may_retry(self) -> bool:
        return bool(self.failures) and self.run.status in (Run.Status.RUNNING, *Run.ENDED)


def shown_runs(runs: Iterable[Run], *, user: User, at: datetime, with_estimate: bool = False) -> list[ShownRun]:
    """As many queries for one run as for twenty; an estimate costs one more for each run that moves."""
    runs = list(runs)
    counted = tallies(runs)
    places = places_of(user)
    undone = undone_by(runs, user=user)
    return [_shown(run, counted[run.pk], places, undone, at=at, with_estimate=with_estimate) for run in runs]


def _shown(
    run: Run, tally: Counter[str], places: Places, undone: Undone, *, at: datetime, with_estimate: bool
) -> ShownRun:
    if run.status in (Run.Status.FORECASTING, Run.Status.READY):
        done = sum(run.forecast.values())
    else:
        done = tally.total() - sum(tally[outcome] for outcome in UNDER_WAY)
    words, url = _about(run, places, undone)
    total = max(run.matched, done)
    estimate = None
    if with_estimate and run.status in (Run.Status.EXPANDING, Run.Status.RUNNING):
        estimate = remaining(run, left=total - done, at=at)
    return ShownRun(
        run=run,
        title=title_of(run),
        filter_words=words,
        about_url=url,
        badge=BADGES[Run.Status(run.status)],
        parts=_parts(tally),
        foreseen=_foreseen(run.forecast),
        kept=_kept(run.forecast),
        done=done,
        total=count_words(total) if run.status == Run.Status.FORECASTING else number_format(total),
        percent=min(100, done * 100 // total) if total else 100,
        # A worker closes the run in a moment; until then there is nothing left to hold back.
        is_whole=run.is_expanded and done >= total,
        left=_duration(estimate.likely) if estimate else "",
        left_range=_range(estimate) if estimate else "",
        failures=tally[RunOutcome.FAILED],
    )


def _about(run: Run, places: Places, undone: Undone) -> tuple[str, str]:
    """What the run is over, in words, and the way to it."""
    if run.function == Function.UNDO:
        return undo_words(run, undone), undo_url(run, undone)
    if not run.wanted:
        return _("Picked one by one"), ""
    wanted = wanted_of(run)
    return filter_words(wanted, places), reverse("inbox") + query_of(wanted)


_FORESEEN = {
    RunOutcome.REMOVED: gettext_lazy("will be removed from CORIPO"),
    RunOutcome.UNLINKED: gettext_lazy("will lose the links that were added, their records stay"),
    RunOutcome.STORED: gettext_lazy("will be synced"),
    RunOutcome.NO_MATCH: gettext_lazy("have no match in CORIPO"),
    RunOutcome.LEFT_OUT: gettext_lazy("are marked and left out"),
    RunOutcome.ALREADY: gettext_lazy("are in CORIPO already, and get what is missing there"),
    RunOutcome.GONE: gettext_lazy("were deleted in CORIPO and are left alone"),
    RunOutcome.HIDDEN: gettext_lazy("are in CORIPO where your login may not see them"),
    RunOutcome.ELSEWHERE: gettext_lazy("are on their way already"),
    RunOutcome.UNKNOWN: gettext_lazy("are decided when they are read, since CORIPO could not be asked"),
    RunOutcome.MARKED: gettext_lazy("will be marked"),
    RunOutcome.UNCHANGED: gettext_lazy("are marked so already"),
}


def _foreseen(forecast: Mapping[str, int]) -> tuple[Counted, ...]:
    stays = sum(part.count for part in _kept(forecast))
    foreseen = [Counted("", str(label), forecast[code]) for code, label in _FORESEEN.items() if forecast.get(code)]
    return (*foreseen, *([Counted("", _("stay in CORIPO"), stays)] if stays else []))


def _kept(forecast: Mapping[str, int]) -> tuple[Counted, ...]:
    """Of an undo, what stays, by its cause, the most first."""
    causes = [(count, cause) for cause, count in forecast.items() if cause in UNDO_CAUSES]
    return tuple(Counted(cause, sentence_for(cause), count) for count, cause in sorted(causes, reverse=True))


def _parts(tally: Counter[str]) -> tuple[Counted, ...]:
    return tuple(
        Counted(outcome.value if outcome in LISTED else "", str(outcome.label), tally[outcome])
        for outcome in RunOutcome
        if tally[outcome]
    )


def title_of(run: Run) -> str:
    count = run.matched
    sentence = {
        Function.SYNC: ngettext("Sync of %(count)s e-mail", "Sync of %(count)s e-mails", count),
        Function.MARK: ngettext("%(count)s e-mail marked as synced", "%(count)s e-mails marked as synced", count),
        Function.UNMARK: ngettext(
            "%(count)s e-mail marked as not synced", "%(count)s e-mails marked as not synced", count
        ),
        Function.UNDO: ngettext("Undo of %(count)s e-mail", "Undo of %(count)s e-mails", count),
    }[Function(run.function)]
    return sentence % {"count": count_words(count)}


def count_words(count: int) -> str:
    """A number of messages; where counting stopped, that there are more."""
    if count > MOST_COUNTED:
        return _("more than %(count)s") % {"count": number_format(MOST_COUNTED)}
    return number_format(count)


def places_of(user: User) -> Places:
    return Places(
        folders=dict(MailFolder.objects.visible_to(user).values_list("pk", "name")),
        mailboxes=dict(Mailbox.objects.visible_to(user).values_list("pk", "address")),
    )


def filter_words(wanted: MessageFilter, places: Places) -> str:
    """The filter as a person would say it: the folder or mailbox, then what narrows it."""
    if wanted.folder:
        parts = [places.folders.get(wanted.folder, _("A folder that is no longer there"))]
    elif wanted.mailbox:
        parts = [places.mailboxes.get(wanted.mailbox, _("A mailbox that is no longer connected"))]
    else:
        parts = [_("All mail")]
    if wanted.state:
        parts.append(str(MessageState(wanted.state).label))
    if wanted.cause:
        parts.append(sentence_for(wanted.cause))
    if wanted.direction:
        parts.append(str(Message.Direction(wanted.direction).label))
    if wanted.text:
        parts.append(_("“%(text)s”") % {"text": wanted.text})
    return " · ".join(parts)


def _duration(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 90:
        return ngettext("about %(count)s minute", "about %(count)s minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(count)s hour", "about %(count)s hours", hours) % {"count": number_format(hours)}


def _range(estimate: Remaining) -> str:
    """The bounds in minutes, or in hours where they are that long; "" where both round to one number."""
    minutes = 60 if estimate.likely >= timedelta(minutes=90) else 1
    least, most = (round(bound.total_seconds() / 60 / minutes) for bound in (estimate.least, estimate.most))
    if least == most:
        return ""
    return _("%(least)s to %(most)s") % {"least": number_format(least), "most": number_format(most)}
