"""`translateExchangeIds`: from one id space into the other, up to a thousand at a time."""

import pytest

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom
from tests.sandbox.graph.caller import GraphCaller, mail

TO_IMMUTABLE = {"sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
BACK = {"sourceIdType": "restImmutableEntryId", "targetIdType": "restId"}


def test_there_and_back(graph: GraphCaller, jana: Person) -> None:
    mailroom.deliver(jana.mail, mail())
    mutable, immutable = (
        graph.get("messages", prefer=prefer)["value"][0]["id"] for prefer in ("", 'IdType="ImmutableId"')
    )

    there = graph.send("POST", "translateExchangeIds", body={"inputIds": [mutable], **TO_IMMUTABLE}).json()["value"]
    back = graph.send("POST", "translateExchangeIds", body={"inputIds": [immutable], **BACK}).json()["value"]

    assert there == [{"sourceId": mutable, "targetId": immutable}]
    assert back == [{"sourceId": immutable, "targetId": mutable}]


def test_each_id_by_itself(graph: GraphCaller, graph_of_petr: GraphCaller, jana: Person, petr: Person) -> None:
    """“All of one mailbox”."""
    for person in (jana, petr):
        mailroom.deliver(person.mail, mail())
    own, foreign = (one.get("messages", prefer="")["value"][0]["id"] for one in (graph, graph_of_petr))

    body = {"inputIds": [own, foreign, "x"], **TO_IMMUTABLE}
    value = graph.send("POST", "translateExchangeIds", body=body).json()["value"]

    assert "targetId" in value[0]
    assert value[1]["errorDetails"]["code"] == "ErrorInvalidMailboxItemId"
    assert value[2]["errorDetails"]["code"] == "ErrorInvalidIdMalformed"


@pytest.mark.parametrize("ids", [[], "x", [1], ["x"] * 1001])
def test_a_thousand_at_most(graph: GraphCaller, ids: object) -> None:
    assert graph.refusal("POST", "translateExchangeIds", body={"inputIds": ids, **TO_IMMUTABLE}) == (400, "BadRequest")


def test_other_kinds_of_ids_are_not_served(graph: GraphCaller) -> None:
    body = {"inputIds": ["x"], "sourceIdType": "entryId", "targetIdType": "restId"}

    assert graph.send("POST", "translateExchangeIds", body=body).status_code == 501
