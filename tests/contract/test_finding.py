"""Finding things: a condition in SQL, checked by a parser; order and pages."""

from __future__ import annotations

import pytest

from apps.crm.rest_v4_1 import RestV41
from tests.contract.v4_1 import NAME, Line, bearers_of, token


@pytest.mark.parametrize(
    "query",
    [
        "contacts.id='-' LIMIT 1",
        "contacts.id='-'; SELECT 1",
        "contacts.id='-' -- x",
        "contacts.id='-' UNION SELECT id FROM users",
        "contacts.id='-' AND sleep(1)=0",
        "contacts.id='-' AND benchmark(1,1)=0",
        "contacts.id=load_file('/etc/hosts')",
        "contacts.id IN (SELECT id FROM accounts)",
        "contacts.id IN (SELECT email_id FROM emails_email_addr_rel)",
    ],
)
def test_the_parser_refuses_with_40(line: Line, query: str) -> None:
    answer = line.list_response("Contacts", query)

    assert (answer.status_code, answer.json().get("number")) == (200, 40)


@pytest.mark.parametrize(
    "query",
    [
        "contacts.id IN (SELECT bean_id FROM email_addr_bean_rel WHERE bean_id='-')",
        "contacts.id IN (SELECT id FROM email_addresses WHERE id='-')",
        "contacts.id IN (SELECT id FROM emails WHERE emails.id='-')",
        "contacts.id IN (SELECT bean_id FROM emails_beans WHERE bean_id='-')",
        "contacts.id IN (SELECT email_id FROM emails_text WHERE email_id='-')",
        "contacts.last_name='; -- x'",
    ],
)
def test_the_parser_allows(line: Line, query: str) -> None:
    assert line.ids("Contacts", query) == []


@pytest.mark.parametrize("quote", ["\\'", "''"], ids=["backslash", "doubled"])
def test_an_apostrophe_is_quoted_in_two_ways(line: Line, quote: str) -> None:
    mark = token()
    contact = line.save("Contacts", last_name=f"O'{mark}")

    assert line.ids("Contacts", f"contacts.last_name='O{quote}{mark}'") == [contact]


@pytest.mark.parametrize("query", ["email1='a@b.example'", "last_name='x'"], ids=["no column", "bare"])
def test_bare_and_computed_columns_end_in_http_500(line: Line, query: str) -> None:
    assert line.list_response("Contacts", query).status_code == 500


@pytest.mark.parametrize("module", ["Contacts", "Accounts", "Leads"])
def test_a_record_is_found_by_its_address_without_case(line: Line, module: str) -> None:
    address = f"{token()}@Contract.Example"
    found = line.save(module, **{"name" if module == "Accounts" else "last_name": NAME, "email1": address})

    assert line.ids(module, bearers_of(address, module)) == [found]


def test_addresses_are_found_by_in_and_by_like(line: Line) -> None:
    domain = f"{token()}.contract.example"
    made = {line.save("Contacts", last_name=NAME, email1=f"{who}@{domain}") for who in ("a", "b")}
    by_address = bearers_of("x")

    by_in = by_address.replace("='X'", f" IN ('A@{domain.upper()}','B@{domain.upper()}')")
    by_like = by_address.replace("='X'", f" LIKE '%@{domain.upper()}'")

    assert set(line.ids("Contacts", by_in)) == set(line.ids("Contacts", by_like)) == made


def test_several_contacts_share_one_address(line: Line) -> None:
    address = f"{token()}@contract.example"
    made = {line.save("Contacts", last_name=NAME, email1=address) for _ in range(2)}

    assert set(line.ids("Contacts", bearers_of(address))) == made


def test_emails_are_found_by_message_id_record_and_sender(line: Line) -> None:
    contact, address = line.save("Contacts", last_name=NAME), f"{token()}@contract.example"
    email = line.email(from_addr=address, from_addr_name=f"Jana <{address}>")
    line.relate("Emails", email, "contacts", contact)

    assert line.ids("Emails", f"emails.message_id='{email}@contract.example'") == [email]
    assert line.ids(
        "Emails", f"emails.id IN (SELECT email_id FROM emails_beans WHERE bean_id='{contact}' AND deleted=0)"
    ) == [email]
    assert line.ids(
        "Emails", f"emails.id IN (SELECT email_id FROM emails_text WHERE from_addr LIKE '%{address}%')"
    ) == [email]


# -- words, as somebody types them -------------------------------------------------


@pytest.mark.parametrize(
    ("module", "column"), [("Accounts", "name"), ("Contacts", "last_name"), ("Leads", "last_name")]
)
def test_like_compares_without_case_and_accents(line: Line, module: str, column: str) -> None:
    mark = token()
    found = line.save(module, **{column: f"Žlutá {mark}"})

    assert line.ids(module, f"{module.lower()}.{column} LIKE '%zluta {mark.upper()}%'") == [found]


@pytest.mark.parametrize("character", ["%", "_"])
def test_a_backslash_makes_a_wildcard_an_ordinary_character(line: Line, character: str) -> None:
    mark = token()
    found = line.save("Accounts", name=f"{mark}{character}x")
    line.save("Accounts", name=f"{mark}yx")

    assert line.ids("Accounts", f"accounts.name LIKE '{mark}\\{character}%'") == [found]


def test_conditions_may_be_grouped(line: Line) -> None:
    mark = token()
    jana, petr = (line.save("Contacts", first_name=name, last_name=mark) for name in ("Jana", "Petr"))
    by_name = f"((contacts.first_name LIKE '%jan%') AND (contacts.last_name LIKE '%{mark}%'))"

    assert line.ids("Contacts", by_name) == [jana]
    assert line.ids("Contacts", f"{by_name} OR (contacts.id='{petr}')") == sorted([jana, petr])


