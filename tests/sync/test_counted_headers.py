"""Which headers count: whom CORIPO is asked about, what is linked, and what the panel says beforehand."""

from __future__ import annotations

import pytest

from apps.core.addresses import canonical
from apps.core.clock import now
from apps.crm.face import Address
from apps.mailboxes.letters import Letter
from apps.mailboxes.models import Message, Participant
from apps.sync.deciding import counted_addresses, people_of
from apps.sync.models import SyncRules
from apps.sync.people import known_people, plan
from apps.sync.reasons import why
from tests.desk import Desk
from tests.factories import MailboxFactory, MessageFactory, ParticipantFactory

HEADERS = ("from", "to", "cc", "bcc")


def letter(*, also_in_cc: str = "") -> Letter:
    def named(role: str) -> Address:
        return Address(name=role, address=f"{role}@zakaznik.example")

    cc = (named("cc"), named(also_in_cc)) if also_in_cc else (named("cc"),)
    to, bcc = (named("to"),), (named("bcc"),)
    return Letter("", "", named("from"), to, cc, bcc, None, "", "", False, Message.Kind.MAIL, ())


def counted(roles: list[str], **words: str) -> list[str]:
    found = counted_addresses(people_of(letter(**words)), own=(), rules=SyncRules(counted_roles=roles))
    return [address.partition("@")[0] for address in found]


def test_all_headers_count_at_first():
    assert set(SyncRules().counted_roles) == set(Participant.Role.values)
    assert counted(SyncRules().counted_roles) == list(HEADERS)


@pytest.mark.parametrize("role", HEADERS)
def test_each_header_can_count_alone_and_be_left_out(role):
    assert counted([role]) == [role]
    assert counted([other for other in HEADERS if other != role]) == [other for other in HEADERS if other != role]


def test_one_header_that_counts_is_enough():
    assert counted(["cc"], also_in_cc="to") == ["cc", "to"]


@pytest.mark.django_db
def test_the_panel_counts_as_the_transfer_does():
    message = MessageFactory.create()
    for role, name in [("from", "from"), ("to", "to"), ("cc", "to"), ("cc", "cc")]:
        address = canonical(f"{name}@zakaznik.example")
        ParticipantFactory.create(message=message, role=role, name=name, address=address, written_address=address)
    SyncRules.objects.create(user=message.mailbox.owner, counted_roles=["cc"])

    people = known_people(message, user=message.mailbox.owner, at=now(), ask=False)

    assert {person.name: person.kind for person in people} == {"from": "uncounted", "to": "unknown", "cc": "unknown"}


@pytest.mark.django_db(transaction=True)
def test_only_people_of_headers_that_count_are_linked(desk: Desk):
    in_copy = f"kopie-{desk.customer}"
    sender, copied = (desk.coripo.contact(address) for address in (desk.customer, in_copy))
    desk.rule(counted_roles=["from", "to"])
    message = desk.receives(cc=in_copy)

    people = known_people(message, user=desk.user, at=now(), ask=True)
    desk.sync(message)
    desk.deliver()

    (record,) = desk.coripo.emails(message.email_key)
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [sender] != [copied]
    assert {person.address: person.kind for person in people if person.kind != "own"} == {
        desk.customer: "contact",
        in_copy: "uncounted",
    }
    assert len(plan(people, user=desk.user).contacts) == 1


@pytest.mark.parametrize(
    ("roles", "said"), [(["from", "to"], "Your settings leave out these headers: Cc, Bcc."), (list(HEADERS), "")]
)
@pytest.mark.django_db
def test_why_nobody_matched_names_the_headers_that_were_left_out(roles, said):
    message = MessageFactory.create(state="no_match")
    SyncRules.objects.create(user=message.mailbox.owner, counted_roles=roles)

    told = why(message, user=message.mailbox.owner).sentence

    assert told.endswith(said or "It was not stored.")


@pytest.mark.django_db(transaction=True)
def test_the_other_mailbox_of_the_same_person_is_nobody_to_look_up(desk: Desk):
    second = MailboxFactory(owner=desk.user, address=f"druha-{desk.customer}")
    theirs = MailboxFactory()
    desk.coripo.contact(second.address, last_name="Sama Sobě")
    message = desk.receives(sender=f"Já <{second.address}>", cc=theirs.address)

    people = known_people(message, user=desk.user, at=now(), ask=True)
    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert [person.kind for person in people] == ["own", "own", "unknown"]
    assert message.state == "no_match"
