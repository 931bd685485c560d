"""Whole contacts: what is written is read back, once, and nobody's change is written over unseen."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from apps.crm.contact_face import ContactUpdate, CrmCard, CrmPlace, OutgoingContact, Written
from apps.crm.errors import (
    CrmConflict,
    CrmForbidden,
    CrmIdOccupied,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnreachable,
)
from apps.crm.face import Created, CrmCompany
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, MakesClients, new_id
from tests.sandbox_server import Sandbox


def mail() -> str:
    return f"Jana.{new_id()}@Firma.Example"


def a_card(**words: Any) -> CrmCard:
    return replace(CrmCard(first_name="Jana", last_name="Nováková", addresses=(mail(),)), **words)


def created(crm: RestV41, *cards: CrmCard) -> list[Written]:
    outcomes = crm.create_contacts([OutgoingContact(new_id(), card) for card in cards])
    assert all(isinstance(it, Written) and not it.unkept for it in outcomes), outcomes
    return outcomes  # type: ignore[return-value]


def update(crm: RestV41, written: Written, **words: Any) -> Any:
    (outcome,) = crm.update_contacts([ContactUpdate(written.contact, replace(written.contact.card, **words))])
    return outcome


VALUES: dict[str, Any] = {
    "salutation": "Ing.",
    "first_name": "Žluťoučká",
    "last_name": 'Kůň & syn "D\'Arc" 😀',
    "position": "1 < 2 & 5 <6 and 7> 8",
    "department": "Nákup / Einkauf – № 1",
    "phone_work": "+420 (603) 123-456",
    "phone_mobile": "00420603123457",
    "phone_home": "+1-202-555-0143",
    "phone_other": "+49 89 1234 klapka 5",
    "fax": "123",
    "work_address": CrmPlace("U Lesa 5\n2. patro", "Frýdek & Místek", "Slezsko", "738 01", "Česko"),
    "other_address": CrmPlace(city="München"),
    "birthday": date(1980, 2, 29),
    "assistant": "Eva “Malá”",
    "notes": "první řádek\n\n  druhý <3 & 'třetí' 😀\nhttps://x.example/?a=1&b=2",
}


def test_every_field_is_read_back_as_it_was_written_and_emptied_again(crm: RestV41) -> None:
    card = CrmCard(last_name="Bez ničeho", addresses=(mail(), mail(), mail(), mail()))
    first, second = created(crm, card, a_card(**VALUES))

    later = update(crm, first, **VALUES, addresses=card.addresses)
    emptied = update(crm, second, **{it.name: getattr(CrmCard(last_name="X"), it.name) for it in fields(CrmCard)})

    assert first.contact.card == card, "a new contact has all its addresses, in their order of primary and others"
    assert {name: getattr(second.contact.card, name) for name in VALUES} == VALUES
    assert later.contact.card == replace(card, **VALUES)
    assert emptied.contact.card == CrmCard(last_name="X")
    assert crm.read_contacts([first.contact.id, new_id()]) == {first.contact.id: later.contact}
    assert later.contact.modifier_name
    assert later.contact.creator_id == later.contact.modifier_id


def test_what_coripo_cuts_or_would_delete_arrives_as_far_as_it_can(crm: RestV41) -> None:
    long = "Á" * 300
    (one,) = created(crm, a_card(position=long, notes="<GmbH> &amp; x", phone_work="1\n2", last_name="Foo <GmbH>"))

    card = one.contact.card
    assert card.position == long[:100]
    assert (card.notes, card.phone_work, card.last_name) == ("‹GmbH› & x", "1 2", "Foo ‹GmbH›")
    again = update(crm, one, position=long, department=long)
    assert isinstance(again, Written), "that it is cut every time is no trouble"
    assert again.contact.card.department == long[:100]
    nothing = update(crm, again, last_name="Foo <GmbH>")
    assert nothing.contact.stamp == again.contact.stamp


def test_fifty_contacts_cost_few_requests(crm: RestV41, sandbox: Sandbox) -> None:
    crm.find_contacts(["warm@up.example"])
    sandbox.forget_requests()
    made = created(crm, *(a_card(last_name=f"Nový {number}") for number in range(50)))
    assert sandbox.requests()["total"]["coripo"] == 2

    sandbox.forget_requests()
    outcomes = crm.update_contacts(
        [ContactUpdate(it.contact, replace(it.contact.card, position="Nákup")) for it in made]
    )
    assert sandbox.requests()["total"]["coripo"] == 3
    assert {it.contact.card.position for it in outcomes if isinstance(it, Written)} == {"Nákup"}

    sandbox.forget_requests()
    asked = [address for it in made for address in it.contact.card.addresses]
    found = crm.contacts_with([*asked, "nobody@x.example", "nonsense"])
    assert sandbox.requests()["total"]["coripo"] == 1
    assert [found[address.lower()][0].id for address in asked] == [it.contact.id for it in made]
    assert found["nobody@x.example"] == ()
    assert len(found) == 51


def test_a_namesake_with_the_same_address_is_another_contact(crm: RestV41) -> None:
    address = mail()
    first, second = created(crm, a_card(addresses=(address,)), a_card(addresses=(address,)))

    assert {it.id for it in crm.contacts_with([address])[address.lower()]} == {first.contact.id, second.contact.id}


def test_a_repeated_portion_stores_what_is_missing_and_doubles_nothing(
    crm: RestV41, line: Line, sandbox: Sandbox, client_for: MakesClients
) -> None:
    wanted = [OutgoingContact(new_id(), a_card()) for _ in range(6)]
    crm.create_contacts(wanted[1:3])
    line.create("Contacts", id=wanted[2].id, title="mezitím změněno")
    crm.create_contacts(wanted[3:4])
    line.delete("Contacts", wanted[3].id)
    hidden = client_for(sandbox.person(coripo_role="restricted"))

    outcomes = crm.create_contacts(wanted)
    theirs = hidden.create_contacts([OutgoingContact(wanted[0].id, a_card()), OutgoingContact(new_id(), a_card())])

    assert [type(it) for it in outcomes] == [Written, Written, Written, CrmIdOccupied, Written, Written]
    assert outcomes[2].contact.card.position == "mezitím změněno"  # type: ignore[union-attr]
    assert outcomes[3].is_deleted  # type: ignore[union-attr]
    assert isinstance(theirs[0], CrmIdOccupied)
    assert isinstance(theirs[1], Written)


@pytest.mark.parametrize("fault", ["dropped", "5xx"])
def test_a_lost_answer_is_read_back(crm: RestV41, sandbox: Sandbox, fault: str) -> None:
    (one,) = created(crm, a_card())
    wanted = [OutgoingContact(new_id(), a_card()) for _ in range(3)]

    sandbox.fault(fault, "coripo:set_entries")
    new = crm.create_contacts(wanted)
    sandbox.fault(fault, "coripo:set_entries")
    changed = update(crm, one, position="Prodej")

    assert [type(it) for it in new] == [Written] * 3
    assert changed.contact.card.position == "Prodej"


def test_what_nobody_can_prove_is_unknown(crm: RestV41, sandbox: Sandbox) -> None:
    (one,) = created(crm, a_card())
    sandbox.fault("5xx", "coripo:set_entries", times=0)
    sandbox.fault("5xx", "coripo:set_entry", times=0)
    try:
        (new,) = crm.create_contacts([OutgoingContact(new_id(), a_card())])
        changed = update(crm, one, position="Prodej")
    finally:
        sandbox.calm()

    assert isinstance(new, CrmOutcomeUnknown)
    assert isinstance(changed, CrmOutcomeUnknown)


def test_a_broken_portion_is_finished_one_by_one(crm: RestV41, sandbox: Sandbox) -> None:
    made = created(crm, a_card(), a_card(), a_card())
    sandbox.control("POST", "coripo/knobs", json={"break_batch_after": 1})

    outcomes = crm.update_contacts([ContactUpdate(it.contact, replace(it.contact.card, fax="1")) for it in made])

    assert [it.contact.card.fax for it in outcomes if isinstance(it, Written)] == ["1"] * 3


def test_nobodys_change_is_written_over(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    same_field, other_field, readdressed, gone, hers = created(crm, *(a_card() for _ in range(5)))
    sandbox.control("PATCH", f"coripo/contacts/{same_field.contact.id}", json={"fields": {"title": "jiná"}})
    sandbox.control("PATCH", f"coripo/contacts/{other_field.contact.id}", json={"fields": {"department": "jiné"}})
    added = line.create("EmailAddresses", email_address=mail())
    line.relate("Contacts", readdressed.contact.id, "email_addresses", added)
    sandbox.control("POST", f"coripo/contacts/{gone.contact.id}/merge", json={"into": hers.contact.id})
    hers = Written(crm.read_contacts([hers.contact.id])[hers.contact.id])

    outcomes = crm.update_contacts(
        [
            ContactUpdate(same_field.contact, replace(same_field.contact.card, position="naše")),
            ContactUpdate(other_field.contact, replace(other_field.contact.card, position="naše")),
            ContactUpdate(readdressed.contact, replace(readdressed.contact.card, addresses=(mail(),))),
            ContactUpdate(gone.contact, replace(gone.contact.card, position="naše")),
            ContactUpdate(hers.contact, replace(hers.contact.card, position="naše")),
        ]
    )

    assert [type(it) for it in outcomes] == [CrmConflict, CrmConflict, CrmConflict, CrmRejected, Written]
    assert outcomes[0].contact.card.position == "jiná"  # type: ignore[union-attr]
    assert line.fields("Contacts", other_field.contact.id)["title"] == ""
    assert outcomes[3].field == "contact"  # type: ignore[union-attr]
    assert outcomes[4].contact.card.addresses == hers.contact.card.addresses  # type: ignore[union-attr]
    assert set(gone.contact.card.addresses) < set(hers.contact.card.addresses), "they moved when the two were merged"


def test_addresses_come_go_and_change_places(crm: RestV41, line: Line) -> None:
    a, b, c, d = (mail() for _ in range(4))
    one, other, bare = created(crm, a_card(addresses=(a, b)), a_card(addresses=(c,)), a_card(addresses=()))
    odd = "ředitel@firma.example"

    swapped = update(crm, one, addresses=(b, a))
    taken = update(crm, swapped, addresses=(c, b))
    shared = update(crm, other, addresses=(d, odd))
    unlike = update(crm, shared, addresses=(d.upper(), odd))
    first = update(crm, bare, addresses=(a, c, d))

    assert swapped.contact.card.addresses == (b, a)
    assert taken.contact.card.addresses == (c, b)
    assert (shared.contact.card.addresses, shared.unkept) == ((d,), ("addresses",))
    assert (unlike.contact, unlike.unkept) == (shared.contact, ("addresses",)), "nothing was to be written"
    assert first.contact.card.addresses == (a, c, d)
    assert len(line.ids("EmailAddresses", f"email_addresses.email_address_caps='{a.upper()}'")) == 1
    assert update(crm, first, addresses=()).contact.card.addresses == ()


def test_a_company_is_changed_and_another_one_stays(crm: RestV41, line: Line) -> None:
    names = [f"Firma {new_id()}" for _ in range(3)]
    ids = [new_id() for _ in names]
    assert crm.create_companies(list(zip(ids, names, strict=True))) == [Created(company) for company in ids]
    assert crm.create_companies([(ids[0], names[0])]) == [Created(ids[0])], "there by an earlier call"
    a, b, c = ids
    one, two, unknown = crm.create_contacts(
        [OutgoingContact(new_id(), a_card(company_id=company)) for company in (a, a, new_id())]
    )
    line.relate("Contacts", two.contact.id, "accounts", c)  # type: ignore[union-attr]
    two = Written(crm.read_contacts([two.contact.id])[two.contact.id])  # type: ignore[union-attr]

    moved = update(crm, one, company_id=b)  # type: ignore[arg-type]
    moved_of_two = update(crm, two, company_id=b)
    left = update(crm, moved_of_two, company_id="")
    emptied = update(crm, moved, company_id="")

    assert one.contact.card.company == names[0]  # type: ignore[union-attr]
    assert unknown.unkept == ("company_id",)  # type: ignore[union-attr]
    assert moved.contact.companies == (CrmCompany(b, names[1]),)
    assert two.contact.card.company_id == c
    assert moved_of_two.contact.card.company_id == b
    assert {it.id for it in moved_of_two.contact.companies} == {a, b}
    assert {it.id for it in left.contact.companies} == {a}
    assert emptied.contact.companies == ()


def test_who_may_not_edit_is_told_so(crm: RestV41, client_for: MakesClients, sandbox: Sandbox) -> None:
    (one,) = created(crm, a_card())
    reader = client_for(sandbox.person())
    sandbox.control("POST", "coripo/knobs", json={"contacts_read_only": 1})
    try:
        (new,) = reader.create_contacts([OutgoingContact(new_id(), a_card())])
        (changed,) = reader.update_contacts([ContactUpdate(one.contact, replace(one.contact.card, position="x"))])
        rights = reader.probe()
    finally:
        sandbox.calm()

    assert isinstance(new, CrmForbidden)
    assert isinstance(changed, CrmForbidden)
    assert (rights.may_create_contacts, rights.may_edit_contacts, rights.may_read_contacts) == (False, False, True)
    assert crm.probe().may_edit_contacts
    assert client_for(sandbox.person(coripo_role="restricted")).read_contacts([one.contact.id]) == {}


def test_a_field_that_coripo_does_not_keep_is_named(crm: RestV41, sandbox: Sandbox) -> None:
    (one,) = created(crm, a_card())
    sandbox.control("POST", "coripo/knobs", json={"assistant_unkept": 1})
    try:
        outcome = update(crm, one, assistant="Eva", position="Nákup")
        (new,) = crm.create_contacts([OutgoingContact(new_id(), a_card(assistant="Eva"))])
    finally:
        sandbox.calm()

    assert isinstance(outcome, CrmRejected)
    assert outcome.field == "assistant"
    assert new.unkept == ("assistant",)  # type: ignore[union-attr]


def test_companies_are_proposed_by_the_beginning_of_their_name(crm: RestV41, line: Line) -> None:
    word = f"Žlu{new_id()[:8]}"
    spellings = [f"{word} & syn, spol. s r.o.", f"{word.upper()} A SYN", " ".join(word)]
    ids = {line.create("Accounts", name=name) for name in spellings}
    line.create("Accounts", name=f"Firma {word}")
    short = line.create("Accounts", name="Q7, a.s.")
    line.create("Accounts", name="Q7abc")

    found = crm.companies_named([f"{word.replace('Ž', 'z')} s.r.o.", "Q7 s.r.o.", "–", "Nikdo takový"])

    assert {it.id for it in found[f"{word.replace('Ž', 'z')} s.r.o."]} == ids
    assert [it.id for it in found["Q7 s.r.o."]] == [short]
    assert (found["–"], found["Nikdo takový"]) == ((), ())


@pytest.mark.parametrize(
    ("fault", "call"), [("dropped", "set_relationships"), ("5xx", "set_relationships"), ("5xx", "get_entry_list")]
)
def test_trouble_between_the_steps_of_addresses_leaves_none_of_them_out(
    crm: RestV41, sandbox: Sandbox, fault: str, call: str
) -> None:
    a, b, c = (mail() for _ in range(3))
    (one,) = created(crm, a_card(addresses=(a, b)))
    sandbox.fault(fault, f"coripo:{call}", times=1)

    try:
        outcome = update(crm, one, addresses=(c, a))
        (new,) = crm.create_contacts([OutgoingContact(new_id(), a_card(addresses=(a, b, c)))])
    except CrmUnreachable:
        # The first reading failed: nothing was sent.
        assert call == "get_entry_list"
        outcome = update(crm, one, addresses=(c, a))
        (new,) = crm.create_contacts([OutgoingContact(new_id(), a_card(addresses=(a, b, c)))])

    assert isinstance(outcome, Written)
    assert outcome.contact.card.addresses == (c, a)
    assert isinstance(new, Written)
    assert new.contact.card.addresses == (a, b, c)


def test_many_changed_addresses_cost_three_requests_more(crm: RestV41, sandbox: Sandbox) -> None:
    made = created(crm, *(a_card() for _ in range(20)))
    sandbox.forget_requests()

    outcomes = crm.update_contacts(
        [
            ContactUpdate(it.contact, replace(it.contact.card, addresses=(mail(), *it.contact.card.addresses)))
            for it in made
        ]
    )

    assert {len(it.contact.card.addresses) for it in outcomes if isinstance(it, Written)} == {2}
    assert sandbox.requests()["total"]["coripo"] == 6


def test_nothing_was_sent_where_coripo_asks_for_quiet(crm: RestV41, sandbox: Sandbox) -> None:
    (one,) = created(crm, a_card())
    sandbox.fault("throttle", "coripo:set_entries", times=2, seconds=3)

    with pytest.raises(CrmThrottled):
        crm.create_contacts([OutgoingContact(new_id(), a_card())])
    with pytest.raises(CrmThrottled):
        update(crm, one, position="Nákup")
