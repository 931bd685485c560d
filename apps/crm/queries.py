"""Conditions for `get_entry_list`: SQL without bind parameters, checked by a parser on the other side.

Column names are qualified: a bare `name` is ambiguous there and ends in HTTP 500. Values are quoted here and nowhere
else.
"""

import re
from collections.abc import Iterable

from apps.crm.modules import table_of

_UNQUOTABLE = re.compile(r"[\\\x00-\x1f\x7f]")
# Own ids, CORIPO's GUIDs and the short ids of its first records alike.
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


def is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def with_ids(table: str, ids: Iterable[str], *, column: str = "id") -> str:
    return f"{table}.{column} IN ({_listed(ids)})"


def with_addresses(module: str, addresses: Iterable[str]) -> str:
    """Records of a module with any of these canonical addresses, primary or not. The indexed column holds capitals."""
    capitals = _listed(address.upper() for address in addresses)
    return (
        f"{table_of(module)}.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"  # noqa: S608  every value is quoted
        " JOIN email_addresses ea ON ea.id=eabr.email_address_id"
        f" WHERE eabr.deleted=0 AND eabr.bean_module={quoted(module)} AND ea.email_address_caps IN ({capitals}))"
    )


def contacts_changed_since(moment: str) -> str:
    """Contacts that were changed or got an address at that moment or later: a new address alone leaves the contact's own
    date as it was. `moment` is a date as CORIPO writes it."""
    return (
        f"contacts.date_modified >= {quoted(moment)} OR contacts.id IN"  # noqa: S608  quoted
        " (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"
        f" WHERE eabr.deleted=0 AND eabr.bean_module='Contacts' AND eabr.date_modified >= {quoted(moment)})"
    )


def contacts_after(moment: str, after_id: str) -> str:
    """Contacts that come after that moment and id in the order of the two; without an id, those of that moment as well."""
    at = quoted(moment)
    if not after_id:
        return f"contacts.date_modified >= {at}"
    return f"contacts.date_modified > {at} OR (contacts.date_modified = {at} AND contacts.id > {quoted(after_id)})"


def contacts_readdressed(moment: str, passed: tuple[str, str] | None) -> str:
    """Contacts that got or lost an address at that moment or later, which leaves their own date as it was.

    `passed` is the date and id of the last that was told already, in the order of the two.
    """
    # A deleted row is an address that was taken away.
    condition = (
        "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"  # noqa: S608  quoted
        f" WHERE eabr.bean_module='Contacts' AND eabr.date_modified >= {quoted(moment)})"
    )
    return f"{condition} AND ({contacts_after(*passed)})" if passed else condition


def address_rows(addresses: Iterable[str]) -> str:
    """The rows of addresses themselves, which everybody shares who has one of them."""
    return f"email_addresses.email_address_caps IN ({_listed(address.upper() for address in addresses)})"


def names_like(table: str, patterns: Iterable[str]) -> str:
    """Rows whose name fits one of the patterns: texts that follow each other, with anything between them and behind."""
    return " OR ".join(f"{table}.name LIKE {quoted(pattern)}" for pattern in patterns)


def with_address_like(module: str, text: str) -> str:
    """Records of a module with an address that begins with the text; with an `@` or a dot in it, one that contains it."""
    capitals = text.upper()
    pattern = _pattern(capitals, is_inner="@" in text or "." in text)
    return (
        f"{table_of(module)}.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr"  # noqa: S608  quoted by _pattern
        " JOIN email_addresses ea ON ea.id=eabr.email_address_id"
        f" WHERE eabr.deleted=0 AND eabr.bean_module={quoted(module)} AND ea.email_address_caps LIKE {pattern})"
    )


def containing(table: str, columns: Iterable[str], word: str) -> str:
    """Rows with the word in one of the columns, as it stands: `%` and `_` in it are ordinary characters."""
    pattern = _pattern(word, is_inner=True)
    return "(" + " OR ".join(f"{table}.{column} LIKE {pattern}" for column in columns) + ")"


def with_digits(table: str, columns: Iterable[str], digits: str) -> str:
    """Rows with these digits in this order in one of the columns, whatever stands between them."""
    pattern = quoted(f"%{'%'.join(digits)}%")
    return "(" + " OR ".join(f"{table}.{column} LIKE {pattern}" for column in columns) + ")"


def emails_with_message_ids(message_ids: Iterable[str]) -> str:
    """E-mails with any of these bare Message-IDs. Records that CORIPO fetched by itself may have the brackets.

    A backslash cannot be quoted safely for every server, so such a value is matched by pattern. That finds more than
    was asked for, and the caller compares.
    """
    exact: list[str] = []
    patterns: list[str] = []
    for message_id in message_ids:
        for value in (message_id, f"<{message_id}>"):
            (patterns if _UNQUOTABLE.search(value) else exact).append(value)
    conditions = [f"emails.message_id IN ({_listed(exact)})"] if exact else []
    conditions += [f"emails.message_id LIKE {quoted(_UNQUOTABLE.sub('_', pattern))}" for pattern in patterns]
    return " OR ".join(conditions)


def files_of_emails(email_ids: Iterable[str]) -> str:
    return f"notes.parent_type='Emails' AND {with_ids('notes', email_ids, column='parent_id')}"


def quoted(value: str) -> str:
    """The value as an SQL literal. `;` and `--` are harmless inside one; a backslash is not, and is refused."""
    if _UNQUOTABLE.search(value):
        raise ValueError("A value with a backslash or a control character cannot be quoted.")
    return "'" + value.replace("'", "''") + "'"


def _pattern(text: str, *, is_inner: bool) -> str:
    """The literal of a LIKE. What cannot be quoted safely matches any one character."""
    plain = _UNQUOTABLE.sub("\0", text).replace("'", "''").replace("%", r"\%").replace("_", r"\_").replace("\0", "_")
    return f"'{'%' if is_inner else ''}{plain}%'"


def _listed(values: Iterable[str]) -> str:
    return ",".join(quoted(value) for value in dict.fromkeys(values))
