"""Attachments: three kinds, and the traps of listing them."""

import base64
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import GraphCaller

PDF = b"%PDF-1.4 offer"
PNG = b"\x89PNG logo"


@pytest.fixture
def listed(graph: GraphCaller, jana: Person) -> dict[str, Any]:
    """The attachments, by name, of a mail with one of each kind and a logo in its text; and the mail's id as `id`."""
    message = EmailMessage()
    message["Subject"] = "All kinds"
    message.set_content('<p>See below</p><img src="cid:logo@x">', subtype="html")
    message.add_related(PNG, "image", "png", cid="<logo@x>", filename="logo.png")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="nabídka č. 5.pdf")
    inner = EmailMessage()
    inner["Subject"] = "Inside"
    inner.set_content("Inner text")
    message.add_attachment(inner)
    link = EmailMessage()
    link["Content-Type"] = 'message/external-body; access-type=URL; URL="https://cloud.example/big"; name="big.zip"'
    link.set_payload([EmailMessage()])
    message.attach(link)
    mailroom.deliver(jana.mail, message.as_bytes())
    own = graph.get("messages?$select=id")["value"][0]["id"]
    value = graph.get(f"messages/{own}/attachments?$select=id,name,contentType,size,isInline")["value"]
    return {"id": own, **{item["name"]: item for item in value}}


def test_three_kinds_by_type(listed: dict[str, Any]) -> None:
    kinds = {name: item["@odata.type"] for name, item in listed.items() if name != "id"}

    assert kinds == {
        "logo.png": "#microsoft.graph.fileAttachment",
        "nabídka č. 5.pdf": "#microsoft.graph.fileAttachment",
        "Inside": "#microsoft.graph.itemAttachment",
        "big.zip": "#microsoft.graph.referenceAttachment",
    }
    assert listed["logo.png"]["isInline"] is True
    assert listed["nabídka č. 5.pdf"]["isInline"] is False
    assert listed["nabídka č. 5.pdf"]["size"] > len(PDF)


def test_a_list_without_select_carries_every_file(graph: GraphCaller, listed: dict[str, Any]) -> None:
    value = graph.get(f"messages/{listed['id']}/attachments")["value"]

    contents = {item["name"]: item.get("contentBytes") for item in value}
    assert base64.b64decode(contents["nabídka č. 5.pdf"]) == PDF
    assert contents["Inside"] is None


@pytest.mark.parametrize("name", ["contentId", "contentBytes"])
def test_select_of_what_only_files_have_is_refused(graph: GraphCaller, listed: dict[str, Any], name: str) -> None:
    url = f"messages/{listed['id']}/attachments?$select=id,{name}"

    assert graph.refusal("GET", url) == (400, "RequestBroker--ParseUri")


def test_only_the_single_one_tells_its_content_id(graph: GraphCaller, listed: dict[str, Any]) -> None:
    item = graph.get(f"messages/{listed['id']}/attachments/{listed['logo.png']['id']}")

    assert (item["contentId"], base64.b64decode(item["contentBytes"])) == ("logo@x", PNG)
    assert "contentId" not in listed["logo.png"]


def test_outlook_items(graph: GraphCaller, jana: Person) -> None:
    """An item is a message, an event or a contact; `$value` is MIME, iCalendar or vCard."""
    message, invitation = EmailMessage(), EmailMessage()
    message.set_content("See below")
    invitation["Subject"] = "Invitation"
    invitation.set_content("Come")
    calendar = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:Porada\nDTSTART:20260301T090000Z\nEND:VCALENDAR\n"
    invitation.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(invitation)
    message.add_attachment(calendar, subtype="calendar", filename="Porada", headers=["X-Sandbox-Item: event"])
    card = "BEGIN:VCARD\nFN:Karel\nEMAIL:karel@x.example\nEND:VCARD\n"
    message.add_attachment(card, subtype="vcard", filename="Karel", headers=["X-Sandbox-Item: contact"])
    mailroom.deliver(jana.mail, message.as_bytes())
    own = graph.get("messages")["value"][0]["id"]
    ids = {item["name"]: item["id"] for item in graph.get(f"messages/{own}/attachments")["value"]}

    def item(name: str) -> Any:
        return graph.get(f"messages/{own}/attachments/{ids[name]}?$expand=microsoft.graph.itemattachment/item")["item"]

    def content_type(name: str) -> Any:
        return graph.send("GET", f"messages/{own}/attachments/{ids[name]}/$value")["Content-Type"]

    assert (item("Invitation")["@odata.type"], item("Invitation")["subject"]) == (
        "#microsoft.graph.eventMessageRequest",
        "Invitation",
    )
    assert (item("Porada")["@odata.type"], item("Porada")["subject"]) == ("#microsoft.graph.event", "Porada")
    assert item("Karel")["emailAddresses"] == [{"name": "Karel", "address": "karel@x.example"}]
    assert [content_type(name) for name in ids] == ["text/plain", "text/calendar", "text/vcard"]


