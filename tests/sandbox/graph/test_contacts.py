"""Contacts as Graph documents them and as live mailboxes were seen to behave."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import addressbook, contact_shapes, mailroom
from apps.sandbox.graph.models import Contact
from tests.sandbox.graph.caller import GraphCaller

TAG = "String {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmRecordId"
NAME = "singleValueExtendedProperties"
KAREL = {
    "givenName": "Karel",
    "surname": "Zeman",
    "displayName": "Ing. Karel Zeman",
    "companyName": "Kovárna",
    "emailAddresses": [{"name": "Karel Zeman", "address": "Zeman@kovarna.example"}],
    "businessPhones": ["+420 595 000 111"],
    "businessAddress": {"city": "Ostrava", "postalCode": "702 00"},
    "categories": ["Zákazník"],
    "personalNotes": "Volat dopoledne.",
    "birthday": "1974-07-22T00:00:00Z",
}


def expand(tag: str = TAG) -> str:
    return "$expand=" + quote(f"{NAME}($filter=id eq '{tag}')")


@pytest.fixture
def graph(client: Client, jana: Person, bearer: Callable[..., str]) -> GraphCaller:
    return GraphCaller(client, bearer(jana, "User.Read Contacts.ReadWrite"))


@pytest.fixture
def make(graph: GraphCaller) -> Callable[..., Any]:
    """Create a contact through Graph: `make(surname="Zeman")` returns it as it was answered."""

    def created(path: str = "contacts", **facts: Any) -> Any:
        answer = graph.send("POST", path, body=facts or KAREL)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return created


def test_a_contact_is_told_as_it_was_written(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """All properties come, empty ones as well; a birthday keeps its day and no time."""
    made = make()
    told = graph.get(f"contacts/{made['id']}")

    assert told == {**made, "@odata.context": told["@odata.context"]}
    assert {name: told[name] for name in KAREL} == {**KAREL, "birthday": "1974-07-22T11:59:00Z"}
    assert (told["fileAs"], told["jobTitle"], told["homePhones"], told["homeAddress"]) == ("Zeman, Karel", None, [], {})
    assert told["@odata.etag"] == f'W/"{told["changeKey"]}"'
    assert set(contact_shapes.PROPERTIES) < set(told)


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"emailAddresses": [{"address": f"{n}@x.example"} for n in range(4)]},
        "The multi value property EmailAddresses has 4 entries, that exceeds the max allowed value of 3",
    ),
    (
        {"businessPhones": ["1", "2", "3"]},
        "The multi value property BusinessPhones has 3 entries, that exceeds the max allowed value of 2",
    ),
    (
        {"homePhones": ["1", "2", "3"]},
        "The multi value property HomePhones has 3 entries, that exceeds the max allowed value of 2",
    ),
    ({"jobTitle": 3}, "Cannot convert the literal of 'jobTitle' to the expected type."),
    ({"emailAddresses": [{"name": "bez adresy"}]}, "Cannot convert the literal of 'emailAddresses'"),
    ({"businessAddress": {"zip": "702 00"}}, "Cannot convert the literal of 'businessAddress'"),
    ({"birthday": "22. července"}, "Cannot convert the literal of 'birthday'"),
    ({"nickname2": "x"}, "The property 'nickname2' does not exist on type 'microsoft.graph.contact'."),
]


def test_what_a_contact_cannot_be(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """The limits 3, 2 and 2 hold for a new one and for a change alike, and nothing of a refused write is kept."""
    own = make()["id"]

    for facts, message in REFUSED:
        for method, path in (("POST", "contacts"), ("PATCH", f"contacts/{own}")):
            answer = graph.send(method, path, body={"surname": "Jiný", **facts})
            assert answer.status_code == 400
            assert answer.json()["error"]["message"].startswith(message)

    assert [one["surname"] for one in graph.get("contacts")["value"]] == ["Zeman"]


def test_a_new_contact_needs_a_name(graph: GraphCaller) -> None:
    """Once refused without: displayName and companyName are none."""
    body = {"displayName": "Kovárna", "companyName": "Kovárna"}

    assert graph.refusal("POST", "contacts", body=body) == (400, "BadRequest")


def test_a_change_without_display_name_makes_a_new_one(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """“Later updates to other properties may overwrite the displayName.” Lists are replaced as a whole, and what cannot
    be written is ignored."""
    own = make()["id"]

    kept = graph.send("PATCH", f"contacts/{own}", body={"jobTitle": "nákup", "displayName": "Ing. Karel Zeman"}).json()
    lost = graph.send("PATCH", f"contacts/{own}", body={"jobTitle": "prodej", "parentFolderId": "x", "id": "y"}).json()
    emptied = graph.send("PATCH", f"contacts/{own}", body={"businessPhones": [], "companyName": None}).json()

    assert (kept["displayName"], kept["jobTitle"]) == ("Ing. Karel Zeman", "nákup")
    assert (lost["displayName"], lost["id"]) == ("Karel Zeman", own)
    assert (emptied["businessPhones"], emptied["companyName"], emptied["jobTitle"]) == ([], None, "prodej")
    assert len({one["changeKey"] for one in (kept, lost, emptied)}) == 3


def test_conflicts(graph: GraphCaller, make: Callable[..., Any], control: Callable[..., Any]) -> None:
    """By an old version, by one that cannot be read, and by somebody else's write at the same moment."""
    made = make()
    path, body = f"contacts/{made['id']}", {"jobTitle": "nákup"}

    assert graph.send("PATCH", path, body=body, **{"If-Match": made["@odata.etag"]}).status_code == 200
    old = graph.send("PATCH", path, body=body, **{"If-Match": made["@odata.etag"]})
    assert (old.status_code, old.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    unread = graph.send("PATCH", path, body=body, **{"If-Match": "W/x y"})
    assert (unread.status_code, unread.json()["error"]["code"]) == (400, "ErrorInvalidChangeKey")
    control("POST", "graph/knobs", conflicts=1, conflict_status=409)
    assert graph.refusal("PATCH", path, body=body) == (409, "ErrorIrresolvableConflict")
    assert graph.send("PATCH", path, body=body).status_code == 200


def test_extended_properties_come_on_expand_alone(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """Not in the answer to a write, not in a list without `$expand`, and a filter finds their contact."""
    other = make(surname="Jiná")
    made = make(surname="Zeman", **{NAME: [{"id": TAG, "value": "3f2a"}]})
    own = graph.send("PATCH", f"contacts/{made['id']}", body={NAME: [{"id": TAG, "value": "4f2a"}]}).json()

    assert (NAME in made, NAME in own, NAME in graph.get(f"contacts/{own['id']}")) == (False, False, False)
    assert graph.get(f"contacts/{own['id']}?{expand()}")[NAME] == [{"id": TAG, "value": "4f2a"}]
    listed = graph.get(f"contacts?{expand()}")["value"]
    assert {one["id"]: one.get(NAME) for one in listed} == {
        other["id"]: None,
        own["id"]: [{"id": TAG, "value": "4f2a"}],
    }
    having = quote(f"{NAME}/Any(ep: ep/id eq '{TAG}' and ep/value eq '4F2A')")
    assert [one["id"] for one in graph.get(f"contacts?$filter={having}")["value"]] == [own["id"]]
    without = quote(f"not ({NAME}/Any(ep: ep/id eq '{TAG}' and ep/value eq '4F2A'))")
    assert [one["id"] for one in graph.get(f"contacts?$filter={without}")["value"]] == [other["id"]]
    assert graph.refusal("GET", "contacts?$expand=attachments") == (400, "RequestBroker--ParseUri")


LISTS: list[tuple[str, list[str] | int]] = [
    ("$filter=emailAddresses/any(a:a/address eq 'ZEMAN@kovarna.example')", ["Zeman"]),
    ("$filter=emailAddresses/any(a:a/address ne 'x@y.example')", 400),
    ("$filter=startswith(surname,'z')", ["Zeman"]),
    ("$filter=companyName eq null", ["Říha", "Dvořáková"]),
    ("$filter=categories/any(c:c eq 'zákazník')", ["Zeman"]),
    ("$filter=personalNotes eq 'x'", 400),
    ("$orderby=displayName desc&$top=2", ["Říha", "Dvořáková"]),
    ("$orderby=jobTitle", 400),
    ("$search=zeman", 501),
    ("$select=surname&$count=true", ["Říha", "Dvořáková", "Zeman"]),
    ("$select=nothing", 400),
]


def test_lists(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """What may be asked of a list of three, and what is refused."""
    for facts in (KAREL, {"surname": "Dvořáková", "givenName": "Jana"}, {"surname": "Říha"}):
        make(**facts)

    for query, expected in LISTS:
        answer = graph.send("GET", f"contacts?{quote(query, safe='$=&')}")
        if isinstance(expected, int):
            assert answer.status_code == expected, query
        else:
            assert [one["surname"] for one in answer.json()["value"]] == expected, query


def test_pages_hold_ten(graph: GraphCaller, jana: Person) -> None:
    folder = addressbook.default_folder(mailroom.mailbox_of(jana.mail))
    for number in range(12):
        addressbook.create(folder, {"surname": f"Osoba {number}"})

    assert [len(page["value"]) for page in graph.pages("contacts")] == [10, 2]
    assert graph.send("GET", "contacts/$count").content == b"12"


def test_a_deleted_contact_lies_among_the_deleted_items(graph: GraphCaller, make: Callable[..., Any]) -> None:
    """It leaves its folder, and its immutable id still leads to it; deleted again, it is gone."""
    own = make()["id"]
    before = graph.get(f"contacts/{own}")["parentFolderId"]

    assert graph.send("DELETE", f"contacts/{own}").status_code == 204
    assert graph.get("contacts")["value"] == []
    after = graph.get(f"contacts/{own}")["parentFolderId"]
    assert (after != before, graph.refusal("GET", f"contactFolders/{after}")[0]) == (True, 400)
    assert graph.send("DELETE", f"contacts/{own}").status_code == 204
    assert graph.refusal("GET", f"contacts/{own}") == (404, "ErrorItemNotFound")


def test_ids(
    graph: GraphCaller, graph_of_petr: GraphCaller, make: Callable[..., Any], bearer: Any, petr: Person
) -> None:
    """Two spaces as for messages, and no id of a contact is one of a message or of another mailbox."""
    made = make()
    mutable = graph.get("contacts", prefer="")["value"][0]["id"]
    wish = {"inputIds": [mutable], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    assert graph.send("POST", "translateExchangeIds", body=wish).json()["value"][0]["targetId"] == made["id"]
    folder = graph.send("POST", "contactFolders", body={"displayName": "CORIPO"}).json()
    row = Contact.objects.get()
    addressbook.move(row, addressbook.folder_at(row.mailbox, "CORIPO"))

    assert graph.get(f"contacts/{made['id'].replace('=', '%3D')}")["parentFolderId"] == folder["id"]
    assert graph.refusal("GET", f"contacts/{mutable}") == (404, "ErrorItemNotFound")
    assert graph.refusal("GET", "contacts/AAMkshort=") == (400, "ErrorInvalidIdMalformed")
    of_petr = GraphCaller(graph_of_petr.client, bearer(petr, "Contacts.Read Mail.Read"))
    assert of_petr.refusal("GET", f"contacts/{made['id']}") == (404, "ErrorInvalidMailboxItemId")
    assert of_petr.refusal("GET", f"messages/{made['id']}") == (400, "ErrorInvalidIdMalformed")


def test_scopes(client: Client, jana: Person, make: Callable[..., Any], bearer: Callable[..., str]) -> None:
    """Mail opens no contacts, reading is no writing, and the refusal names neither scope nor resource."""
    own = make()["id"]
    mail, reading = (GraphCaller(client, bearer(jana, scopes)) for scopes in ("Mail.ReadWrite", "Contacts.Read"))

    assert mail.refusal("GET", "contacts") == (403, "ErrorAccessDenied")
    assert mail.refusal("GET", "contactFolders/delta") == (403, "ErrorAccessDenied")
    assert reading.get(f"contacts/{own}?{expand()}")["surname"] == "Zeman"
    for method, path in (("POST", "contacts"), ("PATCH", f"contacts/{own}"), ("DELETE", f"contacts/{own}")):
        assert reading.refusal(method, path, body={"surname": "x"}) == (403, "ErrorAccessDenied")


def test_in_a_batch(graph: GraphCaller, make: Callable[..., Any], client: Client) -> None:
    """Each part by itself: created in a folder, changed over a version, refused alone."""
    made = make()
    headers = {"Content-Type": "application/json", "Prefer": 'IdType="ImmutableId"'}
    parts: list[dict[str, Any]] = [
        {"method": "POST", "url": "/me/contactFolders/contacts/contacts", "body": {"surname": "Nová"}},
        {"method": "PATCH", "url": f"/me/contacts/{made['id']}", "body": {"jobTitle": "nákup"}},
        {"method": "POST", "url": "/me/contacts", "body": {"surname": "x", "homePhones": ["1", "2", "3"]}},
    ]
    parts = [{**part, "id": str(n), "headers": headers} for n, part in enumerate(parts)]

    answers = graph.send("POST", "/v1.0/$batch", body={"requests": parts}).json()["responses"]

    assert {one["id"]: one["status"] for one in answers} == {"0": 201, "1": 200, "2": 400}
    assert {one["surname"] for one in graph.get("contacts")["value"]} == {"Zeman", "Nová"}


@pytest.fixture
def told(control: Callable[..., Any]) -> Callable[..., Any]:
    def call(method: str, path: str, **body: Any) -> Any:
        answer = control(method, path, **body)
        assert answer.status_code < 300, answer.content
        return json.loads(answer.content or b"null")

    return call


def test_what_the_owner_does_in_outlook(graph: GraphCaller, told: Callable[..., Any], jana: Person) -> None:
    """Made, changed, moved and deleted, folders as well; what Graph would limit, Outlook does not make either."""
    made = told("POST", "contacts", mailbox=jana.mail, folder="Obchod/Klienti", contact=KAREL, properties={TAG: "1a"})
    own = graph.get(f"contacts/{made['id']}?{expand()}")
    assert (own["surname"], own[NAME][0]["value"]) == ("Zeman", "1a")

    told("PATCH", f"contacts/{made['id']}", contact={"jobTitle": "prodej", "displayName": "Karel"})
    told("POST", f"contacts/{made['id']}/move", folder="")
    [listed] = told("GET", f"contacts?mailbox={jana.mail}")["contacts"]
    assert (listed["folder"], listed["displayName"], listed["properties"]) == ("Kontakty", "Karel", {TAG: "1a"})

    told("PATCH", "contact-folders", mailbox=jana.mail, folder="Obchod/Klienti", name="Zákazníci")
    told("DELETE", f"contacts/{made['id']}")
    told("DELETE", "contact-folders", mailbox=jana.mail, folder="Obchod")
    assert (graph.get("contacts")["value"], graph.get("contactFolders")["value"]) == ([], [])
