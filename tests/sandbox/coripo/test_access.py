"""Three roles. Measured on SuiteCRM 7.14.6: "Errors": no ACL right is 40.

Which calls that means is read in service/v4_1 of the same family: lists leave out what is hidden.
"""

from apps.sandbox.coripo.models import Grant, User
from tests.sandbox.coripo.conftest import Crm


def test_a_restricted_user_sees_his_own(crm: Crm, restricted: Crm, users: dict[str, User]) -> None:
    """Records assigned to him, made by him or shared with him."""
    hidden = crm.save("Contacts", last_name="hidden")
    assigned = crm.save("Contacts", last_name="assigned", assigned_user_id=users["tomas"].pk)
    made = restricted.save("Contacts", last_name="made", assigned_user_id=users["marek"].pk)
    shared = crm.save("Contacts", last_name="shared")
    Grant.objects.create(user_id=users["tomas"].pk, module="Contacts", record_id=shared)

    assert set(restricted.ids("Contacts")) == {assigned, made, shared}
    assert restricted.call("get_entries_count", "Contacts", "", 0) == {"result_count": "3"}
    assert restricted.call("get_entry", "Contacts", hidden, ["id"], [])["number"] == 40
    assert restricted.call("get_entries", "Contacts", [made, hidden], ["id"], [])["number"] == 40
    assert set(crm.ids("Contacts")) == {hidden, assigned, made, shared}


def test_a_restricted_user_changes_nothing_hidden(crm: Crm, restricted: Crm) -> None:
    """set_entry is 40; set_entries leaves its id out; a link from a hidden record fails."""
    email = crm.save("Emails", name="hidden", id="taken", new_with_id=1)

    assert restricted.call("set_entry", "Emails", {"id": email, "name": "x"})["number"] == 40
    assert restricted.call("set_entry", "Emails", {"id": email, "new_with_id": 1})["number"] == 40
    assert restricted.call("set_entries", "Emails", [{"id": email, "name": "x"}, {"id": "own", "new_with_id": 1}]) == {
        "ids": ["own"]
    }
    assert restricted.call("set_relationship", "Emails", email, "contacts", ["x"], [], 0)["failed"] == 1
    assert crm.read("Emails", email, "name") == {"name": "hidden"}


def test_a_restricted_user_changes_no_companies(restricted: Crm) -> None:
    """Denied editing of accounts."""
    assert restricted.call("set_entry", "Accounts", {"name": "A"})["number"] == 40


def test_only_an_administrator_changes_users(crm: Crm, door: Crm, users: dict[str, User]) -> None:
    """Users are readable by everybody; writing needs an administrator."""
    jana = users["jana"].pk

    assert crm.read("Users", jana, "user_name", "full_name", "is_admin", "password") == {
        "user_name": "jana",
        "full_name": "Jana Svobodová",
        "is_admin": "1",
    }
    assert crm.call("set_entry", "Users", {"id": jana, "title": "x"})["number"] == 40
    assert door.login("jana").save("Users", id=jana, title="ředitelka") == jana
    assert crm.read("Users", jana, "title") == {"title": "ředitelka"}
