"""The form of a contact in Outlook: made of a card, and a card made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core import signing
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.contacts.drafting import Offer
from apps.contacts.models import ContactFolder
from apps.core.addresses import MAX_LENGTH, Address, canonical
from apps.graph.cards import Card
from apps.mailboxes.texts import storable

FEWEST_DIGITS = 3
_SALT = "contact as it was shown"
_EMAILS = ("email", "email_2", "email_3")
_BUSINESS_PHONES = ("business_phone", "business_phone_2")
_HOME_PHONES = ("home_phone", "home_phone_2")
_PHONES = ("mobile_phone", *_BUSINESS_PHONES, *_HOME_PHONES)
_PLACE = ("street", "postal_code", "city", "state", "country")
# They are called alike on the card.
_TEXTS = ("title", "given_name", "middle_name", "surname", "suffix", "company", "job_title", "department", "web_page")


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field with what the signature offers for it; `index` is the number of the offer in the page."""

    field: BoundField
    offer: Offer | None = None
    index: int = 0
    is_used: bool = False


class CardForm(forms.Form):
    """`use` in the data are the numbers of the offers that the person accepts: each fills in its field, whatever stands
    there. Without them nothing of a signature is taken. With `seen`, the card that the page showed, `card_over` takes
    only what the person changed."""

    title = forms.CharField(label=gettext_lazy("Title before the name"), required=False, max_length=50)
    given_name = forms.CharField(label=gettext_lazy("First name"), required=False, max_length=100)
    middle_name = forms.CharField(label=gettext_lazy("Middle name"), required=False, max_length=100)
    surname = forms.CharField(label=gettext_lazy("Last name"), required=False, max_length=100)
    suffix = forms.CharField(label=gettext_lazy("Title after the name"), required=False, max_length=50)
    company = forms.CharField(label=gettext_lazy("Company"), required=False, max_length=255)
    job_title = forms.CharField(label=gettext_lazy("Position"), required=False, max_length=255)
    department = forms.CharField(label=gettext_lazy("Department"), required=False, max_length=255)
    email = forms.CharField(label=gettext_lazy("E-mail address"), max_length=MAX_LENGTH)
    email_2 = forms.CharField(label=gettext_lazy("Second e-mail address"), required=False, max_length=MAX_LENGTH)
    email_3 = forms.CharField(label=gettext_lazy("Third e-mail address"), required=False, max_length=MAX_LENGTH)
    mobile_phone = forms.CharField(label=gettext_lazy("Mobile phone"), required=False, max_length=100)
    business_phone = forms.CharField(label=gettext_lazy("Phone at work"), required=False, max_length=100)
    business_phone_2 = forms.CharField(label=gettext_lazy("Second phone at work"), required=False, max_length=100)
    home_phone = forms.CharField(label=gettext_lazy("Phone at home"), required=False, max_length=100)
    home_phone_2 = forms.CharField(label=gettext_lazy("Second phone at home"), required=False, max_length=100)
    web_page = forms.CharField(label=gettext_lazy("Web page"), required=False, max_length=255)
    street = forms.CharField(label=gettext_lazy("Street and number"), required=False, max_length=255)
    postal_code = forms.CharField(label=gettext_lazy("Postal code"), required=False, max_length=30)
    city = forms.CharField(label=pgettext_lazy("of an address", "City"), required=False, max_length=100)
    state = forms.CharField(label=pgettext_lazy("of an address", "State or region"), required=False, max_length=100)
    country = forms.CharField(label=pgettext_lazy("of an address", "Country"), required=False, max_length=100)
    folder = forms.ChoiceField(label=gettext_lazy("Folder"), required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        card: Card,
        offers: Sequence[Offer] = (),
        accepted: Iterable[int] = (),
        folders: Sequence[ContactFolder] = (),
        folder: ContactFolder | None = None,
    ) -> None:
        self.accepted = (
            {int(one) for one in data.getlist("use") if one.isdecimal()} if data is not None else set(accepted)
        )
        self._offers = offers
        self._folders = {str(one.pk): one for one in folders}
        if data is not None:
            data = data.copy()
            for index, offer in enumerate(offers):
                if index in self.accepted:
                    data[offer.field] = offer.value
        super().__init__(data, initial={**values_of(card), "folder": str(folder.pk) if folder else ""})
        self.fields["folder"].choices = [(key, one.name) for key, one in self._folders.items()]  # type: ignore[attr-defined]
        if not folders:
            del self.fields["folder"]

    def shown(self, *names: str) -> list[ShownField]:
        by_field = {offer.field: (index, offer) for index, offer in enumerate(self._offers)}
        shown = []
        for name in names:
            index, offer = by_field.get(name, (0, None))
            field = self[name]
            # What stands there already is no offer, unless it stands there by it.
            if offer and index not in self.accepted and offer.value == (field.value() or ""):
                offer = None
            shown.append(ShownField(field, offer, index, index in self.accepted and offer is not None))
        return shown

    @property
    def has_offers(self) -> bool:
        return any(one.offer for one in self.shown(*(offer.field for offer in self._offers)))

    def name_fields(self) -> list[ShownField]:
        return self.shown("title", "given_name", "middle_name", "surname", "suffix")

    def work_fields(self) -> list[ShownField]:
        return self.shown("company", "job_title", "department")

    def reach_fields(self) -> list[ShownField]:
        """What has a value or an offer, and one of each kind."""
        shown = self.shown(*_EMAILS, *_PHONES, "web_page")
        always = {"email", "mobile_phone", "business_phone", "web_page"}
        return [one for one in shown if one.field.name in always or one.field.value() or one.offer or one.field.errors]

    def more_reach_fields(self) -> list[ShownField]:
        here = {one.field.name for one in self.reach_fields()}
        return [one for one in self.shown(*_EMAILS, *_PHONES) if one.field.name not in here]

    def place_fields(self) -> list[ShownField]:
        return self.shown(*_PLACE)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in list(cleaned.items()):
            cleaned[name] = " ".join(storable(value).split())
        for name in _EMAILS:
            # What Outlook has there may be an address of Exchange's own kind.
            if cleaned.get(name) and not canonical(cleaned[name]) and cleaned[name] != self.initial.get(name):
                self.add_error(name, _("Enter one e-mail address, such as jana@firma.example."))
        for name in _PHONES:
            if cleaned.get(name) and sum(sign.isdigit() for sign in cleaned[name]) < FEWEST_DIGITS:
                self.add_error(name, _("Enter a phone number, such as +420 601 234 567."))
        if not any(cleaned.get(name) for name in ("given_name", "middle_name", "surname")):
            self.add_error("surname", _("Enter a first or last name. Outlook keeps no contact without one."))
        return cleaned

    @property
    def chosen_folder(self) -> ContactFolder | None:
        return self._folders.get(self.cleaned_data.get("folder", ""))

    def card(self) -> Card:
        """The card of a new contact."""
        return _with(Card(), {name: value for name, value in self.cleaned_data.items() if name != "folder"})

    def card_over(self, card: Card, *, seen: Mapping[str, str]) -> Card | None:
        """The card with what the person changed of what was `seen`. None, and an error beside the field, where Outlook
        has changed the same field since."""
        is_now = values_of(card)
        changed = {name: it for name, it in self.cleaned_data.items() if name != "folder" and it != seen.get(name, "")}
        for name, value in changed.items():
            if is_now[name] not in (seen.get(name, ""), value):
                said = _("Outlook says “%(value)s” here since a moment ago. Save again to replace it.")
                self.add_error(name, said % {"value": is_now[name]})
        return None if self.errors else _with(card, {**is_now, **changed})


