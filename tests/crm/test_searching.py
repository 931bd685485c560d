"""A search finds what somebody means by a few letters, and no letter of it is a command."""

from __future__ import annotations

from uuid import uuid4

import pytest

from apps.crm.errors import CrmRejected, CrmUnreachable
from apps.crm.face import FoundRecord, FoundRecords
from apps.crm.rest_v4_1 import RestV41
from apps.crm.transport import Patience
from tests.crm.conftest import Line, MakesClients
from tests.sandbox_server import Sandbox

MODULES = ["Accounts", "Contacts", "Leads", "Opportunities", "Cases", "Project", "ProjectTask", "Bugs"]


@pytest.fixture
def word() -> str:
    """A word that occurs nowhere else in CORIPO."""
    return f"Žluťák{uuid4().hex[:8]}"


def ids(found: FoundRecords) -> list[str]:
    return [record.id for record in found.records]


@pytest.mark.parametrize("module", MODULES)
def test_each_module_is_searched_by_name(crm: RestV41, line: Line, word: str, module: str) -> None:
    name = {"last_name": word} if module in ("Contacts", "Leads") else {"name": word}
    record = line.create(module, **name)

    (found,) = crm.search(module, word.lower().replace("ž", "z"), limit=5).records

    assert (found.module, found.id, found.name) == (module, record, word)


def test_a_company_shows_its_town_and_address(crm: RestV41, line: Line, word: str) -> None:
    record = line.create(
        "Accounts", name=f"{word} & syn <s.r.o.>", billing_address_city="Frýdek", email1=f"{word[-8:]}@firma.example"
    )

    (found,) = crm.search("Accounts", word, limit=5).records

    assert found == FoundRecord(
        "Accounts", record, f"{word} & syn", detail="Frýdek", address=f"{word[-8:]}@firma.example"
    )


def test_a_contact_is_found_by_both_names_in_any_order_and_shows_its_company(
    crm: RestV41, line: Line, word: str
) -> None:
    company = line.create("Accounts", name="Kovárna Morava a.s.")
    contact = line.create("Contacts", first_name="Jana", last_name=word, title="Nákup", account_id=company)
    line.create("Contacts", first_name="Petr", last_name=word)

    (found,) = crm.search("Contacts", f"{word} jana", limit=5).records

    assert (found.id, found.name, found.detail, found.company) == (
        contact,
        f"Jana {word}",
        "Nákup",
        "Kovárna Morava a.s.",
    )


def test_a_lead_is_found_by_the_company_it_names(crm: RestV41, line: Line, word: str) -> None:
    lead = line.create("Leads", last_name="Zájemce", account_name=word)

    (found,) = crm.search("Leads", word, limit=5).records

    assert (found.id, found.company) == (lead, word)


@pytest.mark.parametrize("module", ["Accounts", "Contacts", "Leads"])
def test_an_address_is_found_by_its_beginning_and_by_its_domain(crm: RestV41, line: Line, module: str) -> None:
    who = uuid4().hex
    name = {"name": "Firma"} if module == "Accounts" else {"last_name": "Někdo"}
    record = line.create(module, **name, email1=f"Jana.{who}@{who}.Example")

    assert ids(crm.search(module, f"jana.{who[:20]}", limit=5)) == [record]
    assert ids(crm.search(module, f"@{who}.example", limit=5)) == [record]
    assert ids(crm.search(module, f"{who}.EXAMPLE", limit=5)) == [record]


@pytest.mark.parametrize("module", ["Cases", "Bugs"])
def test_a_case_is_found_by_its_number(crm: RestV41, line: Line, module: str) -> None:
    number = str(uuid4().int)[:9]
    record = line.create(module, name="Vada", **{f"{module.lower()[:-1]}_number": number})

    assert ids(crm.search(module, number, limit=5)) == [record]


@pytest.mark.parametrize("text", ["{}%", "{}_", "%{}", "_{}", "{}' OR '1'='1", "{}\\' OR 1=1", "{}; --", '{}"'])
def test_no_character_is_a_wildcard_or_a_command(crm: RestV41, line: Line, word: str, text: str) -> None:
    line.create("Accounts", name=f"A{word}A")

    assert crm.search("Accounts", text.format(word), limit=5) == FoundRecords(())


