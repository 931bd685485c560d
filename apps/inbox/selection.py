"""What a person asks of messages, as it arrives: a function and one message or a selection of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.inbox.filters import CAUSE, filter_of
from apps.inbox.functions import Code
from apps.sync.listing import MessageFilter
from apps.sync.queries import UNDECIDED
from apps.sync.undo_scope import OF_AUTOMAT, OF_MESSAGE, OF_RUN

# A page shows fifty; more in one request comes from no page of ours.
LARGEST_SELECTION = 200


class IdsField(forms.TypedMultipleChoiceField):
    """Ids of messages, as checkboxes send them. Whose they are is decided where they are used."""

    default_error_messages = {
        "required": _("Select at least one e-mail first."),
        "too_many": _("Select at most %(most)d e-mails at once."),
        "no_id": _("This selection cannot be read. Load the page again and repeat it."),
    }

    def valid_value(self, value: Any) -> bool:
        return True

    def to_python(self, value: Any) -> list[str]:
        texts = super().to_python(value)
        if len(texts) > LARGEST_SELECTION:
            raise forms.ValidationError(
                self.error_messages["too_many"], code="too_many", params={"most": LARGEST_SELECTION}
            )
        if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in texts):
            raise forms.ValidationError(self.error_messages["no_id"], code="no_id")
        return texts


class SelectionForm(forms.Form):
    action = forms.ChoiceField(choices=[(code.value, code.value) for code in (Code.SYNC, Code.MARK, Code.UNMARK)])
    message = IdsField(coerce=int)

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


class MatchingForm(forms.Form):
    """A function for everything that a filter of the list matches, up to the newest message that its page knew."""

    action = forms.ChoiceField(choices=[(code.value, code.value) for code in (Code.SYNC, Code.MARK, Code.UNMARK)])
    matching = forms.CharField(required=False, max_length=1000)
    up_to = forms.IntegerField(min_value=0, max_value=2**63 - 1)

    def wanted(self) -> MessageFilter:
        query = QueryDict(self.cleaned_data["matching"].removeprefix("?"))
        return replace(filter_of(query), up_to=self.cleaned_data["up_to"])


class GroupForm(forms.Form):
    """A group of the page of what waits for a person: the messages that one cause brought into one state."""

    state = forms.ChoiceField(choices=[(state.value, state.value) for state in UNDECIDED])
    cause = forms.RegexField(rf"\A{CAUSE}\Z")

    def wanted(self) -> MessageFilter:
        return MessageFilter(state=self.cleaned_data["state"], cause=self.cleaned_data["cause"])


class SteeringForm(forms.Form):
    """What a person does with a run."""

    ACTIONS = ("start", "discard", "pause", "resume", "cancel", "retry")

    action = forms.ChoiceField(choices=[(action, action) for action in ACTIONS])


class UndoForm(forms.Form):
    """What is to be taken back. Whose it is, is decided where it is used."""

    of = forms.ChoiceField(choices=[(what, what) for what in (OF_RUN, OF_MESSAGE, OF_AUTOMAT)])
    run = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    message = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        needed = {OF_RUN: "run", OF_MESSAGE: "message", OF_AUTOMAT: "since"}.get(found.get("of", ""))
        if not self.errors and needed and found[needed] is None:
            raise forms.ValidationError(_("Say from when on it is to be taken back."))
        if found.get("since") and found.get("until") and found["since"] >= found["until"]:
            raise forms.ValidationError(_("The end has to be after the beginning."))
        return found

    def first_error(self) -> str:
        return next(str(errors[0]) for errors in self.errors.values())


class WishForm(forms.Form):
    """A function for one message. Beside the functions of the menu: what *Why?* offers as the way out."""

    WISHES = (Code.SYNC, Code.MARK, Code.UNMARK, "retry", "store_without_link", "store_as_new")

    action = forms.ChoiceField(choices=[(str(wish), str(wish)) for wish in WISHES])
    then = forms.ChoiceField(choices=[("open", "open")], required=False)
