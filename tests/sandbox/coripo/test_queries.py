"""Measured on SuiteCRM 7.14.6: "Finding things" and "Shapes"."""

import pytest

from apps.sandbox.coripo.models import Account
from tests.sandbox.coripo.conftest import Crm

BY_ADDRESS = (
    "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON"
    " (ea.id = eabr.email_address_id) WHERE eabr.deleted=0 AND eabr.bean_module='Contacts' AND %s)"
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("contacts.last_name='dvořák'", {"Dvořák"}),
        ("contacts.last_name = 'DVORAK'", {"Dvořák"}),
        ("contacts.last_name = BINARY 'DVORAK'", set()),
        ("contacts.last_name = BINARY 'Dvořák'", {"Dvořák"}),
        ("contacts.last_name <> 'Dvořák'", {"Nováková", "O'Hara"}),
        ("contacts.last_name LIKE 'nov%'", {"Nováková"}),
        ("contacts.last_name NOT LIKE 'nov%' AND NOT contacts.last_name LIKE '%hara'", {"Dvořák"}),
        (r"contacts.last_name = 'O\'Hara'", {"O'Hara"}),
        ("contacts.last_name = 'O''Hara'", {"O'Hara"}),
        ("(contacts.last_name='x' OR contacts.last_name='Dvořák') AND contacts.deleted=0", {"Dvořák"}),
        ("contacts.last_name IN ('dvořák', 'nováková')", {"Dvořák", "Nováková"}),
        ("contacts.last_name NOT IN ('dvořák', 'nováková')", {"O'Hara"}),
        ("contacts.title IS NULL", {"Dvořák", "O'Hara"}),
        ("contacts.title IS NOT NULL", {"Nováková"}),
        ("contacts.date_entered >= '2026-01-02' AND contacts.date_entered < '2026-01-03'", {"Nováková"}),
        ("contacts.date_entered BETWEEN '2026-01-01 00:00:00' AND '2026-01-01 23:59:59'", {"Dvořák"}),
        ("contacts.last_name = 'a;b--c'", set()),
        ("LOWER(contacts.last_name) = 'dvořák'", {"Dvořák"}),
        (BY_ADDRESS % "ea.email_address_caps='JAN@X.EXAMPLE'", {"Dvořák"}),
        (BY_ADDRESS % "ea.email_address='jan@x.example'", {"Dvořák"}),
        (BY_ADDRESS % "ea.email_address_caps IN ('JAN@X.EXAMPLE','EVA@Y.EXAMPLE')", {"Dvořák", "Nováková"}),
        (BY_ADDRESS % "ea.email_address_caps LIKE '%@Y.EXAMPLE'", {"Nováková"}),
    ],
)
def test_conditions(crm: Crm, query: str, found: set[str]) -> None:
    """What the checker lets through, compared without case and accents; filters use the plain characters."""
    people = {
        crm.save("Contacts", last_name="Dvořák", email1="Jan@x.example", date_entered="2026-01-01 10:00:00"): "Dvořák",
        crm.save(
            "Contacts", last_name="Nováková", email1="eva@y.example", title="ředitelka", date_entered="2026-01-02"
        ): "Nováková",
        crm.save("Contacts", last_name="O'Hara", date_entered="2026-01-03 00:00:00"): "O'Hara",
    }

    assert {people[record_id] for record_id in crm.ids("Contacts", query)} == found
    assert crm.call("get_entries_count", "Contacts", query, 0) == {"result_count": str(len(found))}


def test_emails_by_sender_and_record(crm: Crm) -> None:
    """Emails of a record by emails_beans; by sender: SELECT email_id FROM emails_text WHERE from_addr LIKE '%a@b%'."""
    email = crm.save("Emails", from_addr_name="Jan <jan@x.example>", message_id="Abc@X")
    crm.save("Emails", from_addr_name="Eva <eva@y.example>")

    by_sender = crm.ids("Emails", "emails.id IN (SELECT email_id FROM emails_text WHERE from_addr LIKE '%jan@x%')")
    by_binary = crm.ids("Emails", "emails.message_id = BINARY 'Abc@X'")

    assert by_sender == by_binary == [email]
    assert crm.ids("Emails", "emails.message_id IN ('abc@x', 'other')") == [email]
    assert crm.ids("Emails", "emails.message_id = BINARY 'abc@x'") == []


@pytest.mark.parametrize(
    "query",
    [
        "contacts.id = 'x' LIMIT 1",
        "contacts.id = 'x'; DROP TABLE contacts",
        "contacts.id = 'x' -- y",
        "contacts.id = 'x' /* y */",
        "contacts.id = 'x' UNION SELECT id FROM users",
        "sleep(3) = 0",
        "benchmark(1, 2) = 0",
        "load_file('/etc/passwd') = ''",
        "contacts.id IN (SELECT id FROM users)",
        "contacts.id IN (SELECT email_id FROM emails_email_addr_rel)",
        "contacts.id IN (SELECT bean_id FROM emails_beans ORDER BY bean_id)",
        "users.user_hash LIKE 'a%'",
        "contacts.last_name = 'open",
        "contacts.last_name =",
        "(contacts.last_name = 'x'",
    ],
)
def test_refused_conditions_are_40(crm: Crm, query: str) -> None:
    """Checked by a parser: fault 40."""
    assert crm.query_status("Contacts", query) == (200, 40)


@pytest.mark.parametrize(
    "query",
    [
        "last_name = 'x'",
        "email1 = 'a@x.example'",
        "contacts.no_such = 1",
        "accounts.name = 'x'",
        "contacts.password = 'x'",
        "md5('x') = 'y'",
    ],
)
def test_conditions_that_mysql_refuses_are_500(crm: Crm, query: str) -> None:
    """bare name/last_name is ambiguous: HTTP 500; email1 is no column: HTTP 500."""
    assert crm.query_status("Contacts", query) == (500, None)


