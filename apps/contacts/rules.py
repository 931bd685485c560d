"""A user's settings of contacts."""

from __future__ import annotations

from apps.accounts.models import User
from apps.contacts.models import ContactRules


def rules_of(user: User) -> ContactRules:
    """The settings as they hold; the defaults, unsaved, of somebody who has saved none yet."""
    return ContactRules.objects.filter(user=user).first() or ContactRules(user=user)