def values_of(card: Card) -> dict[str, str]:
    """The card as values of the form's fields. Line breaks of a street are commas in one line."""
    values = {name: getattr(card, name) for name in (*_TEXTS, "mobile_phone")}
    for names, told in (
        (_EMAILS, [one.address for one in card.addresses]),
        (_BUSINESS_PHONES, card.business_phones),
        (_HOME_PHONES, card.home_phones),
    ):
        values |= {name: told[index] if index < len(told) else "" for index, name in enumerate(names)}
    values |= {name: getattr(card.business_address, name) for name in _PLACE}
    return {name: " ".join(value.replace("\r\n", "\n").replace("\n", ", ").split()) for name, value in values.items()}


def sealed_values(card: Card) -> str:
    """What the page shows of a card, to be sent back with the form."""
    return signing.dumps(values_of(card), salt=_SALT, compress=True)


def unsealed_values(text: str) -> dict[str, str] | None:
    try:
        return dict(signing.loads(text, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        return None


def _with(card: Card, values: Mapping[str, str]) -> Card:
    """The card with these values; what says the same as before stays as it is written."""
    before = values_of(card)
    texts: dict[str, Any] = {name: values[name] for name in (*_TEXTS, "mobile_phone") if values[name] != before[name]}
    place = {name: values[name] for name in _PLACE if values[name] != before[name]}
    names = {_key(one.address): one.name for one in card.addresses}
    addresses = {_key(values[name]): values[name] for name in _EMAILS if values[name]}
    changed = replace(
        card,
        **texts,
        addresses=tuple(Address(name=names.get(key, ""), address=address) for key, address in addresses.items()),
        business_phones=tuple(filter(None, (values[name] for name in _BUSINESS_PHONES))),
        home_phones=tuple(filter(None, (values[name] for name in _HOME_PHONES))),
        business_address=replace(card.business_address, **place),
    )
    is_renamed = any(values[name] != before[name] for name in _TEXTS[:5])
    # Exchange makes a new one of the new names.
    return replace(changed, display_name="") if is_renamed else changed


def _key(address: str) -> str:
    return canonical(address) or address
