"""What the portal says after a click, in whole sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.sync.actions import Asked


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


def about_links(count: int) -> str:
    sentence = ngettext(
        "The e-mail is on its way and will be linked with %(count)d record.",
        "The e-mail is on its way and will be linked with %(count)d records.",
        count,
    )
    return sentence % {"count": count}
