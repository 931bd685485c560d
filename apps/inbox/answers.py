"""What the portal says after a click, in whole sentences."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.crm.errors import CrmError
from apps.sync.actions import Asked
from apps.sync.causes import sentence_for
from apps.sync.unlinking import WhyNot


def about_sync(asked: Asked) -> str:
    """What became of a selection: "3 e-mails queued. 1 marked one was left out." """
    counted = (
        (asked.queued, ngettext("%(count)d e-mail queued.", "%(count)d e-mails queued.", asked.queued)),
        (asked.already, ngettext("%(count)d was waiting already.", "%(count)d were waiting already.", asked.already)),
        (
            asked.left_out_marked,
            ngettext(
                "%(count)d marked one was left out.", "%(count)d marked ones were left out.", asked.left_out_marked
            ),
        ),
    )
    return " ".join(sentence % {"count": count} for count, sentence in counted if count) or _("Nothing changed.")


def about_marks(count: int) -> str:
    if not count:
        return _("Nothing changed, they were marked so already.")
    sentence = ngettext("%(count)d e-mail marked as synced.", "%(count)d e-mails marked as synced.", count)
    return sentence % {"count": count}


def about_cleared_marks(count: int) -> str:
    if not count:
        return _("Nothing changed, they were marked so already.")
    sentence = ngettext("%(count)d e-mail marked as not synced.", "%(count)d e-mails marked as not synced.", count)
    return sentence % {"count": count}


def about_matched(count: int) -> str:
    if not count:
        return _("None of them waits any more.")
    return ngettext("%(count)d e-mail queued.", "%(count)d e-mails queued.", count) % {"count": count}


def about_links(records: int, asked: Asked) -> str:
    going = asked.queued + asked.already
    if going > 1:
        sentence = ngettext(
            "%(going)d e-mails of the conversation are on their way and will be linked with %(count)d record.",
            "%(going)d e-mails of the conversation are on their way and will be linked with %(count)d records.",
            records,
        )
    else:
        sentence = ngettext(
            "The e-mail is on its way and will be linked with %(count)d record.",
            "The e-mail is on its way and will be linked with %(count)d records.",
            records,
        )
    return sentence % {"count": records, "going": going}


_STAYS_LINKED: dict[WhyNot, Promise] = {
    WhyNot.ADOPTED: gettext_lazy(
        "The link was in CORIPO before the portal came to it, so it stays. It can be removed there."
    ),
    WhyNot.COLLEAGUE: gettext_lazy("A colleague linked it, so the link stays. It can be removed in CORIPO."),
    WhyNot.MOVING: gettext_lazy("The e-mail is on its way right now. Unlink the record when it has arrived."),
    WhyNot.NO_LOGIN: gettext_lazy("To unlink in CORIPO, the portal needs your login there."),
    WhyNot.GONE: gettext_lazy("The e-mail is not linked with this record any more."),
}


def about_refusal_to_unlink(why_not: WhyNot) -> str:
    return str(_STAYS_LINKED[why_not])


def about_trouble_at_unlinking(error: CrmError) -> str:
    if error.is_retryable:
        return _("CORIPO does not answer, so the record may be linked still. Unlink it once more later.")
    return sentence_for(error.code)
