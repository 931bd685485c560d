"""Undo as pages show it: what is taken back, in words with the way to it, and what of it stays and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.templatetags.portal import moment
from apps.mailboxes.models import Message
from apps.sync.causes import sentence_for
from apps.sync.undo_scope import OF_MESSAGE, OF_RUN, span_of, undone_run
from apps.work.models import Function, Run


@dataclass(frozen=True, slots=True)
class Named:
    """A message that stays in CORIPO, and why."""

    message: Message
    why: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What undos are about, by id, as far as it is still there."""

    runs: dict[int, Run]
    subjects: dict[int, str]


def undone_by(undos: Iterable[Run], *, user: User) -> Undone:
    """What these take back: a query for each kind of it, and none where nothing is taken back."""
    undos = [run for run in undos if _is_undo(run)]
    runs = {run.wanted["run"] for run in undos if run.wanted["undo"] == OF_RUN}
    messages = {run.wanted["message"] for run in undos if run.wanted["undo"] == OF_MESSAGE}
    found = Message.objects.visible_to(user).filter(pk__in=messages).values_list("pk", "subject")
    return Undone(
        runs=Run.objects.visible_to(user).in_bulk(runs) if runs else {},
        subjects={pk: subject or _("No subject") for pk, subject in found} if messages else {},
    )


def undo_words(run: Run, undone: Undone) -> str:
    """What an undo is about."""
    if run.wanted["undo"] == OF_RUN:
        taken_back = undone.runs.get(run.wanted["run"])
        since = moment(taken_back.requested_at) if taken_back else ""
        return _("What the run of %(time)s made") % {"time": since}
    if run.wanted["undo"] == OF_MESSAGE:
        return undone.subjects.get(run.wanted["message"], "") or _("An e-mail of a mailbox that is no longer connected")
    since, until = (moment(bound) for bound in span_of(run))
    return _("What went by itself from %(since)s to %(until)s") % {"since": since, "until": until}


def undo_url(run: Run, undone: Undone) -> str:
    """The way to what an undo is about, "" where it is no longer there."""
    if run.wanted["undo"] == OF_RUN:
        return reverse("run", args=[run.wanted["run"]]) if run.wanted["run"] in undone.runs else ""
    if run.wanted["undo"] == OF_MESSAGE:
        pk = run.wanted["message"]
        return reverse("message", args=[pk]) if pk in undone.subjects else ""
    return reverse("settings_automatic")


def named_of(run: Run, *, user: User) -> list[Named]:
    """The messages that a forecast names, as far as they are still there."""
    messages = Message.objects.visible_to(user).in_bulk([pk for pk, _cause in run.named]) if run.named else {}
    return [Named(messages[pk], sentence_for(cause)) for pk, cause in run.named if pk in messages]


def stops_a_run(run: Run) -> bool:
    """Whether the run that this one takes back is still going, so that its rest is cancelled first."""
    undone = undone_run(run) if _is_undo(run) else None
    return undone is not None and undone.status not in Run.ENDED


def undos_of(run: Run) -> list[Run]:
    """The begun undos of a run, the newest first."""
    undos = Run.objects.visible_to(run.requested_by).filter(function=Function.UNDO, wanted__run=run.pk)
    return list(undos.exclude(started_at=None).order_by("-pk")[:3])


def _is_undo(run: Run) -> bool:
    return run.function == Function.UNDO
