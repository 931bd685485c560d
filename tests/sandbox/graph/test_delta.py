"""Message and folder delta, trap by trap."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.sandbox.control import weather
from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom, mime
from apps.sandbox.graph.models import Message
from tests.sandbox.graph.caller import GraphCaller, mail

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INBOX = "mailFolders/inbox/messages/delta?$select=subject,isRead"


def deliver(person: Person, *subjects: str, folder: str = "inbox") -> list[Message]:
    """Mails that came one minute after another, the last one last."""
    return [
        mailroom.deliver(person.mail, mail(subject), folder=folder, received_at=NOON + timedelta(minutes=number))
        for number, subject in enumerate(subjects)
    ]


def subjects(items: list[dict[str, str]]) -> list[str]:
    return [item.get("subject", "removed") for item in items]


def test_the_first_round_tells_what_is_there_and_the_next_what_changed(graph: GraphCaller, jana: Person) -> None:
    first, second = deliver(jana, "one", "two")
    items, link = graph.round(INBOX)
    mailroom.change(first, is_read=True)
    mailroom.delete(second)
    deliver(jana, "three")

    changes, last = graph.round(link)

    assert subjects(items) == ["one", "two"]
    assert subjects(changes) == ["one", "removed", "three"]
    assert changes[0]["isRead"] is True
    assert changes[1] == {
        "@odata.type": "#microsoft.graph.message",
        "id": items[1]["id"],
        "@removed": {"reason": "deleted"},
    }
    assert graph.round(last)[0] == []


def test_pages_hold_ten_unless_each_request_says_otherwise(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, *[f"mail {number}" for number in range(25)])

    assert [len(page["value"]) for page in graph.pages(INBOX)] == [10, 10, 5]
    first = graph.get(INBOX, prefer="odata.maxpagesize=20")
    assert len(first["value"]) == 20
    # The preference is not carried over.
    deliver(jana, *[f"more {number}" for number in range(10)])
    assert len(graph.get(first["@odata.nextLink"])["value"]) == 10


def test_maxpagesize_is_quietly_cut(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver_many(jana.mail, [mailroom.Delivery(mail(f"mail {number}")) for number in range(520)])

    assert len(graph.get(INBOX, prefer="odata.maxpagesize=999")["value"]) == 512


def test_top_is_accepted_and_does_not_page(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, *[f"mail {number}" for number in range(12)])

    assert len(graph.get(INBOX + "&$top=5")["value"]) == 10


def test_newest_first_only_where_it_is_asked_for(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one", "two", "three")

    paged = INBOX + "&$orderby=receivedDateTime%20desc"
    items = [item for page in graph.pages(paged, prefer="odata.maxpagesize=2") for item in page["value"]]
    assert subjects(items) == ["three", "two", "one"]
    assert subjects(graph.round(INBOX)[0]) == ["one", "two", "three"]


def test_a_time_limit_holds_for_later_rounds(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one", "two")
    items, link = graph.round(INBOX + "&$filter=receivedDateTime%20ge%202026-03-01T12:01:00Z")
    mailroom.deliver(jana.mail, mail("too old"), received_at=NOON - timedelta(days=1))
    mailroom.deliver(jana.mail, mail("three"), received_at=NOON + timedelta(days=1))

    assert subjects(items) == ["two"]
    assert subjects(graph.round(link)[0]) == ["three"]


def test_a_time_limit_tells_five_thousand_and_is_silent_about_the_rest(graph: GraphCaller, jana: Person) -> None:
    message = mail("same")
    mailroom.deliver_many(jana.mail, [mailroom.Delivery(message, mail=mime.read(message), received_at=NOON)] * 5010)

    window = INBOX + "&$filter=receivedDateTime%20ge%202026-01-01"
    assert len(graph.round(window, prefer="odata.maxpagesize=512")[0]) == 5000
    assert len(graph.round(INBOX, prefer="odata.maxpagesize=512")[0]) == 5010


def test_a_move_is_a_removal_here_and_a_new_message_there(graph: GraphCaller, jana: Person) -> None:
    (message,) = deliver(jana, "one")
    archive = INBOX.replace("inbox", "archive")
    items, inbox_link = graph.round(INBOX)
    _none, archive_link = graph.round(archive)

    mailroom.move(message, folder="archive")

    gone, moved = graph.round(inbox_link)[0], graph.round(archive_link)[0]
    assert "@removed" in gone[0]
    assert gone[0]["id"] == moved[0]["id"] == items[0]["id"]
    assert graph.get(f"messages/{gone[0]['id']}")["subject"] == "one"


def test_a_mutable_id_changes_with_the_move(graph: GraphCaller, jana: Person) -> None:
    (message,) = deliver(jana, "one")
    items, inbox_link = graph.round(INBOX, prefer="")

    mailroom.move(message, folder="archive")

    moved = graph.round(INBOX.replace("inbox", "archive"), prefer="")[0]
    assert graph.round(inbox_link, prefer="")[0][0]["id"] == items[0]["id"]
    assert moved[0]["id"] != items[0]["id"]


def test_away_and_back_within_a_round_leaves_only_the_removal(graph: GraphCaller, jana: Person) -> None:
    (message,) = deliver(jana, "one")
    items, link = graph.round(INBOX)
    mailroom.move(message, folder="archive")
    mailroom.move(message, folder="inbox")

    changes, _link = graph.round(link)

    assert [item["id"] for item in changes] == [items[0]["id"]]
    assert "@removed" in changes[0]
    assert graph.send("GET", f"messages/{items[0]['id']}").status_code == 200


def test_what_changes_during_the_first_round_is_told_again(graph: GraphCaller, jana: Person) -> None:
    first, _second = deliver(jana, "one", "two")
    page = graph.get(INBOX, prefer="odata.maxpagesize=1")
    mailroom.change(first, is_read=True)

    rest, link = graph.round(page["@odata.nextLink"])

    assert subjects(page["value"] + rest) == ["one", "two"]
    assert subjects(graph.round(link)[0]) == ["one"]


def test_change_types(graph: GraphCaller, jana: Person) -> None:
    first, second = deliver(jana, "one", "two")
    links = {kind: graph.round(f"{INBOX}&changeType={kind}")[1] for kind in ("created", "updated", "deleted")}
    mailroom.change(first, is_read=True)
    mailroom.delete(second)
    deliver(jana, "three")

    told = {kind: subjects(graph.round(link)[0]) for kind, link in links.items()}

    assert told == {"created": ["three"], "updated": ["one"], "deleted": ["removed"]}


@pytest.mark.parametrize(
    "path",
    [
        "mailFolders/inbox/messages/delta",
        "mailFolders/inbox/messages/delta()",
        "mailFolders/inbox/messages/microsoft.graph.delta()",
        "mailfolders('inbox')/messages/delta",
        "MAILFOLDERS/Inbox/Messages/Delta",
    ],
)
def test_every_spelling_of_the_path(graph: GraphCaller, jana: Person, path: str) -> None:
    deliver(jana, "one")

    page = graph.get(f"{path}?%24select=subject")

    assert subjects(page["value"]) == ["one"]
    link = page["@odata.deltaLink"]
    assert link.startswith("http://testserver/v1.0/me/mailfolders('AQMk")
    assert "/messages/delta?$deltatoken=" in link


def test_items_carry_type_etag_and_what_was_selected_on_the_first_request(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    response = graph.send("GET", INBOX)
    deliver(jana, "two")

    later = graph.get(response.json()["@odata.deltaLink"])["value"][0]

    assert "odata.track-changes" in response["Preference-Applied"]
    assert set(later) == {"@odata.type", "@odata.etag", "id", "subject", "isRead"}


def test_a_cursor_survives_that_immutable_ids_are_switched_on(graph: GraphCaller, jana: Person) -> None:
    """Delta and next links work with or without the header; the ids are those of the request at hand."""
    first, _second = deliver(jana, "one", "two")
    mutable, link = graph.round(INBOX, prefer="")
    mailroom.change(first, is_read=True)

    (changed,), _link = graph.round(link)

    assert changed["subject"] == "one"
    assert changed["id"] not in {item["id"] for item in mutable}
    assert graph.get(f"messages/{changed['id']}")["subject"] == "one"


def test_children_of_a_folder_are_not_in_its_delta(graph: GraphCaller, jana: Person) -> None:
    """One cursor for each folder."""
    deliver(jana, "above", folder="Zakázky")
    deliver(jana, "below", folder="Zakázky/2026")
    folders = {item["displayName"]: item["id"] for item in graph.round("mailFolders/delta")[0]}

    told = {name: graph.round(f"mailFolders/{folders[name]}/messages/delta")[0] for name in ("Zakázky", "2026")}

    assert {name: subjects(items) for name, items in told.items()} == {"Zakázky": ["above"], "2026": ["below"]}


def test_without_select_all_properties_come_with_the_body(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")

    (item,), _link = graph.round("mailFolders/inbox/messages/delta")

    assert {"body", "bodyPreview", "toRecipients", "parentFolderId", "changeKey", "flag"} <= set(item)


def test_changed_items_come_with_all_that_was_selected_and_our_own_change_comes_back(
    graph: GraphCaller, jana: Person
) -> None:
    """The echo of a write is known by the version that its answer gave."""
    deliver(jana, "one")
    (item,), link = graph.round(INBOX)

    written = graph.send("PATCH", f"messages/{item['id']}", body={"categories": ["CRM"]}).json()
    (echo,), _link = graph.round(link)

    assert (echo["subject"], echo["isRead"]) == ("one", False)
    assert echo["@odata.etag"] == written["@odata.etag"] != item["@odata.etag"]


def test_an_expired_cursor_is_410_with_a_fresh_address(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    _items, link = graph.round(INBOX)
    weather.add(name="expired-cursor", target=f"graph:{jana.mail}")

    response = graph.send("GET", link)

    assert (response.status_code, response.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert response["Location"].endswith("/messages/delta?$deltatoken=")
    assert subjects(graph.round(response["Location"])[0]) == ["one"]
    assert graph.round(link)[0] == []


def test_an_expired_cursor_spares_those_who_start(graph: GraphCaller, jana: Person) -> None:
    weather.add(name="expired-cursor", times=0)

    assert graph.get(INBOX)["value"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("messages/delta", "BadRequest"),
        (INBOX + "&$search=%22x%22", "ErrorInvalidUrlQuery"),
        (INBOX + "&$orderby=subject", "ErrorInvalidUrlQuery"),
        (INBOX + "&$filter=sentDateTime%20ge%202026-01-01T00:00:00Z", "ErrorInvalidUrlQuery"),
        (INBOX + "&$filter=isRead%20eq%20true", "ErrorInvalidUrlQuery"),
        ("mailFolders/inbox/messages/delta?$deltatoken=nonsense", "BadRequest"),
        ("mailFolders/delta?$top=5", "ErrorInvalidUrlQuery"),
    ],
)
def test_what_change_tracking_refuses(graph: GraphCaller, path: str, code: str) -> None:
    assert graph.refusal("GET", path) == (400, code)


def test_expand_breaks_it_as_it_breaks_the_real_one(graph: GraphCaller) -> None:
    assert graph.send("GET", INBOX + "&$expand=attachments").status_code == 500


def test_a_cursor_of_another_folder_is_refused(graph: GraphCaller) -> None:
    _items, link = graph.round(INBOX)
    token = link.partition("?")[2]

    assert graph.refusal("GET", f"mailFolders/archive/messages/delta?{token}") == (400, "BadRequest")


def test_a_deleted_folder_ends_its_cursor(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one", folder="Zakázky")
    folder = next(row for row in graph.get("mailFolders?$top=50")["value"] if row["displayName"] == "Zakázky")
    _items, link = graph.round(f"mailFolders/{folder['id']}/messages/delta")

    assert graph.send("DELETE", f"mailFolders/{folder['id']}").status_code == 204
    assert graph.refusal("GET", link) == (404, "ErrorItemNotFound")


def test_the_tree_of_folders_in_one_round(graph: GraphCaller, jana: Person) -> None:
    """All levels, which the list does not give; then what was made, renamed and removed."""
    deliver(jana, "one", folder="Zakázky/2026")
    items, link = graph.round("mailFolders/delta?$select=displayName,parentFolderId")
    ids = {item["displayName"]: item["id"] for item in items}

    graph.send("PATCH", f"mailFolders/{ids['2026']}", body={"displayName": "2027"})
    graph.send("DELETE", f"mailFolders/{ids['Archiv']}")
    graph.send("POST", "mailFolders", body={"displayName": "Servis"})
    changes, last = graph.round(link)

    assert {"Zakázky", "2026", "Doručená pošta"} <= set(ids)
    assert next(item for item in items if item["displayName"] == "2026")["parentFolderId"] == ids["Zakázky"]
    assert [item.get("displayName") for item in changes] == ["2027", "Servis"]
    graph.send("DELETE", f"mailFolders/{ids['Zakázky']}")
    gone = graph.round(last)[0]
    assert {item["id"] for item in gone} == {ids["Zakázky"], ids["2026"]}
    assert all(item["@removed"] == {"reason": "deleted"} for item in gone)
