"""Each measured shape of an answer, and the shapes of none."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.crm import shapes
from apps.crm.errors import CrmContractBroken

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["entry_list", "relationship_list", "link_list", "records", "name_value_list", "name", "id", "value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def entry(record_id: str, **fields: str) -> dict[str, Any]:
    pairs = {name: {"name": name, "value": value} for name, value in fields.items()}
    return {"id": record_id, "module_name": "Emails", "name_value_list": pairs or []}


def missing(record_id: str) -> dict[str, Any]:
    warning = {
        "name": "warning",
        "value": "Access to this object is denied since it has been deleted or does not exist",
    }
    return {"id": record_id, "module_name": "Emails", "name_value_list": [warning, {"name": "deleted", "value": "1"}]}


def contacts(*ids: str) -> list[dict[str, Any]]:
    return [{"name": "contacts", "records": [{"id": {"name": "id", "value": one}} for one in ids]}]


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ({"name": "Invalid Session ID", "number": 11, "description": "The session ID is invalid"}, 11),
        ({"name": "An Undefined Error - invalid_call occurred", "number": "-1"}, -1),
        ({"name": "Sessions exceeded", "number": 60}, 60),
    ],
)
def test_a_fault_is_told_by_its_number_and_name(answer: dict[str, Any], number: int) -> None:
    fault = shapes.fault_in(answer)

    assert fault is not None
    assert fault.number == number


@pytest.mark.parametrize("answer", [None, "text", [], {"id": "1", "name": "x", "number": 1}, {"entry_list": []}])
def test_other_answers_are_no_fault(answer: Any) -> None:
    assert shapes.fault_in(answer) is None


@pytest.mark.parametrize("has_links_of_missing", [True, False])
def test_missing_records_are_left_out_with_their_links_or_without(has_links_of_missing: bool) -> None:
    links = [contacts("c1"), *([[]] if has_links_of_missing else []), contacts("c3")]
    answer = {"entry_list": [entry("1", name="a"), missing("2"), entry("3", name="b")], "relationship_list": links}

    records = shapes.records_in(answer)

    assert [(record.id, [row["id"] for row in record.links["contacts"]]) for record in records] == [
        ("1", ["c1"]),
        ("3", ["c3"]),
    ]


def test_links_that_fit_no_record_are_not_guessed_at() -> None:
    answer = {"entry_list": [entry("1", name="a"), entry("2", name="b")], "relationship_list": [contacts("c1")]}

    with pytest.raises(CrmContractBroken):
        shapes.records_in(answer)


def test_a_record_without_any_value_has_an_empty_list_of_fields() -> None:
    (record,) = shapes.records_in({"entry_list": [entry("1")], "relationship_list": []})

    assert record["name"] == ""


def test_a_list_has_another_shape_of_links_and_a_total_in_text() -> None:
    value = {
        "link_value": {"id": {"name": "id", "value": "a1"}, "name": {"name": "name", "value": "&quot;Firma&quot;"}}
    }
    answer = {
        "result_count": 1,
        "total_count": "250",
        "next_offset": 1,
        "entry_list": [entry("1", last_name="N")],
        "relationship_list": [{"link_list": [{"name": "accounts", "records": [value]}]}],
    }

    page = shapes.page_in(answer)

    assert (page.size, page.total) == (1, 250)
    assert page.records[0].links["accounts"] == ({"id": "a1", "name": '"Firma"'},)


@pytest.mark.parametrize("answer", [None, {"id": "-1"}, "x", {}])
def test_a_write_that_was_refused_in_silence_has_no_id(answer: Any) -> None:
    assert shapes.id_in(answer) == ""


@given(JSON)
def test_whatever_comes_it_is_parsed_or_refused(answer: Any) -> None:
    for parse in (shapes.records_in, shapes.page_in, shapes.fault_in, shapes.id_in):
        with suppress(CrmContractBroken):
            parse(answer)
