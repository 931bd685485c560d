"""One request, parsed and checked."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from apps.mailboxes.models import Mailbox, MailFolder


class FollowForm(forms.Form):
    """The folders to follow, and those to follow with all that lies below them; what nobody wants in the CRM is no choice."""

    folders = forms.ModelMultipleChoiceField(queryset=MailFolder.objects.none(), required=False)
    with_subfolders = forms.ModelMultipleChoiceField(queryset=MailFolder.objects.none(), required=False)

    def __init__(self, *args: Any, mailbox: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            cast("forms.ModelMultipleChoiceField", field).queryset = MailFolder.objects.followable().filter(
                mailbox=mailbox
            )

    def chosen(self, name: str) -> list[int]:
        return [folder.pk for folder in self.cleaned_data[name]]
