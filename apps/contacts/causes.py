"""The codes that rows of contacts keep, in words for people, and *Why?*: a contact's state in one sentence with its button."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.contacts.models import ContactLink, OutlookContact
from apps.sync.causes import sentence_for as sentence_of_transfers

State = OutlookContact.State

# What somebody must know or decide. Codes that are not here are those of both wires and of the engine.
SENTENCES: dict[str, Promise] = {
    "differs": gettext_lazy("Outlook and CORIPO say different things here. Nothing was overwritten; you decide."),
    "several_matches": gettext_lazy("Several contacts in CORIPO have this e-mail address. Choose which one it is."),
    "id_and_address_disagree": gettext_lazy(
        "Its CRM ID belongs to one contact in CORIPO, its e-mail address to another. The ID was followed."
    ),
    "only_lead": gettext_lazy("In CORIPO only a lead has this e-mail address."),
    "company_unknown": gettext_lazy("No company in CORIPO has the name that stands on this contact."),
    "company_left": gettext_lazy("No company in CORIPO has this name, so the contact there has none, as you set it."),
    "several_companies": gettext_lazy("Several companies in CORIPO have the name that stands on this contact."),
    "taken": gettext_lazy("The contact in CORIPO is linked with another contact in Outlook already."),
    "no_match": gettext_lazy("No contact in CORIPO has this e-mail address, and your settings do not create one."),
    "no_name": gettext_lazy("The contact has no name, and CORIPO takes none without."),
    "private": gettext_lazy("The contact is marked as private in Outlook, so nothing of it goes to CORIPO by itself."),
    "no_right_to_create": gettext_lazy("Your login in CORIPO may not create contacts."),
    "no_right_to_edit": gettext_lazy("Your login in CORIPO may not change this contact."),
    "no_right_to_create_company": gettext_lazy("Your login in CORIPO may not create companies."),
    "crm_gone": gettext_lazy("The contact was deleted in CORIPO. In Outlook it stays as it is."),
    "crm_merged": gettext_lazy("A colleague merged the contact with another one in CORIPO."),
    "crm_hidden": gettext_lazy("The contact is in CORIPO, but your login there may not see it."),
    "outlook_gone": gettext_lazy("The contact was deleted in Outlook. In CORIPO it stays as it is."),
    "folder_gone": gettext_lazy("The folder for new contacts is no longer in Outlook. Choose another one."),
    "consent_missing": gettext_lazy("The portal may not read and write your contacts in Outlook. Allow it once more."),
    "graph_outcome_unknown": gettext_lazy(
        "Microsoft 365 did not confirm the change. The portal checks what arrived and goes on by itself."
    ),
    "graph_conflict": gettext_lazy(
        "The contact was changed in Outlook at the same moment. It is read again and tried."
    ),
    "crm_conflict": gettext_lazy("The contact was changed in CORIPO at the same moment. It is read again and tried."),
    "crm_rejected": gettext_lazy("CORIPO refused this contact."),
    "graph_rejected": gettext_lazy("Microsoft 365 refused this contact."),
    "taken_back": gettext_lazy("The run was cancelled before its turn came."),
    "nothing_to_undo": gettext_lazy("There was nothing left to take back."),
    "poison": gettext_lazy("The transfer broke off three times at this contact, so it was set aside."),
    "tried_often": gettext_lazy("The transfer was tried many times and broke off each time, so it was set aside."),
}
# Why a field was written, or was not, as the history tells it.
HISTORY: dict[str, Promise] = {
    "changed": gettext_lazy("It was changed on the other side."),
    "filled": gettext_lazy("It was empty here."),
    "picked": gettext_lazy("Somebody chose this value."),
    "rule_newer": gettext_lazy("Both sides had changed it, and by your settings the newer one wins."),
    "rule_outlook": gettext_lazy("Both sides had changed it, and by your settings Outlook wins."),
    "rule_crm": gettext_lazy("Both sides had changed it, and by your settings CORIPO wins."),
    "rule_fill_empty": gettext_lazy("Both sides had changed it, and by your settings each keeps its own."),
    "emptied": gettext_lazy("It was taken away here. The other side keeps what it has."),
    "no_room": gettext_lazy("Outlook has room for three e-mail addresses. The others are only in CORIPO."),
    "altered": gettext_lazy("What was written is not what was then read: this side keeps it in its own form."),
    "broken_off": gettext_lazy("It was written by a transfer that then broke off."),
    "crm_id": gettext_lazy("Its CRM ID in Outlook named this contact."),
    "address": gettext_lazy("Both have the same e-mail address."),
    "person": gettext_lazy("Somebody chose this contact."),
    "suggestion": gettext_lazy("A suggestion was accepted."),
    "created": gettext_lazy("It was created in CORIPO from the contact in Outlook."),
    "from_crm": gettext_lazy("It was created in Outlook from the contact in CORIPO."),
    "undone": gettext_lazy("A transfer was taken back."),
    "changed_since": gettext_lazy("It has been changed since, so it was left when the transfer was taken back."),
    "relinked": gettext_lazy("It was linked with another contact."),
    "by_hand": gettext_lazy("Somebody wanted it so."),
    "in_step": gettext_lazy("Both sides say the same again."),
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """The button that changes it. `action` is one of sync, link, choose, settle, create_company, convert_lead, create_again,
    sync_private, unlink, choose_folder, allow_contacts, reconnect_mailbox, connect_crm, retry.
    """

    action: str
    label: str


@dataclass(frozen=True, slots=True)
class Reason:
    sentence: str
    remedy: Remedy | None = None
    cause: str = ""


_SYNC = ("sync", gettext_lazy("Sync contact"))
_RETRY = ("retry", gettext_lazy("Try again"))
_LINK = ("link", gettext_lazy("Link contact with CORIPO"))
_OTHER_LINK = ("link", gettext_lazy("Link with another contact"))
_REMEDIES: dict[str, tuple[str, Promise]] = {
    "differs": ("settle", gettext_lazy("Settle the differences")),
    "several_matches": ("choose", gettext_lazy("Choose the contact")),
    "id_and_address_disagree": ("choose", gettext_lazy("Choose the contact")),
    "only_lead": ("convert_lead", gettext_lazy("Decide about the lead")),
    "company_unknown": ("create_company", gettext_lazy("Create the company")),
    "several_companies": ("choose", gettext_lazy("Choose the company")),
    "taken": _OTHER_LINK,
    "no_match": _LINK,
    "private": ("sync_private", gettext_lazy("Sync anyway")),
    "no_right_to_create": _LINK,
    "no_right_to_edit": _RETRY,
    "no_right_to_create_company": _RETRY,
    "crm_gone": ("create_again", gettext_lazy("Create again in CORIPO")),
    "crm_merged": _OTHER_LINK,
    "crm_hidden": _OTHER_LINK,
    "outlook_gone": ("create_again", gettext_lazy("Create again in Outlook")),
    "folder_gone": ("choose_folder", gettext_lazy("Choose a folder")),
    "consent_missing": ("allow_contacts", gettext_lazy("Allow contacts")),
    "graph_forbidden": ("allow_contacts", gettext_lazy("Allow contacts")),
    "mailbox_disconnected": ("reconnect_mailbox", gettext_lazy("Connect again")),
    "crm_unauthorized": ("connect_crm", gettext_lazy("Connect CORIPO")),
}
_BY_ITSELF: dict[str, Promise] = {
    State.ALONE: pgettext_lazy("contact", "It is only in Outlook. Nobody has asked for it yet."),
    State.SUGGESTED: gettext_lazy("There is somebody in CORIPO who may be the same person."),
    State.QUEUED: gettext_lazy("It waits for its turn and goes on by itself."),
    State.ASKING: gettext_lazy("It waits for your choice."),
}


def sentence_for(code: str) -> str:
    """One sentence that a person can act on, of a contact's state or of a line of its history."""
    known = SENTENCES.get(code) or HISTORY.get(code)
    return str(known) if known else sentence_of_transfers(code)


