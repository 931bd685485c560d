"""What people fill in about themselves and their logins."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import CrmAccount, User


class AdministratorForm(LoginForm):
    """allauth's form under the portal's words; allauth counts the failed tries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name")
        self.fields["password"].label = _("Password")
        for field in self.fields.values():
            field.help_text = ""
            field.widget.attrs.pop("placeholder", None)


class CrmAccountForm(forms.Form):
    """A login at CORIPO. Where one is stored, an empty password means: keep it."""

    user_name = forms.CharField(
        label=_("User name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    use_ldap = forms.BooleanField(
        label=_("Sign in through LDAP"),
        required=False,
        help_text=_("The password of your company account. It is sent to CORIPO over an encrypted connection only."),
    )

    def __init__(self, *args: Any, account: CrmAccount | None, **kwargs: Any) -> None:
        if account:
            kwargs.setdefault(
                "initial", {"user_name": account.user_name, "use_ldap": account.method == CrmAccount.Method.LDAP}
            )
        super().__init__(*args, **kwargs)
        if account:
            self.fields["password"].required = False
            self.fields["password"].help_text = _("Leave it empty to keep the one that is stored.")

    @property
    def method(self) -> CrmAccount.Method:
        return CrmAccount.Method.LDAP if self.cleaned_data["use_ldap"] else CrmAccount.Method.PASSWORD


class PreferencesForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(label=_("Time zone"))

    class Meta:
        model = User
        fields = ["language", "time_zone", "theme"]
        labels = {"language": _("Language"), "theme": _("Appearance")}
        widgets = {"theme": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name.replace("_", " ")) for name in known_zones()]
        if self.instance.time_zone not in known_zones():
            zones.insert(0, (self.instance.time_zone, self.instance.time_zone))
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = zones

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:
            user.save(update_fields=self.Meta.fields)
        return user


@lru_cache(maxsize=1)
def known_zones() -> tuple[str, ...]:
    """The zones of places, Europe first: abbreviations and "Etc/…" are for machines."""
    continents = ("Europe", "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Indian", "Pacific")
    places = [name for name in available_timezones() if name.partition("/")[0] in continents]
    return tuple(sorted(places, key=lambda name: (continents.index(name.partition("/")[0]), name)))
