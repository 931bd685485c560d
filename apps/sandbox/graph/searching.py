"""`$search` of messages: Keyword Query Language as far as mail knows it, turned into a database condition.

A word finds words that begin with it. Without a property it is looked for in subject, body and sender.
Source: what Microsoft documents of KQL, and what was reported of live mailboxes.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from apps.sandbox.graph import errors
from apps.sandbox.graph.words import folded

MAX_HITS = 1000  # Graph: con/search-query-parameter
FREE = ("subject", "body", "sender")
TEXTS = {
    "subject": ("subject",),
    "body": ("body",),
    "from": ("sender",),
    "to": ("to",),
    "cc": ("cc",),
    "bcc": ("bcc",),
    "recipients": ("to", "cc", "bcc"),
    "participants": ("sender", "to", "cc", "bcc"),
    "attachment": ("attachment",),
}
TIMES = {"received": "received_at", "sent": "sent_at"}
OTHERS = {"hasattachment", "hasattachments", "importance", "kind", "size"}
LOOKUPS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
TOKEN = re.compile(r'\s*(?:(?P<bracket>[()])|(?P<term>(?:[A-Za-z]+(?:[:=<>]=?|<>))?(?:"[^"]*"|[^\s()"]+)))')
TERM = re.compile(r'(?:(?P<name>[A-Za-z]+)(?P<operator><=|>=|<>|[:=<>]))?(?P<value>"[^"]*"|.*)', re.DOTALL)


def condition(search: str) -> Q:
    """Read the value of `$search`, with its double quotes around it. Raises GraphError."""
    text = search.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _Reader(text[1:-1].replace('\\"', '"')).whole()
    odd = re.search(r"[^\w\s]", text)
    if odd:
        raise errors.bad_request(
            f"Syntax error: character '{odd.group()}' is not valid at position {odd.start()} in '{text}'."
        )
    return _Reader(text).whole()


class _Reader:
    """Recursive descent over OR, AND (also unsaid), NOT, brackets and terms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [found.group().strip() for found in TOKEN.finditer(text)]
        self.position = 0

    def whole(self) -> Q:
        if not self.tokens:
            raise self._misread()
        q = self._any_of()
        if self.position != len(self.tokens):
            raise self._misread()
        return q

    def _any_of(self) -> Q:
        q = self._all_of()
        while self._takes("OR"):
            q |= self._all_of()
        return q

    def _all_of(self) -> Q:
        q = self._one()
        while self._peek() not in {None, ")", "OR"}:
            self._takes("AND")
            q &= self._one()
        return q

    def _one(self) -> Q:
        if self._takes("NOT"):
            return ~self._one()
        if self._takes("("):
            q = self._any_of()
            if not self._takes(")"):
                raise self._misread()
            return q
        token = self._peek()
        if token is None or token in {")", "OR", "AND"}:
            raise self._misread()
        self.position += 1
        return _term(token, misread=self._misread)

    def _peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _takes(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self.position += 1
        return True

    def _misread(self) -> errors.GraphError:
        return errors.bad_request(f"Syntax error in the search '{self.text}'.")


def _term(token: str, *, misread: Callable[[], errors.GraphError]) -> Q:
    found = TERM.fullmatch(token)
    if found is None:
        raise misread()
    name, operator, value = (found["name"] or "").lower(), found["operator"] or ":", found["value"].strip('"')
    if name in TEXTS or not name:
        return _words(TEXTS.get(name, FREE), value)
    if name in TIMES:
        return _moment(TIMES[name], operator, value, misread=misread)
    if name not in OTHERS:
        # Any other name is no property: Exchange looks for the words.
        return _words(FREE, f"{name} {value}")
    if name == "size":
        return _size(operator, value, misread=misread)
    if name == "importance":
        return Q(importance=value.lower())
    if name == "kind":
        return Q() if value.lower() == "email" else Q(pk=None)
    return Q(has_attachments=value.lower() in {"true", "yes", "1"})


def _words(columns: tuple[str, ...], text: str) -> Q:
    phrase = folded(text.removesuffix("*"))
    q = Q(pk=None)
    for column in columns if phrase else ():
        q |= Q(**{f"index__{column}__contains": phrase})
    return q


def _moment(field: str, operator: str, text: str, *, misread: Callable[[], errors.GraphError]) -> Q:
    """A day is meant from its beginning to its end; `A..B` is a range of days."""
    first, _dots, last = text.partition("..")
    begin = _read_time(first, misread=misread)
    after = timedelta(days=0 if "T" in first else 1)
    if last:
        return Q(**{f"{field}__gte": begin, f"{field}__lt": _read_time(last, misread=misread) + timedelta(days=1)})
    if operator in {":", "="}:
        return Q(**{f"{field}__gte": begin, f"{field}__lt": begin + timedelta(days=1)})
    if operator in {">", "<="}:
        begin += after
        operator = {">": ">=", "<=": "<"}[operator]
    if operator not in LOOKUPS:
        raise misread()
    return Q(**{f"{field}__{LOOKUPS[operator]}": begin})


def _read_time(text: str, *, misread: Callable[[], errors.GraphError]) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise misread() from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _size(operator: str, text: str, *, misread: Callable[[], errors.GraphError]) -> Q:
    if not text.isdigit():
        raise misread()
    lookup = LOOKUPS.get(operator, "exact")
    return Q(**{f"size__{lookup}": int(text)})
