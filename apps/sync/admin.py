"""Administration of the rules of the organisation. Nobody's mail is shown there."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.http import PortalRequest
from apps.mailboxes.models import Message, Participant
from apps.sync.automatic import recheck_all
from apps.sync.forms import DomainsField, EndingsField, PeopleField
from apps.sync.models import OrganisationRules, RuleFields


class OrganisationRulesForm(forms.ModelForm[OrganisationRules]):
    counted_roles = forms.MultipleChoiceField(
        label=_("Headers that count"), choices=Participant.Role.choices, widget=forms.CheckboxSelectMultiple
    )
    internal_domains = DomainsField(label=_("Internal domains"), required=False)
    left_out_kinds = forms.MultipleChoiceField(
        label=_("Kinds of e-mails that automatic runs leave out"),
        required=False,
        choices=[(kind.value, kind.label) for kind in Message.Kind if kind != Message.Kind.MAIL],
        widget=forms.CheckboxSelectMultiple,
    )
    left_out_addresses = PeopleField(label=_("Addresses and domains that are left out"), required=False)
    unwanted_types = EndingsField(label=_("File types that are not stored"), required=False)
    locked_fields = forms.MultipleChoiceField(
        label=_("Locked for everybody"),
        required=False,
        choices=[(name, name) for name in RuleFields.shared_fields()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The value above holds for everybody. The others are where somebody new begins."),
    )

    class Meta:
        model = OrganisationRules
        fields = [*RuleFields.shared_fields(), "locked_fields"]


@admin.register(OrganisationRules)
class OrganisationRulesAdmin(admin.ModelAdmin[OrganisationRules]):
    form = OrganisationRulesForm
    list_display = ["__str__", "changed_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An installation has one row."""
        return not OrganisationRules.objects.exists() and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: OrganisationRules, form: Any, change: bool) -> None:
        obj.changed_by = cast(PortalRequest, request).user
        super().save_model(request, obj, form, change)
        # A transaction for each person: together they would hold the mail of everybody.
        transaction.on_commit(recheck_all)