@pytest.mark.parametrize("module", ["Accounts", "Contacts", "Leads"])
def test_a_list_gives_the_primary_address_by_its_link(line: Line, module: str) -> None:
    address = f"{token()}@contract.example"
    found = line.save(module, **{"name" if module == "Accounts" else "last_name": NAME, "email1": address})
    links = [{"name": "email_addresses_primary", "value": ["email_address"]}]

    answer = line.page_of(module, f"{module.lower()}.id='{found}'", "id", links=links)

    ((link,),) = (of_record["link_list"] for of_record in answer["relationship_list"])
    assert [row["link_value"]["email_address"]["value"] for row in link["records"]] == [address]


def test_the_wire_searches_as_the_face_promises(line: Line, crm: RestV41) -> None:
    mark = token()
    company = line.save("Accounts", name=f"{mark} & syn")
    contact = line.save("Contacts", first_name="Jana", last_name=mark, email1=f"{mark}@contract.example")
    line.relate("Contacts", contact, "accounts", company)

    (by_name,) = crm.search("Accounts", mark.upper(), limit=5).records
    (by_address,) = crm.search("Contacts", f"{mark}@contract", limit=5).records

    assert (by_name.id, by_name.name) == (company, f"{mark} & syn")
    assert (by_address.id, by_address.company, by_address.address) == (
        contact,
        f"{mark} & syn",
        f"{mark}@contract.example",
    )
    assert crm.search("Accounts", f"{mark}%", limit=5).records == ()


# -- order and pages -------------------------------------------------------------


@pytest.fixture
def rows(line: Line) -> tuple[str, list[str]]:
    """The condition for 25 contacts, and their ids in order."""
    mark = token()
    ids = sorted(line.save("Contacts", last_name=mark, first_name=f"{number % 3}") for number in range(25))
    return f"contacts.last_name='{mark}'", ids


def test_order_by_takes_bare_field_names(line: Line, rows: tuple[str, list[str]]) -> None:
    query, ids = rows

    found = line.rows("Contacts", query, "first_name", order_by="first_name desc, id")

    assert [row["first_name"] for row in found] == sorted((row["first_name"] for row in found), reverse=True)
    assert line.ids("Contacts", query, order_by="id") == ids


@pytest.mark.parametrize("order_by", ["contacts.first_name", "no_such_field", "`first_name`"])
def test_other_orders_are_ignored_silently(line: Line, rows: tuple[str, list[str]], order_by: str) -> None:
    query, ids = rows

    assert sorted(line.ids("Contacts", query, order_by=order_by)) == ids


@pytest.mark.parametrize("size", [0, "", -1])
def test_a_page_without_a_wish_has_the_default_size(line: Line, rows: tuple[str, list[str]], size: object) -> None:
    """20 as installed (`list_max_entries_per_page`)."""
    query, ids = rows

    assert 0 < len(line.ids("Contacts", query, size=size)) <= (20 if line.server.is_stand_in else len(ids))


def test_next_offset_is_offset_and_count_and_never_says_that_it_is_the_last_page(
    line: Line, rows: tuple[str, list[str]]
) -> None:
    query, ids = rows

    last = line.page_of("Contacts", query, "id", offset=20, size=10)
    past = line.page_of("Contacts", query, "id", offset=25, size=10)

    assert (last["result_count"], last["total_count"], last["next_offset"]) == (5, "25", 25)
    assert (past["result_count"], past["entry_list"]) == (0, [])


def test_pages_ordered_by_id_lose_and_repeat_nothing(line: Line, rows: tuple[str, list[str]]) -> None:
    query, ids = rows

    paged = [one for offset in (0, 10, 20) for one in line.ids("Contacts", query, offset=offset, size=10)]

    assert paged == ids


def test_keyset_by_id_works(line: Line, rows: tuple[str, list[str]]) -> None:
    query, ids = rows

    assert line.ids("Contacts", f"{query} AND contacts.id > '{ids[9]}'", size=10) == ids[10:20]


def test_there_is_no_upper_cap_of_a_page_below_500(line: Line, rows: tuple[str, list[str]]) -> None:
    query, ids = rows

    assert line.ids("Contacts", query, size=500) == ids


def test_deleted_1_gives_live_and_deleted_rows(line: Line) -> None:
    mark = token()
    live, gone = (line.save("Contacts", last_name=mark) for _ in range(2))
    line.save("Contacts", id=gone, deleted="1")

    found = line.rows("Contacts", f"contacts.last_name='{mark}'", "deleted", deleted=1)

    assert {row["id"]: row["deleted"] for row in found} == {live: "0", gone: "1"}
    assert line.ids("Contacts", f"contacts.last_name='{mark}'") == [live]


def test_contacts_whose_address_came_lately_are_found_by_the_date_of_the_relation(line: Line) -> None:
    contact = line.save("Contacts", last_name=NAME, email1=f"{token()}@contract.example")
    rows = (
        "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"
        " WHERE eabr.deleted=0 AND eabr.bean_module='Contacts' AND eabr.date_modified >= '{since}')"
        f" AND contacts.id='{contact}'"
    )

    assert line.ids("Contacts", rows.format(since="2001-01-01 00:00:00")) == [contact]
    assert line.ids("Contacts", rows.format(since="2099-01-01 00:00:00")) == []
