"""Looking for records in CORIPO in a person's own name, while their page waits."""

from __future__ import annotations

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.crm.errors import CrmUnauthorized
from apps.crm.face import FoundRecords

# A search takes a fraction of a second; whoever types does not wait for much longer.
SEARCH_SECONDS = 5.0
MOST_FOUND = 10


def find_records(module: str, text: str, *, user: User) -> FoundRecords | None:
    """The records of a module that fit the words; None for somebody whose login at CORIPO does not work.

    Raises CrmError.
    """
    account = CrmAccount.objects.select_related("server").filter(user=user, status=CrmAccount.Status.ACTIVE).first()
    if account is None:
        return None
    try:
        with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
            return crm.search(module, text, limit=MOST_FOUND)
    except CrmUnauthorized:
        return None
