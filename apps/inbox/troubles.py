"""Why a page does not show what it asked Microsoft 365 or CORIPO for."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.sync.causes import sentence_for

# The sentences for transfers promise that it goes on by itself. Nobody asks again for what a page wanted to show.
WITHOUT_A_PROMISE: dict[str, Promise] = {
    "crm_unreachable": _("CORIPO does not answer."),
    "crm_throttled": _("CORIPO asked for a pause."),
    "graph_unreachable": _("Microsoft 365 does not answer."),
    "graph_throttled": _("Microsoft 365 asked for a pause."),
    "graph_trouble": _("Microsoft 365 has trouble."),
    "graph_outcome_unknown": _("Microsoft 365 did not confirm what was to be written. Look whether it is there."),
}


def sentence_for_reader(code: str) -> str:
    """One sentence beside which the page offers to load again."""
    return str(WITHOUT_A_PROMISE[code]) if code in WITHOUT_A_PROMISE else sentence_for(code)
