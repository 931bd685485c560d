"""What changed among contacts and their folders, told as for messages, with what is stricter here."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import addressbook, mailroom
from apps.sandbox.graph.models import Contact, Mailbox
from tests.sandbox.graph.caller import IMMUTABLE, GraphCaller

DELTA = "contacts/delta"


@pytest.fixture
def graph(client: Client, jana: Person, bearer: Callable[..., str]) -> GraphCaller:
    return GraphCaller(client, bearer(jana, "User.Read Contacts.ReadWrite"))


@pytest.fixture
def mailbox(jana: Person) -> Mailbox:
    return mailroom.mailbox_of(jana.mail)


@pytest.fixture
def people(mailbox: Mailbox) -> list[Contact]:
    """Three contacts in the default folder."""
    folder = addressbook.default_folder(mailbox)
    return [addressbook.create(folder, {"surname": name}) for name in ("Zeman", "Beran", "Nezval")]


def told(items: list[Any]) -> list[str]:
    return ["removed" if "@removed" in item else item["surname"] for item in items]


def test_rounds(graph: GraphCaller, people: list[Contact]) -> None:
    """First all in pages, then nothing, then changes and removals, each item with its type."""
    first = list(graph.pages(f"{DELTA}?$select=surname", prefer=f"{IMMUTABLE}, odata.maxpagesize=2"))
    items, link = [item for page in first for item in page["value"]], first[-1]["@odata.deltaLink"]
    assert ([len(page["value"]) for page in first], told(items)) == ([2, 1], ["Zeman", "Beran", "Nezval"])
    assert set(items[0]) == {"@odata.type", "@odata.etag", "id", "surname"}
    assert "/me/contactfolders('" in link

    quiet, link = graph.round(link)
    addressbook.change(people[1], {"surname": "Beranová"})
    addressbook.move(people[0], None)
    changes, _link = graph.round(link)

    assert quiet == []
    assert sorted(told(changes)) == ["Beranová", "removed"]
    assert {item["id"] for item in changes} == {items[0]["id"], items[1]["id"]}
    assert {item["@odata.type"] for item in changes} == {"#microsoft.graph.contact"}


def test_the_three_spellings_of_the_default_folder(graph: GraphCaller, people: list[Contact]) -> None:
    own = graph.get("contactFolders/contacts")["id"]

    for path in (DELTA, "contacts/delta()", "contactFolders/contacts/contacts/delta"):
        assert len(graph.round(path)[0]) == 3
    assert len(graph.round(f"contactFolders('{own}')/contacts/microsoft.graph.delta()")[0]) == 3


def test_no_option_but_select(graph: GraphCaller, people: list[Contact]) -> None:
    """The text names `$select` too, though it works."""
    for option in ("$top=5", "$expand=x", "$filter=x", "$orderby=surname", "$search=x"):
        answer = graph.send("GET", f"{DELTA}?{option}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidUrlQuery"), option
        assert answer.json()["error"]["message"] == (
            "The following parameters are not supported with change tracking over the 'Contacts' resource: "
            "'$orderby, $filter, $select, $expand, $search, $top'."
        )


def test_a_move_leaves_one_folder_and_enters_the_other(
    graph: GraphCaller, mailbox: Mailbox, people: list[Contact]
) -> None:
    """Under one immutable id; there and back within a round, only the removal is told."""
    other = addressbook.folder_for(mailbox, "CORIPO")
    path = f"contactFolders/{graph.get('contactFolders')['value'][0]['id']}/contacts/delta"
    [items, link], [_none, link_there] = graph.round(DELTA), graph.round(path)

    addressbook.move(people[0], other)
    [gone, link], [come, _link] = graph.round(link), graph.round(link_there)
    addressbook.move(people[1], other)
    addressbook.move(people[1], people[2].folder)
    [there_and_back, _link] = graph.round(link)

    assert (told(gone), told(come), gone[0]["id"]) == (["removed"], ["Zeman"], come[0]["id"])
    assert (told(there_and_back), there_and_back[0]["id"]) == (["removed"], items[1]["id"])


def test_replays_empty_pages_and_lost_cursors(
    graph: GraphCaller, people: list[Contact], control: Callable[..., Any]
) -> None:
    """As for messages: the knobs turn both. A cursor of mail leads nowhere here."""
    _items, link = graph.round(DELTA)
    control("POST", "graph/knobs", replay=1, empty_pages=True, lost_cursor=[410, "SyncStateNotFound"])

    pages = list(graph.pages(link))
    assert [told(page["value"]) for page in pages] == [[], ["Nezval"]]
    control("POST", "faults", name="expired-cursor", target="graph:contacts/delta")
    lost = graph.send("GET", link)
    assert (lost.status_code, lost.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert len(graph.round(lost["Location"])[0]) == 3
    other = link.replace("contactfolders", "mailfolders").replace("/contacts/", "/messages/")
    assert graph.send("GET", other).status_code in {400, 403}


def test_folders(graph: GraphCaller, mailbox: Mailbox, people: list[Contact]) -> None:
    """The default one is in no list; a name is taken once; the tree has a delta of its own, apart from that of mail."""
    default = graph.get("contactFolders/contacts")
    parent = graph.send("POST", "contactFolders", body={"displayName": "Obchod"}).json()
    path = f"contactFolders/{parent['id']}/childFolders"
    child = graph.send("POST", path, body={"displayName": "Klienti"}).json()
    taken = graph.refusal("POST", path, body={"displayName": "Klienti"})
    items, link = graph.round("contactFolders/delta")

    assert (default["displayName"], parent["parentFolderId"]) == ("Kontakty", default["id"])
    assert [one["displayName"] for one in graph.get("contactFolders")["value"]] == ["Obchod"]
    assert [one["id"] for one in graph.get(path)["value"]] == [child["id"]]
    assert taken == (409, "ErrorFolderExists")
    assert [one["displayName"] for one in items] == ["Obchod", "Klienti"]
    assert graph.refusal("GET", "contactFolders/delta?$top=5")[0] == 400

    graph.send("PATCH", f"contactFolders/{parent['id']}", body={"displayName": "Zákazníci"})
    addressbook.create(addressbook.folder_for(mailbox, "Zákazníci/Klienti"), {"surname": "Nová"})
    graph.send("DELETE", f"contactFolders/{child['id']}")
    changes, _link = graph.round(link)
    assert {one["id"]: one.get("displayName", "removed") for one in changes} == {
        parent["id"]: "Zákazníci",
        child["id"]: "removed",
    }
    assert graph.refusal("GET", f"contactFolders/{child['id']}/contacts/delta") == (404, "ErrorItemNotFound")
    assert graph.refusal("DELETE", f"contactFolders/{default['id']}") == (403, "ErrorDeleteDistinguishedFolder")
    assert Contact.objects.count() == 3
