"""Letters that lie close together come by the page; what a page does not tell comes by itself. Counted over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.mailboxes.models import Message
from apps.work.models import Lane
from tests.sandbox_server import mime

pytestmark = pytest.mark.django_db(transaction=True)

PAGE, WHOLE = "graph:GET mailFolders/messages", "graph:GET messages/$value"
WITH_PICTURE = '<p>Výkres</p><img src="cid:logo@x">'


def test_a_dense_selection_is_read_by_the_page_and_the_rest_one_by_one(desk):
    desk.coripo.contact(desk.customer)
    desk.rule(takes_private=False)
    minutes = iter(range(1, 200))

    def arrives(*, minutes_ago: int | None = None, header: bytes = b"", **words: object) -> str:
        at = now() - timedelta(minutes=minutes_ago or next(minutes))
        raw = mime(
            **{"sender": desk.customer, "to": desk.person["mail"], "message_id": f"<{at.timestamp()}@x.example>"}
            | words
        )
        return desk.sandbox.deliver(desk.person["mail"], header + raw, received_at=at)

    dense = [arrives(text=f"Dobrý den,\n\n5 < {number}\n") for number in range(30)]
    dense += [arrives(html=f"<p>Cena {number}</p>") for number in range(5)]
    with_file = arrives(files=(("a.pdf", b"%PDF-1.4"),))
    with_picture = arrives(html=WITH_PICTURE)
    private = arrives(header=b"Sensitivity: Private\r\n")
    moved = arrives()
    bystanders = [arrives(sender="nikdo@jinde.example") for _ in range(20)]
    # As many, and each a long way from the next one.
    sparse = [arrives(minutes_ago=1000 + 60 * number) for number in range(4)]
    between = [arrives(minutes_ago=1010 + 9 * number, sender="nikdo@jinde.example") for number in range(20)]
    desk.look()
    rows = {row.graph_id: row for row in Message.objects.select_related("mailbox")}
    wanted = [*dense, with_file, with_picture, private, moved, *sparse]
    assert len(rows) == len(wanted) + len(bystanders) + len(between)
    desk.sandbox.control("POST", f"messages/{moved}/move", json={"folder": "archive"})
    desk.wait_in(Lane.AUTOMATIC, *[rows[each] for each in wanted])
    desk.sandbox.forget_requests()

    desk.deliver(Lane.AUTOMATIC)

    asked = desk.sandbox.requests()["by_part"]
    by_themselves = [with_file, with_picture, moved, *sparse]
    assert (asked[PAGE], asked[WHOLE]) == (3, len(by_themselves))
    found = {row.graph_id: row for row in Message.objects.all()}
    assert {found[each].state for each in wanted if each != private} == {"synced"}
    # It came with its page, and was left out before anything of it went on.
    assert (found[private].state, found[private].is_private) == ("skipped", True)
    for graph_id, words, html in [(dense[3], "5 < 3", ""), (dense[32], "Cena 2", "<p>Cena 2</p>")]:
        (record,) = desk.coripo.emails(found[graph_id].email_key)
        stored = desk.coripo.email(record["id"])
        assert words in stored["description"]
        assert html in stored["description_html"]


def test_what_a_page_cannot_tell_comes_one_by_one(desk):
    """Too much text for one answer, and a Graph that breaks off at the page."""
    desk.coripo.contact(desk.customer)
    messages = [desk.receives(html=f"<p>{'x' * 2_500_000}</p>") for _ in range(4)]
    messages += [desk.receives(received_at=now() - timedelta(days=2, minutes=number)) for number in range(4)]
    desk.sandbox.forget_requests()
    desk.sync(*messages[:4])
    desk.deliver()
    asked = desk.sandbox.requests()["by_part"]
    assert (asked[PAGE], asked[WHOLE]) == (1, 4)

    desk.sandbox.fault("5xx", "graph:mailFolders", times=1)
    desk.sync(*messages[4:])
    desk.deliver()

    assert [fault["hits"] for fault in desk.sandbox.control("GET", "faults")["faults"]] == [1]
    assert set(Message.objects.values_list("state", flat=True)) == {"synced"}
