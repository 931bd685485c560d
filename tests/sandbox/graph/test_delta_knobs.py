"""What Graph reserves itself the right to do with a delta, here on request."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.sandbox.control.models import Person
from apps.sandbox.graph import cursors, knobs, mailroom
from tests.sandbox.graph.caller import GraphCaller, mail

INBOX = "mailFolders/inbox/messages/delta?$select=subject"
Control = Callable[..., Any]


def deliver(person: Person, count: int) -> list[Any]:
    return [mailroom.deliver(person.mail, mail(f"mail {number}")) for number in range(count)]


def subjects(items: list[Any]) -> list[str]:
    return [item.get("subject", "removed") for item in items]


def test_replays(graph: GraphCaller, jana: Person) -> None:
    """“Delta may replay items”: here, after the first round, some that did not change."""
    deliver(jana, 3)
    _items, link = graph.round(INBOX)
    knobs.turn({"replay": 2})
    mailroom.deliver(jana.mail, mail("new"))

    changes, link = graph.round(link)

    assert subjects(changes) == ["new", "mail 2", "mail 1"]
    assert subjects(graph.round(link)[0]) == ["new", "mail 2"]


def test_empty_pages(graph: GraphCaller, jana: Person) -> None:
    """“A page may be empty”."""
    deliver(jana, 3)
    knobs.turn({"empty_pages": True})

    pages = list(graph.pages(INBOX, prefer='IdType="ImmutableId", odata.maxpagesize=2'))

    assert [len(page["value"]) for page in pages] == [0, 2, 0, 1]
    assert [page["@odata.deltaLink"] for page in pages if "@odata.deltaLink" in page] == [pages[-1]["@odata.deltaLink"]]
    assert [len(page["value"]) for page in graph.pages(pages[-1]["@odata.deltaLink"])] == [0, 0]


def test_any_order(graph: GraphCaller, jana: Person) -> None:
    deliver(jana, 40)
    knobs.turn({"shuffle": True})

    items, _link = graph.round(INBOX, prefer='IdType="ImmutableId", odata.maxpagesize=50')

    assert subjects(items) != [f"mail {number}" for number in range(40)]
    assert set(subjects(items)) == {f"mail {number}" for number in range(40)}


def test_removals_in_the_first_round(graph: GraphCaller, jana: Person) -> None:
    """“@removed may also appear in the first round”; never for what is there."""
    first, second = deliver(jana, 2)
    mailroom.delete(first)
    mailroom.move(mailroom.move(second, folder="archive"), folder="inbox")
    knobs.turn({"early_removals": True})

    items, _link = graph.round(INBOX)

    assert subjects(items) == ["removed", "mail 1"]


@pytest.mark.parametrize(("knob", "is_dead"), [({"next_link_seconds": 60}, True), ({"delta_link_seconds": 60}, False)])
def test_links_for_the_next_page_die(
    graph: GraphCaller, jana: Person, monkeypatch: pytest.MonkeyPatch, knob: dict[str, int], is_dead: bool
) -> None:
    """“Old nextLinks within a round die as well”."""
    deliver(jana, 3)
    knobs.turn(knob)
    page = graph.get(INBOX, prefer="odata.maxpagesize=1")
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    response = graph.send("GET", page["@odata.nextLink"])

    assert response.status_code == (410 if is_dead else 200)


def test_links_for_the_next_round_die(graph: GraphCaller, jana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """“Token life: not fixed for Outlook, bound by a server cache”."""
    knobs.turn({"delta_link_seconds": 60})
    _items, link = graph.round(INBOX)
    issued_at = cursors.cursor(link.rpartition("=")[2]).issued_at
    monkeypatch.setattr(time, "time", lambda: issued_at + 59)
    assert graph.send("GET", link).status_code == 200

    monkeypatch.setattr(time, "time", lambda: issued_at + 61)
    assert graph.refusal("GET", link) == (410, "SyncStateNotFound")


@pytest.mark.parametrize("lost", [[400, "syncStateInvalid"], [404, "syncStateNotFound"], [410, "resyncRequired"]])
def test_a_lost_cursor_has_many_names(
    graph: GraphCaller, jana: Person, monkeypatch: pytest.MonkeyPatch, lost: list[Any]
) -> None:
    """“Compare codes case-insensitively and accept 400/404/410 with them”."""
    knobs.turn({"delta_link_seconds": 60, "lost_cursor": lost})
    _items, link = graph.round(INBOX)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    assert graph.refusal("GET", link) == tuple(lost)


def test_knobs_by_control(control: Control) -> None:
    assert control("POST", "graph/knobs", replay=3, shuffle=True).json()["replay"] == 3
    assert control("GET", "graph/knobs").json()["shuffle"] is True
    assert "No knob is called" in control("POST", "graph/knobs", speed=1).json()["error"]
    assert "takes bool" in control("POST", "graph/knobs", shuffle=1).json()["error"]
    assert "negative" in control("POST", "graph/knobs", replay=-1).json()["error"]
    assert "lost_cursor" in control("POST", "graph/knobs", lost_cursor=[500, "x"]).json()["error"]
    assert control("DELETE", "graph/knobs").json()["replay"] == 0
    control("POST", "graph/knobs", replay=3)
    control("DELETE", "knobs")
    assert control("GET", "graph/knobs").json()["replay"] == 0
