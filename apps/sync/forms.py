"""A user's settings of the transfer, as a form."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.addresses import domain_of
from apps.mailboxes.models import Message, Participant
from apps.sync.models import SyncRules


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


class SyncRulesForm(forms.ModelForm[SyncRules]):
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
    left_out_kinds = forms.MultipleChoiceField(
        label=_("Kinds of e-mails that automatic runs leave out"),
        required=False,
        choices=[(kind.value, kind.label) for kind in Message.Kind if kind != Message.Kind.MAIL],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You can sync each of them by hand at any time."),
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
            "counted_roles",
            "no_match",
            "no_match_later",
            "internal_domains",
            "left_out_kinds",
            "takes_private",
            "store_attachments",
            "largest_attachment_mb",
            "store_inline_images",
            "unwanted_types",
            "opens_in",
        ]
        widgets = {"no_match": forms.RadioSelect, "no_match_later": forms.RadioSelect}
        labels = {
            "link_companies": _("Automatically link with company"),
            "no_match": _("When nobody in CORIPO has an address of the e-mail"),
            "no_match_later": _("When a contact with the address appears in CORIPO later"),
            "takes_private": _("Automatic runs take private e-mails"),
            "store_attachments": _("Store attachments in CORIPO"),
            "store_inline_images": _("Store pictures that stand in the text"),
            "opens_in": _("Opens in"),
        }
        help_texts = {
            "link_companies": _("Besides contacts, the e-mail is linked with their companies, with each of them once."),
            "takes_private": _("Private are those whose sender marked them as personal, private or confidential."),
            "store_inline_images": _("Mostly these are logos of signatures. Small ones are left out in any case."),
            "opens_in": _(
                "One tab for CORIPO is used again for every record. Microsoft Edge has to be installed on your device."
            ),
        }
