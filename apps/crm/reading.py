"""Looking things up over v4_1 in few requests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr

from apps.core.addresses import canonical
from apps.crm import dates, queries, shapes, texts
from apps.crm.calling import Caller
from apps.crm.errors import CrmForbidden
from apps.crm.face import LINKED_MODULES, RecordSight, StoredEmail
from apps.crm.modules import LINKABLE, link_of, table_of
from apps.crm.portions import portions

IDS_PER_QUERY = 200
# `get_entries` fills in bodies and addresses of each record on the server's side: 50 took 0.03 to 0.07 s.
EMAILS_PER_READING = 100
ROWS_PER_PAGE = 500  # without a wish a page has 20 rows; no upper limit was seen, and a lower one is noticed

# `date_sent` is what `date_sent_received` was called before 7.10; the name that a server does not know is ignored.
_ROW_FIELDS = (
    "id",
    "name",
    "message_id",
    "date_sent_received",
    "date_sent",
    "created_by",
    "created_by_name",
    "date_entered",
    "date_modified",
    "modified_user_id",
    "deleted",
)
_NEVER = datetime.max.replace(tzinfo=UTC)


def find_emails(caller: Caller, message_ids: Sequence[str]) -> dict[str, tuple[StoredEmail, ...]]:
    # What we store may differ from what was asked: a Message-ID that looks like a tag is written so that it survives.
    spellings = {bare: {bare, texts.message_id(bare)} for bare in map(texts.bare, message_ids) if bare}
    named: dict[str, shapes.Record] = {}
    for portion in portions(spellings, most=IDS_PER_QUERY):
        wanted = dict.fromkeys(spelling for bare in portion for spelling in spellings[bare])
        for row in rows(caller, "Emails", query=queries.emails_with_message_ids(wanted), fields=("id", "message_id")):
            named[row.id] = row
    keys = {spelling.casefold(): bare.casefold() for bare in spellings for spelling in spellings[bare]}
    wanted_ids = [row.id for row in named.values() if texts.bare(row["message_id"]).casefold() in keys]
    found: dict[str, list[StoredEmail]] = {bare.casefold(): [] for bare in spellings}
    for email in live_emails(caller, wanted_ids).values():
        key = keys.get(texts.bare(email.message_id).casefold())
        if key is not None:
            found[key].append(email)
    return {key: tuple(sorted(emails, key=_age)) for key, emails in found.items()}


def read_emails(
    caller: Caller, ids: Sequence[str], *, with_deleted: bool, all_links: bool = False
) -> dict[str, StoredEmail]:
    modules = LINKABLE if all_links else LINKED_MODULES
    if not with_deleted:
        return live_emails(caller, ids, modules=modules)
    # What is looked for like this is mostly not there yet, and then the rows alone say so.
    listed = email_rows(caller, ids)
    live = live_emails(caller, [email.id for email in listed.values() if not email.is_deleted], modules=modules)
    return {email.id: live.get(email.id, email) for email in listed.values() if email.is_deleted or email.id in live}


def live_emails(
    caller: Caller, ids: Iterable[str], *, modules: Sequence[str] = LINKED_MODULES
) -> dict[str, StoredEmail]:
    """What is not deleted and not hidden from this login, with sender and links."""
    found: dict[str, StoredEmail] = {}
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=EMAILS_PER_READING):
        for record in _visible(caller, portion, modules):
            found[record.id] = _email(record, modules)
    return found


def email_rows(caller: Caller, ids: Iterable[str]) -> dict[str, StoredEmail]:
    """The rows of live and deleted e-mails alone: without senders and links, which lists do not fill in."""
    found: dict[str, StoredEmail] = {}
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=IDS_PER_QUERY):
        for row in rows(caller, "Emails", query=queries.with_ids("emails", portion), fields=_ROW_FIELDS, deleted=True):
            found[row.id] = _email(row, ())
    return found


def parents_of_emails(caller: Caller, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Module and id of the one parent of each live e-mail that has one."""
    found: dict[str, tuple[str, str]] = {}
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=IDS_PER_QUERY):
        fields = ("id", "parent_type", "parent_id")
        for row in rows(caller, "Emails", query=queries.with_ids("emails", portion), fields=fields):
            if row["parent_id"]:
                found[row.id] = (row["parent_type"], row["parent_id"])
    return found


