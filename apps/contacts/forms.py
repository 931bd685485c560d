"""A user's settings of contacts, as forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import ContactFolder, ContactRules, Direction, Field, WhichContacts


class ContactRulesForm(forms.ModelForm[ContactRules]):
    """The rules, and for each field that travels a choice of its direction, named `field_…`."""

    class Meta:
        model = ContactRules
        fields = [
            "is_automatic",
            "which",
            "category",
            "on_conflict",
            "unknown_company",
            "takes_private",
            "confirms_creation",
        ]
        widgets = {"which": forms.RadioSelect, "on_conflict": forms.RadioSelect, "unknown_company": forms.RadioSelect}
        labels = {
            "is_automatic": _("Keep contacts in step by themselves"),
            "which": _("Which contacts"),
            "category": _("Name of the category"),
            "on_conflict": _("When both sides have changed the same field"),
            "unknown_company": _("When no company in CORIPO has the name"),
            "takes_private": _("Automatic sync takes private contacts"),
            "confirms_creation": _("Say first what would be created in CORIPO"),
        }
        help_texts = {
            "is_automatic": _("A change in Outlook goes into CORIPO, and one in CORIPO into Outlook, as chosen below."),
            "category": _("As it is called in Outlook. Needed only for contacts with a category."),
            "on_conflict": _(
                "What is overwritten stays in the history of the contact. An emptied field empties nothing."
            ),
            "takes_private": _("Private are those that you marked as private in Outlook. By hand each of them goes."),
            "confirms_creation": _("When you open a contact that is not in CORIPO yet."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in Field.choices:
            self.fields[_name(name)] = forms.ChoiceField(
                label=label,
                choices=Direction.choices,
                initial=self.instance.fields.get(name, Direction.NONE),
                widget=forms.Select(attrs={"class": "input"}),
            )

    def directions(self) -> list[BoundField]:
        return [self[_name(name)] for name in Field.values]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["category"] = " ".join(cleaned.get("category", "").split())
        if cleaned.get("which") == WhichContacts.CATEGORY and not cleaned["category"]:
            self.add_error("category", _("Enter the name of the category whose contacts are to be kept in step."))
        return cleaned

    def save(self, commit: bool = True) -> ContactRules:
        # A field that this page does not know keeps its direction.
        chosen = {name: self.cleaned_data[_name(name)] for name in Field.values}
        self.instance.fields = {**self.instance.fields, **chosen}
        return super().save(commit)


class NewContactsForm(forms.Form):
    """The folder for new contacts: one of the book's, none for the default one, or one that is still to be made."""

    MAKE = "make"

    folder = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, folders: list[ContactFolder], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._folders = {str(folder.pk): folder for folder in folders if not folder.is_default}
        choices = [("", ""), (self.MAKE, ""), *((key, folder.name) for key, folder in self._folders.items())]
        self.fields["folder"].choices = choices  # type: ignore[attr-defined]

    @property
    def makes(self) -> bool:
        return bool(self.cleaned_data["folder"] == self.MAKE)

    @property
    def chosen(self) -> ContactFolder | None:
        return self._folders.get(self.cleaned_data["folder"])


def _name(field: str) -> str:
    return f"field_{field}"
