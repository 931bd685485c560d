"""E-mails on their way into CORIPO: every text arrives, and none is there twice whatever the weather."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.addresses import Address
from apps.crm import creating, shapes, texts
from apps.crm.errors import CrmError, CrmIdOccupied, CrmOutcomeUnknown, CrmThrottled, CrmUnreachable
from apps.crm.face import Created, OutgoingEmail
from apps.crm.rest_v4_1 import RestV41
from tests.crm.conftest import NOON, PATIENCE, Line, MakesClients, an_email
from tests.sandbox_server import Sandbox
from tests.services import free_port

TEXT = st.text(alphabet=st.sampled_from("ab<>/&;\"'@. \n\u017e\U0001f680ltgamp#6012"), max_size=60)


def created(emails: list[OutgoingEmail]) -> list[Created]:
    return [Created(email.id) for email in emails]


def stored_once(line: Line, emails: list[OutgoingEmail]) -> bool:
    return all(line.ids("Emails", f"emails.message_id='{email.message_id}'") == [email.id] for email in emails)


def test_everything_of_an_email_can_be_read_in_coripo(crm: RestV41, line: Line) -> None:
    company = line.create("Accounts", name="Firma")
    email = an_email(
        subject='Re: "Nabídka" <2026> & dodatek 🚀',
        sent_at=NOON + timedelta(microseconds=999),
        text="Dobrý den,\r\n> Jana <jana@x.example> píše: 1 < 2 &amp; konec",
        html='<p title="a &quot;b&quot;">Jana &lt;jana@x.example&gt;&nbsp;píše <b>x</b></p><img src="cid:logo">',
        to=(Address("Novák, Jan", "Jan@Firma.example"), Address("", "eva@firma.example")),
        cc=(Address("Bücher", "info@bücher.example"),),
        bcc=(Address("", "skrytá@x"),),
        company_id=company,
    )

    assert crm.create_emails([email]) == created([email])

    stored = line.fields("Emails", email.id)
    assert stored["name"] == 'Re: "Nabídka" <2026> & dodatek 🚀'
    assert stored["message_id"] == email.message_id
    assert stored["date_sent_received"] == "2026-05-06 12:00:00"
    assert (stored["type"], stored["status"]) == ("archived", "archived")
    assert stored["description"] == email.text
    assert (
        "Jana &lt;jana@x.example&gt;" in stored["description_html"]
        or "Jana <jana@x.example>" in stored["description_html"]
    )
    assert "cid:logo" in stored["description_html"]
    assert stored["from_addr_name"] == "petr@firma.example"
    assert "jan@firma.example" in stored["to_addrs_names"].lower()
    assert "eva@firma.example" in stored["to_addrs_names"]
    assert "info@xn--bcher-kva.example" in stored["cc_addrs_names"]
    assert (stored["parent_type"], stored["parent_id"]) == ("Accounts", company)
    assert crm.read_emails([email.id])[email.id].links["Accounts"] == {company}


def test_an_email_without_a_plain_body_gets_the_words_of_its_html(crm: RestV41, line: Line) -> None:
    email = an_email(text="", html="<p>Dobrý den</p>")

    crm.create_emails([email])

    assert line.fields("Emails", email.id)["description"] == "Dobrý den"


def test_an_email_belongs_to_whom_it_is_assigned(crm: RestV41, line: Line) -> None:
    own, assigned = an_email(), an_email(assigned_user_id="somebody-else")

    crm.create_emails([own, assigned])

    assert line.fields("Emails", own.id)["assigned_user_id"] == crm.probe().user_id
    assert line.fields("Emails", assigned.id)["assigned_user_id"] == "somebody-else"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20))
def test_any_text_is_read_as_it_was_sent(crm: RestV41, line: Line, written: list[tuple[str, str]]) -> None:
    emails = [an_email(subject=subject, text=body, html="") for subject, body in written]

    assert crm.create_emails(emails) == created(emails)

    for email in emails:
        stored = line.fields("Emails", email.id)
        assert stored["name"] == texts.line(email.subject)
        # A read does not tell a written `&lt;` from an encoded `<`.
        assert stored["description"] == texts.read(texts.sendable(email.text))


def test_a_batch_of_200_costs_8_requests(crm: RestV41, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(200)]
    crm.find_contacts(["warm@up.example"])
    sandbox.forget_requests()

    assert crm.create_emails(emails) == created(emails)

    assert sandbox.requests()["total"]["coripo"] == 8


def test_large_bodies_are_sent_in_smaller_portions(crm: RestV41, sandbox: Sandbox) -> None:
    emails = [an_email(text="slovo " * 130_000, html="") for _ in range(4)]
    crm.find_contacts(["warm@up.example"])
    sandbox.forget_requests()

    assert crm.create_emails(emails) == created(emails)

    assert sandbox.requests()["by_part"]["coripo:set_entries"] == 2


def test_the_same_email_twice_in_one_call_is_stored_once(crm: RestV41, line: Line) -> None:
    email = an_email()

    assert crm.create_emails([email, email]) == created([email, email])
    assert stored_once(line, [email])


def test_repeating_a_batch_stores_nothing_again(crm: RestV41, line: Line) -> None:
    emails = [an_email() for _ in range(5)]
    crm.create_emails(emails[1:4])

    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_a_batch_that_stops_in_the_middle_is_completed(crm: RestV41, line: Line) -> None:
    emails = [an_email() for _ in range(10)]
    crm.create_emails([emails[4]])
    # As a crash of the server leaves it: what came before the e-mail that is there already is stored, the rest is not.
    with pytest.raises(CrmOutcomeUnknown):
        line.caller.write(
            "set_entries",
            module_name="Emails",
            name_value_lists=[shapes.name_values(creating.email_fields(email)) for email in emails],
        )
    assert len(crm.read_emails([email.id for email in emails])) == 5

    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_a_lost_answer_is_looked_up_and_not_repeated(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(5)]
    sandbox.fault("dropped", "coripo:set_entries")
    sandbox.forget_requests()

    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)
    assert "coripo:set_entry" not in sandbox.requests()["by_part"]


def test_an_answer_that_comes_too_late_is_looked_up(
    client_for: MakesClients, person: dict[str, str], line: Line, sandbox: Sandbox
) -> None:
    hasty = client_for(person, patience=type(PATIENCE)(connect_seconds=1, read_seconds=1))
    emails = [an_email() for _ in range(3)]
    sandbox.fault("slow", "coripo:set_entries", seconds=1.6)

    outcomes = hasty.create_emails(emails)
    for _attempt in range(3):
        if outcomes == created(emails):
            break
        assert all(isinstance(outcome, CrmOutcomeUnknown) for outcome in outcomes if not isinstance(outcome, Created))
        outcomes = hasty.create_emails(emails)

    assert outcomes == created(emails)
    assert stored_once(line, emails)


def test_a_server_error_is_followed_by_single_creates(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(3)]
    sandbox.fault("5xx", "coripo:set_entries")

    outcomes = crm.create_emails(emails)

    assert outcomes == created(emails)
    assert stored_once(line, emails)


def test_single_creates_with_lost_answers_are_looked_up_each(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(4)]
    crm.create_emails([emails[0]])
    sandbox.fault("dropped", "coripo:set_entry", times=2)

    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_a_server_in_trouble_is_left_alone_after_a_few_failures(crm: RestV41, line: Line, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(30)]
    crm.find_contacts(["warm@up.example"])
    sandbox.fault("5xx", "coripo:set_entries", times=0)
    sandbox.fault("5xx", "coripo:set_entry", times=0)
    sandbox.forget_requests()

    outcomes = crm.create_emails(emails)

    assert all(isinstance(outcome, CrmError) and outcome.is_retryable for outcome in outcomes)
    assert sandbox.requests()["total"]["coripo"] <= 10

    sandbox.calm()
    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_when_nothing_can_be_read_afterwards_the_outcome_is_unknown(crm: RestV41, sandbox: Sandbox, line: Line) -> None:
    emails = [an_email() for _ in range(3)]
    crm.find_contacts(["warm@up.example"])
    sandbox.fault("dropped", "coripo:set_entries")
    sandbox.fault("5xx", "coripo:get_entries", times=1)

    outcomes = crm.create_emails(emails)

    assert [type(outcome) for outcome in outcomes] == [CrmOutcomeUnknown] * 3
    assert crm.create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_a_throttled_call_raises_with_the_wish(crm: RestV41, sandbox: Sandbox) -> None:
    sandbox.fault("throttle", "coripo:set_entries", seconds=7)

    with pytest.raises(CrmThrottled) as caught:
        crm.create_emails([an_email()])

    assert caught.value.retry_after_seconds == 7


def test_what_was_stored_before_the_quiet_is_said(crm: RestV41, sandbox: Sandbox) -> None:
    emails = [an_email() for _ in range(creating.EMAILS_PER_WRITE + 2)]
    first, rest = emails[: creating.EMAILS_PER_WRITE], emails[creating.EMAILS_PER_WRITE :]
    crm.create_emails([rest[0]])
    sandbox.fault("throttle", "coripo:set_entry", times=0, seconds=7)

    outcomes = crm.create_emails(emails)

    assert outcomes[: len(first)] == created(first)
    assert outcomes[len(first)] == Created(rest[0].id)
    # The portion ended in an error of the server, so what became of the rest of it is open, quiet or not.
    assert isinstance(outcomes[-1], CrmOutcomeUnknown)
    assert outcomes[-1].retry_after_seconds == 7


def test_an_expired_session_is_renewed_and_the_call_repeated_once(crm: RestV41, sandbox: Sandbox, line: Line) -> None:
    crm.find_contacts(["warm@up.example"])
    sandbox.control("POST", "coripo/expire-sessions")
    emails = [an_email() for _ in range(2)]
    sandbox.forget_requests()

    assert crm.create_emails(emails) == created(emails)
    assert sandbox.requests()["by_part"]["coripo:login"] == 1
    assert sandbox.requests()["by_part"]["coripo:set_entries"] == 2


def test_the_id_of_a_deleted_record_is_occupied(crm: RestV41, line: Line) -> None:
    email, other = an_email(), an_email()
    crm.create_emails([email])
    line.delete("Emails", email.id)

    outcome, created_too = crm.create_emails([email, other])

    assert isinstance(outcome, CrmIdOccupied)
    assert outcome.is_deleted
    assert not outcome.is_retryable
    assert created_too == Created(other.id)


def test_the_id_of_a_hidden_record_is_occupied(sandbox: Sandbox, client_for: MakesClients, crm: RestV41) -> None:
    restricted = client_for(sandbox.person(coripo_role="restricted"))
    email = an_email()
    crm.create_emails([email])

    (outcome,) = restricted.create_emails([email])

    assert isinstance(outcome, CrmIdOccupied)
    assert not outcome.is_deleted


def test_an_id_that_a_crash_of_coripo_left_spoilt_is_occupied(crm: RestV41, sandbox: Sandbox) -> None:
    email, other = an_email(), an_email()
    sandbox.control("POST", "coripo/orphan-texts", json={"id": email.id})

    outcome, created_too = crm.create_emails([email, other])

    assert isinstance(outcome, CrmIdOccupied)
    assert not outcome.is_deleted
    assert created_too == Created(other.id)


def test_an_id_that_coripo_cannot_take_sinks_no_other(crm: RestV41) -> None:
    bad, good = an_email(id="quote'in it"), an_email()

    outcome, created_too = crm.create_emails([bad, good])

    assert isinstance(outcome, CrmError)
    assert not outcome.is_retryable
    assert created_too == Created(good.id)


def test_four_at_once_store_one_record(client_for: MakesClients, person: dict[str, str], line: Line) -> None:
    emails = [an_email() for _ in range(20)]
    clients = [client_for(person) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda client: client.create_emails(emails), clients))

    # Whoever came second either saw the record or was told that its id is taken while it was being written.
    assert all(isinstance(one, Created | CrmIdOccupied | CrmOutcomeUnknown) for each in outcomes for one in each)
    assert clients[0].create_emails(emails) == created(emails)
    assert stored_once(line, emails)


def test_without_a_server_it_raises(client_for: MakesClients, person: dict[str, str]) -> None:
    nobody = client_for(person, url=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(CrmUnreachable):
        nobody.create_emails([an_email()])
