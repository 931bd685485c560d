"""Opening a contact in CORIPO: by its link; not there yet, it says whom it would be linked with or what would be created."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.accounts.actions import crm_login
from apps.accounts.models import CrmAccount, User
from apps.contacts.actions import sync_contacts
from apps.contacts.agreeing import record_problem
from apps.contacts.candidates import Candidate, find_candidates
from apps.contacts.models import ContactLink, ContactTransfer, OutlookContact
from apps.contacts.person import CONTACTS
from apps.crm.errors import CrmError, CrmUnauthorized
from apps.sync.finding import SEARCH_SECONDS
from apps.work.models import ACTIVE, Status

Problem = ContactLink.Problem


class Kind(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    CREATES = "creates"
    LINKS = "links"
    SEVERAL = "several"
    ASKING = "asking"
    FAILED = "failed"
    GONE = "gone"
    HIDDEN = "hidden"
    NOT_CONNECTED = "not_connected"
    CRM_SILENT = "crm_silent"


@dataclass(frozen=True, slots=True)
class Opening:
    """`url` is set for OPEN only, and was looked at just now. `candidates` are who has an address of the contact."""

    kind: Kind
    url: str = ""
    candidates: tuple[Candidate, ...] = ()


def open_contact(contact: OutlookContact, *, user: User, at: datetime, may_sync: bool) -> Opening:
    """Find the contact's record; with `may_sync`, ask first for the transfer that links or creates it.

    Calls CORIPO once to be sure that the record is there and that this login sees it, or to see who it may be.
    """
    account = CrmAccount.objects.working_for(user).first()
    if account is None:
        return Opening(Kind.NOT_CONNECTED)
    link = ContactLink.objects.filter(contact=contact).select_related("contact").first()
    newest = ContactTransfer.objects.filter(contact=contact).order_by("-pk").first()
    if newest is not None and newest.status in ACTIVE and (link is None or link.problem):
        return Opening(Kind.WAITING)
    if link is not None:
        return _look(link, account, at=at)
    if may_sync:
        sync_contacts([contact.pk], user=user, at=at)
        return Opening(Kind.WAITING)
    if newest is not None and newest.status == Status.FAILED:
        return Opening(Kind.FAILED)
    if contact.state == OutlookContact.State.ASKING:
        return Opening(Kind.ASKING)
    return _foresee(contact, user=user)


def _look(link: ContactLink, account: CrmAccount, *, at: datetime) -> Opening:
    try:
        with crm_login(account, read_seconds=SEARCH_SECONDS) as crm:
            sight = crm.read_record(CONTACTS, link.crm_id)
    except CrmUnauthorized:
        return Opening(Kind.NOT_CONNECTED)
    except CrmError:
        return Opening(Kind.CRM_SILENT)
    if sight.is_visible and not sight.is_deleted:
        return Opening(Kind.OPEN, account.server.record_url(CONTACTS, link.crm_id))
    record_problem(link, Problem.CRM_GONE if sight.is_deleted else Problem.CRM_HIDDEN, at=at)
    return Opening(Kind.GONE if sight.is_deleted else Kind.HIDDEN)


def _foresee(contact: OutlookContact, *, user: User) -> Opening:
    """What the transfer would find: who has an address of the contact."""
    try:
        found = find_candidates(contact, "", user=user)
    except CrmUnauthorized:
        return Opening(Kind.NOT_CONNECTED)
    except CrmError:
        return Opening(Kind.CRM_SILENT)
    if found is None:
        return Opening(Kind.NOT_CONNECTED)
    same = tuple(one for one in found.candidates if one.has_address)
    if not same:
        return Opening(Kind.CREATES)
    return Opening(Kind.LINKS if len(same) == 1 and not same[0].taken_by else Kind.SEVERAL, candidates=same)
