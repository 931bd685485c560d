"""A user's settings of the transfer, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.addresses import domain_of
from apps.mailboxes.models import Participant
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
            "internal_domains",
            "store_attachments",
            "largest_attachment_mb",
            "opens_in",
        ]
        widgets = {"no_match": forms.RadioSelect}
        labels = {
            "link_companies": _("Automatically link with company"),
            "no_match": _("When nobody in CORIPO has an address of the e-mail"),
            "store_attachments": _("Store attachments in CORIPO"),
            "opens_in": _("Opens in"),
        }
        help_texts = {
            "link_companies": _("Besides contacts, the e-mail is linked with their companies, with each of them once."),
            "opens_in": _(
                "One tab for CORIPO is used again for every record. Microsoft Edge has to be installed on your device."
            ),
        }
