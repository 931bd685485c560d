"""Storing e-mails in portions. A portion is no transaction for CORIPO, so its answer is never taken for its deed."""

from collections.abc import Sequence

from apps.crm import dates, probing, shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import (
    CrmContractBroken,
    CrmError,
    CrmForbidden,
    CrmIdOccupied,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmThrottled,
    CrmUnauthorized,
    CrmUnreachable,
)
from apps.crm.face import Created, OutgoingEmail
from apps.crm.portions import portions
from apps.crm.reading import email_rows, live_emails

# 10, 50 and 200 together were equally fast; of 50 a lost answer leaves few to look after, and they cost 3 requests.
EMAILS_PER_WRITE = 50
# Cleaning takes 1.2 s for each megabyte, so this much still answers within seconds.
CHARACTERS_PER_WRITE = 2_000_000
# So many failures in a row are the server's trouble and not the e-mails'.
FAILURES_IN_A_ROW = 3

_NOTHING_WAS_SENT = (CrmUnauthorized, CrmThrottled, CrmUnreachable)
_SERVER_TROUBLE = (CrmOutcomeUnknown, CrmContractBroken, CrmForbidden)
_Outcomes = dict[str, Created | CrmError]


def create_emails(caller: Caller, emails: Sequence[OutgoingEmail]) -> list[Created | CrmError]:
    outcomes: _Outcomes = {}
    by_id = {email.id: email for email in emails}
    for portion in portions(by_id.values(), most=EMAILS_PER_WRITE, size_of=_size, largest=CHARACTERS_PER_WRITE):
        try:
            outcomes |= _create_portion(caller, portion)
        except _NOTHING_WAS_SENT as error:
            if not outcomes:
                raise
            outcomes |= {email_id: error for email_id in by_id if email_id not in outcomes}
            break
    return [outcomes[email.id] for email in emails]


def email_fields(email: OutgoingEmail) -> dict[str, str]:
    """The fields of a new record. A field whose name a server does not know is ignored there."""
    sent_at = dates.written(email.sent_at)
    fields = {
        "id": email.id,
        "new_with_id": "1",
        "name": texts.line(email.subject),
        "message_id": texts.message_id(email.message_id),
        "date_sent_received": sent_at,
        "date_sent": sent_at,
        # Neutral and safest: other types fall under the handling of CORIPO's own inboxes, other statuses invent dates.
        "type": "archived",
        "status": "archived",
        "description": texts.plain_body(email.text or texts.plain_from_html(email.html)),
        "description_html": texts.html_body(email.html),
    }
    # Bare addresses make the rows that "e-mails of this address" reads, the other form is what is shown.
    for field, people in (
        ("from_addr", (email.sender,)),
        ("to_addrs", email.to),
        ("cc_addrs", email.cc),
        ("bcc_addrs", email.bcc),
    ):
        fields[field] = texts.bare_addresses(people)
        fields["from_addr_name" if field == "from_addr" else f"{field}_names"] = texts.named_addresses(people)
    if email.company_id:
        fields |= {"parent_type": "Accounts", "parent_id": email.company_id}
    if email.assigned_user_id:
        fields["assigned_user_id"] = email.assigned_user_id
    return fields


def _create_portion(caller: Caller, emails: list[OutgoingEmail]) -> _Outcomes:
    try:
        caller.write(
            "set_entries",
            module_name="Emails",
            name_value_lists=[shapes.name_values(email_fields(email)) for email in emails],
        )
    except _NOTHING_WAS_SENT:
        raise
    except CrmError as error:
        # What came before the trouble is stored, what comes after it is not. Only the reading tells which.
        trouble: CrmError | None = error
    else:
        trouble = None
    try:
        there = live_emails(caller, [email.id for email in emails], modules=())
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"set_entries was sent, and then: {trouble or error}")
        return {email.id: unseen for email in emails}
    outcomes: _Outcomes = {email_id: Created(email_id, stamp=email.stamp) for email_id, email in there.items()}
    for email_id, outcome in _create_singly(caller, [email for email in emails if email.id not in there]).items():
        if isinstance(trouble, CrmOutcomeUnknown) and isinstance(outcome, _NOTHING_WAS_SENT):
            # This time nothing was sent, and yet the portion may have left something half written under the id.
            outcome = CrmOutcomeUnknown(
                f"{trouble}, and then: {outcome}", retry_after_seconds=outcome.retry_after_seconds
            )
        outcomes[email_id] = outcome
    return outcomes


def _create_singly(caller: Caller, emails: list[OutgoingEmail]) -> _Outcomes:
    """Each by itself, so that a bad one sinks no other. After several failures in a row the rest is left for later."""
    outcomes: _Outcomes = {}
    failures = 0
    for position, email in enumerate(emails):
        outcome = _create_alone(caller, email)
        outcomes[email.id] = outcome
        failures = failures + 1 if isinstance(outcome, _SERVER_TROUBLE) else 0
        if isinstance(outcome, _NOTHING_WAS_SENT) or failures == FAILURES_IN_A_ROW:
            outcomes |= {later.id: outcome for later in emails[position + 1 :]}
            break
    return outcomes | _seen(caller, [email_id for email_id, it in outcomes.items() if isinstance(it, Created)])


def _create_alone(caller: Caller, email: OutgoingEmail) -> Created | CrmError:
    """The outcome as CORIPO tells it, and where it tells nothing, as a reading does."""
    try:
        answer = caller.write(
            "set_entry",
            module_name="Emails",
            name_value_list=shapes.name_values(email_fields(email)),
            track_view=False,
        )
    except CrmOutcomeUnknown as error:
        return _looked_up(caller, email.id, error)
    except CrmForbidden as error:
        return _forbidden(caller, email.id, error)
    except CrmError as error:
        return error
    if shapes.id_in(answer) != email.id:
        return CrmRejected(field="id", reason="CORIPO refused it without a word")
    return Created(email.id)


def _looked_up(caller: Caller, email_id: str, error: CrmOutcomeUnknown) -> Created | CrmError:
    try:
        if live_emails(caller, [email_id], modules=()):
            return Created(email_id)
        if not error.is_database_failure:
            return error
        row = email_rows(caller, [email_id]).get(email_id)
    except CrmError:
        return error
    if row is not None and not row.is_deleted:
        return Created(email_id)
    return CrmIdOccupied(email_id, is_deleted=row is not None)


def _forbidden(caller: Caller, email_id: str, error: CrmForbidden) -> CrmError:
    """Who may store e-mails and is refused this one has met a record under its id that is somebody else's."""
    try:
        may_create_emails = probing.may_create(probing.rights_of(caller), "Emails")
    except CrmError:
        return error
    return CrmIdOccupied(email_id, is_deleted=False) if may_create_emails else error


def _seen(caller: Caller, answered: list[str]) -> _Outcomes:
    """What CORIPO answered as stored, as it is seen; some of it may nevertheless not be there."""
    if not answered:
        return {}
    try:
        there = live_emails(caller, answered, modules=())
    except CrmError as error:
        unseen = CrmOutcomeUnknown(f"set_entry was answered, and then: {error}")
        return dict.fromkeys(answered, unseen)
    return {
        email_id: Created(email_id, stamp=there[email_id].stamp)
        if email_id in there
        else CrmIdOccupied(email_id, is_deleted=False)
        for email_id in answered
    }


def _size(email: OutgoingEmail) -> int:
    return min(len(email.text), texts.BODY_LIMIT) + min(len(email.html), texts.BODY_LIMIT)
