"""Why Microsoft did not give what a person came back without, in one sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.graph.errors import Disconnection, GraphError, GraphMisconfigured, MailboxDisconnected, MailboxUnavailable
from apps.graph.signin import GuestAccount, ScopesMissing, SignInMismatch
from apps.mailboxes.actions import MailboxTaken
from apps.mailboxes.consents import OtherAccount


def sentence_for_consent(error: GraphError, *, declined: str) -> str:
    """Why a consent beyond reading mail was not given; `declined` where the person said no."""
    if isinstance(error, OtherAccount):
        return _("You signed in with another account than that of this mailbox. Nothing was changed.")
    if isinstance(error, ScopesMissing):
        return declined
    if isinstance(error, MailboxDisconnected) and error.reason in (Disconnection.CONSENT, Disconnection.REFUSED):
        return declined
    return sentence_for(error)


def sentence_for(error: GraphError | MailboxTaken) -> str:
    """What happened, and what helps, for the person who wanted to connect."""
    if isinstance(error, MailboxTaken):
        return _("This mailbox is connected by another user of the portal. An administrator can release it.")
    if isinstance(error, SignInMismatch):
        return _("This sign-in was used already or is too old. Please connect the mailbox again.")
    if isinstance(error, GuestAccount):
        return _("You are a guest in this organisation. Please choose the account that the mailbox belongs to.")
    if isinstance(error, ScopesMissing):
        return _("Microsoft did not allow the portal to read mail. Please connect again and accept the request.")
    if isinstance(error, MailboxDisconnected):
        return _refusal(error.reason)
    if isinstance(error, MailboxUnavailable):
        return _("This account has no mailbox in Microsoft 365.")
    if isinstance(error, GraphMisconfigured):
        return _("The portal is not set up correctly with Microsoft. Please tell your administrator.")
    if error.is_retryable:
        return _("Microsoft does not answer at the moment. Nothing was changed. Please try again in a few minutes.")
    return _("Microsoft's answer could not be used. Please connect the mailbox again.")


def _refusal(reason: Disconnection) -> str:
    if reason == Disconnection.ADMIN:
        return _("Your organisation allows this only after its Microsoft 365 administrator has approved the portal.")
    if reason == Disconnection.BLOCKED:
        return _("A policy of your organisation blocks the sign-in from here. Please ask your administrator.")
    if reason == Disconnection.ACCOUNT:
        return _("Microsoft refuses this account. Please choose another one or ask your administrator.")
    return _("The mailbox was not connected, because the request was declined. Nothing was changed.")
