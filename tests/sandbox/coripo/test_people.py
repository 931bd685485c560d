"""Measured on SuiteCRM 7.14.6: "Contacts, accounts, addresses" and "Relationships"."""

import pytest

from apps.sandbox.coripo.models import AccountContact, EmailAddress, EmailAddressOfBean
from tests.sandbox.coripo.conftest import Crm


def linked(crm: Crm, module: str, record_id: str, link: str, field: str = "id") -> list[str]:
    answer = crm.call("get_entry", module, record_id, ["id"], [{"name": link, "value": [field]}])
    return [row[field]["value"] for row in answer["relationship_list"][0][0]["records"]]


def test_addresses_on_create(crm: Crm) -> None:
    """email1 (and email2) on create works, spelling kept, email_address_caps upper-cased."""
    contact = crm.save("Contacts", last_name="Z", email1="Jan+x@X.example", email2="o'hara&co@x.example")

    assert crm.read("Contacts", contact, "email1", "email2") == {
        "email1": "Jan+x@X.example",
        "email2": "o&#039;hara&co@x.example",
    }
    assert EmailAddress.objects.filter(email_address_caps="JAN+X@X.EXAMPLE").exists()


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "jiří@x.example",
        "a@háčky.example",
        "<c@x.example>",
        "Foo <d@x.example>",
        "a@x.example,b@x.example",
        '"q"@x.example',
        " a@x.example",
    ],
)
def test_invalid_addresses_are_dropped(crm: Crm, address: str) -> None:
    """Invalid addresses are dropped silently."""
    contact = crm.save("Contacts", last_name="Z", email1=address)

    assert crm.read("Contacts", contact, "email1") == {"email1": ""}


def test_addresses_on_update_are_ignored_once_there_is_one(crm: Crm) -> None:
    """email1/email2 on update is ignored once the record has any address. With no address yet it is added."""
    contact = crm.save("Contacts", last_name="Z")
    for address in ("first@x.example", "second@x.example"):
        crm.save("Contacts", id=contact, email1=address)

    assert crm.read("Contacts", contact, "email1") == {"email1": "first@x.example"}


def test_a_later_address_is_made_and_tied(crm: Crm) -> None:
    """create EmailAddresses, then set_relationship; primary_address=1 makes a second primary; in the link it is ''."""
    contact = crm.save("Contacts", last_name="Z", email1="first@x.example")
    second, third = (
        crm.save("EmailAddresses", email_address=f"{name}@x.example", email_address_caps=f"{name}@X.EXAMPLE".upper())
        for name in ("second", "third")
    )
    crm.call("set_relationship", "Contacts", contact, "email_addresses", [second])
    crm.call(
        "set_relationship",
        "Contacts",
        contact,
        "email_addresses",
        [third],
        [{"name": "primary_address", "value": 1}],
        0,
    )

    assert linked(crm, "Contacts", contact, "email_addresses", "email_address") == [
        f"{name}@x.example" for name in ("first", "second", "third")
    ]
    assert set(linked(crm, "Contacts", contact, "email_addresses", "primary_address")) == {""}
    assert linked(crm, "Contacts", contact, "email_addresses_primary", "email_address") == [
        "first@x.example",
        "third@x.example",
    ]
    assert EmailAddressOfBean.objects.filter(bean_id=contact, primary_address=True).count() == 2


def test_companies_of_a_contact(crm: Crm) -> None:
    """account_id replaces the former one; set_relationship adds a second, and account_id then reads as the new one."""
    first, second, third = (crm.save("Accounts", name=name) for name in "ABC")
    contact = crm.save("Contacts", last_name="Z", account_id=first)
    crm.save("Contacts", id=contact, account_id=second)
    replaced = linked(crm, "Contacts", contact, "accounts")

    crm.call("set_relationship", "Contacts", contact, "accounts", [third])

    assert replaced == [second]
    assert linked(crm, "Contacts", contact, "accounts") == [second, third]
    assert crm.read("Contacts", contact, "account_id", "account_name") == {"account_id": third, "account_name": "C"}


def test_account_name_alone_links_nothing(crm: Crm) -> None:
    """account_name alone links nothing; set_entries on Contacts finds or creates it."""
    crm.save("Contacts", last_name="Z", account_name="A")
    assert crm.ids("Accounts") == []

    contact = crm.call("set_entries", "Contacts", [{"last_name": "Y", "account_name": "A"}])["ids"][0]

    assert crm.read("Contacts", contact, "account_name") == {"account_name": "A"}


def test_duplicates_of_contacts(crm: Crm) -> None:
    """set_entry never checks duplicates; set_entries does: same first+last name+email1 (case-sensitive)."""
    person = {"first_name": "Jan", "last_name": "Z", "email1": "jan@x.example"}
    first, second = crm.save("Contacts", **person), crm.save("Contacts", **person)

    again = crm.call("set_entries", "Contacts", [person, person | {"email1": "JAN@x.example"}])["ids"]

    assert first != second
    assert again[0] in {first, second}
    assert again[1] not in {first, second}


def test_setting_a_relationship_twice_makes_one_row(crm: Crm) -> None:
    """Setting it twice: created:1 again, one row. Works from either side. A plain string instead of a list works."""
    account, contact = crm.save("Accounts", name="A"), crm.save("Contacts", last_name="Z")

    one = crm.call("set_relationship", "Contacts", contact, "accounts", [account], [], 0)
    two = crm.call("set_relationship", "Accounts", account, "contacts", contact, [], 0)

    assert one == two == {"created": 1, "failed": 0, "deleted": 0}
    assert AccountContact.objects.count() == 1


