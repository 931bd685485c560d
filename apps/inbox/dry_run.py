"""A dry run of automatic sync as its page shows it: counts by rule, and a page of its list in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.mailboxes.models import Message
from apps.sync.causes import sentence_for
from apps.sync.dry_run import DryRun
from apps.sync.foreseeing import Foreseen
from apps.sync.policy import Decision

ALL, GOES, OPEN = "", "goes", "open"
_KIND, _MATCH = "kind_", "coripo_"
_IN_CORIPO = {
    Foreseen.MATCH: "",
    Foreseen.LEAD: gettext_lazy(
        "Goes into CORIPO, with a lead of its sender unless somebody there has one of its addresses."
    ),
    Foreseen.NO_MATCH: gettext_lazy("Nobody in CORIPO has one of its addresses."),
    Foreseen.UNASKED: gettext_lazy("CORIPO was not asked about its addresses yet."),
}


@dataclass(frozen=True, slots=True)
class Count:
    rule: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Line:
    message: Message
    words: str


def shown_counts(shown: DryRun) -> list[Count]:
    """How many go, are decided when they are read, and are left out by which rule; all of them first."""
    return [
        Count(ALL, _("All"), len(shown.decisions)),
        Count(GOES, _("Go into CORIPO"), shown.goes),
        Count(OPEN, _("Decided when they are read"), shown.open),
        *(Count(rule, _short(rule), number) for rule, number in sorted(shown.left_out.items())),
    ]


def match_counts(shown: DryRun) -> list[Count]:
    """Of those that go or may go: how many have a match in CORIPO, have none, and of how many nobody knows yet."""
    found = shown.matched
    return [Count(_MATCH + outcome, str(outcome.label), found[outcome]) for outcome in Foreseen if found[outcome]]


def wanted_ids(shown: DryRun, rule: str) -> list[int]:
    """The messages of one of the counts, the newest first."""
    if rule.startswith(_MATCH):
        return [pk for pk in shown.decisions if shown.matches.get(pk) == rule.removeprefix(_MATCH)]
    return [pk for pk, decision in shown.decisions.items() if rule in (ALL, _group(decision))]


def lines_of(shown: DryRun, pks: list[int], *, user: User) -> list[Line]:
    messages = Message.objects.visible_to(user).defer("search_text", "preview").in_bulk(pks)
    return [Line(messages[pk], _words(shown.decisions[pk], shown.matches.get(pk))) for pk in pks if pk in messages]


def _group(decision: Decision) -> str:
    if decision.goes:
        return OPEN if decision.is_open else GOES
    return decision.rule


def _short(rule: str) -> str:
    if rule.startswith(_KIND):
        return str(Message.Kind(rule.removeprefix(_KIND)).label)
    return {"excluded": _("Left-out addresses"), "private": _("Private")}.get(rule) or sentence_for(rule)


def _words(decision: Decision, match: Foreseen | None) -> str:
    if not decision.goes:
        return sentence_for(decision.rule)
    said = _IN_CORIPO[match] if match else ""
    if decision.is_open:
        return " ".join(filter(None, [_("Decided when it is read."), str(said)]))
    if match == Foreseen.UNASKED:
        return _("Goes into CORIPO if somebody there has one of its addresses. Nobody was asked yet.")
    return str(said) or _("Goes into CORIPO.")