def test_a_backslash_stands_for_any_one_character(crm: RestV41, line: Line, word: str) -> None:
    """It cannot be quoted safely for every server."""
    record = line.create("Accounts", name=f"{word}\\b")
    line.create("Accounts", name=f"{word}xxb")

    assert ids(crm.search("Accounts", f"{word}\\b", limit=5)) == [record]


@pytest.mark.parametrize("name", ["{} 100% vlna", "{} a_b", "O'{}", "{} & syn"])
def test_such_characters_are_found_where_they_stand(crm: RestV41, line: Line, word: str, name: str) -> None:
    record = line.create("Accounts", name=name.format(word))
    line.create("Accounts", name=f"{word} 100 vln, aXb, O{word} a syn")

    assert ids(crm.search("Accounts", name.format(word), limit=5)) == [record]


def test_it_says_whether_there_is_more_and_orders_by_name(crm: RestV41, line: Line, word: str) -> None:
    c, a, b = (line.create("Accounts", name=f"{word} {letter}") for letter in "cab")

    assert crm.search("Accounts", word, limit=3).has_more is False
    found = crm.search("Accounts", word, limit=2)

    assert (ids(found), found.has_more) == ([a, b], True)
    assert c not in ids(found)


@pytest.mark.parametrize(("module", "text"), [("Accounts", "a"), ("Accounts", " "), ("Users", "admin"), ("Nic", "abc")])
def test_what_cannot_be_searched_is_refused(crm: RestV41, module: str, text: str) -> None:
    with pytest.raises(CrmRejected):
        crm.search(module, text, limit=5)


def test_deleted_and_hidden_records_are_left_out(
    sandbox: Sandbox, client_for: MakesClients, line: Line, word: str
) -> None:
    line.delete("Accounts", line.create("Accounts", name=word))
    line.create("Accounts", name=word)

    restricted = client_for(sandbox.person(coripo_role="restricted"))

    assert restricted.search("Accounts", word, limit=5) == FoundRecords(())


def test_whoever_waits_for_it_hears_soon_that_coripo_is_silent(
    sandbox: Sandbox, client_for: MakesClients, person: dict[str, str]
) -> None:
    crm = client_for(person, patience=Patience(connect_seconds=0.3, read_seconds=0.3), url="http://127.0.0.1:9")

    with pytest.raises(CrmUnreachable):
        crm.search("Accounts", "kovárna", limit=5)


def test_stages_have_the_words_of_the_crm(crm: RestV41) -> None:
    assert crm.stages("Opportunities")["Closed Won"] not in ("", "Closed Won")
    assert crm.stages("Cases")
    assert crm.stages("Accounts") == {}


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("+420 603 {a}-{b}", "603{a}{b}"),
        ("603{a}{b}", "+420 603 {a} {b}"),
        ("00420603{a}{b}", "(603) {a}{b}"),
        ("+49 89 {a}{b}", "0049 89/{a} {b}"),
        ("tel. 603 {a} {b}, kl. 5", "{a}{b}"),
    ],
)
def test_a_contact_is_found_by_its_phone_however_it_is_written(
    crm: RestV41, line: Line, stored: str, asked: str
) -> None:
    number = f"{uuid4().int % 10**6:06d}"
    parts = {"a": number[:3], "b": number[3:]}
    contact = line.create("Contacts", last_name="Volaná", phone_work="1", phone_mobile=stored.format(**parts))
    line.create("Contacts", last_name="Jiná", phone_mobile=" 9 ".join(stored.format(**parts)))

    (found,) = crm.search("Contacts", asked.format(**parts), limit=5).records

    assert (found.id, found.phone) == (contact, stored.format(**parts))


def test_a_contact_is_found_by_its_company_for_one_request_more(
    crm: RestV41, line: Line, word: str, sandbox: Sandbox
) -> None:
    company = line.create("Accounts", name=f"{word} a.s.")
    jana, petr = (
        line.create("Contacts", first_name=it, last_name="Malá", account_id=company) for it in ("Jana", "Petr")
    )
    crm.is_answering()
    sandbox.forget_requests()

    assert ids(crm.search("Contacts", word.upper(), limit=5)) == [jana, petr]
    assert sandbox.requests()["total"]["coripo"] == 2
    assert ids(crm.search("Contacts", f"petr {word}", limit=5)) == [petr]
