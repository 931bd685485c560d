"""Mail folders: one level at a time, ten to a page, well-known names in any language."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import GraphCaller, mail


def names(graph: GraphCaller, path: str) -> list[str]:
    return [folder["displayName"] for page in graph.pages(path) for folder in page["value"]]


def test_the_list_holds_the_children_of_the_root(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail(), folder="Zakázky/2026")

    top = {folder["displayName"]: folder for folder in graph.get("mailFolders?$top=50")["value"]}

    assert {"Doručená pošta", "Odeslaná pošta", "Koncepty", "Zakázky"} <= set(top)
    assert "2026" not in top
    assert top["Zakázky"]["childFolderCount"] == 1
    assert names(graph, f"mailFolders/{top['Zakázky']['id']}/childFolders") == ["2026"]


def test_ten_to_a_page(graph: GraphCaller, jana: Person) -> None:
    for number in range(8):
        mailroom.deliver(jana.mail, mail(), folder=f"Projekt {number}")

    pages = list(graph.pages("mailFolders"))

    assert [len(page["value"]) for page in pages] == [10, 6]
    assert "%24skip=10" in pages[0]["@odata.nextLink"]


def test_hidden_folders_come_when_asked_for(graph: GraphCaller) -> None:
    assert "Problémy se synchronizací" not in names(graph, "mailFolders")
    assert "Problémy se synchronizací" in names(graph, "mailFolders?includeHiddenFolders=true")


def test_names_are_in_the_language_of_the_owner(
    client: Client, person: Callable[..., Person], bearer: Callable[..., str]
) -> None:
    tom = person("Tom Hill", language="en")
    graph = GraphCaller(client, bearer(tom, "Mail.Read"))

    assert graph.get("mailFolders/SentItems?$select=displayName")["displayName"] == "Sent Items"


def test_counts(graph: GraphCaller, jana: Person) -> None:
    source = mail()
    mailroom.deliver(jana.mail, source, is_read=True)
    mailroom.deliver(jana.mail, source)

    inbox = graph.get("mailFolders/inbox")

    assert (inbox["totalItemCount"], inbox["unreadItemCount"]) == (2, 1)
    assert inbox["sizeInBytes"] == 2 * len(source)


@pytest.mark.parametrize("name", ["clutter", "recoverableitemsdeletions"])
def test_a_well_known_folder_that_the_mailbox_lacks(graph: GraphCaller, name: str) -> None:
    assert graph.refusal("GET", f"mailFolders/{name}") == (404, "ErrorItemNotFound")


def test_search_folders_are_mixed_in(graph: GraphCaller, jana: Person, control: Callable[..., Any]) -> None:
    """Nothing but the type tells them from folders; they are in the tree of delta as well."""
    control("POST", "folders", mailbox=jana.mail, folder="Nepřečtené", kind="search")

    listed = {folder["displayName"]: folder for folder in graph.get("mailFolders?$top=50")["value"]}
    told = {folder["displayName"]: folder for folder in graph.round("mailFolders/delta")[0]}

    assert listed["Nepřečtené"]["@odata.type"] == "#microsoft.graph.mailSearchFolder"
    assert "@odata.type" not in listed["Koncepty"]
    assert told["Nepřečtené"]["@odata.type"] == "#microsoft.graph.mailSearchFolder"
    assert told["Koncepty"]["@odata.type"] == "#microsoft.graph.mailFolder"


def test_a_folder_moves_with_its_id(graph: GraphCaller) -> None:
    """Folder ids are stable: immutable ids do not apply to containers."""
    own = graph.send("POST", "mailFolders", body={"displayName": "Servis"}).json()["id"]
    inner = graph.send("POST", f"mailFolders/{own}/childFolders", body={"displayName": "Opravy"}).json()["id"]
    archive = graph.get("mailFolders/archive")["id"]

    moved = graph.send("POST", f"mailFolders/{own}/move", body={"destinationId": "archive"})

    assert (moved.status_code, moved.json()["id"], moved.json()["parentFolderId"]) == (201, own, archive)
    into_itself = graph.refusal("POST", f"mailFolders/{own}/move", body={"destinationId": inner})
    assert into_itself == (400, "ErrorMoveCopyFailed")
    refused = graph.refusal("POST", "mailFolders/inbox/move", body={"destinationId": own})
    assert refused == (403, "ErrorDeleteDistinguishedFolder")


def test_one_level_is_expanded_with_the_list(graph: GraphCaller, jana: Person, control: Callable[..., Any]) -> None:
    """Graph: "`$expand=childFolders` goes one level"."""
    mailroom.deliver(jana.mail, mail(), folder="Zakázky/2026/Servis")
    control("POST", "folders", mailbox=jana.mail, folder="Zakázky/Skrytá", kind="hidden")
    whole = "mailFolders?$top=50&$select=displayName&$expand=childFolders"

    top = {folder["displayName"]: folder for folder in graph.get(whole)["value"]}
    (inner,) = top["Zakázky"]["childFolders"]
    with_hidden = graph.get(f"{whole}&includeHiddenFolders=true")["value"]
    alone = graph.get(f"mailFolders/{top['Zakázky']['id']}?$expand=childFolders($select=displayName)")

    assert (inner["displayName"], inner["childFolderCount"]) == ("2026", 1)
    assert "childFolders" not in inner
    assert top["Koncepty"]["childFolders"] == []
    zakazky = next(folder for folder in with_hidden if folder["displayName"] == "Zakázky")
    assert [folder["displayName"] for folder in zakazky["childFolders"]] == ["2026", "Skrytá"]
    assert alone["childFolders"] == [{"id": inner["id"], "displayName": "2026"}]
    assert graph.refusal("GET", "mailFolders?$expand=messages") == (501, "NotImplemented")


def test_the_tree_of_delta_tells_what_happened_to_folders(graph: GraphCaller) -> None:
    """Graph: "Delivers the whole tree … the cheap way to discover, rename and delete folders"."""
    servis = graph.send("POST", "mailFolders", body={"displayName": "Servis"}).json()["id"]
    opravy = graph.send("POST", f"mailFolders/{servis}/childFolders", body={"displayName": "Opravy"}).json()["id"]
    _all, link = graph.round("mailFolders/delta")

    graph.send("PATCH", f"mailFolders/{servis}", body={"displayName": "Servis 2026"})
    graph.send("POST", f"mailFolders/{opravy}/move", body={"destinationId": "archive"})
    told, link = graph.round(link)
    graph.send("DELETE", f"mailFolders/{servis}")
    gone, link = graph.round(link)

    archive = graph.get("mailFolders/archive")["id"]
    places = {folder["id"]: (folder["displayName"], folder["parentFolderId"]) for folder in told}
    assert places[servis][0] == "Servis 2026"
    assert places[opravy] == ("Opravy", archive)
    assert [(folder["id"], folder["@removed"]) for folder in gone] == [(servis, {"reason": "deleted"})]
    assert graph.round(link)[0] == []


def test_folders_by_control(graph: GraphCaller, jana: Person, control: Callable[..., Any]) -> None:
    """As the owner does it in Outlook: make, rename, move, delete."""
    words = {"mailbox": jana.mail, "folder": "Zakázky/2026"}
    made = control("POST", "folders", **words)
    again = control("POST", "folders", **words)
    renamed = control("PATCH", "folders", **words, name="2027")
    moved = control("PATCH", "folders", mailbox=jana.mail, folder="Zakázky/2027", to="inbox")

    assert (made.status_code, renamed.json(), moved.json()) == (201, made.json(), made.json())
    assert again.status_code == 400
    assert graph.get("mailFolders/inbox/childFolders")["value"][0]["displayName"] == "2027"
    gone = control("DELETE", "folders", mailbox=jana.mail, folder="Doručená pošta/2027")
    assert gone.status_code == 204
    assert control("DELETE", "folders", mailbox=jana.mail, folder="Doručená pošta/2027").status_code == 400


def test_make_rename_and_delete(graph: GraphCaller) -> None:
    made = graph.send("POST", "mailFolders", body={"displayName": "Servis"})
    again = graph.refusal("POST", "mailFolders", body={"displayName": "Servis"})
    own = made.json()["id"]
    inner = graph.send("POST", f"mailFolders/{own}/childFolders", body={"displayName": "Opravy"}).json()
    renamed = graph.send("PATCH", f"mailFolders/{own}", body={"displayName": "Servis 2026"}).json()

    assert (made.status_code, again) == (201, (409, "ErrorFolderExists"))
    assert inner["parentFolderId"] == own
    assert (renamed["id"], renamed["displayName"]) == (own, "Servis 2026")
    assert graph.send("DELETE", f"mailFolders/{own}").status_code == 204
    assert graph.refusal("GET", f"mailFolders/{inner['id']}") == (404, "ErrorItemNotFound")
    assert graph.refusal("DELETE", "mailFolders/inbox") == (403, "ErrorDeleteDistinguishedFolder")
