"""One request, parsed and checked."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.mailboxes.models import Mailbox, MailFolder


class FollowForm(forms.Form):
    """The folders to follow; those that nobody wants in the CRM are no choice."""

    folders = forms.ModelMultipleChoiceField(queryset=MailFolder.objects.none(), required=False)

    def __init__(self, *args: Any, mailbox: Mailbox, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["folders"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101
        field.queryset = MailFolder.objects.followable().filter(mailbox=mailbox)
