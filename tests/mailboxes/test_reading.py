"""One message for reading: body, pictures and files, in few requests and behind the shared limits."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.utils import timezone

from apps.graph.errors import GraphThrottled, GraphUnreachable, ItemGone
from apps.mailboxes import connection
from apps.mailboxes.connection import graph_client, graph_key, page_client
from apps.mailboxes.letters import read_letter
from apps.mailboxes.models import Message
from apps.mailboxes.reading import list_files, read_body, read_file
from apps.work.fences import fence, raise_fence
from apps.work.limits import slot
from tests.mailboxes.conftest import Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def message(post: Post) -> Message:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "jana@kovarna-morava.example", post.person["mail"], "Výkres"
    mail["Message-ID"] = "<vykres@kovarna-morava.example>"
    mail.set_content("Výkres v příloze.")
    mail.add_alternative('<p>Výkres <b>v příloze</b>.</p><img src="cid:logo@1">', subtype="html")
    mail.get_payload()[1].add_related(b"\x89PNG logo", "image", "png", cid="<logo@1>", filename="logo.png")  # type: ignore[union-attr,index]
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="výkres č. 7.pdf")
    inner = EmailMessage()
    inner["Subject"] = "Původní"
    inner.set_content("uvnitř")
    mail.add_attachment(inner)
    post.sandbox.deliver(post.person["mail"], mail.as_bytes(), received_at=timezone.now())
    post.look()
    return Message.objects.get()


def test_a_body_with_its_pictures_takes_two_requests(post: Post, message: Message) -> None:
    post.sandbox.forget_requests()

    body = read_body(message)

    assert "<b>v příloze</b>" in body.html
    assert "Výkres v příloze." in body.text
    assert body.images["logo@1"].content == b"\x89PNG logo"
    assert post.sandbox.requests()["total"]["graph"] <= 3


def test_the_list_of_files_leaves_out_what_only_stands_in_the_text(message: Message) -> None:
    names = {file.name: file.kind for file in list_files(message)}

    assert names["výkres č. 7.pdf"] == "file"
    assert "item" in names.values()
    assert "logo.png" not in names


def test_files_are_read_one_by_one(message: Message) -> None:
    files = {file.kind: file for file in list_files(message)}

    drawing, original = (read_file(message, files[kind].id) for kind in ("file", "item"))

    assert (drawing.name, drawing.content_type, drawing.content) == ("výkres č. 7.pdf", "application/pdf", b"%PDF-1.4")
    assert b"uvnit" in original.content


def test_a_letter_is_the_message_as_it_arrived(message: Message) -> None:
    with graph_client(message.mailbox) as client:
        letter = read_letter(client.mime(message.graph_id))

    assert letter.message_id == "vykres@kovarna-morava.example"
    assert {file.name for file in letter.attachments} == {"logo.png", "výkres č. 7.pdf", "Původní.eml"}


def test_a_message_that_left_the_mailbox_is_looked_for(post: Post, message: Message) -> None:
    post.sandbox.control("DELETE", f"messages/{message.graph_id}")

    with pytest.raises(ItemGone):
        read_body(message)

    message.refresh_from_db()
    assert message.missing_since is not None


def test_a_file_that_is_not_there_says_nothing_about_its_message(message: Message) -> None:
    with pytest.raises((ItemGone, connection.GraphError)):
        read_file(message, "AAMkbm90aGVyZQ=")

    message.refresh_from_db()
    assert message.missing_since is None


def test_a_page_respects_the_fence(post: Post, message: Message) -> None:
    raise_fence(graph_key(message.mailbox), reason="graph_throttled", seconds=30)
    post.sandbox.forget_requests()

    with pytest.raises(GraphThrottled) as trouble:
        read_body(message)

    assert 20 < (trouble.value.retry_after_seconds or 0) <= 40
    assert post.sandbox.requests()["total"]["graph"] == 0


def test_a_page_that_is_throttled_raises_the_fence_for_all(post: Post, message: Message) -> None:
    post.sandbox.fault("throttle", f"graph:{post.person['mail']}", seconds=20)

    with pytest.raises(GraphThrottled):
        read_body(message)

    assert fence(graph_key(message.mailbox)) is not None


def test_a_page_has_a_slot_that_workers_leave_alone(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LONGEST_WAIT_SECONDS", 0.2)
    key = graph_key(message.mailbox)
    with slot(key, [1]), slot(key, [2]), slot(key, [3]):
        assert read_body(message).text

    with slot(key, [0]), pytest.raises(GraphThrottled):
        read_body(message)


def test_a_page_does_not_wait_for_a_dead_service(post: Post, message: Message) -> None:
    post.sandbox.fault("dropped", f"graph:{post.person['mail']}", times=0)

    with page_client(message.mailbox) as client, pytest.raises(GraphUnreachable):
        client.profile()

    assert fence(graph_key(message.mailbox)) is None
