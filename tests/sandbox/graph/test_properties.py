"""Extended properties of one value and of many, as Graph documents them and live mailboxes have them."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import GraphCaller, mail

TAG = "String {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmRecordId"
NUMBER = "Integer {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Id 0x8012"
NAME = "singleValueExtendedProperties"
LIST = "StringArray {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmLinks"
MANY = "multiValueExtendedProperties"


def expand(*tags: str) -> str:
    named = " or ".join(f"id eq '{tag}'" for tag in tags)
    return "$expand=" + quote(f"{NAME}($filter={named})")


@pytest.fixture
def own(graph: GraphCaller, jana: Person) -> str:
    """The id of a message that carries both properties, beside one that carries none."""
    for subject in ("other", "tagged"):
        mailroom.deliver(jana.mail, mail(subject))
    found = next(item["id"] for item in graph.get("messages")["value"] if item["subject"] == "tagged")
    values = [{"id": TAG, "value": "Emails/3f2a"}, {"id": NUMBER, "value": "42"}]
    assert graph.send("PATCH", f"messages/{found}", body={NAME: values}).status_code == 200
    return str(found)


def test_they_come_where_expand_names_them_and_nowhere_else(graph: GraphCaller, own: str) -> None:
    """“There is no way to list all properties”; ids come back in one spelling."""
    spelt_otherwise = TAG.replace("String", "string").replace("6f9d", "6F9D")

    assert NAME not in graph.get(f"messages/{own}")
    assert NAME not in graph.get("messages")["value"][0]
    assert graph.get(f"messages/{own}?{expand(TAG)}")[NAME] == [{"id": TAG, "value": "Emails/3f2a"}]
    assert len(graph.get(f"messages/{own}?{expand(spelt_otherwise, NUMBER)}")[NAME]) == 2
    listed = graph.get(f"messages?$select=subject&{expand(TAG)}")["value"]
    assert {item["subject"]: NAME in item for item in listed} == {"tagged": True, "other": False}


def test_the_name_is_case_sensitive(graph: GraphCaller, own: str) -> None:
    assert NAME not in graph.get(f"messages/{own}?{expand(TAG.lower())}")


def test_beside_attachments(graph: GraphCaller, own: str) -> None:
    item = graph.get(f"messages/{own}?{expand(TAG)},attachments($select=name)")

    assert (len(item[NAME]), item["attachments"]) == (1, [])


def test_the_answer_to_a_patch_does_not_tell_them(graph: GraphCaller, own: str) -> None:
    """It is a write like any other, with a new change key; a value is overwritten, for it cannot be deleted."""
    before = graph.get(f"messages/{own}")["changeKey"]

    answer = graph.send("PATCH", f"messages/{own}", body={NAME: [{"id": TAG, "value": ""}]}).json()

    assert NAME not in answer
    assert answer["changeKey"] != before
    assert graph.get(f"messages/{own}?{expand(TAG)}")[NAME] == [{"id": TAG, "value": ""}]


@pytest.mark.parametrize(
    "condition",
    [
        f"ep/id eq '{TAG}' and ep/value eq 'EMAILS/3F2A'",
        f"ep/id eq '{TAG}' and startswith(ep/value,'Emails')",
        f"ep/id eq '{TAG}' and contains(ep/value,'3f')",
        f"ep/id eq '{TAG}' and ep/value ne 'Emails/9'",
        f"ep/id eq '{NUMBER}' and cast(ep/value, Edm.Int32) gt 41",
        f"ep/id eq '{NUMBER}' and cast(ep/value, Edm.Int32) ne 41",
    ],
)
def test_a_filter_finds_by_value(graph: GraphCaller, own: str, condition: str) -> None:
    found = graph.get("messages?$filter=" + quote(f"{NAME}/Any(ep: {condition})"))["value"]

    assert [item["id"] for item in found] == [own]
    assert NAME not in found[0]


@pytest.mark.parametrize(
    "condition",
    [
        f"ep/id eq '{TAG}' and ep/value eq 'Emails/9'",
        f"ep/id eq '{TAG}' and ep/value ne 'emails/3F2A'",
        f"ep/id eq '{NUMBER}' and cast(ep/value, Edm.Int32) lt 42",
    ],
)
def test_a_filter_that_finds_nothing(graph: GraphCaller, own: str, condition: str) -> None:
    assert graph.get("messages?$filter=" + quote(f"{NAME}/Any(ep: {condition})"))["value"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"$expand={NAME}", "BadRequest"),
        (expand("Text 0x1"), "ErrorInvalidExtendedProperty"),
        (f"$filter={NAME}/Any(ep: ep/value eq 'x')", "BadRequest"),
        (f"$filter={NAME}/Any(ep: ep/id eq '{TAG}')", "BadRequest"),
        (
            f"$filter={NAME}/Any(ep: ep/id eq '{TAG}' and ep/value eq 'x')&$orderby=receivedDateTime",
            "InefficientFilter",
        ),
    ],
)
def test_what_may_not_be_asked(graph: GraphCaller, query: str, code: str) -> None:
    assert graph.refusal("GET", f"messages?{quote(query, safe='$&=%')}") == (400, code)


def test_a_property_of_many_values(graph: GraphCaller, own: str) -> None:
    """“Writable on received mail: … singleValueExtendedProperties, multiValueExtendedProperties”."""
    values = [{"id": LIST.replace("StringArray", "stringarray"), "value": ["Contacts/1", "Accounts/2"]}]

    answer = graph.send("PATCH", f"messages/{own}", body={MANY: values})

    named = quote(f"{MANY}($filter=id eq '{LIST}')")
    assert (answer.status_code, MANY in answer.json()) == (200, False)
    assert graph.get(f"messages/{own}?$expand={named}")[MANY] == [{"id": LIST, "value": ["Contacts/1", "Accounts/2"]}]
    assert MANY not in graph.get(f"messages/{own}?{expand(TAG)}")
    both = graph.get(f"messages/{own}?{expand(TAG)},{named}")
    assert (len(both[NAME]), len(both[MANY])) == (1, 1)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([{"id": LIST, "value": "Contacts/1"}], "BadRequest"),
        ([{"id": LIST, "value": [1]}], "BadRequest"),
        ({"id": LIST, "value": []}, "BadRequest"),
        ([{"id": TAG, "value": ["Contacts/1"]}], "ErrorInvalidExtendedProperty"),
    ],
)
def test_what_is_no_property_of_many_values(graph: GraphCaller, own: str, value: object, code: str) -> None:
    assert graph.refusal("PATCH", f"messages/{own}", body={MANY: value}) == (400, code)


def test_an_expand_in_delta_is_an_error_of_the_server(graph: GraphCaller, own: str) -> None:
    """“Value cannot be null. Parameter name: type”, as reported of the real one."""
    response = graph.send("GET", f"mailFolders/inbox/messages/delta?{expand(TAG)}")

    assert response.status_code == 500
    assert response.json()["error"]["message"] == "Value cannot be null. Parameter name: type"


@pytest.mark.parametrize("value", ["x", [{"id": TAG, "value": 1}], [{"value": "x"}], ["x"]])
def test_values_are_texts(graph: GraphCaller, own: str, value: object) -> None:
    assert graph.refusal("PATCH", f"messages/{own}", body={NAME: value}) == (400, "BadRequest")


def test_the_basic_scope_does_not_read_them(client: Client, jana: Person, bearer: Callable[..., str], own: str) -> None:
    basic = GraphCaller(client, bearer(jana, "Mail.ReadBasic"))

    assert basic.refusal("GET", f"messages/{own}?{expand(TAG)}") == (403, "ErrorAccessDenied")