def test_the_name_of_an_account_is_ambiguous_when_bare(crm: Crm) -> None:
    """Qualify columns with the table name: bare name is ambiguous."""
    assert crm.query_status("Accounts", "name = 'x'") == (500, None)
    assert crm.query_status("Accounts", "accounts.name = 'x'") == (200, None)


@pytest.mark.parametrize(
    ("order_by", "names"),
    [
        ("name", ["A", "B", "C"]),
        ("name desc", ["C", "B", "A"]),
        ("website, id", ["C", "A", "B"]),
        ("accounts.name desc", ["A", "C", "B"]),
        ("no_such, `name`", ["A", "C", "B"]),
    ],
)
def test_order(crm: Crm, order_by: str, names: list[str]) -> None:
    """order_by: bare field names; table-qualified, unknown or backticked names are ignored silently."""
    named = {
        crm.save("Accounts", id=i, new_with_id=1, name=name, website=website): name
        for i, name, website in (("1", "A", "y"), ("3", "B", "y"), ("2", "C", "x"))
    }

    assert [named[record_id] for record_id in crm.ids("Accounts", order_by=order_by)] == names


def test_emails_alone_accept_qualified_order(crm: Crm) -> None:
    """Emails alone accept emails.x."""
    for record_id, name in (("1", "B"), ("2", "A")):
        crm.save("Emails", id=record_id, new_with_id=1, name=name)

    assert crm.ids("Emails", order_by="emails.name") == ["2", "1"]


def test_paging(crm: Crm) -> None:
    """default 20; max_results 0, empty, negative = default; next_offset = offset + count; past the end 0."""
    Account.objects.bulk_create(Account(name=f"{number:03}") for number in range(45))

    pages = [
        crm.call("get_entry_list", "Accounts", "", "id", o, ["id"], [], s, 0)
        for o, s in ((0, 0), (20, ""), (40, -1), (60, 20), (0, 5000))
    ]

    assert [page["result_count"] for page in pages] == [20, 20, 5, 0, 45]
    assert [page["next_offset"] for page in pages] == [20, 40, 45, 60, 45]
    assert {page["total_count"] for page in pages} == {"45"}
    ids = [entry["id"] for page in pages[:3] for entry in page["entry_list"]]
    assert len(set(ids)) == 45
    assert crm.ids("Accounts", f"accounts.id > '{ids[39]}'") == ids[40:]


def test_an_empty_list_has_a_number_as_total(crm: Crm) -> None:
    """total_count: string; int 0 when empty."""
    answer = crm.call("get_entry_list", "Accounts", "", "", 0, [], [], 20, 0)

    assert answer == {"result_count": 0, "total_count": 0, "next_offset": 0, "entry_list": [], "relationship_list": []}


def test_order_without_id_loses_rows_between_pages(crm: Crm) -> None:
    """Ordering by a non-unique column loses and repeats rows between pages; add `, id`."""
    Account.objects.bulk_create(Account(name="same") for _ in range(30))

    def paged(order_by: str) -> set[str]:
        pages = [crm.ids("Accounts", order_by=order_by, offset=offset, max_results=10) for offset in (0, 10, 20)]
        return {record_id for page in pages for record_id in page}

    assert len(paged("name")) < 30
    assert len(paged("name, id")) == 30


def test_shapes_of_a_record(crm: Crm) -> None:
    """name_value_list is a dict, but [] when no asked field has a value; empty select_fields = all fields."""
    account = crm.save("Accounts", name="A")

    entry = crm.call("get_entry", "Accounts", account, ["name"], [])["entry_list"][0]
    nothing = crm.call("get_entry", "Accounts", account, ["no_such"], [])["entry_list"][0]

    assert entry == {
        "id": account,
        "module_name": "Accounts",
        "name_value_list": {"name": {"name": "name", "value": "A"}},
    }
    assert nothing["name_value_list"] == []
    assert {"name", "phone_office", "email1", "deleted"} <= set(crm.read("Accounts", account))
    assert crm.read("Accounts", account, "deleted") == {"deleted": "0"}


def test_two_shapes_of_links(crm: Crm) -> None:
    """get_entry_list: another link shape than get_entry."""
    account = crm.save("Accounts", name="A")
    contact = crm.save("Contacts", last_name="Z", account_id=account)
    wanted = [{"name": "accounts", "value": ["name"]}, {"name": "no_such", "value": ["id"]}]
    row = {"name": {"name": "name", "value": "A"}}

    plain = crm.call("get_entry", "Contacts", contact, ["id"], wanted)["relationship_list"]
    listed = crm.call("get_entry_list", "Contacts", "", "", 0, ["id"], wanted, 20, 0)["relationship_list"]
    many = crm.call("get_entries", "Contacts", [contact], ["id"], wanted)["relationship_list"]

    assert plain == [[{"name": "accounts", "records": [row]}]]
    assert listed == many == [{"link_list": [{"name": "accounts", "records": [{"link_value": row}]}]}]


def test_missing_records_are_a_warning(crm: Crm) -> None:
    """a list of a warning and deleted=1 for a missing or deleted id (HTTP 200, no fault)."""
    account = crm.save("Accounts", name="A")

    entries = crm.call("get_entries", "Accounts", ["none", account], ["name"], [])["entry_list"]

    assert entries[0]["name_value_list"] == [
        {
            "name": "warning",
            "value": "Access to this object is denied since it has been deleted or does not exist",
        },
        {"name": "deleted", "value": "1"},
    ]
    assert entries[1]["name_value_list"]["name"]["value"] == "A"
