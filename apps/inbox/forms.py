"""What a person says about one of the mailboxes: how far back it is loaded, and what is forgotten with it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.mailboxes.models import Mailbox

# A quarter is the default; beyond a year the first load takes hours and nobody reviews it.
WINDOWS = [
    (30, _("1 month")),
    (90, _("3 months")),
    (180, _("6 months")),
    (365, _("1 year")),
]


class WindowForm(forms.Form):
    """A mailbox of the user, and how many days of its mail to load."""

    mailbox = forms.ModelChoiceField(queryset=Mailbox.objects.none())
    window_days = forms.TypedChoiceField(label=_("Load mail of the last"), choices=WINDOWS, coerce=int)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Mailbox]", self.fields["mailbox"]).queryset = Mailbox.objects.visible_to(user)

    def save(self) -> Mailbox:
        mailbox: Mailbox = self.cleaned_data["mailbox"]
        mailbox.window_days = self.cleaned_data["window_days"]
        mailbox.save(update_fields=["window_days"])
        return mailbox


class DisconnectForm(forms.Form):
    """What the portal is to forget besides the connection itself."""

    forget_marks = forms.BooleanField(label=_("Forget my marks"), required=False)


class CategoryForm(forms.Form):
    """What the owner of a mailbox wants of the category in Outlook, but for showing it, which Microsoft has to allow."""

    class Action(TextChoices):
        SAVE = "save"
        STOP = "stop"
        REMOVE = "remove"

    action = forms.ChoiceField(choices=Action.choices)
    is_taken = forms.BooleanField(label=_("A category set in Outlook means: sync this e-mail"), required=False)
