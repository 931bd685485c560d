"""A lead of the sender of a mail that matches nobody, where the rules say so: found, or made once under an id of our own.

The order is that of an e-mail's record: the row with the id is committed before the write, what exists is looked up before
anything is created, what was created is read back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime

from apps.accounts.models import CrmAccount, CrmServer
from apps.core.addresses import Address, canonical, domain_of
from apps.crm.errors import CrmError, CrmForbidden, CrmIdOccupied
from apps.crm.face import CrmClient, CrmLead, OutgoingLead
from apps.mailboxes.models import Message, Participant
from apps.sync.deciding import Target
from apps.sync.identity import lead_record_id
from apps.sync.matching import LEADS, Matches
from apps.sync.models import MadeLead, NoMatch, SyncRules
from apps.sync.policy import names_any

# By these conventions nobody reads what is sent there (RFC 2142 has the postmaster; the others are usage).
_ROBOT = re.compile(
    r"(?:no|do[._-]?not|ne)[._-]?(?:reply|respond|answer|odpovidat|odpovidejte|odpovidej|reagovat)"
    r"|nere(?:ply|agujte)|mailer-?daemon|postmaster|bounces?|(?:auto)?notif(?:y|ications?)|robot|daemon"
)
# CORIPO drops any other address without a word, and a lead without address would be made again and again.
_STORABLE = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_FROM_PEOPLE = (Message.Kind.MAIL, Message.Kind.ENCRYPTED)


def address_for_lead(message: Message, *, own: Collection[str], rules: SyncRules) -> str:
    """The sender's canonical address where a lead may be made of it, else "".

    Only of received mail that a person wrote, and of nobody in a domain of the owner's own or whom the rules leave out. The
    kind of the mail has to be known.
    """
    address = canonical(message.sender_address)
    is_meant = (
        rules.no_match == NoMatch.LEAD
        and message.direction == Message.Direction.RECEIVED
        and message.kind in _FROM_PEOPLE
        and Participant.Role.FROM in rules.counted_roles
        # Colleagues are internal, whether or not somebody wrote their domain into the settings.
        and domain_of(address) not in {*rules.internal_domains, *map(domain_of, own)}
        and not names_any([address], rules.left_out_addresses)
    )
    return address if is_meant and _STORABLE.fullmatch(address) and not _is_robot(address) else ""


def names_of(sender: Address) -> tuple[str, str]:
    """Given name and surname, from the name as written; the beginning of the address where there is none."""
    # Marks that turn the direction of writing make one name look like another.
    seen = "".join(sign for sign in sender.name if unicodedata.category(sign) != "Cf")
    name = " ".join(seen.split()).strip("\"' ")
    if not name or "@" in name:
        return "", sender.address.partition("@")[0]
    surname, comma, given = name.partition(",")
    if comma and given.strip():
        return given.strip(), surname.strip()
    given, _blank, surname = name.rpartition(" ")
    return given, surname


def find_or_make_leads(
    senders: Iterable[Address], matches: Matches, *, crm: CrmClient, account: CrmAccount, at: datetime
) -> dict[str, Target | str]:
    """For each sender, by canonical address, the lead to link with, or the cause why there is none.

    Raises CrmError where nothing is known of the outcome, or it concerns everybody.
    """
    outcomes: dict[str, Target | str] = {}
    missing: dict[str, Address] = {}
    for sender in senders:
        address = canonical(sender.address)
        there = [target for target in matches.records.get(address, ()) if target.module == LEADS]
        if there:
            outcomes[address] = there[0]
        elif address in matches.converted:
            outcomes[address] = "lead_converted"
        else:
            missing[address] = sender
    if not missing:
        return outcomes
    rows, new = _intents(account.server, missing)
    # By own id, deleted ones too: an answer was lost, a colleague made it, or its address was changed in CORIPO.
    seen = crm.read_leads([rows[address].record_id for address in missing if address not in new])
    for address in [it for it in missing if rows[it].record_id in seen]:
        outcomes[address] = _target(seen[rows[address].record_id])
        del missing[address]
    wanted = [_outgoing(rows[it], sender, account) for it, sender in missing.items()]
    for lead, outcome in zip(wanted, crm.create_leads(wanted) if wanted else (), strict=True):
        if isinstance(outcome, CrmError) and outcome.is_retryable:
            raise outcome
        outcomes[lead.address] = (
            _cause(outcome)
            if isinstance(outcome, CrmError)
            else Target(LEADS, lead.id, f"{lead.first_name} {lead.last_name}".strip())
        )
    arrived = sorted(address for address in rows if isinstance(outcomes[address], Target))
    MadeLead.objects.filter(server=account.server, address__in=arrived, made_at=None).update(
        made_at=at, made_by=account.user
    )
    return outcomes


def _intents(server: CrmServer, addresses: Collection[str]) -> tuple[dict[str, MadeLead], set[str]]:
    """The one row of each address, committed, and which of them are new."""
    rows = MadeLead.objects.filter(server=server, address__in=list(addresses))
    known = set(rows.values_list("address", flat=True))
    new = set(addresses) - known
    MadeLead.objects.bulk_create(
        [
            MadeLead(server=server, address=address, record_id=lead_record_id(server, address=address))
            for address in sorted(new)
        ],
        ignore_conflicts=True,
    )
    return {row.address: row for row in rows.all()}, new


def _outgoing(row: MadeLead, sender: Address, account: CrmAccount) -> OutgoingLead:
    given, surname = names_of(sender)
    return OutgoingLead(row.record_id, given, surname, row.address, assigned_user_id=account.crm_user_id)


def _target(lead: CrmLead | None) -> Target | str:
    if lead is None:
        return "lead_deleted"
    return "lead_converted" if lead.is_converted else Target(LEADS, lead.id, lead.name)


def _cause(error: CrmError) -> str:
    if isinstance(error, CrmForbidden):
        return "lead_forbidden"
    if isinstance(error, CrmIdOccupied):
        return "lead_deleted" if error.is_deleted else "lead_hidden"
    return "lead_refused"


def _is_robot(address: str) -> bool:
    local = address.partition("@")[0]
    # A word of the local part, so that `robota@` and `notifyme@` are people: `bounces+123@`, `no-reply.shop@` are none.
    return any(_ROBOT.fullmatch(part) for part in (local, *re.split(r"[+=]", local), *re.split(r"[.+_=]", local)))