def find_files(caller: Caller, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    # The name of the file is set when it has arrived: a note without one is an upload that broke off.
    return _notes(caller, email_ids, is_meant=lambda note: bool(note["filename"]))


def find_notes(caller: Caller, email_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    return _notes(caller, email_ids, is_meant=lambda _note: True)


def deleted_ids(caller: Caller, module: str, ids: Iterable[str]) -> dict[str, bool]:
    """Of each record that this login may list, whether it is deleted."""
    found: dict[str, bool] = {}
    table = table_of(module)
    for portion in portions(dict.fromkeys(filter(queries.is_id, ids)), most=IDS_PER_QUERY):
        query = queries.with_ids(table, portion)
        for row in rows(caller, module, query=query, fields=("id", "deleted"), deleted=True):
            found[row.id] = row["deleted"] == "1"
    return found


def _notes(
    caller: Caller, email_ids: Sequence[str], *, is_meant: Callable[[shapes.Record], bool]
) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {email_id: set() for email_id in email_ids}
    for portion in portions(filter(queries.is_id, found), most=IDS_PER_QUERY):
        for note in rows(
            caller, "Notes", query=queries.files_of_emails(portion), fields=("id", "parent_id", "filename")
        ):
            if note["parent_id"] in found and is_meant(note):
                found[note["parent_id"]].add(note.id)
    return {email_id: frozenset(notes) for email_id, notes in found.items()}


def read_record(caller: Caller, module: str, record_id: str) -> RecordSight:
    table = table_of(module)
    if not queries.is_id(record_id):
        return RecordSight()
    try:
        answer = caller.read(
            "get_entry",
            module_name=module,
            id=record_id,
            select_fields=["id"],
            link_name_to_fields_array=[],
            track_view=False,
        )
        if answer is not None and shapes.records_in(answer):
            return RecordSight(is_visible=True)
        listed = rows(
            caller, module, query=queries.with_ids(table, [record_id]), fields=("id", "deleted"), deleted=True
        )
    except CrmForbidden:
        return RecordSight(is_denied=True)
    return RecordSight(is_deleted=any(row["deleted"] == "1" for row in listed))


def rows(
    caller: Caller,
    module: str,
    *,
    query: str,
    fields: Sequence[str],
    links: Mapping[str, Sequence[str]] | None = None,
    deleted: bool = False,
) -> list[shapes.Record]:
    """All rows that fit, whatever size of page the server gives. A listing that breaks off raises."""
    found: list[shapes.Record] = []
    offset = 0
    while True:
        answer = caller.read(
            "get_entry_list",
            module_name=module,
            query=query,
            # Any other order loses and repeats rows between pages; a name with its table is ignored.
            order_by="id",
            offset=offset,
            select_fields=list(fields),
            link_name_to_fields_array=[{"name": name, "value": list(wanted)} for name, wanted in (links or {}).items()],
            max_results=ROWS_PER_PAGE,
            deleted=int(deleted),
            favorites=False,
        )
        page = shapes.page_in(answer)
        found += page.records
        offset += page.size
        # The answer never says that it was the last page.
        if not page.size or (page.size < ROWS_PER_PAGE and offset >= (page.total or 0)):
            return found


def _visible(caller: Caller, ids: list[str], modules: Sequence[str]) -> Iterable[shapes.Record]:
    """The records that this login may see. One that it may not see can make the server refuse all of them."""
    try:
        answer = caller.read(
            "get_entries",
            module_name="Emails",
            ids=ids,
            select_fields=[*_ROW_FIELDS, "from_addr_name"],
            link_name_to_fields_array=[{"name": link_of(module), "value": ["id"]} for module in modules],
            track_view=False,
        )
    except CrmForbidden:
        if len(ids) == 1:
            return ()
        listed = [row.id for row in rows(caller, "Emails", query=queries.with_ids("emails", ids), fields=("id",))]
        if not listed:
            return ()
        if len(listed) < len(ids):
            return _visible(caller, listed, modules)
        half = len(ids) // 2
        return (*_visible(caller, ids[:half], modules), *_visible(caller, ids[half:], modules))
    return shapes.records_in(answer)


def _email(record: shapes.Record, modules: Sequence[str]) -> StoredEmail:
    linked = {
        module: frozenset(row["id"] for row in record.links.get(link_of(module), ()) if row.get("id"))
        for module in modules or LINKED_MODULES
    }
    return StoredEmail(
        id=record.id,
        message_id=texts.bare(record["message_id"]),
        subject=record["name"],
        sent_at=dates.parsed(record["date_sent_received"] or record["date_sent"]),
        sender_address=canonical(parseaddr(record["from_addr_name"])[1] or record["from_addr_name"]),
        creator_id=record["created_by"],
        creator_name=record["created_by_name"],
        entered_at=dates.parsed(record["date_entered"]),
        modified_at=dates.parsed(record["date_modified"]),
        modifier_id=record["modified_user_id"],
        is_deleted=record["deleted"] == "1",
        links=linked,
    )


def _age(email: StoredEmail) -> tuple[datetime, str]:
    return (email.entered_at or _NEVER, email.id)