def test_unknown_links_fail_and_unknown_ids_do_not(crm: Crm) -> None:
    """Unknown link: failed:1. Unknown or deleted ids on either side: created:1."""
    email = crm.save("Emails", name="E")

    assert crm.call("set_relationship", "Emails", email, "no_such", ["x"], [], 0)["failed"] == 1
    assert crm.call("set_relationship", "Emails", email, "contacts", ["nobody"], [], 0)["created"] == 1
    assert crm.call("set_relationship", "Emails", "nothing", "contacts", ["nobody"], [], 0)["created"] == 1
    assert linked(crm, "Emails", email, "contacts") == []


def test_relationships_in_bulk(crm: Crm) -> None:
    """set_relationships: related_ids is a list per e-mail; the counts are sums."""
    emails = [crm.save("Emails", name="E") for _ in range(3)]
    contacts = [crm.save("Contacts", last_name="Z") for _ in range(2)]

    made = crm.call(
        "set_relationships", ["Emails"] * 3, emails, ["contacts"] * 2 + ["no_such"], [contacts] * 3, [[]] * 3, [0] * 3
    )
    undone = crm.call("set_relationships", ["Emails"], emails[:1], ["contacts"], [contacts[:1]], [[]], [1])

    assert made == {"created": 2, "failed": 1, "deleted": 0}
    assert undone == {"created": 0, "failed": 0, "deleted": 1}
    assert [linked(crm, "Emails", email, "contacts") for email in emails] == [contacts[1:], contacts, []]


def test_all_seven_arguments_are_required_in_bulk(crm: Crm) -> None:
    """set_relationships (all 7 required)."""
    assert crm.send("set_relationships", crm.session, [], [], [], [], []).status_code == 500


def test_lists_of_unequal_length_are_31(crm: Crm) -> None:
    """31 relationship not supported."""
    answer = crm.call("set_relationships", ["Emails"], ["a", "b"], ["contacts"], [[]], [[]], [0])

    assert (answer["number"], answer["name"]) == (31, "Relationship Not Supported")


def test_reading_relationships(crm: Crm) -> None:
    """get_relationships honours order_by, offset, limit, related_module_query; unknown link: empty; unknown id: 500."""
    account = crm.save("Accounts", name="A")
    for name in ("C", "A", "B"):
        crm.save("Contacts", last_name=name, account_id=account)

    def names(query: str = "", order_by: str = "", offset: int = 0, limit: int = 0) -> list[str]:
        answer = crm.call(
            "get_relationships", "Accounts", account, "contacts", query, ["last_name"], [], 0, order_by, offset, limit
        )
        return [entry["name_value_list"]["last_name"]["value"] for entry in answer["entry_list"]]

    assert names(order_by="last_name") == ["A", "B", "C"]
    assert names(order_by="last_name desc", offset=1, limit=1) == ["B"]
    assert names("contacts.last_name = 'c'") == ["C"]
    assert crm.call("get_relationships", "Accounts", account, "no_such", "", [], [], 0)["entry_list"] == []
    missing = crm.send("get_relationships", crm.session, "Accounts", "none", "contacts", "", [], [], 0)
    assert (missing.status_code, missing.content) == (500, b"")


def test_deleting_a_contact_removes_its_links(crm: Crm) -> None:
    """Deleting a contact removes its links."""
    account = crm.save("Accounts", name="A")
    contact = crm.save("Contacts", last_name="Z", account_id=account, email1="z@x.example")
    crm.save("Contacts", id=contact, deleted=1)

    assert linked(crm, "Accounts", account, "contacts") == []
    assert not EmailAddressOfBean.objects.filter(bean_id=contact, deleted=False).exists()


def test_a_note_belongs_to_its_email(crm: Crm) -> None:
    """Note -> email: parent_type=Emails, parent_id, read by link notes."""
    email = crm.save("Emails", name="E")
    note = crm.save("Notes", name="a.pdf", parent_type="Emails", parent_id=email)

    assert linked(crm, "Emails", email, "notes") == [note]


def test_search_finds_by_name_and_address_but_shows_no_address(crm: Crm) -> None:
    """search_by_module finds contacts by address as well, but not all asked fields come back (email1 missing)."""
    contact = crm.save("Contacts", first_name="Jan", last_name="Dvořák", email1="jan@x.example")

    for text in ("dvorak", "jan@x"):
        found = crm.call("search_by_module", text, ["Contacts", "Accounts"], 0, 20, "", ["id", "name", "email1"])
        assert [section["name"] for section in found["entry_list"]] == ["Contacts", "Accounts"]
        assert found["entry_list"][0]["records"] == [
            {"id": {"name": "id", "value": contact}, "name": {"name": "name", "value": "Jan Dvořák"}}
        ]


def test_modules_and_fields_are_described(crm: Crm) -> None:
    """get_module_fields: use it to learn date_sent vs date_sent_received."""
    fields = crm.call("get_module_fields", "Emails", [])
    modules = [module["module_key"] for module in crm.call("get_available_modules")["modules"]]

    assert fields["module_fields"]["date_sent_received"]["type"] == "datetime"
    assert fields["link_fields"]["contacts"]["module"] == "Contacts"
    assert {"Accounts", "Contacts", "Leads", "Emails", "Notes", "Users"} <= set(modules)
