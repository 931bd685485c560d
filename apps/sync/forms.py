"""A user's settings of the transfer, as a form."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.addresses import canonical, domain_of
from apps.mailboxes.models import MailFolder, Message, Participant
from apps.sync.models import SyncRules
from apps.sync.notifying import can_notify
from apps.sync.rules import locked_by
from apps.sync.taken_folders import taken_folders


class DomainsField(forms.CharField):
    """Domains, one a line, as a list in canonical form. "@firm.example" and "firm.example" are the same."""

    widget = forms.Textarea
    default_error_messages = {"domain": _("“%(text)s” is not a domain. Write one a line, for example firm.example.")}

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = (line.strip().rstrip(",;") for line in (super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(self._domain(line) for line in lines if line))

    def _domain(self, line: str) -> str:
        domain = domain_of(f"anybody@{line.removeprefix('@')}")
        if "." not in domain.strip("."):
            raise forms.ValidationError(self.error_messages["domain"], code="domain", params={"text": line})
        return domain


MOST_ENDINGS = 50


class EndingsField(forms.CharField):
    """File endings in one line, as a list in lower case. ".EXE" and "exe" are the same."""

    default_error_messages = {
        "ending": _("“%(text)s” is not a file ending. Write for example: exe, bat."),
        "many": _("Write fewer file endings."),
    }

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        words = re.split(r"[\s,;]+", super().to_python(value) or "")
        endings = list(dict.fromkeys(self._ending(word) for word in words if word))
        if len(endings) > MOST_ENDINGS:
            raise forms.ValidationError(self.error_messages["many"], code="many")
        return endings

    def _ending(self, word: str) -> str:
        ending = word.lower().removeprefix("*").removeprefix(".")
        if not re.fullmatch(r"\w{1,20}", ending):
            raise forms.ValidationError(self.error_messages["ending"], code="ending", params={"text": word})
        return ending


class PeopleField(DomainsField):
    """Addresses and domains, one a line, as a list in canonical form."""

    default_error_messages = {
        "domain": _("“%(text)s” is neither an address nor a domain. Write one a line, for example firm.example.")
    }

    def _domain(self, line: str) -> str:
        return canonical(line) or super()._domain(line)


class LockedFieldsMixin(forms.ModelForm[SyncRules]):
    """What the administrator locked is shown as it holds, cannot be changed, and says by whom."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        locked, by = locked_by()
        for name in locked & set(self.fields):
            said = (
                _("Set by %(name)s for everybody.") % {"name": by}
                if by
                else _("Set by the administrator for everybody.")
            )
            self.fields[name].disabled = True
            self.fields[name].help_text = said


class SyncRulesForm(LockedFieldsMixin):
    counted_roles = forms.MultipleChoiceField(
        label=_("Headers that count"),
        choices=Participant.Role.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People who stand in none of these are not looked up, and the e-mail is not linked with them."),
        error_messages={"required": _("Choose one header at least. Without any, no e-mail would be linked.")},
    )
    internal_domains = DomainsField(
        label=_("Internal domains"),
        required=False,
        help_text=_("One a line. People with an address there are never linked with an e-mail."),
    )
    unwanted_types = EndingsField(
        label=_("File types that are not stored"),
        required=False,
        help_text=_("File endings, separated by commas. Those here from the start are signatures and encrypted texts."),
    )
    largest_attachment_mb = forms.IntegerField(
        label=_("Largest attachment (MB)"),
        min_value=1,
        max_value=25,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), _("Enter a whole number from 1 to 25.")
        ),
    )

    class Meta:
        model = SyncRules
        fields = [
            "link_companies",
            "companies_by_address",
            "leads_by_address",
            "counted_roles",
            "no_match",
            "no_match_later",
            "internal_domains",
            "store_attachments",
            "largest_attachment_mb",
            "store_inline_images",
            "unwanted_types",
            "opens_in",
        ]
        widgets = {"no_match": forms.RadioSelect, "no_match_later": forms.RadioSelect}
        labels = {
            "link_companies": _("Automatically link with company"),
            "companies_by_address": _("Link companies by their own address"),
            "leads_by_address": _("Link leads by their address"),
            "no_match": _("When nobody in CORIPO has an address of the e-mail"),
            "no_match_later": _("When a contact with the address appears in CORIPO later"),
            "store_attachments": _("Store attachments in CORIPO"),
            "store_inline_images": _("Store pictures that stand in the text"),
            "opens_in": _("Opens in"),
        }
        help_texts = {
            "link_companies": _("Besides contacts, the e-mail is linked with their companies, with each of them once."),
            "companies_by_address": _("Also where no contact has the address, as with info@firm.example."),
            "leads_by_address": _("Also where no contact has the address. Converted leads are left out."),
            "no_match": _(
                "A lead is made of the sender of a received e-mail alone, and not of robots, newsletters, invitations, "
                "non-delivery reports and internal domains. Those wait."
            ),
            "store_inline_images": _("Mostly these are logos of signatures. Small ones are left out in any case."),
            "opens_in": _(
                "One tab for CORIPO is used again for every record. Microsoft Edge has to be installed on your device."
            ),
        }


