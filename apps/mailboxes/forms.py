"""One request, parsed and checked."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from apps.mailboxes.models import Mailbox, MailFolder

# More digits than a database's id has would be refused there.
MOST_DIGITS = 18


class FoldersField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        if beyond := next((text for text in value or () if len(text) > MOST_DIGITS), None):
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": beyond}
            )
        return super().clean(value)


class FollowForm(forms.Form):
    """The folders to follow, and those to follow with all that lies below them; what nobody wants in the CRM is no choice."""

    folders = FoldersField(queryset=MailFolder.objects.none(), required=False)
    with_subfolders = FoldersField(queryset=MailFolder.objects.none(), required=False)

    def __init__(self, *args: Any, mailbox: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            cast("FoldersField", field).queryset = MailFolder.objects.followable().filter(mailbox=mailbox)

    def chosen(self, name: str) -> list[int]:
        return [folder.pk for folder in self.cleaned_data[name]]