def why(contact: OutlookContact) -> Reason:
    """Explain a contact's state. No call outside; of a linked or differing contact one query."""
    remedy = _remedy(contact)
    if contact.state == State.LINKED:
        origin = ContactLink.objects.filter(contact=contact).first()
        told = origin.get_origin_display() if origin else ""
        return Reason(_("It is linked with a contact in CORIPO (%(origin)s) and is kept in step.") % {"origin": told})
    if contact.state == State.CONFLICT:
        count = contact.link.differences.count()
        sentence = ngettext("%(count)d field differs.", "%(count)d fields differ.", count) % {"count": count}
        return Reason(f"{sentence} {sentence_for('differs')}", remedy, "differs")
    if contact.cause or contact.state == State.FAILED:
        return Reason(sentence_for(contact.cause), remedy, contact.cause)
    return Reason(str(_BY_ITSELF[contact.state]), remedy)


def _remedy(contact: OutlookContact) -> Remedy | None:
    usual = {State.ALONE: _SYNC, State.SUGGESTED: _LINK, State.FAILED: _RETRY, State.ASKING: _LINK}
    action = _REMEDIES.get("differs" if contact.state == State.CONFLICT else contact.cause) or usual.get(
        State(contact.state)
    )
    return Remedy(action[0], str(action[1])) if action else None