class AutomaticForm(LockedFieldsMixin):
    """The settings of automatic sync. They are proposed with it, and confirmed on a page of their own."""

    followed_folders = forms.ModelMultipleChoiceField(
        MailFolder.objects.none(),
        label=_("Folders"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Ticked ones are taken. With “also for new subfolders”, what comes below a folder later goes the way of that "
            "folder; without it, the other way. Other folders that you follow later are taken."
        ),
    )
    with_new_subfolders = forms.ModelMultipleChoiceField(MailFolder.objects.none(), required=False)
    since = forms.DateTimeField(
        label=_("Only e-mails since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("Without a day it begins with what comes after you switch it on."),
    )
    left_out_addresses = PeopleField(
        label=_("Addresses and domains that are left out"),
        required=False,
        help_text=_(
            "One a line. An e-mail from or to anybody there does not go by itself. A domain holds for all below it."
        ),
    )
    left_out_kinds = forms.MultipleChoiceField(
        label=_("Kinds of e-mails that automatic runs leave out"),
        required=False,
        choices=[(kind.value, kind.label) for kind in Message.Kind if kind != Message.Kind.MAIL],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You can sync each of them by hand at any time."),
    )

    class Meta:
        model = SyncRules
        fields = [
            "takes_received",
            "takes_sent",
            "since",
            "left_out_addresses",
            "left_out_kinds",
            "takes_private",
            "notify",
        ]
        widgets = {"notify": forms.RadioSelect}
        labels = {
            "notify": _("Write to me"),
            "takes_received": _("Received e-mails"),
            "takes_sent": _("Sent e-mails"),
            "takes_private": _("Automatic runs take private e-mails"),
        }
        help_texts = {
            "notify": _("An e-mail with counts and links. It tells nothing of any e-mail of yours."),
            "takes_private": _("Private are those whose sender marked them as personal, private or confidential."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folders = MailFolder.objects.visible_to(self.instance.user).followable().filter(is_followed=True)
        self.fields["notify"].required = False
        if not can_notify():
            del self.fields["notify"]
        for name in ("followed_folders", "with_new_subfolders"):
            self.fields[name].queryset = folders  # type: ignore[attr-defined]
        self.initial["followed_folders"] = sorted(taken_folders(self.instance.user, self.instance))
        self.initial["with_new_subfolders"] = [
            folder.pk for folder in folders if folder.pk not in self.instance.lone_folders
        ]

    def clean_since(self) -> datetime | None:
        """The day that is shown stands for the moment on it from which mail was taken, not for its midnight."""
        chosen: datetime | None = self.cleaned_data["since"]
        present = self.instance.since
        if chosen and present and timezone.localdate(chosen) == timezone.localdate(present):
            return present
        return chosen

    def values(self) -> dict[str, Any]:
        """What was chosen, by the names of the settings."""
        chosen = {folder.pk for folder in self.cleaned_data["followed_folders"]}
        speaking = {folder.pk for folder in self.cleaned_data["with_new_subfolders"]}
        offered = list(self.fields["followed_folders"].queryset)  # type: ignore[attr-defined]
        # Only of a folder that has others below it the page asks about new ones; of the rest it stays as it was.
        above = {(folder.mailbox_id, folder.parent_graph_id) for folder in offered}
        asked = {folder.pk for folder in offered if (folder.mailbox_id, folder.graph_id) in above}
        return {
            **{name: self.cleaned_data[name] for name in self.Meta.fields if name != "notify"},
            "notify": self.cleaned_data.get("notify") or self.instance.notify,
            "left_out_folders": sorted({folder.pk for folder in offered} - chosen),
            "taken_folders": sorted(chosen),
            "lone_folders": sorted((asked - speaking) | (set(self.instance.lone_folders) - asked)),
        }
