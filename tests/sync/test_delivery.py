"""From a click to a record in CORIPO, over real HTTP on both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.clock import now
from apps.sync.actions import mark_not_synced, mark_synced, store_without_link
from apps.sync.delivery import deliver_due
from apps.sync.models import CrmEmail, CrmFile, CrmLink, KnownAddress, Mark, Outcome, Transfer
from apps.sync.reasons import why
from apps.work.models import Lane, Status

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_email_is_stored_with_everything_and_linked_with_contact_and_company(desk):
    company = desk.coripo.company("Kovárna Morava a.s.")
    contact = desk.coripo.contact(desk.customer, company=company)
    sent_at = datetime(2026, 10, 5, 7, 8, 9, tzinfo=UTC)
    message = desk.receives(
        subject="Poptávka <VMC 850> & “spol.”",
        text="Dobrý den,\n\nprosíme o cenu 5 < 6 & 7 > 8.\n",
        html="<p>Dobrý den,</p><p>prosíme o cenu 5 &lt; 6 &amp; 7 &gt; 8.</p>",
        cc="Pavel Beran <pavel.beran@kovarna-morava.example>",
        date=sent_at,
        files=(("výkres č. 1.pdf", b"%PDF-1.4 nothing"), ("script.php", b"<?php")),
    )

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    (record,) = desk.coripo.emails(message.email_key)
    stored = desk.coripo.email(record["id"])
    # CORIPO deletes what looks like an unknown tag, so such brackets travel as their typographic twins.
    assert stored["name"] == "Poptávka ‹VMC 850› & “spol.”"
    assert stored["date_sent_received"] == "2026-10-05 07:08:09"
    assert "5 < 6 & 7 > 8" in stored["description"]
    assert desk.customer in stored["from_addr_name"]
    assert desk.person["mail"] in stored["to_addrs_names"]
    assert "pavel.beran@kovarna-morava.example" in stored["cc_addrs_names"]
    assert [found["id"] for found in desk.coripo.linked(record["id"], "contacts")] == [contact]
    assert [found["id"] for found in desk.coripo.linked(record["id"], "accounts")] == [company]
    names = {found["filename"] for found in desk.coripo.linked(record["id"], "notes")}
    assert names == {"výkres č. 1.pdf", "script.php.txt"} or names == {"výkres č. 1.pdf", "script.php"}
    assert Mark.objects.get(email_key=message.email_key).value == Mark.Value.SYNCED


def test_every_contact_with_the_address_and_each_company_once(desk):
    company = desk.coripo.company("Kovárna Morava a.s.")
    first = desk.coripo.contact(desk.customer, company=company)
    second = desk.coripo.contact(desk.customer.upper(), first_name="Jana (starý záznam)", company=company)
    message = desk.receives()

    desk.sync(message)
    desk.deliver()

    record = CrmEmail.objects.get(email_key=message.email_key)
    assert {c["id"] for c in desk.coripo.linked(record.record_id, "contacts")} == {first, second}
    assert [c["id"] for c in desk.coripo.linked(record.record_id, "accounts")] == [company]
    assert CrmLink.objects.filter(crm_email=record, outcome=Outcome.MADE).count() == 3


def test_without_the_setting_only_contacts_are_linked(desk):
    company = desk.coripo.company("Kovárna Morava a.s.")
    desk.coripo.contact(desk.customer, company=company)
    desk.rule(link_companies=False)
    message = desk.receives()

    desk.sync(message)
    desk.deliver()

    record = CrmEmail.objects.get(email_key=message.email_key)
    assert len(desk.coripo.linked(record.record_id, "contacts")) == 1
    assert desk.coripo.linked(record.record_id, "accounts") == []
    assert not desk.coripo.email(record.record_id).get("parent_id")


def test_no_match_leaves_the_email_and_says_so_and_a_person_may_store_it_all_the_same(desk):
    message = desk.receives()

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "no_match"
    assert desk.coripo.emails(message.email_key) == []

    store_without_link(message.pk, user=desk.user, at=now())
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    assert len(desk.coripo.emails(message.email_key)) == 1


def test_own_and_internal_addresses_are_left_out(desk):
    desk.coripo.contact(desk.person["mail"])
    desk.coripo.contact("kolega@nase-firma.example")
    desk.rule(internal_domains=["nase-firma.example"])
    message = desk.receives(sender="Kolega <kolega@nase-firma.example>")

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "no_match"


def test_syncing_again_adds_links_and_never_a_second_record(desk):
    first = desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    second = desk.coripo.contact(desk.customer, first_name="Eva")

    desk.sync(message)
    desk.deliver()

    (record,) = desk.coripo.emails(message.email_key)
    assert {c["id"] for c in desk.coripo.linked(record["id"], "contacts")} == {first, second}
    assert Transfer.objects.filter(message=message).order_by("-pk")[0].links_added == 1


def test_on_a_selection_marked_mails_are_left_out_and_a_single_one_goes(desk):
    desk.coripo.contact(desk.customer)
    marked, other = desk.receives(), desk.receives()
    mark_synced([marked.pk], user=desk.user, at=now())

    desk.sync(marked, other, leave_out_marked=True)
    desk.deliver()

    marked.refresh_from_db(), other.refresh_from_db()
    assert (marked.state, other.state) == ("marked", "synced")

    desk.sync(marked)
    desk.deliver()

    marked.refresh_from_db()
    assert marked.state == "synced"


def test_scenario_20_two_people_sync_the_same_mail_at_once_and_there_is_one_record(desk_for):
    anna, petr = desk_for(), desk_for()
    anna.coripo.contact(anna.customer)
    words = {
        "message_id": f"<spolecny-{anna.customer}>",
        "sender": anna.customer,
        "to": anna.person["mail"],
        "cc": petr.person["mail"],
    }
    mine, theirs = anna.receives(**words), petr.receives(**words)

    anna.sync(mine)
    petr.sync(theirs)
    anna.deliver()
    petr.deliver()

    mine.refresh_from_db(), theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("synced", "synced")
    assert len(anna.coripo.emails(mine.email_key)) == 1
    assert CrmEmail.objects.get(email_key=mine.email_key).creator_name == anna.user.shown_name


def test_a_mail_that_another_program_archived_is_adopted(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    archived = desk.coripo.create(
        "Emails", name=message.subject, message_id=message.email_key.upper(), from_addr=desk.customer, type="archived"
    )

    desk.sync(message)
    desk.deliver()

    record = CrmEmail.objects.get(email_key=message.email_key)
    assert (record.record_id, record.is_adopted) == (archived, True)
    assert len(desk.coripo.emails(message.email_key)) == 1
    assert len(desk.coripo.linked(archived, "contacts")) == 1


def test_scenario_4_a_create_whose_answer_was_dropped_is_looked_up_and_not_repeated(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sandbox.fault("dropped", "coripo:set_entries", times=1)
    desk.sandbox.fault("dropped", "coripo:set_entry", times=1)

    desk.sync(message)
    for _ in range(4):
        desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    assert len(desk.coripo.emails(message.email_key)) == 1


@pytest.mark.parametrize(
    "method", ["set_relationships", "set_note_attachment", "get_entry_list", "get_entries", "login"]
)
@pytest.mark.parametrize("weather", ["dropped", "5xx", "throttle"])
def test_bad_weather_at_every_step_delays_and_loses_nothing(desk, method, weather):
    contact = desk.coripo.contact(desk.customer)
    message = desk.receives(files=(("nabídka.pdf", b"%PDF-1.4 x"),))
    desk.sandbox.fault(weather, f"coripo:{method}", times=2)

    desk.sync(message)
    for _ in range(4):
        desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    (record,) = desk.coripo.emails(message.email_key)
    assert [c["id"] for c in desk.coripo.linked(record["id"], "contacts")] == [contact]
    assert [n["filename"] for n in desk.coripo.linked(record["id"], "notes")] == ["nabídka.pdf"]


def test_scenario_14_one_bad_record_does_not_sink_its_batch(desk):
    desk.coripo.contact(desk.customer)
    good = [desk.receives() for _ in range(3)]
    gone = desk.receives()
    desk.sandbox.control("DELETE", f"messages/{gone.graph_id}")

    desk.sync(*good, gone)
    desk.deliver()

    states = [type(m).objects.get(pk=m.pk).state for m in (*good, gone)]
    assert states == ["synced", "synced", "synced", "skipped"]
    assert Transfer.objects.get(message=gone).cause == "left_mailbox"


def test_scenario_16_an_expired_session_is_renewed_once_and_nobody_notices(desk):
    desk.coripo.contact(desk.customer)
    first, second = desk.receives(), desk.receives()
    desk.sync(first)
    desk.deliver()
    desk.sandbox.control("POST", "coripo/expire-sessions")

    desk.sync(second)
    desk.deliver()

    second.refresh_from_db()
    assert second.state == "synced"


def test_scenario_16_a_refused_password_parks_the_transfers_and_they_go_on_with_the_right_one(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    type(desk.account).objects.filter(pk=desk.account.pk).update(status="active", generation=2)
    desk.account.refresh_from_db()
    right = desk.account.password
    desk.account.password = "spatne-heslo"
    desk.account.save()

    desk.sync(message)
    desk.deliver()
    desk.deliver()

    desk.account.refresh_from_db(), message.refresh_from_db()
    assert (desk.account.status, message.state) == ("refused", "queued")

    desk.account.password, desk.account.status, desk.account.generation = right, "active", 3
    desk.account.save()
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"


def test_scenario_10_a_withdrawn_consent_parks_the_transfers_of_that_mailbox(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sandbox.fault("revoked-token", f"entra:{desk.person['mail']}", times=0)

    desk.sync(message)
    desk.deliver()

    desk.mailbox.refresh_from_db(), message.refresh_from_db()
    assert (desk.mailbox.status, message.state) == ("reconnect", "queued")


def test_scenario_42_a_database_from_yesterday_makes_no_doubles(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    CrmEmail.objects.all().delete(), Transfer.objects.all().delete(), Mark.objects.all().delete()

    desk.sync(message)
    desk.deliver()

    message.refresh_from_db()
    assert message.state == "synced"
    assert len(desk.coripo.emails(message.email_key)) == 1


def test_a_deleted_record_is_said_to_be_gone_and_comes_back_only_on_request(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()
    desk.sync(message)
    desk.deliver()
    record = CrmEmail.objects.get(email_key=message.email_key)
    desk.coripo.delete("Emails", record.record_id)

    desk.sync(message)
    desk.deliver()
    message.refresh_from_db()
    assert message.state == "gone"

    desk.sync(message)
    desk.deliver()
    message.refresh_from_db()
    assert message.state == "synced"
    (live,) = desk.coripo.emails(message.email_key)
    assert live["id"] != record.record_id


def test_two_different_mails_under_one_message_id_are_two_records(desk):
    desk.coripo.contact(desk.customer)
    words = {"message_id": f"<dvojity-{desk.customer}>"}
    first = desk.receives(subject="Faktura 1", **words)
    second = desk.receives(
        subject="Úplně jiná věc",
        sender="Petr <petr@jinde.example>",
        cc=desk.customer,
        date=now() - timedelta(days=3),
        **words,
    )

    desk.sync(first, second)
    desk.deliver()
    desk.deliver()

    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, second.state) == ("synced", "synced")
    assert len(desk.coripo.emails(first.email_key)) == 2


def test_attachments_above_the_limit_are_left_out_by_name(desk):
    desk.coripo.contact(desk.customer)
    desk.rule(largest_attachment_mb=1)
    message = desk.receives(files=(("velký.zip", b"x" * 1_100_000), ("malý.txt", b"ahoj")))

    desk.sync(message)
    desk.deliver()

    files = {file.name: (file.outcome, file.cause) for file in CrmFile.objects.all()}
    assert files == {"velký.zip": (Outcome.LEFT_OUT, "too_large"), "malý.txt": (Outcome.MADE, "")}
    message.refresh_from_db()
    assert "1 attachment was left out: The attachment is larger" in why(message, user=desk.user).sentence


def test_a_colleague_without_rights_sees_that_it_is_there(desk_for):
    anna, tomas = desk_for(), desk_for(coripo_role="restricted")
    anna.coripo.contact(anna.customer)
    words = {
        "message_id": f"<tajny-{anna.customer}>",
        "sender": anna.customer,
        "to": anna.person["mail"],
        "cc": tomas.person["mail"],
    }
    mine, theirs = anna.receives(**words), tomas.receives(**words)
    anna.sync(mine)
    anna.deliver()
    tomas.coripo.contact(anna.customer)

    tomas.sync(theirs)
    tomas.deliver()

    theirs.refresh_from_db(), mine.refresh_from_db()
    assert (mine.state, theirs.state) == ("synced", "hidden")
    assert len(anna.coripo.emails(mine.email_key)) == 1


def test_a_batch_of_200_costs_few_requests(desk):
    """The promise: at most 0.2 CRM requests for an e-mail, the login included."""
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    from tests.sandbox_server import mime

    for number in range(200):
        desk.sandbox.deliver(
            desk.person["mail"],
            mime(
                sender=desk.customer,
                to=desk.person["mail"],
                subject=f"Zpráva {number}",
                message_id=f"<{number}-{desk.customer}>",
                date=now() - timedelta(minutes=number + 1),
            ),
        )
    desk.look()
    messages = list(desk.mailbox.messages.all())
    desk.sandbox.forget_requests()

    desk.sync(*messages)
    # On a busy machine one drain's time may end before they do.
    while Transfer.objects.active().exists():
        desk.deliver()

    assert Transfer.objects.filter(status=Status.DONE, result="stored").count() == 200
    assert desk.sandbox.requests()["total"]["coripo"] <= 40


def test_one_click_costs_at_most_eight_requests(desk):
    desk.coripo.contact(desk.customer, company=desk.coripo.company("Kovárna Morava a.s."))
    message = desk.receives()
    desk.sandbox.forget_requests()

    desk.sync(message)
    deliver_due(Lane.INTERACTIVE, until=now() + timedelta(seconds=20))

    assert desk.sandbox.requests()["total"]["coripo"] <= 8


def test_what_a_mark_kept_back_is_not_left_out_once_the_mark_is_taken_away(desk):
    message = desk.receives()
    desk.sync(message)
    mark_synced([message.pk], user=desk.user, at=now())
    message.refresh_from_db()
    assert message.state == "marked"

    mark_not_synced([message.pk], user=desk.user, at=now())

    message.refresh_from_db()
    assert message.state == "not_synced"


def test_the_panel_knows_at_once_whom_the_transfer_found(desk):
    desk.coripo.contact(desk.customer)
    message = desk.receives()

    desk.sync(message)
    desk.deliver()

    assert [contact["name"] for contact in KnownAddress.objects.get(address=desk.customer).contacts] == [
        "Jana Dvořáková"
    ]
