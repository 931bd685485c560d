"""The client of contacts against the sandbox, and against a server that breaks off."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings

from apps.core.addresses import Address
from apps.graph import cards, signin
from apps.graph.cards import Card, ContactChange, GraphContact, NewContact, Place
from apps.graph.contacts import ContactsClient
from apps.graph.errors import (
    GraphConflict,
    GraphContractBroken,
    GraphError,
    GraphForbidden,
    GraphOutcomeUnknown,
    GraphRejected,
    GraphThrottled,
    ItemGone,
    ResyncRequired,
)
from tests.graph.answering import Answer, Server, Tokens
from tests.mailboxes.signing_in import CALLBACK, answer_to
from tests.sandbox_server import Sandbox

KAREL = Card(
    display_name="Ing. Karel Zeman",
    title="Ing.",
    given_name="Karel",
    middle_name="Jan",
    surname="Zeman",
    suffix="Ph.D.",
    nickname="Kája",
    company="Kovárna Morava a.s.",
    department="obchod",
    job_title="nákup",
    assistant="Jana Malá",
    addresses=(Address("Karel Zeman", "zeman@kovarna.example"), Address("", "k.zeman@posta.example")),
    business_phones=("+420 595 000 111",),
    home_phones=("+420 558 000 333",),
    mobile_phone="+420 601 222 333",
    business_address=Place(street="Hutní 1", city="Ostrava", postal_code="702 00", country="Česká republika"),
    home_address=Place(street="Lesní 12", city="Frýdek-Místek"),
    other_address=Place(state="Morava"),
    web_page="https://www.kovarna.example",
    birthday=date(1974, 7, 22),
    notes="Volat dopoledne.",
    categories=("Zákazník",),
)


@dataclass
class OneToken:
    token: str

    def access_token(self, *, rejected: str | None = None) -> str:
        return self.token

    def refused(self) -> GraphError:
        return GraphForbidden("refused")


def signed_in(person: dict[str, str], *scopes: str) -> ContactsClient:
    flow = signin.begin(scopes=list(scopes), redirect_uri=CALLBACK)
    found = signin.finish(flow, answer_to(flow["auth_uri"], person), scopes=list(scopes))
    token = signin.cached_token(found.cache, home_account_id=found.home_account_id, scopes=list(scopes))
    return ContactsClient(base_url=settings.GRAPH_BASE_URL, tokens=OneToken(token or ""))


@pytest.fixture
def jana(sandbox: Sandbox) -> dict[str, str]:
    return sandbox.person(name="Jana Zkušební")


@pytest.fixture
def client(jana: dict[str, str]) -> ContactsClient:
    return signed_in(jana, "User.Read", "Contacts.ReadWrite")


def known(outcome: GraphContact | GraphError) -> GraphContact:
    assert isinstance(outcome, GraphContact), outcome
    return outcome


def test_made_read_and_changed(client: ContactsClient) -> None:
    """Everything that is written is read again; a change sends what differs and keeps the name that it had."""
    client.create_folder("CORIPO")
    default, folder = client.folders()
    made = known(client.write([NewContact(folder.id, KAREL, crm_id="3f2a")])[0])
    [read] = client.read([made.id])

    assert all(getattr(KAREL, field.name) for field in fields(KAREL))
    assert (default.is_default, folder.name, folder.parent_id) == (True, "CORIPO", default.id)
    assert (made.card, made.crm_id, made.is_private) == (KAREL, "3f2a", False)
    assert read == made

    change = ContactChange(made, replace(KAREL, job_title="prodej", mobile_phone=""), crm_id="4f2a")
    changed = known(client.write([change])[0])
    assert (changed.card, changed.crm_id) == (replace(KAREL, job_title="prodej", mobile_phone=""), "4f2a")
    assert changed.version != made.version
    assert client.read([made.id]) == [changed]
    [found, none] = client.having(folder.id, ["4F2A", "o'neil"])
    assert (found, none) == ([changed], [])
    with pytest.raises(GraphRejected):
        client.create_folder("CORIPO")


def test_each_of_a_batch_has_its_own_outcome(client: ContactsClient, sandbox: Sandbox, jana: dict[str, str]) -> None:
    """Made, refused, over an old version, gone, and one that needs no request, in the order of the wishes."""
    [default] = client.folders()
    first, second = [known(one) for one in client.write([NewContact(default.id, KAREL)] * 2)]
    sandbox.control("PATCH", f"contacts/{first.id}", json={"contact": {"jobTitle": "ředitel"}})
    wishes = [
        NewContact(default.id, replace(KAREL, home_phones=("1", "2", "3"))),
        ContactChange(first, replace(KAREL, job_title="prodej")),
        ContactChange(replace(second, id=f"{second.id[:-4]}AAA="), replace(KAREL, job_title="prodej")),
        ContactChange(second, KAREL),
        NewContact(default.id, Card(surname="Nová")),
    ]

    refused, old, nobody, untouched, made = client.write(wishes)

    kinds = [type(one) for one in (refused, old, nobody, untouched, made)]
    assert kinds == [GraphRejected, GraphConflict, GraphRejected, GraphContact, GraphContact]
    assert untouched is second
    assert known(made).card.display_name == "Nová"
    sandbox.forget_requests()
    assert client.write([ContactChange(second, KAREL)]) == [second]
    assert sandbox.requests()["total"].get("graph", 0) == 0


def test_a_folder_to_the_end_and_what_changed_since(
    client: ContactsClient, sandbox: Sandbox, jana: dict[str, str]
) -> None:
    """In pages; a contact that left is removed, moved or deleted; only reading it by its id tells which."""
    [default] = client.folders()
    names = [f"Osoba {number}" for number in range(5)]
    client.write([NewContact(default.id, Card(surname=name), crm_id=name) for name in names])

    page = client.begin(default.id, page_size=3)
    whole = client.round(default.id, page_size=3)
    assert (len(page.contacts), bool(page.next_link), page.delta_link) == (3, True, "")
    assert sorted(contact.card.surname for contact in whole.contacts) == names
    assert {(contact.crm_id, contact.is_private) for contact in whole.contacts} == {(None, None)}

    told = [(contact.card.surname, contact.crm_id) for contact in client.listed(default.id, page_size=3)]
    assert sorted(told) == [(name, name) for name in names]

    by_name = {contact.card.surname: contact for contact in whole.contacts}
    away, binned, left, edited = (by_name[name] for name in names[:4])
    sandbox.control("POST", f"contacts/{away.id}/move", json={"folder": "CORIPO"})
    sandbox.control("DELETE", f"contacts/{binned.id}")
    sandbox.control("PATCH", f"contacts/{edited.id}", json={"contact": {"surname": "Změněná"}})
    sandbox.control("POST", "graph/knobs", json={"replay": 1, "empty_pages": True})
    later = client.round(default.id, cursor=whole.delta_link, page_size=3)
    sandbox.control("POST", "graph/knobs", json={"replay": 0, "empty_pages": False})

    assert "Změněná" in {contact.card.surname for contact in later.contacts}
    assert set(later.removed_ids) == {away.id, binned.id}
    folders = {folder.id: folder.name for folder in client.folders()}
    moved, deleted, same = (known(one) for one in client.read([away.id, binned.id, left.id]))
    assert (folders[moved.folder_id], deleted.folder_id in folders, same.folder_id) == ("CORIPO", False, default.id)
    assert moved.crm_id == "Osoba 0"


def test_what_is_private_and_what_is_lost(client: ContactsClient, sandbox: Sandbox, jana: dict[str, str]) -> None:
    contact = {"mailbox": jana["mail"], "contact": {"surname": "Svobodová"}, "properties": {"Integer 0x0036": "2"}}
    own = sandbox.control("POST", "contacts", json=contact)["id"]
    [default] = client.folders()
    cursor = client.round(default.id, page_size=50).delta_link
    sandbox.fault("expired-cursor", "graph:contacts/delta")

    assert known(client.read([own])[0]).is_private
    with pytest.raises(ResyncRequired):
        client.round(default.id, cursor=cursor, page_size=50)
    sandbox.control("POST", "contact-folders", json={"mailbox": jana["mail"], "folder": "Osobní"})
    other = next(folder for folder in client.folders() if folder.name == "Osobní")
    sandbox.control("DELETE", "contact-folders", json={"mailbox": jana["mail"], "folder": "Osobní"})
    with pytest.raises(ItemGone):
        client.begin(other.id, page_size=50)


def test_reading_takes_the_right_to_read_and_writing_that_to_write(jana: dict[str, str]) -> None:
    reading, mail = signed_in(jana, "User.Read", "Contacts.Read"), signed_in(jana, "User.Read", "Mail.Read")

    [default] = reading.folders()
    [refused] = reading.write([NewContact(default.id, KAREL)])
    assert isinstance(refused, GraphForbidden)
    with pytest.raises(GraphForbidden):
        mail.folders()


# ── A server that breaks off ──────────────────────────────────────────────


@pytest.mark.parametrize("answer", [Answer(hangs_up=True), Answer(502, {}), Answer(body="no object")])
def test_a_write_that_was_not_answered_is_not_sent_again(server: Server, tokens: Tokens, answer: Answer) -> None:
    """Where asking for a contact twice would make two."""
    server.answers = [answer]

    with pytest.raises(GraphOutcomeUnknown) as raised:
        ContactsClient(base_url=server.url, tokens=tokens).write([NewContact("f", KAREL)])

    assert (len(server.asked), raised.value.is_retryable) == (1, True)


def test_a_part_that_fell_says_so_for_itself(server: Server, tokens: Tokens) -> None:
    old = cards.contact({"id": "a", "@odata.etag": 'W/"1"', "surname": "Zeman"})
    responses: list[dict[str, Any]] = [
        {"id": "1", "status": 429, "headers": {"Retry-After": "3"}, "body": {"error": {"code": "TooManyRequests"}}},
        {"id": "0", "status": 503, "body": {"error": {"code": "ServiceUnavailable"}}},
    ]
    server.answers = [Answer(body={"responses": responses})]
    wishes = [NewContact("f", KAREL), ContactChange(old, KAREL), NewContact("f", KAREL)]

    outcomes = ContactsClient(base_url=server.url, tokens=tokens).write(wishes)

    assert [type(one) for one in outcomes] == [GraphOutcomeUnknown, GraphThrottled, GraphOutcomeUnknown]


def test_odd_contacts_are_read(server: Server, tokens: Tokens) -> None:
    """Nulls, an address without a name, a property in another spelling, a damaged item, a link that leads elsewhere."""
    odd = {"id": "a", "surname": None, "emailAddresses": [{"name": "x@y.example", "address": "x@y.example"}, {}]}
    extended = [{"id": "Integer 0x36", "value": "3"}, {"id": cards.CRM_ID.lower(), "value": "1a"}]
    items = [odd, {"error": {"code": "ErrorCorruptData"}}, {"id": "b", "@removed": {"reason": "deleted"}}]
    server.answers = [Answer(body={"value": items, "@odata.deltaLink": f"{server.url}/x"})]

    page = ContactsClient(base_url=server.url, tokens=tokens).begin("f", page_size=5)

    assert page.contacts[0].card == Card(addresses=(Address("", "x@y.example"),))
    assert (page.damaged, page.removed_ids) == (1, ("b",))
    read = cards.expanded_contact({**odd, "singleValueExtendedProperties": extended})
    assert (read.crm_id, read.is_private) == ("1a", True)
    server.answers = [Answer(body={"value": [], "@odata.deltaLink": "https://elsewhere.example/v1.0/x"})]
    with pytest.raises(GraphContractBroken):
        ContactsClient(base_url=server.url, tokens=tokens).begin("f", page_size=5)
