"""What waits for a person, as the page of it shows: grouped by cause, each group with the button that deals with all of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.listing import LOOKS, TABS, ContactFilter, count_by_state
from apps.contacts.models import OutlookContact
from apps.inbox.filters import query_of
from apps.inbox.moving import capped
from apps.mailboxes.models import MessageState
from apps.sync.attention_queries import Unmatched, count_by_cause, count_in_state
from apps.sync.causes import sentence_for
from apps.sync.listing import MessageFilter
from apps.sync.queries import UNDECIDED

# Decided in CORIPO and not here, so there is nothing to try: a person looks at them one by one.
_TO_LOOK_AT: dict[MessageState, Promise] = {
    MessageState.GONE: _("Their records were deleted in CORIPO. The portal leaves that as it is until you ask again."),
    MessageState.HIDDEN: _("Their records are in CORIPO, but your login there may not see them."),
}


@dataclass(frozen=True, slots=True)
class Group:
    """E-mails that wait for the same reason; `query` leads to their list. `cause` is what *Try again* takes, "" where it is
    no remedy."""

    state: MessageState
    count: str
    sentence: str
    query: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Stranger:
    """An address that nobody in CORIPO has, with its mails; `query` leads to their list."""

    mails: Unmatched
    query: str


def groups(user: User) -> list[Group]:
    """Errors first, by cause, the largest first; as many queries for one message as for a thousand."""
    failed = [
        Group(
            state=state,
            count=capped(count),
            sentence=sentence_for(cause),
            query=query_of(MessageFilter(state=state, cause=cause)),
            cause=cause,
        )
        for state in UNDECIDED
        for cause, count in count_by_cause(user, state).most_common()
    ]
    counted = {state: count_in_state(user, state) for state in _TO_LOOK_AT}
    return failed + [
        Group(state, count=capped(count), sentence=str(_TO_LOOK_AT[state]), query=query_of(MessageFilter(state=state)))
        for state, count in counted.items()
        if count
    ]


@dataclass(frozen=True, slots=True)
class ContactGroup:
    """Contacts in a state that needs a person; `query` leads to their list."""

    label: str
    icon: str
    count: str
    sentence: str
    query: str


# What each state of a contact waits for.
_CONTACTS: dict[str, Promise] = {
    OutlookContact.State.FAILED: _("They could not be transferred. Each of them says why."),
    OutlookContact.State.ASKING: _("Each of them asks one question before it goes on."),
    OutlookContact.State.CONFLICT: _("Outlook and CORIPO say different things. Nothing was overwritten."),
}


def contact_groups(user: User) -> list[ContactGroup]:
    """One query, however many contacts there are."""
    counts = count_by_state(user)
    return [
        ContactGroup(
            label=str(TABS[state]),
            icon=LOOKS[state],
            count=capped(counts[state]),
            sentence=str(sentence),
            query=ContactFilter(state=state).query(),
        )
        for state, sentence in _CONTACTS.items()
        if counts.get(state)
    ]


def stranger(mails: Unmatched) -> Stranger:
    return Stranger(mails, query=query_of(MessageFilter(state=MessageState.NO_MATCH, text=mails.address)))
