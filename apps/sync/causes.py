"""The codes that rows keep, in words for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "poison": _("The transfer broke off three times at this e-mail, so it was set aside. Nothing else waits for it."),
    "tried_often": _(
        "The transfer was tried many times and broke off each time, so it was set aside. Nothing else waits for it."
    ),
    "crashed": _("The transfer broke off and is tried again."),
    "left_mailbox": _("The e-mail is no longer in the mailbox."),
    "folder_left": _("It waited in a folder that you stopped following before its turn came."),
    "marked": _("It was marked by hand before its turn came."),
    "excluded": _("One of its addresses is left out by your settings of automatic sync."),
    "off": _("Automatic sync is off, and nobody has asked for it yet."),
    "paused": _("Automatic sync is paused, and nobody has asked for it yet."),
    "direction": _("Automatic sync leaves out e-mails of this direction, received or sent."),
    "folder": _("It is in a folder that automatic sync leaves out."),
    "since": _("It is older than the day from which automatic sync takes e-mails."),
    "automatic": _("Automatic sync takes it in a moment."),
    "cleared": _("It was marked as not synced, so automatic sync takes it in a moment."),
    "private": _("Its sender marked it as private, and your settings leave such e-mails out of automatic runs."),
    "kind_meeting": _("It is an invitation or a response, and your settings leave those out of automatic runs."),
    "kind_bounce": _("It is a report of non-delivery, and your settings leave those out of automatic runs."),
    "kind_auto_reply": _("It is an automatic reply, and your settings leave those out of automatic runs."),
    "kind_bulk": _("It is a newsletter or from a mailing list, and your settings leave those out of automatic runs."),
    "kind_encrypted": _("It is encrypted, and your settings leave such e-mails out of automatic runs."),
    "lead_deleted": _("The lead that the portal made of its sender was deleted in CORIPO, so no new one is made."),
    "lead_converted": _("Its sender was a lead in CORIPO and was converted, so no new one is made."),
    "lead_hidden": _("There is a lead of its sender in CORIPO, but your login there may not see it."),
    "lead_forbidden": _("Your login in CORIPO may not create leads, so none was made of its sender."),
    "lead_refused": _("CORIPO did not take a lead of its sender."),
    "gone": _("Its record was deleted in CORIPO."),
    "hidden": _("Its record is in CORIPO, but your login there may not see it."),
    "attachments_off": _("Your settings say that attachments are not stored."),
    "too_large": _("The attachment is larger than your settings allow. It stays in Outlook."),
    "small_inline": _("A small picture inside the text, as in signatures."),
    "inline_image": _("Your settings say that pictures inside the text are not stored."),
    "unwanted_type": _("Your settings say that files of this type are not stored. It stays in Outlook."),
    "cloud_file": _("It is a link to a file in a cloud; the file itself was not sent."),
    "unreadable_item": _("Microsoft 365 does not give the attached item as a file. It stays in Outlook."),
    "empty": _("The file is empty."),
    "graph_too_large": _("The text is too large to be shown here. Open the e-mail in Outlook to read all of it."),
    "crm_unreachable": _("CORIPO does not answer. It is tried again by itself."),
    "crm_outcome_unknown": _(
        "CORIPO did not confirm the transfer. The portal checks what arrived and goes on by itself."
    ),
    "crm_throttled": _("CORIPO asked for a pause. It goes on by itself."),
    "crm_unauthorized": _("CORIPO refused your user name or password."),
    "crm_rejected": _("CORIPO refused this e-mail."),
    "crm_forbidden": _("Your login in CORIPO has no right to do that."),
    "crm_id_occupied": _("CORIPO did not confirm the transfer. The portal checks what arrived and goes on by itself."),
    "crm_contract_broken": _(
        "CORIPO gave an answer that the portal does not understand. The administrator should know."
    ),
    "graph_unreachable": _("Microsoft 365 does not answer. It is tried again by itself."),
    "graph_throttled": _("Microsoft 365 asked for a pause. It goes on by itself."),
    "graph_trouble": _("Microsoft 365 has trouble. It is tried again by itself."),
    "graph_outcome_unknown": _(
        "Microsoft 365 did not confirm what was to be written. The portal checks what arrived and goes on by itself."
    ),
    "graph_conflict": _("It was changed in Outlook at the same moment, so nothing was written over it."),
    "mailbox_disconnected": _("The connection to the mailbox has ended. Connect it again; nothing is lost."),
    "mailbox_unavailable": _("This account has no mailbox that the portal can reach."),
    "graph_forbidden": _("The portal lacks a right in the mailbox."),
    "undo_edited": _("It was changed in CORIPO since."),
    "undo_linked": _("Somebody linked it with something else in CORIPO."),
    "undo_noted": _("Somebody added a note or a file to it in CORIPO."),
    "undo_colleague": _("A colleague has synced it as well and relies on it."),
    "undo_other_run": _("You have synced it once more since, by another run or click."),
    "undo_asked_again": _("It was asked for again and is on its way."),
    "undo_existed": _("It was in CORIPO before and nothing was added to it, so there is nothing to take back."),
    "undo_gone": _("Its record has been deleted in CORIPO already."),
    "undo_unseen": _("Your login in CORIPO does not see its record."),
    "undo_forbidden": _("Your login in CORIPO may not delete or change its record."),
    "undo_unlinked": _("The record was there before, so it stays without the links that were added."),
    "still_missing": _("It is still so after the repair. The next check tries again."),
    "repair_waits": _("The repair waits and goes on by itself."),
    "target_gone": _("The contact or company is no longer in CORIPO, so there is nothing to link with."),
    "doubled": _("Nothing was deleted. Merge or delete in CORIPO what is not wanted."),
    "microsoft_misconfigured": _(
        "The portal's registration at Microsoft does not work. The administrator should know."
    ),
}


# Why something stays when a transfer is undone.
UNDO_CAUSES = frozenset(code for code in SENTENCES if code.startswith("undo_"))


def sentence_for(code: str) -> str:
    """One sentence that a person can act on; unknown codes are named, since support will ask for them."""
    if code in SENTENCES:
        return str(SENTENCES[code])
    return str(_("Something unexpected happened (%(code)s). Try again; if it stays, tell the administrator.")) % {
        "code": code or "?"
    }
