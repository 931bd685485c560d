"""Looking for records in CORIPO in a person's own name, while their page waits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.core.cache import cache

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.crm.face import CrmClient, FoundRecords
from apps.mailboxes.models import Message
from apps.sync.people import known_people

# A search takes a fraction of a second; whoever types does not wait for much longer.
SEARCH_SECONDS = 5.0
MOST_FOUND = 10
# Of each module; who has more searches by name.
MOST_RELATED = 6
RELATED_FRESH_SECONDS = 60
# The stages that CORIPO knows are part of how it was set up. Where it did not tell, it is asked again sooner.
STAGES_FRESH_SECONDS = 3600
UNTOLD_SECONDS = 60


def find_records(module: str, text: str, *, user: User) -> FoundRecords | None:
    """The records of a module that fit the words; None for somebody whose login at CORIPO does not work.

    Raises CrmError.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return None
    return _asked(account, lambda crm: _in_words(crm.search(module, text, limit=MOST_FOUND), account, crm))


def related_to_people(message: Message, *, user: User, at: datetime) -> FoundRecords | None:
    """The companies of the mail's contacts, and the open opportunities and cases of both; otherwise as `find_records`.

    Asks at most three times, and for the same contacts not again within a minute; once more for the stages of a module
    that nobody has seen for an hour.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return None
    return _asked(account, lambda crm: _related(message, account, crm, at=at))


def _related(message: Message, account: CrmAccount, crm: CrmClient, *, at: datetime) -> FoundRecords:
    people = known_people(message, user=account.user, at=at, ask=True)
    contacts = sorted({contact.id for person in people for contact in person.contacts})
    if not contacts:
        return FoundRecords(())
    # What one login may see is nobody else's.
    which = hashlib.sha256("\n".join(contacts).encode()).hexdigest()
    key = f"related:{account.pk}:{account.generation}:{which}"
    found: FoundRecords | None = cache.get(key)
    if found is None:
        found = _in_words(crm.related_records(contacts, limit=MOST_RELATED), account, crm)
        cache.set(key, found, RELATED_FRESH_SECONDS)
    return found


def _in_words(found: FoundRecords, account: CrmAccount, crm: CrmClient) -> FoundRecords:
    """With what people read for a stage, instead of its key."""
    words = {module: _stages(module, account, crm) for module in {it.module for it in found.records if it.stage}}
    records = [
        replace(it, detail=", ".join(filter(None, (it.detail, words[it.module].get(it.stage, it.stage)))))
        if it.stage
        else it
        for it in found.records
    ]
    return replace(found, records=tuple(records))


def _stages(module: str, account: CrmAccount, crm: CrmClient) -> dict[str, str]:
    key = f"stages:{account.server_id}:{module}"
    words: dict[str, str] | None = cache.get(key)
    if words is None:
        try:
            words = crm.stages(module)
        except CrmError:
            # What was found is worth more than how its stage is called.
            words = {}
        cache.set(key, words, STAGES_FRESH_SECONDS if words else UNTOLD_SECONDS)
    return words


def _asked(account: CrmAccount, ask: Callable[[CrmClient], FoundRecords]) -> FoundRecords | None:
    try:
        with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
            return ask(crm)
    except CrmUnauthorized:
        return None
