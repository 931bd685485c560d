"""E-mails: their fields, which calls fill them, and what a save does beside the row."""

from __future__ import annotations

import pytest

from tests.contract.v4_1 import NAME, Line, token

TEXTS = ("description", "description_html", "from_addr_name", "to_addrs_names", "cc_addrs_names")


@pytest.fixture
def addressed(line: Line) -> tuple[str, str]:
    """An e-mail with texts and addresses, and the word that its addresses begin with."""
    mark = token()
    email = line.email(
        description="Plain text",
        description_html="<p>Html text</p>",
        from_addr=f"{mark}.from@contract.example",
        to_addrs=f"{mark}.to1@contract.example, {mark}.to2@contract.example",
        cc_addrs=f"{mark}.cc@contract.example",
        from_addr_name=f"Jana <{mark}.from@contract.example>",
        to_addrs_names=f"Petr <{mark}.to1@contract.example>, {mark}.to2@contract.example",
    )
    return email, mark


def test_the_fields_of_the_row_are_kept(line: Line) -> None:
    email = line.email()

    row = line.read("Emails", email, "name", "type", "status", "date_sent_received", "message_id")

    assert row == {
        "name": f"{NAME} {email[:8]}",
        "type": "archived",
        "status": "archived",
        "date_sent_received": "2026-05-06 07:08:09",
        "message_id": f"{email}@contract.example",
    }


def test_the_old_name_date_sent_is_ignored_where_the_new_one_is_known(line: Line) -> None:
    """`date_sent_received` replaced `date_sent`; the portal sends both names and reads whichever comes back."""
    email = line.email(date_sent="2026-05-06 07:08:09")

    assert "2026-05-06 07:08:09" in line.read("Emails", email, "date_sent_received", "date_sent").values()


def test_assigned_user_is_the_sessions_where_it_is_empty(line: Line) -> None:
    assert line.read("Emails", line.email(), "assigned_user_id") == {"assigned_user_id": line.call("get_user_id")}


def test_display_names_are_lost_and_bare_addresses_come_back(line: Line, addressed: tuple[str, str]) -> None:
    email, mark = addressed

    shown = line.read("Emails", email, "from_addr_name", "to_addrs_names", "cc_addrs_names")

    assert shown["from_addr_name"] == f"{mark}.from@contract.example"
    assert shown["cc_addrs_names"] == f"{mark}.cc@contract.example"
    assert sorted(shown["to_addrs_names"].replace(";", ",").replace(" ", "").strip(",").split(",")) == [
        f"{mark}.to1@contract.example",
        f"{mark}.to2@contract.example",
    ]


def test_bare_addresses_are_written_and_never_read(line: Line, addressed: tuple[str, str]) -> None:
    """What a read has of them stands in the fields of the names, blind copies included."""
    email, mark = addressed
    line.save("Emails", id=email, bcc_addrs=f"{mark}.bcc@contract.example")

    row = line.read("Emails", email, "bcc_addrs", "bcc_addrs_names")

    assert not row.get("bcc_addrs")
    assert row["bcc_addrs_names"] == f"{mark}.bcc@contract.example"


def test_there_is_no_field_for_what_a_mail_answers_to(line: Line) -> None:
    fields = line.call("get_module_fields", "Emails", [])["module_fields"]

    assert {"message_id", "description", "description_html", "parent_type", "parent_id"} <= set(fields)
    assert not {"in_reply_to", "references"} & set(fields)


def test_without_bare_addresses_the_text_form_comes_back(line: Line) -> None:
    email = line.email(to_addrs_names="Petr Novák")

    assert line.read("Emails", email, "to_addrs_names") == {"to_addrs_names": "Petr Novák"}


def test_only_get_entry_and_get_entries_fill_texts_and_addresses(line: Line, addressed: tuple[str, str]) -> None:
    email, _mark = addressed

    by_entry = line.read("Emails", email, *TEXTS)
    by_entries = line.call("get_entries", "Emails", [email], list(TEXTS), [])["entry_list"][0]["name_value_list"]

    assert all(by_entry.values())
    assert by_entry["description"] == "Plain text"
    assert {name: pair["value"] for name, pair in by_entries.items()} == by_entry


def test_get_entry_list_and_get_relationships_give_texts_as_nothing(line: Line, addressed: tuple[str, str]) -> None:
    email, _mark = addressed
    contact = line.save("Contacts", last_name=NAME)
    line.relate("Emails", email, "contacts", contact)

    (listed,) = line.rows("Emails", f"emails.id='{email}'", *TEXTS)
    (related,) = line.linked("Contacts", contact, "emails", *TEXTS)

    for row in (listed, related):
        assert row.pop("id") == email
        assert set(row.values()) <= {""}


def test_a_comma_in_a_quoted_name_tears_to_addrs(line: Line) -> None:
    mark = token()
    email = line.email(to_addrs=f'"C, {mark}" <{mark}@contract.example>')

    assert line.read("Emails", email, "to_addrs_names")["to_addrs_names"] != f"{mark}@contract.example"


def test_parent_on_save_makes_the_link_as_well(line: Line) -> None:
    company = line.save("Accounts", name=NAME)
    email = line.email(parent_type="Accounts", parent_id=company)

    assert [row["id"] for row in line.linked("Emails", email, "accounts")] == [company]


def test_updating_the_subject_alone_keeps_everything_else(line: Line, addressed: tuple[str, str]) -> None:
    email, _mark = addressed
    kept = ("description", "description_html", "from_addr_name", "to_addrs_names", "message_id")
    before = line.read("Emails", email, *kept)

    line.save("Emails", id=email, name=f"{NAME} changed")

    assert line.read("Emails", email, "name") == {"name": f"{NAME} changed"}
    assert line.read("Emails", email, *kept) == before


def test_status_sent_without_a_date_gets_now_and_others_stay_without(line: Line) -> None:
    sent = line.email(status="sent", date_sent_received="")
    archived = line.email(date_sent_received="")

    assert line.read("Emails", sent, "date_sent_received")["date_sent_received"]
    assert line.read("Emails", archived, "date_sent_received") == {"date_sent_received": ""}
