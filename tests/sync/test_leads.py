"""Companies and leads by address, and leads that are made of senders whom nobody knows; every case over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.addresses import Address
from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.sync.bulk import ask_run
from apps.sync.identity import lead_record_id
from apps.sync.leads import address_for_lead, names_of
from apps.sync.listing import MessageFilter
from apps.sync.models import CrmLink, MadeLead, SyncRules
from apps.sync.people import known_people, plan
from apps.sync.reasons import why
from apps.sync.tending import tend_runs
from apps.sync.unlinking import unlink
from apps.work.models import Function
from tests.desk import Desk

from .threads import together

over_http = pytest.mark.django_db(transaction=True)


def leads_of(desk: Desk, address: str) -> list[str]:
    """The ids of all live leads with this address, as anybody would read them."""
    answer = desk.coripo.call(
        "get_entry_list",
        module_name="Leads",
        query="leads.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON"
        " ea.id=eabr.email_address_id WHERE eabr.deleted=0 AND eabr.bean_module='Leads'"
        f" AND ea.email_address_caps='{address.upper()}')",
        order_by="id",
        offset=0,
        select_fields=["id"],
        link_name_to_fields_array=[],
        max_results=50,
        deleted=0,
        favorites=False,
    )
    return [entry["id"] for entry in answer["entry_list"]]


def synced(desk: Desk, *messages: Message) -> list[str]:
    desk.sync(*messages)
    desk.deliver()
    return [Message.objects.get(pk=message.pk).state for message in messages]


def linked(message: Message) -> set[tuple[str, str]]:
    return set(CrmLink.objects.filter(crm_email__email_key=message.email_key).values_list("module", "record_id"))


@over_http
def test_a_company_and_a_lead_match_by_their_own_address_where_the_rules_say_so(desk: Desk) -> None:
    company = desk.coripo.create("Accounts", name="Kovárna Morava", email1=desk.customer)
    lead = desk.coripo.create("Leads", first_name="Eva", last_name="Malá", email1=desk.customer)
    desk.coripo.create("Leads", last_name="Stará", email1=desk.customer, converted="1")
    message = desk.receives()
    assert synced(desk, message) == ["no_match"]

    desk.rule(companies_by_address=True, leads_by_address=True)
    people = known_people(message, user=desk.user, at=now(), ask=True)
    desk.sandbox.forget_requests()
    state = synced(desk, message)

    assert [(person.kind, [record.name for record in person.records]) for person in people][0] == (
        "company",
        ["Kovárna Morava", "Eva Malá"],
    )
    assert plan(people, user=desk.user, message=message).linked == ("Kovárna Morava", "Eva Malá")
    assert state == ["synced"]
    assert linked(message) == {("Accounts", company), ("Leads", lead)}
    # Three for addresses, one for the Message-ID, two for the record, two for its links.
    assert desk.sandbox.requests()["total"]["coripo"] <= 8


@over_http
def test_a_lead_is_made_once_for_all_mails_of_a_sender_and_for_two_people_at_once(desk: Desk, desk_for) -> None:
    other = desk_for()
    for each in (desk, other):
        each.rule(no_match="lead")
    mine = [desk.receives(sender=f"Eva Nová <{desk.customer}>") for _ in range(3)]
    theirs = [other.receives(sender=f"Eva Nová <{desk.customer}>") for _ in range(3)]
    foreseen = plan(known_people(mine[0], user=desk.user, at=now(), ask=True), user=desk.user, message=mine[0])
    assert foreseen.new_lead == "Eva Nová"
    desk.sync(*mine)
    other.sync(*theirs)

    together(desk.deliver, other.deliver)
    for each in (desk, other):
        each.deliver()

    assert set(Message.objects.values_list("state", flat=True)) == {"synced"}
    (lead,) = leads_of(desk, desk.customer)
    assert {pair for message in (*mine, *theirs) for pair in linked(message)} == {("Leads", lead)}
    assert MadeLead.objects.get(made_at__isnull=False).record_id == lead


@pytest.mark.parametrize("is_converted", [False, True])
@over_http
def test_a_lead_that_somebody_made_before_is_linked_and_a_converted_one_is_not_made_again(
    desk: Desk, is_converted: bool
) -> None:
    desk.rule(no_match="lead")
    lead = desk.coripo.create("Leads", last_name="Nová", email1=desk.customer, converted=str(int(is_converted)))
    message = desk.receives()

    assert synced(desk, message) == ["no_match" if is_converted else "synced"]
    assert leads_of(desk, desk.customer) == [lead]
    assert linked(message) == (set() if is_converted else {("Leads", lead)})
    if is_converted:
        assert why(Message.objects.get(pk=message.pk), user=desk.user).cause == "lead_converted"


@over_http
def test_what_was_deleted_in_coripo_is_not_made_again_and_what_was_unlinked_is_not_linked(desk: Desk) -> None:
    desk.rule(no_match="lead")
    first = desk.receives()
    assert synced(desk, first) == ["synced"]
    (lead,) = leads_of(desk, desk.customer)
    assert unlink(first, module="Leads", record_id=lead, user=desk.user, at=now()) is None
    assert synced(desk, first) == ["synced"]
    assert linked(first) == set()
    desk.coripo.delete("Leads", lead)

    second = desk.receives()
    assert synced(desk, second) == ["no_match"]

    told = why(Message.objects.get(pk=second.pk), user=desk.user)
    assert (told.cause, leads_of(desk, desk.customer)) == ("lead_deleted", [])
    assert "was deleted in CORIPO" in told.sentence


@over_http
def test_a_lost_answer_and_an_intent_that_a_dead_carrier_left_give_one_lead(desk: Desk) -> None:
    desk.rule(no_match="lead")
    message, later = desk.receives(), desk.receives(sender=f"Jiný <jiny-{desk.customer}>")
    desk.sandbox.fault("dropped after success", "coripo:set_entries")
    assert synced(desk, message) == ["synced"]

    server = desk.account.server
    intended = lead_record_id(server, address=f"jiny-{desk.customer}")
    MadeLead.objects.create(server=server, address=f"jiny-{desk.customer}", record_id=intended)
    assert synced(desk, later) == ["synced"]

    assert len(leads_of(desk, desk.customer)) == 1
    assert leads_of(desk, f"jiny-{desk.customer}") == [intended]


@over_http
def test_the_forecast_says_it_where_the_letter_was_read(desk: Desk) -> None:
    desk.rule(no_match="lead")
    message = desk.receives()
    desk.receives(sender="no-reply@jinde.example")
    Message.objects.filter(pk=message.pk).update(kind_read_at=now())

    run = ask_run(MessageFilter(), function=Function.SYNC, user=desk.user, at=now())
    tend_runs(until=now() + timedelta(seconds=60))

    run.refresh_from_db()
    assert run.forecast == {"stored": 1, "no_match": 1}


@pytest.mark.parametrize(
    ("words", "is_meant"),
    [
        ({}, True),
        ({"sender_address": "Eva.Nova+crm@firma.example"}, True),
        ({"sender_address": "robota@firma.example"}, True),
        ({"direction": "sent"}, False),
        ({"kind": "bulk"}, False),
        ({"kind": "meeting"}, False),
        ({"kind": "bounce"}, False),
        ({"kind": "auto_reply"}, False),
        ({"kind": "encrypted"}, True),
        *(
            ({"sender_address": f"{local}@firma.example"}, False)
            for local in (
                "no-reply",
                "NoReply",
                "donotreply",
                "mailer-daemon",
                "postmaster",
                "bounces+77",
                "neodpovidat",
            )
        ),
        ({"sender_address": "ja@moje.example"}, False),
        ({"sender_address": "kolegyne@moje.example"}, False),
        ({"sender_address": "kolega@uvnitr.example"}, False),
        ({"sender_address": "kdo@pravnik.example"}, False),
        ({"sender_address": "ředitel@firma.example"}, False),
        ({"sender_address": ""}, False),
    ],
)
def test_of_whom_a_lead_is_made(words: dict[str, str], is_meant: bool) -> None:
    message = Message(**{"sender_address": "eva@firma.example", "direction": "received", "kind": "mail", **words})
    rules = SyncRules(no_match="lead", internal_domains=["uvnitr.example"], left_out_addresses=["pravnik.example"])

    assert bool(address_for_lead(message, own={"ja@moje.example"}, rules=rules)) is is_meant
    rules.no_match = "leave"
    assert address_for_lead(message, own=(), rules=rules) == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Eva Nová", ("Eva", "Nová")),
        ("Ing. Eva  Marie Nová", ("Ing. Eva Marie", "Nová")),
        ("Nová, Eva", ("Eva", "Nová")),
        ("Bohumil \u202eWolf", ("Bohumil", "Wolf")),
        ("Kovárna", ("", "Kovárna")),
        ("eva@firma.example", ("", "eva")),
        ("", ("", "eva")),
    ],
)
def test_the_name_of_a_lead(name: str, expected: tuple[str, str]) -> None:
    assert names_of(Address(name, "eva@firma.example")) == expected
