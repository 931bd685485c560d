"""Two large address books that meet: what it takes until the portal knows who of Outlook may be whom of CORIPO, and what a round
costs in which nothing happened.

Three of ten contacts in Outlook bear their id in CORIPO, as the old plugin left it; a third of the others are in CORIPO under
the same address. Before the quiet round those with an id are linked.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from apps.graph.cards import CRM_ID
from bench.people import ContactsDesk, tag
from bench.results import Results, note
from tests.installation import Installation
from tests.visitor import wait_until

CONTACTS = 10_000
LINKED_OF_TEN = 3
AT_ONCE = 500
LONGEST_SECONDS = 1_800


def main(*, contacts: int) -> int:
    results = Results()
    with Installation() as installation:
        desk = ContactsDesk(installation)
        measure(desk, results, contacts=contacts)
    return 1 if results.missed else 0


def measure(desk: ContactsDesk, results: Results, *, contacts: int) -> None:
    fill(desk, contacts=contacts)
    desk.visitor.set_up()
    desk.sandbox.forget_requests()
    began = time.monotonic()
    desk.allow()
    wait_until(lambda: _is_matched(desk), seconds=LONGEST_SECONDS, what="everybody was sought")
    took = time.monotonic() - began
    asked = desk.sandbox.requests()["total"]
    known, suggested = (
        desk.counted(f"select count(*) from {table}") for table in ("contacts_outlookcontact", "contacts_suggestion")
    )
    n = f"{known} contacts in Outlook, {contacts} in CORIPO, {suggested} suggestions"
    results.add("contacts_first_matching_s", took, "s", at_most=60, n=n)
    results.add("contacts_crm_requests_each", asked.get("coripo", 0) / contacts, "requests", at_most=0.1, n=n)
    results.add("contacts_graph_requests_each", asked.get("graph", 0) / contacts, "requests", at_most=0.1, n=n)

    linked = link(desk)
    desk.sandbox.forget_requests()
    at = desk.look()
    looked = f"b.looked_at > '{at}' and b.look_claim is null and w.next_look_at > '{at}' and w.look_claim is null"
    both = f"select count(*) from contacts_addressbook b, contacts_crmwatch w where {looked}"
    wait_until(lambda: bool(desk.counted(both)), seconds=60, what="both sides were looked at")
    wait_until(lambda: not desk.active(), seconds=LONGEST_SECONDS, what="nothing is under way")
    asked = desk.sandbox.requests()["total"]
    note(f"of the quiet round: {asked}")
    results.add("contacts_quiet_round", sum(asked.values()), "requests", at_most=10, n=f"{n}, {linked} linked")


def fill(desk: ContactsDesk, *, contacts: int) -> None:
    mark, linked = tag(), contacts * LINKED_OF_TEN // 10
    ids: list[str] = []
    for start in range(0, contacts, AT_ONCE):
        # Who stands on both sides comes first.
        ids += desk.create_in_crm(
            [
                {"first_name": "Jan", "last_name": f"Novák {mark} {number}", "email1": _address(mark, number)}
                for number in range(start, min(start + AT_ONCE, contacts))
            ]
        )

    def write(number: int) -> None:
        is_known = number < linked or number % 3 == 0
        address = _address(mark, number) if is_known else f"jen-outlook-{number}@{mark}.example"
        properties = {CRM_ID: ids[number]} if number < linked else {}
        emails = [{"name": "", "address": address}]
        desk.write(f"Novák {mark} {number}", properties=properties, givenName="Jan", emailAddresses=emails)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(contacts)))


def link(desk: ContactsDesk) -> int:
    """Link those that bear an id, as they would be after years; past the portal's doors."""
    desk.installation.write(
        "insert into contacts_contactlink (mailbox_id, contact_id, crm_id, origin, linked_at, snapshot, writing, crm_values,"
        " crm_companies, crm_modifier_id, crm_modifier_name, problem)"
        " select mailbox_id, id, crm_id, 'crm_id', '2026-01-01 00:00:00', '{}', '{}', '{}', '[]', '', '', ''"
        " from contacts_outlookcontact where crm_id <> ''"
    )
    desk.installation.write("update contacts_outlookcontact set state = 'linked' where crm_id <> ''")
    return desk.counted("select count(*) from contacts_contactlink")


def _address(mark: str, number: int) -> str:
    return f"jan{number}@{mark}.example"


def _is_matched(desk: ContactsDesk) -> bool:
    read = desk.counted("select count(*) from contacts_addressbook where completed_at is not null")
    watched = desk.counted("select count(*) from contacts_crmwatch where seen_until is not null and look_claim is null")
    unsought = "select count(*) from contacts_outlookcontact where sought_at is null and gone_at is null"
    return bool(read and watched) and not desk.counted(unsought)
