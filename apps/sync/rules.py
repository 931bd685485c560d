from apps.accounts.models import User
from apps.sync.models import SyncRules


def rules_of(user: User) -> SyncRules:
    """The user's settings of the transfer; made with their defaults at first use."""
    rules, _created = SyncRules.objects.get_or_create(user=user)
    return rules
