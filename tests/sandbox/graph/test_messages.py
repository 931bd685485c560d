"""Lists of messages, one message, and what may be written to it."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.sandbox.control.models import Person
from apps.sandbox.graph import knobs, mailroom
from apps.sandbox.graph.models import Message
from tests.sandbox.graph.caller import GraphCaller, mail

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def deliver(person: Person, *subjects: str, folder: str = "inbox") -> list[Message]:
    """Mails that came one minute after another, the last one last."""
    return [
        mailroom.deliver(person.mail, mail(subject), folder=folder, received_at=NOON + timedelta(minutes=number))
        for number, subject in enumerate(subjects)
    ]


def subjects(graph: GraphCaller, query: str, folder: str = "mailFolders/inbox/") -> list[str]:
    return [item["subject"] for item in graph.get(f"{folder}messages?{query}")["value"]]


# ── Lists ─────────────────────────────────────────────────────────────────


def test_a_list_holds_ten_newest_first_and_links_on(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, *[f"{number}" for number in range(25)])

    pages = list(graph.pages("mailFolders/inbox/messages?$select=subject&$count=true"))

    assert [len(page["value"]) for page in pages] == [10, 10, 5]
    assert [item["subject"] for page in pages for item in page["value"]] == [f"{n}" for n in range(24, -1, -1)]
    assert pages[0]["@odata.count"] == 25
    assert "%24skip=10" in pages[0]["@odata.nextLink"]


def test_mail_that_arrives_between_two_pages_shifts_the_rows(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one", "two", "three")
    page = graph.get("mailFolders/inbox/messages?$select=subject&$top=2")
    mailroom.deliver(jana.mail, mail("new"))

    following = graph.get(page["@odata.nextLink"])["value"]

    assert [item["subject"] for item in page["value"]] == ["three", "two"]
    assert [item["subject"] for item in following] == ["two", "one"]


def test_the_list_of_all_messages_spans_the_deleted_ones(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "here")
    deliver(jana, "deleted", folder="deleteditems")

    assert set(subjects(graph, "", folder="")) == {"here", "deleted"}
    assert subjects(graph, "") == ["here"]


def test_a_damaged_item_is_an_error_in_a_good_page(graph: GraphCaller, jana: Person) -> None:
    """An item inside `value` may be `{"error":{…}}` in a 200 page. Skip it, do not crash."""
    deliver(jana, "one", "two")
    knobs.turn({"damaged": 1})

    damaged, sound = graph.get("mailFolders/inbox/messages?$select=subject")["value"]

    assert (damaged["error"]["code"], sound["subject"]) == ("ErrorCorruptData", "one")
    assert subjects(graph, "$select=subject") == ["two", "one"]


def test_id_and_etag_come_unasked(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")

    item = graph.get("mailFolders/inbox/messages?%24select=subject")["value"][0]

    assert set(item) == {"@odata.etag", "id", "subject"}
    assert item["@odata.etag"].startswith('W/"')


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$filter=receivedDateTime ge 2026-03-01T12:01:00Z", ["three", "two"]),
        ("$filter=receivedDateTime gt 2026-03-01T12:00:00Z and receivedDateTime lt 2026-03-01T12:02:00Z", ["two"]),
        ("$filter=receivedDateTime ge 2026-01-01T00:00:00.0000000Z and isRead eq true", ["one"]),
        ("$filter=isRead eq false&$top=1", ["three"]),
        ("$filter=internetMessageId eq '<O''Neil@x.example>'", ["two"]),
        ("$filter=from/emailAddress/address eq 'OTHER@kovarna.example'", ["three"]),
        ("$filter=categories/any(c:c eq 'CRM')", ["one"]),
        ("$filter=categories/any(c: c eq 'CRM') or startswith(subject,'thr')", ["three", "one"]),
        ("$filter=not (subject eq 'two')", ["three", "one"]),
        ("$filter=contains(subject,'o')", ["two", "one"]),
        ("$orderby=subject", ["one", "three", "two"]),
        ("$filter=receivedDateTime ge 2026-01-01 and isRead eq false&$orderby=receivedDateTime desc", ["three", "two"]),
        ("$skip=1&$top=1", ["two"]),
    ],
)
def test_what_a_query_finds(graph: GraphCaller, jana: Person, query: str, expected: list[str]) -> None:
    first = mailroom.deliver(jana.mail, mail("one"), received_at=NOON, is_read=True)
    mailroom.change(first, categories=["Blue", "crm"])
    second = mail("two", message_id="<O'Neil@x.example>")
    mailroom.deliver(jana.mail, second, received_at=NOON + timedelta(minutes=1))
    third = mail("three", from_="other@kovarna.example")
    mailroom.deliver(jana.mail, third, received_at=NOON + timedelta(minutes=2))

    assert subjects(graph, quote(query, safe="$&=")) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        # Each property of the order must be in the filter, first and in the same order.
        ("$filter=isRead eq false&$orderby=receivedDateTime desc", "InefficientFilter"),
        ("$filter=isRead eq false and receivedDateTime ge 2026-01-01&$orderby=receivedDateTime", "InefficientFilter"),
        (
            "$filter=receivedDateTime ge 2026-01-01 and contains(subject,'x')&$orderby=receivedDateTime",
            "InefficientFilter",
        ),
        (
            "$filter=receivedDateTime ge 2026-01-01 and importance eq 'low'&$orderby=receivedDateTime",
            "InefficientFilter",
        ),
        ("$filter=endswith(subject,'x')", "ErrorInvalidUrlQueryFilter"),
        ("$filter=toRecipients/any(r:r/emailAddress/address eq 'x')", "ErrorInvalidUrlQueryFilter"),
        ("$filter=isRead eq 'yes'", "ErrorInvalidUrlQueryFilter"),
        ("$filter=colour eq 'red'", "BadRequest"),
        ("$filter=isRead eq", "BadRequest"),
        ("$filter=subject eq 'open", "BadRequest"),
        ("$filter=receivedDateTime ge yesterday", "BadRequest"),
        ("$top=0", "ErrorInvalidUrlQuery"),
        ("$top=1001", "ErrorInvalidUrlQuery"),
        ("$select=colour", "RequestBroker--ParseUri"),
        ("$orderby=body", "ErrorInvalidUrlQuery"),
    ],
)
def test_what_a_query_may_not_ask(graph: GraphCaller, query: str, code: str) -> None:
    assert graph.refusal("GET", f"mailFolders/inbox/messages?{quote(query, safe='$&=')}") == (400, code)


def test_the_cost_of_a_page_does_not_grow_with_its_rows(graph: GraphCaller, jana: Person) -> None:
    def queries(size: int, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(graph.get(path, prefer=f"odata.maxpagesize={size}")["value"]) == size
        return len(captured)

    deliver(jana, *[f"{number}" for number in range(30)])

    for path in ("mailFolders/inbox/messages", "mailFolders/inbox/messages/delta"):
        assert queries(1, path) == queries(30, path)


def test_count_is_plain_text(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one", "two")

    response = graph.send("GET", "mailFolders/inbox/messages/$count")

    assert (response.content, response["Content-Type"]) == (b"2", "text/plain")


# ── One message ───────────────────────────────────────────────────────────


def test_a_message_in_full(graph: GraphCaller, jana: Person) -> None:
    source = mail(
        "Nabídka",
        html="<p>Dobrý <b>den</b></p><script>alert(1)</script>",
        message_id="<42@kovarna.example>",
        date="Sun, 01 Mar 2026 12:59:58 +0100",
        cc="<a@x.example>, b@x.example",
        importance="High",
    )
    message = mailroom.deliver(jana.mail, source, received_at=NOON)

    item = graph.get(f"mailFolders/inbox/messages/{_id(graph)}")

    assert message.subject == item["subject"] == "Nabídka"
    assert item["receivedDateTime"] == "2026-03-01T12:00:00Z"
    assert item["sentDateTime"] == "2026-03-01T11:59:58Z"
    assert item["internetMessageId"] == "<42@kovarna.example>"
    assert item["from"] == {"emailAddress": {"name": "Karel Zeman", "address": "zeman@kovarna.example"}}
    assert item["ccRecipients"][1] == {"emailAddress": {"name": "b@x.example", "address": "b@x.example"}}
    assert item["importance"] == "high"
    assert item["bodyPreview"].startswith("Dobrý den")
    assert item["body"]["contentType"] == "html"
    assert "<b>den</b>" in item["body"]["content"]
    assert "alert" not in item["body"]["content"]
    assert not {"uniqueBody", "internetMessageHeaders"} & set(item)


def test_the_body_comes_as_it_is_preferred(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail(html="<p>Dobrý <b>den</b></p>"))
    url = f"messages/{_id(graph)}?$select=body,uniqueBody"

    response = graph.send("GET", url, prefer='outlook.body-content-type="text", IdType="ImmutableId"')

    assert response.json()["body"] == {"contentType": "text", "content": "Dobrý den,\nprosím o nabídku.\n"}
    assert response.json()["uniqueBody"] == response.json()["body"]
    assert response["Preference-Applied"] == 'IdType="ImmutableId", outlook.body-content-type="text"'


def test_a_plain_mail_has_an_html_body_too(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail(text="1 < 2\n"))

    body = graph.get(f"messages/{_id(graph)}?$select=body")["body"]

    assert body["contentType"] == "html"
    assert "1 &lt; 2<br>" in body["content"]


def test_headers_come_by_name_only(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail("Přání", list_id="<news.x.example>"))

    headers = graph.get(f"messages/{_id(graph)}?$select=internetMessageHeaders")["internetMessageHeaders"]

    assert {"name": "list-id", "value": "<news.x.example>"} in headers
    assert any(header["name"] == "Subject" and header["value"].startswith("=?utf-8?") for header in headers)


def test_the_source_is_what_was_delivered(graph: GraphCaller, jana: Person) -> None:
    source = b"Subject: raw \xe8\r\n\r\nbare \xff bytes\r\n"
    mailroom.deliver(jana.mail, source)

    response = graph.send("GET", f"messages/{_id(graph)}/$value")

    assert response.content == source
    assert response["Content-Type"] == "text/plain"


def test_a_mail_without_message_id_stays_without(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")

    assert "internetMessageId" not in graph.get(f"messages/{_id(graph)}")


def test_a_thread_has_one_conversation_which_differs_between_mailboxes(
    graph: GraphCaller, graph_of_petr: GraphCaller, jana: Person, petr: Person
) -> None:
    first = mail("Nabídka", message_id="<1@x.example>")
    answer = mail("Re: Nabídka", message_id="<2@x.example>", references="<1@x.example>", in_reply_to="<1@x.example>")
    for person in (jana, petr):
        mailroom.deliver(person.mail, first)
        mailroom.deliver(person.mail, answer)

    hers = {item["conversationId"] for item in graph.get("messages")["value"]}
    his = {item["conversationId"] for item in graph_of_petr.get("messages")["value"]}

    assert len(hers) == len(his) == 1
    assert hers != his


def test_a_mail_without_an_author_has_neither_from_nor_sender(graph: GraphCaller, jana: Person) -> None:
    """Drafts and some system items have none, and their recipients may be an empty list."""
    mailroom.deliver(jana.mail, b"Subject: Report\r\n\r\nDone.\r\n")

    item = graph.get("mailFolders/inbox/messages?$select=from,sender,toRecipients")["value"][0]

    assert not {"from", "sender"} & set(item)
    assert item["toRecipients"] == []


def test_from_is_the_mailbox_on_whose_behalf_and_sender_the_account_that_sent(graph: GraphCaller, jana: Person) -> None:
    source = mail(from_="Obchod <obchod@kovarna.example>", sender="Eva <eva@kovarna.example>")
    mailroom.deliver(jana.mail, source)

    item = graph.get(f"messages/{_id(graph)}?$select=from,sender")

    assert item["from"]["emailAddress"]["address"] == "obchod@kovarna.example"
    assert item["sender"]["emailAddress"]["address"] == "eva@kovarna.example"


def test_the_preview_is_the_first_255_characters_as_text(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail(text="x" * 300 + "\n"))

    assert graph.get(f"messages/{_id(graph)}?$select=bodyPreview")["bodyPreview"] == "x" * 255


def test_only_the_preference_for_unsafe_html_keeps_what_is_active(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail(html="<p>Den</p><script>alert(1)</script>"))
    url = f"messages/{_id(graph)}?$select=body"

    cleaned = graph.get(url)["body"]["content"]
    unsafe = graph.get(url, prefer='outlook.allow-unsafe-html, IdType="ImmutableId"')["body"]["content"]

    assert "alert" not in cleaned
    assert "<script>alert(1)</script>" in unsafe


def test_sent_mail_has_a_time_of_receipt_so_that_one_filter_serves_both_folders(
    graph: GraphCaller, jana: Person
) -> None:
    deliver(jana, "one", "two", folder="sentitems")

    query = quote("$filter=receivedDateTime ge 2026-03-01T12:01:00Z", safe="$&=")

    assert subjects(graph, query, folder="mailFolders/sentitems/") == ["two"]


def test_any_change_moves_change_key_and_last_modified_even_reading(graph: GraphCaller, jana: Person) -> None:
    (message,) = deliver(jana, "one")
    Message.objects.filter(pk=message.pk).update(modified_at=NOON)
    url = f"messages/{_id(graph)}?$select=changeKey,lastModifiedDateTime"
    before = graph.get(url)

    graph.send("PATCH", f"messages/{_id(graph)}", body={"isRead": True})
    after = graph.get(url)

    assert before["lastModifiedDateTime"] == "2026-03-01T12:00:00Z"
    assert after["lastModifiedDateTime"] > before["lastModifiedDateTime"]
    assert after["changeKey"] != before["changeKey"]


def test_a_page_holds_at_most_a_thousand_and_the_next_one_wants_its_preferences_again(
    graph: GraphCaller, jana: Person
) -> None:
    mailroom.deliver_many(jana.mail, [mailroom.Delivery(mail(f"{number}")) for number in range(3)])

    first = graph.get("mailFolders/inbox/messages?$select=subject&$top=2")
    forgotten = graph.get(first["@odata.nextLink"], prefer="")["value"]
    repeated = graph.get(first["@odata.nextLink"])["value"]

    assert len(graph.get("mailFolders/inbox/messages?$top=1000")["value"]) == 3
    assert [item["subject"] for item in forgotten] == [item["subject"] for item in repeated]
    assert forgotten[0]["id"] != repeated[0]["id"]


def test_a_meeting_request_is_of_its_own_type(graph: GraphCaller, jana: Person) -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    source = (
        "From: zeman@kovarna.example\r\nSubject: Meeting\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nCome\r\n"
        f"--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n{calendar}\r\n--b--\r\n"
    )
    mailroom.deliver(jana.mail, source.encode())

    item = graph.get("messages")["value"][0]

    assert item["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert item["meetingMessageType"] == "meetingRequest"
    assert item["hasAttachments"] is False


# ── Ids ───────────────────────────────────────────────────────────────────


def test_the_two_id_spaces(graph: GraphCaller, jana: Person) -> None:
    """One forgotten header gives the same message another id; a move changes one of the two."""
    (message,) = deliver(jana, "one")
    immutable, mutable = _id(graph), _id(graph, prefer="")
    mailroom.move(message, folder="archive")

    assert immutable != mutable
    assert immutable.endswith("=")
    assert graph.get(f"messages/{immutable}")["id"] == immutable
    assert graph.get(f"messages/{immutable.replace('=', '%3D')}")["id"] == immutable
    assert graph.refusal("GET", f"messages/{mutable}") == (404, "ErrorItemNotFound")
    assert graph.get(f"messages/{immutable}", prefer="")["id"] not in {immutable, mutable}


def test_folder_ids_have_one_space(graph: GraphCaller) -> None:
    assert graph.get("mailFolders/inbox", prefer="")["id"] == graph.get("mailFolders/inbox")["id"]


def test_an_id_of_another_mailbox_is_not_just_missing(
    graph: GraphCaller, graph_of_petr: GraphCaller, jana: Person
) -> None:
    deliver(jana, "one")

    assert graph_of_petr.refusal("GET", f"messages/{_id(graph)}") == (404, "ErrorInvalidMailboxItemId")


@pytest.mark.parametrize("change", [lambda own: own[:-8], str.lower, lambda _own: "x", lambda own: own + "AAA="])
def test_a_cut_or_altered_id_is_malformed(graph: GraphCaller, jana: Person, change: object) -> None:
    deliver(jana, "one")
    assert callable(change)

    assert graph.refusal("GET", f"messages/{change(_id(graph))}") == (400, "ErrorInvalidIdMalformed")


def test_a_message_is_looked_for_in_the_folder_that_is_named(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")

    assert graph.refusal("GET", f"mailFolders/archive/messages/{_id(graph)}") == (404, "ErrorItemNotFound")


# ── Writing ───────────────────────────────────────────────────────────────


def test_a_patch_gives_a_new_change_key_and_replaces_the_categories(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    url = f"messages/{_id(graph)}"
    before = graph.send("PATCH", url, body={"categories": ["Blue"]}).json()

    after = graph.send("PATCH", url, body={"@odata.type": "#x", "categories": ["CRM"], "isRead": True}).json()

    assert (after["categories"], after["isRead"]) == (["CRM"], True)
    assert after["changeKey"] != before["changeKey"]
    assert after["@odata.etag"] == f'W/"{after["changeKey"]}"'


def test_what_cannot_be_written_is_ignored_in_silence(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")

    response = graph.send("PATCH", f"messages/{_id(graph)}", body={"subject": "other"})

    assert (response.status_code, response.json()["subject"]) == (200, "one")


@pytest.mark.parametrize("body", [{"isRead": "yes"}, {"categories": "CRM"}, {"colour": "red"}, {"flag": {}}, []])
def test_a_patch_of_the_wrong_kind(graph: GraphCaller, jana: Person, body: object) -> None:
    deliver(jana, "one")

    assert graph.refusal("PATCH", f"messages/{_id(graph)}", body=body) == (400, "BadRequest")


@pytest.mark.parametrize("status", [412, 409])
def test_a_write_collides_without_if_match(graph: GraphCaller, jana: Person, status: int) -> None:
    """It comes even without If-Match, as 412 or 409; the code decides. The next one succeeds."""
    deliver(jana, "one")
    knobs.turn({"conflicts": 1, "conflict_status": status})
    url = f"messages/{_id(graph)}"

    assert graph.refusal("PATCH", url, body={"isRead": True}) == (status, "ErrorIrresolvableConflict")
    assert graph.get(url)["isRead"] is False
    assert graph.send("PATCH", url, body={"isRead": True}).status_code == 200


def test_what_else_may_be_written_on_received_mail(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    somebody = {"emailAddress": {"name": "Somebody", "address": "somebody@x.example"}}
    body = {"inferenceClassification": "other", "isReadReceiptRequested": True, "sender": somebody}

    answer = graph.send("PATCH", f"messages/{_id(graph)}", body=body).json()

    assert {name: answer[name] for name in body} == body


def test_drafts_may_be_written(graph: GraphCaller, jana: Person) -> None:
    """“Subject, body, recipients, replyTo, internetMessageId only while isDraft”."""
    mailroom.deliver(jana.mail, mail("one"), is_draft=True)
    body = {"subject": "two", "toRecipients": [{"emailAddress": {"address": "x@x.example"}}]}

    answer = graph.send("PATCH", f"messages/{_id(graph)}", body=body).json()

    assert {name: answer[name] for name in body} == body
    no_kind = graph.send("PATCH", f"messages/{_id(graph)}", body={"body": {"content": "x"}})
    assert (no_kind.status_code, no_kind.json()["error"]["code"]) == (400, "BadRequest")


def test_the_body_of_a_draft_may_be_written_and_its_attachments_stay(graph: GraphCaller, jana: Person) -> None:
    draft = EmailMessage()
    draft["Subject"], draft["From"] = "one", jana.mail
    draft.set_content("old words")
    draft.add_alternative("<p>old words</p>", subtype="html")
    draft.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="nabídka.pdf")
    mailroom.deliver(jana.mail, draft.as_bytes(), is_draft=True)
    own = _id(graph)
    assert [found["id"] for found in graph.get("messages?$search=%22old%22")["value"]] == [own]

    body = {"body": {"contentType": "HTML", "content": "<p>Dobrý den, posílám ceník.</p>"}}
    answer = graph.send("PATCH", f"messages/{own}", body=body).json()

    assert "posílám ceník" in answer["body"]["content"]
    assert answer["bodyPreview"] == "Dobrý den, posílám ceník."
    text = graph.get(f"messages/{own}?$select=body", prefer='IdType="ImmutableId", outlook.body-content-type="text"')
    assert text["body"] == {"contentType": "text", "content": "Dobrý den, posílám ceník."}
    assert [one["name"] for one in graph.get(f"messages/{own}/attachments")["value"]] == ["nabídka.pdf"]
    assert graph.get("messages?$search=%22old%22")["value"] == []
    assert [found["id"] for found in graph.get("messages?$search=%22cenik%22")["value"]] == [own]


def test_the_body_of_received_mail_stays(graph: GraphCaller, jana: Person) -> None:
    """“Other properties are ignored silently with 200”."""
    deliver(jana, "one")
    before = graph.get(f"messages/{_id(graph)}?$select=body")["body"]

    body = {"body": {"contentType": "text", "content": "other words"}}

    assert graph.send("PATCH", f"messages/{_id(graph)}", body=body).json()["body"] == before


def test_an_old_version_conflicts_and_a_senseless_one_is_invalid(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    url = f"messages/{_id(graph)}"
    old = graph.get(url)["@odata.etag"]
    fresh = graph.send("PATCH", url, body={"isRead": True}, **{"If-Match": old}).json()["@odata.etag"]

    conflict = graph.send("PATCH", url, body={"isRead": False}, **{"If-Match": old})
    invalid = graph.send("PATCH", url, body={"isRead": False}, **{"If-Match": "not a tag!"})

    assert fresh != old
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    assert (invalid.status_code, invalid.json()["error"]["code"]) == (400, "ErrorInvalidChangeKey")


def test_move(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    own, mutable = _id(graph), _id(graph, prefer="")

    response = graph.send("POST", f"messages/{own}/move", body={"destinationId": "archive"})

    assert (response.status_code, response.json()["id"]) == (201, own)
    assert response.json()["parentFolderId"] == graph.get("mailFolders/archive")["id"]
    assert graph.refusal("GET", f"messages/{mutable}") == (404, "ErrorItemNotFound")


def test_delete_goes_by_way_of_the_deleted_items(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, "one")
    own = _id(graph)

    assert graph.send("DELETE", f"messages/{own}").status_code == 204
    assert subjects(graph, "", folder="mailFolders/deleteditems/") == ["one"]
    assert graph.send("DELETE", f"messages/{own}").status_code == 204
    assert graph.refusal("GET", f"messages/{own}") == (404, "ErrorItemNotFound")


def _id(graph: GraphCaller, *, prefer: str = 'IdType="ImmutableId"') -> str:
    """The id of the newest message in the inbox."""
    return str(graph.get("mailFolders/inbox/messages?$select=id&$top=1", prefer=prefer)["value"][0]["id"])
