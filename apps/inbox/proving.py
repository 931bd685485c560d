"""The proof that nothing is missing, in words: the sum of each mailbox, and what differed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.mailboxes.models import Mailbox, MessageState
from apps.sync.causes import sentence_for
from apps.sync.models import Finding, Reconciliation
from apps.sync.proof_queries import Proof
from apps.sync.reconciling import NOT_CONNECTED
from apps.work.models import Status

# The parts of the sum, and the states that each of them counts. Every state stands in exactly one.
PARTS = (
    (
        gettext_lazy("%(count)s in CORIPO"),
        (MessageState.SYNCED, MessageState.PARTIAL, MessageState.RESYNC, MessageState.HIDDEN),
    ),
    (gettext_lazy("%(count)s without match"), (MessageState.NO_MATCH,)),
    (gettext_lazy("%(count)s skipped"), (MessageState.SKIPPED,)),
    (gettext_lazy("%(count)s marked by hand"), (MessageState.MARKED,)),
    (gettext_lazy("%(count)s waiting"), (MessageState.QUEUED, MessageState.RUNNING)),
    (gettext_lazy("%(count)s with an error"), (MessageState.FAILED,)),
    (gettext_lazy("%(count)s deleted in CORIPO"), (MessageState.GONE,)),
    (gettext_lazy("%(count)s not asked for"), (MessageState.NOT_SYNCED,)),
)
REPAIRS = {
    Finding.Kind.ROW_LOST: gettext_lazy("It was loaded again."),
    Finding.Kind.MESSAGE_LEFT: gettext_lazy("It was looked up and shown where it is."),
    Finding.Kind.STATE_WRONG: gettext_lazy("The state was put right."),
    Finding.Kind.TRANSFER_STRANDED: gettext_lazy("The transfer goes on."),
    Finding.Kind.RECORD_FORGOTTEN: gettext_lazy("The record was found again."),
    Finding.Kind.RECORD_LOST: gettext_lazy("It was stored again."),
    Finding.Kind.LINKS_LOST: gettext_lazy("The links were made again."),
    Finding.Kind.FILES_LOST: gettext_lazy("The attachments were stored again."),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: the e-mail (`message` is its id, where it has a page), what differed, and what was done."""

    subject: str
    message: int | None
    what: str
    state: str
    done: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said about one mailbox. `tone` is "ok", "warn" or "", `sum` the equation, "" before the first check."""

    mailbox: Mailbox
    tone: str
    icon: str
    headline: str
    checked_at: datetime | None
    sum: str
    note: str
    step: str
    differences: tuple[Difference, ...]
    more: int


def verdict_of(proof: Proof) -> Verdict:
    newest = proof.newest
    tone, icon, headline = _judged(proof)
    return Verdict(
        mailbox=proof.mailbox,
        tone=tone,
        icon=icon,
        headline=headline,
        checked_at=newest.finished_at if newest else None,
        sum=_sum(newest) if newest and newest.status == Status.DONE else "",
        note=_note(proof),
        step=_step(proof.under_way),
        differences=tuple(_difference(finding) for finding in proof.findings),
        more=proof.outcomes.total() - len(proof.findings),
    )


def _judged(proof: Proof) -> tuple[str, str, str]:
    if proof.newest is None:
        return "", "queued", _("Not checked yet")
    if proof.newest.status == Status.FAILED:
        return "warn", "failed", _("The last check broke off")
    found = proof.outcomes.total()
    left = found - proof.outcomes[Finding.Outcome.REPAIRED]
    if left:
        headline = ngettext("%(count)s difference is left", "%(count)s differences are left", left)
        return "warn", "partial", headline % {"count": _shown(left)}
    if proof.newest.in_microsoft != proof.newest.here:
        return "warn", "partial", _("The numbers differ")
    if found:
        headline = ngettext(
            "Nothing is missing: %(count)s difference was repaired",
            "Nothing is missing: %(count)s differences were repaired",
            found,
        )
        return "ok", "synced", headline % {"count": _shown(found)}
    return "ok", "synced", _("Nothing is missing")


def _sum(check: Reconciliation) -> str:
    """1 234 e-mails in Microsoft 365 = 1 234 in the portal = 1 000 in CORIPO + 234 without match."""
    there = ngettext("%(count)s e-mail in Microsoft 365", "%(count)s e-mails in Microsoft 365", check.in_microsoft) % {
        "count": _shown(check.in_microsoft)
    }
    here = _("%(count)s in the portal") % {"count": _shown(check.here)}
    parts = []
    for words, states in PARTS:
        if count := sum(check.states.get(state, 0) for state in states):
            parts.append(str(words) % {"count": _shown(count)})
    sign = "=" if check.in_microsoft == check.here else "≠"
    whole = f"{there} {sign} {here}"
    return f"{whole} = {' + '.join(parts)}" if parts else whole


def _note(proof: Proof) -> str:
    check = proof.newest
    if check is None:
        return _("The first check comes tonight by itself.")
    if check.status == Status.FAILED:
        return sentence_for(check.cause)
    if check.cause == NOT_CONNECTED:
        return _("CORIPO was not checked, because your login there is not connected.")
    repaired = proof.outcomes[Finding.Outcome.REPAIRED]
    if repaired and repaired < proof.outcomes.total():
        return _("Repaired: %(count)s.") % {"count": _shown(repaired)}
    return ""


def _step(check: Reconciliation | None) -> str:
    if check is None:
        return ""
    if check.started_at is None:
        return _("The check begins in a moment.")
    return f"{check.get_stage_display()}…"


def _difference(finding: Finding) -> Difference:
    message = finding.message if finding.message and finding.message.gone_at is None else None
    if finding.outcome == Finding.Outcome.REPAIRED:
        state, done = "synced", str(REPAIRS[Finding.Kind(finding.kind)])
    elif finding.outcome == Finding.Outcome.LEFT:
        state, done = "partial", sentence_for(finding.reason)
    else:
        state, done = "running", ""
    return Difference(
        subject=finding.subject or _("No subject"),
        message=message.pk if message else None,
        what=finding.get_kind_display(),
        state=state,
        done=f"{finding.get_outcome_display()}. {done}".strip(),
    )


def _shown(count: int) -> str:
    return number_format(count, force_grouping=True)
