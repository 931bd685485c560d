"""What changed among contacts is told once and completely, page by page and round by round."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.crm.contact_face import CrmCard, OutgoingContact
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import Line, new_id
from tests.sandbox_server import Sandbox


def told(crm: RestV41, since: datetime | None, *, limit: int) -> tuple[list[str], int]:
    """The ids of all pages from there on, and how many requests they took."""
    ids, rounds, after_id = [], 0, ""
    while True:
        page = crm.contacts_changed(since, after_id=after_id, limit=limit)
        ids += [contact.id for contact in page.contacts]
        rounds += 1
        since, after_id = page.next_since, page.next_after_id
        if not page.has_more:
            return ids, rounds


def at(line: Line, contact: str, moment: str) -> None:
    line.create("Contacts", id=contact, date_modified=moment, update_date_modified="0")


def test_changes_come_in_their_order_with_deleted_ones_and_new_addresses(
    crm: RestV41, line: Line, sandbox: Sandbox
) -> None:
    # Of its own year, far in the future, so that nobody else's contacts come between.
    contacts = sorted(new_id() for _ in range(7))
    crm.create_contacts([OutgoingContact(one, CrmCard(last_name=f"Změna {one}")) for one in contacts])
    start = crm.contacts_changed(None, limit=1)
    for number, one in enumerate(reversed(contacts)):
        at(line, one, f"2099-01-01 00:00:0{number // 3}")
    since = datetime.fromisoformat("2099-01-01 00:00:00+00:00")
    ordered = [*sorted(contacts[4:]), *sorted(contacts[1:4]), contacts[0]]

    everything, requests = told(crm, since, limit=3)
    whole = crm.contacts_changed(since, limit=10)

    assert start.has_more
    assert everything[:7] == ordered, "and then once more whose addresses changed while it was read"
    assert requests == 3
    assert [one.id for one in whole.contacts] == ordered
    assert (whole.has_more, whole.next_since) == (False, since + timedelta(seconds=2))
    again = crm.contacts_changed(whole.next_since, after_id=whole.next_after_id, limit=10)
    assert [one.id for one in again.contacts] == [contacts[0]], "others may have changed in that second"
    for one in contacts:
        at(line, one, "2020-01-01 00:00:00")


def test_an_address_alone_and_a_deleted_contact_are_changes(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    old = [new_id() for _ in range(4)]
    crm.create_contacts(
        [OutgoingContact(one, CrmCard(last_name="Stará", addresses=(f"{one}@x.example",))) for one in old]
    )
    for one in old:
        at(line, one, "2020-01-01 00:00:00")
    now = crm.contacts_changed(None, limit=5000).next_since
    assert now is not None
    soon = now + timedelta(minutes=5)
    assert not {*told(crm, soon + timedelta(minutes=1), limit=100)[0]} & set(old)

    sandbox.control("DELETE", f"coripo/contacts/{old[3]}")
    ids, _rounds = told(crm, now, limit=2)
    whole = crm.contacts_changed(now, limit=5000).contacts

    assert set(old) <= set(ids), "three of them with nothing but a new address"
    assert len({one.id for one in whole}) == len(whole)
    (deleted,) = [one for one in whole if one.id == old[3]]
    assert deleted.is_deleted
    assert deleted.card.last_name == "Stará"
    assert deleted.card.addresses == ()
