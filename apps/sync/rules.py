"""A user's settings of the transfer, with what the administrator set for everybody."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.sync.models import OrganisationRules, RuleFields, SyncRules


def rules_of(user: User) -> SyncRules:
    """The user's settings as they hold. Of somebody who has saved none yet they are the organisation's, unsaved."""
    organisation = OrganisationRules.objects.first()
    rules = SyncRules.objects.filter(user=user).first() or SyncRules(user=user, **_values(organisation))
    return under_locks(rules, organisation)


def stored_rules_of(user: User) -> SyncRules:
    """The user's settings as a row, made with the defaults of the organisation where there is none."""
    organisation = OrganisationRules.objects.first()
    rules, _created = SyncRules.objects.get_or_create(user=user, defaults=_values(organisation))
    return under_locks(rules, organisation)


def under_locks(rules: SyncRules, organisation: OrganisationRules | None) -> SyncRules:
    """The same settings, with the organisation's value in every field that is locked."""
    for name in organisation.locked_fields if organisation else []:
        setattr(rules, name, getattr(organisation, name))
    return rules


def locked_by() -> tuple[frozenset[str], str]:
    """The locked fields, and the name of who set that, "" where nobody is known."""
    organisation = OrganisationRules.objects.select_related("changed_by").first()
    if organisation is None:
        return frozenset(), ""
    by = organisation.changed_by
    return frozenset(organisation.locked_fields), by.shown_name if by else ""


def _values(organisation: OrganisationRules | None) -> dict[str, Any]:
    if organisation is None:
        return {}
    return {name: getattr(organisation, name) for name in RuleFields.shared_fields()}
