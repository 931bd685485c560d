"""Why a login at CORIPO was not saved, in words that also say what is in order."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.accounts.actions import TooManyTries
from apps.core.templatetags.portal import moment
from apps.crm.errors import CrmError, LoginFailed


@dataclass(frozen=True, slots=True)
class Explanation:
    headline: str
    sentence: str


def explain(trouble: LoginFailed | TooManyTries | CrmError) -> Explanation:
    """In the language of the page."""
    if isinstance(trouble, TooManyTries):
        return Explanation(
            _("Too many tries."),
            _(
                "Nothing was sent to CORIPO, so that it does not lock your account."
                " The next try is possible at %(time)s."
            )
            % {"time": moment(trouble.until)},
        )
    if isinstance(trouble, CrmError):
        return Explanation(
            _("CORIPO is in trouble at the moment."),
            _("It answers at its address, but could not check your login. Please try again in a few minutes."),
        )
    headline, sentence = {
        "address": (
            _("CORIPO does not answer at its address."),
            _("Your name and password were not sent. Please try again later, or tell your administrator."),
        ),
        "tls": (
            _("The connection to CORIPO is not safely encrypted."),
            _("The address is in order. Your name and password were not sent. Please tell your administrator."),
        ),
        "login": (
            _("CORIPO refused the user name or the password."),
            _(
                "The address and the connection are in order. Please check both, after three refused tries"
                " CORIPO may lock the account."
            ),
        ),
        "rights": (
            _("This login may not do what the portal needs."),
            _(
                "The address, the connection, the name and the password are in order. The login needs the right to read"
                " contacts and to create e-mails, your administrator in CORIPO can give it."
            ),
        ),
    }[trouble.step]
    return Explanation(headline, sentence)