def test_a_calendar_file_is_a_file(graph: GraphCaller, jana: Person) -> None:
    message = EmailMessage()
    message.set_content("See below")
    message.add_attachment("BEGIN:VCALENDAR\nEND:VCALENDAR\n", subtype="calendar", filename="porada.ics")
    mailroom.deliver(jana.mail, message.as_bytes())
    own = graph.get("messages")["value"][0]["id"]

    [item] = graph.get(f"messages/{own}/attachments")["value"]

    assert item["@odata.type"] == "#microsoft.graph.fileAttachment"


def test_values(graph: GraphCaller, listed: dict[str, Any]) -> None:
    def value(name: str) -> Any:
        return graph.send("GET", f"messages/{listed['id']}/attachments/{listed[name]['id']}/$value")

    assert (value("nabídka č. 5.pdf").content, value("nabídka č. 5.pdf")["Content-Type"]) == (PDF, "application/pdf")
    assert b"Subject: Inside" in value("Inside").content
    assert value("big.zip").status_code == 405


def test_expanded_in_a_list(graph: GraphCaller, listed: dict[str, Any]) -> None:
    item = graph.get("messages?$select=subject&$expand=attachments($select=name)")["value"][0]

    assert {part["name"] for part in item["attachments"]} == set(listed) - {"id"}


def test_inline_pictures_alone_are_no_attachments(graph: GraphCaller, jana: Person) -> None:
    message = EmailMessage()
    message.set_content('<img src="cid:logo@x">', subtype="html")
    message.add_related(PNG, "image", "png", cid="<logo@x>")
    mailroom.deliver(jana.mail, message.as_bytes())

    assert graph.get("messages")["value"][0]["hasAttachments"] is False


def test_an_id_of_another_message(graph: GraphCaller, jana: Person, listed: dict[str, Any]) -> None:
    mailroom.deliver(jana.mail, b"Subject: none\r\n\r\n")
    other = graph.get("messages?$top=1")["value"][0]["id"]

    url = f"messages/{other}/attachments/{listed['logo.png']['id']}"
    assert graph.refusal("GET", url) == (404, "ErrorItemNotFound")


def test_a_filler_is_a_file_of_its_size_in_every_way_of_reading_it(graph: GraphCaller, jana: Person) -> None:
    """So that a mail of 150 MB need be neither sent to the sandbox nor kept there."""
    size = 3_000_000
    message = EmailMessage()
    message["Subject"] = "Large"
    message.set_content("See the file")
    filler = [f"X-Sandbox-Filler: {size}"]
    message.add_attachment(b"", "application", "zip", filename="big.zip", cte="7bit", headers=filler)
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="small.pdf")
    row = mailroom.deliver(jana.mail, message.as_bytes())
    own = graph.get("messages?$select=id")["value"][0]["id"]
    listed = {item["name"]: item for item in graph.get(f"messages/{own}/attachments")["value"]}
    path = f"messages/{own}/attachments/{listed['big.zip']['id']}"

    streamed = b"".join(graph.send("GET", f"{path}/$value").streaming_content)
    whole = message_from_bytes(b"".join(graph.send("GET", f"messages/{own}/$value").streaming_content))

    assert listed["big.zip"]["size"] >= size
    assert len(streamed) == size
    assert base64.b64decode(graph.get(path)["contentBytes"]) == streamed
    assert [part.get_payload(decode=True) for part in whole.get_payload()[1:]] == [streamed, PDF]
    assert row.size > size
    assert len(row.source.mime) < 2_000
