"""`$filter` of messages: read into a tree, checked against what Graph allows, and turned into a database condition."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from apps.sandbox.graph import errors, properties
from apps.sandbox.graph.queries import Order

TEXTS = {
    "subject": "subject",
    "internetmessageid": "internet_message_id",
    "conversationid": "conversation_id",
    "from/emailaddress/address": "from_address",
    "from/emailaddress/name": "from_name",
    "sender/emailaddress/address": "from_address",
    "importance": "importance",
}
TIMES = {
    "receiveddatetime": "received_at",
    "sentdatetime": "sent_at",
    "createddatetime": "received_at",
    "lastmodifieddatetime": "modified_at",
}
CLAIMS = {"isread": "is_read", "isdraft": "is_draft", "hasattachments": "has_attachments"}
CATEGORIES = "categories"
# Exchange cannot look into these lists.
UNFILTERABLE = {"torecipients", "ccrecipients", "bccrecipients", "replyto", "body", "body/content", "bodypreview"}
# Beside any sort order only these were seen to work (measured).
SORTABLE_BESIDE = {"isread", "isdraft", "receiveddatetime", "sentdatetime", CATEGORIES}

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<punctuation>[(),:])|(?P<word>[^\s'(),:]+(?::\d\d[^\s'(),]*)*))")
COMPARISONS = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}


@dataclass(frozen=True)
class Condition:
    """A condition, and in the order of the text the properties it looks at, each with the operator or function used."""

    q: Q
    uses: tuple[tuple[str, str], ...]


def condition(text: str) -> Condition:
    """Read a `$filter`. Raises GraphError where Graph would refuse it."""
    return Reader(text).whole()


def check_order(found: Condition, order: Sequence[Order]) -> None:
    """Refuse a sort order that does not go with a filter.

    The properties of the order must stand in the filter, first and in the same order (documented); beside them only a
    few properties were seen to work, and `contains` with none. Raises GraphError.
    """
    if not order:
        return
    named = list(dict.fromkeys(name for name, _use in found.uses))
    wanted = [item.name.lower() for item in order]
    beside = [(name, use) for name, use in found.uses if name not in wanted]
    is_allowed = all(name in SORTABLE_BESIDE or use == "startswith" for name, use in beside)
    if named[: len(wanted)] != wanted or not is_allowed or any(use == "contains" for _name, use in found.uses):
        raise errors.inefficient_filter()


class Reader:
    """Recursive descent over `or`, `and`, `not`, brackets, comparisons, functions and `any`.

    What may be asked of which resource is in the attributes; these are those of messages.
    """

    resource = "message"
    texts: Mapping[str, str] = TEXTS
    times: Mapping[str, str] = TIMES
    claims: Mapping[str, str] = CLAIMS
    unfilterable: Set[str] = UNFILTERABLE

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.position = 0
        self.uses: list[tuple[str, str]] = []

    def whole(self) -> Condition:
        q = self._any_of()
        if self.position != len(self.tokens):
            raise self._misread()
        return Condition(q, tuple(self.uses))

    def _any_of(self) -> Q:
        q = self._all_of()
        while self._takes("or"):
            q |= self._all_of()
        return q

    def _all_of(self) -> Q:
        q = self._one()
        while self._takes("and"):
            q &= self._one()
        return q

    def _one(self) -> Q:
        if self._takes("not"):
            return ~self._one()
        if self._takes("("):
            q = self._any_of()
            self._expect(")")
            return q
        word = self._next()
        if self._peek() == "(":
            name = word.lower()
            if name == f"{properties.NAME}/any".lower():
                return self._any_property()
            if name.endswith("/any"):
                return self._any_value(name.removesuffix("/any"))
            return self._function(name)
        return self._comparison(word)

    def _comparison(self, word: str) -> Q:
        name, operator = word.lower(), self._next().lower()
        if operator not in {*COMPARISONS, "ne"}:
            raise self._misread()
        value = self._next()
        self.uses.append((name, operator))
        lookup = COMPARISONS.get(operator, "exact")
        q = self._compared(word, lookup, value)
        return ~q if operator == "ne" else q

    def _compared(self, word: str, lookup: str, value: str) -> Q:
        name = word.lower()
        if name in self.times:
            return Q(**{f"{self.times[name]}__{lookup}": self._time(value)})
        if name in self.claims and value.lower() in {"true", "false"} and lookup == "exact":
            return Q(**{self.claims[name]: value.lower() == "true"})
        if name in self.texts and value == "null" and lookup == "exact":
            return Q(**{f"{self.texts[name]}__isnull": True})
        if name in self.texts and value.startswith("'"):
            # Message and conversation ids are compared as they are written, other texts in any case.
            is_id = name in {"internetmessageid", "conversationid"}
            exact = "iexact" if lookup == "exact" and not is_id else lookup
            return Q(**{f"{self.texts[name]}__{exact}": unquoted(value)})
        raise self._not_filterable(word)

    def _function(self, name: str) -> Q:
        self._expect("(")
        word = self._next()
        self._expect(",")
        value = self._next()
        self._expect(")")
        if name == "endswith":
            raise errors.invalid_filter()
        if name not in {"startswith", "contains"}:
            raise errors.bad_request(f"Invalid filter clause: An unknown function with name '{name}' was found.")
        if word.lower() not in self.texts or not value.startswith("'"):
            raise self._not_filterable(word)
        self.uses.append((word.lower(), name))
        return Q(**{f"{self.texts[word.lower()]}__i{name}": unquoted(value)})

    def _any_property(self) -> Q:
        """`singleValueExtendedProperties/Any(ep: ep/id eq 'T' and ep/value eq 'X')`: first which one, then its value."""
        self._expect("(")
        variable = self._next()
        for expected in (":", f"{variable}/id", "eq"):
            if self._next().lower() != expected.lower():
                raise self._misread()
        tag = self._literal()
        if not self._takes("and"):
            raise self._misread()
        q = self._property_value(tag, f"{variable}/value")
        self._expect(")")
        self.uses.append((properties.NAME.lower(), "any"))
        return q

    def _property_value(self, tag: str, variable: str) -> Q:
        word = self._next()
        if word.lower() in {"startswith", "contains"}:
            self._expect("(")
            self._expect(variable)
            self._expect(",")
            q = properties.having(tag, word.lower(), self._literal(), owner=self.resource)
            self._expect(")")
            return q
        if word.lower() == "cast":
            for expected in ("(", variable, ",", None, ")"):
                token = self._next()
                if expected and token != expected:
                    raise self._misread()
            operator, number = self._next().lower(), self._next()
            if operator not in {*COMPARISONS, "ne"} or not re.fullmatch(r"-?\d+(\.\d+)?", number):
                raise self._misread()
            return properties.having_number(tag, operator, float(number), owner=self.resource)
        operator = self._next().lower()
        if word != variable or operator not in {"eq", "ne"}:
            raise self._misread()
        return properties.having(tag, operator, self._literal(), owner=self.resource)

    def _literal(self) -> str:
        token = self._next()
        if not token.startswith("'"):
            raise self._misread()
        return unquoted(token)

    def _any_value(self, name: str) -> Q:
        """`categories/any(c:c eq 'X')`, the one list of plain values that can be looked into."""
        if name != CATEGORIES:
            raise self._not_filterable(name)
        for expected in ("(", None, ":", None, "eq"):
            token = self._next()
            if expected and token.lower() != expected:
                raise self._misread()
        value = self._next()
        self._expect(")")
        if not value.startswith("'"):
            raise self._misread()
        self.uses.append((CATEGORIES, "any"))
        return Q(category_lines__icontains=f"\n{unquoted(value)}\n")

    def _time(self, text: str) -> datetime:
        try:
            at = datetime.fromisoformat(text)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise errors.bad_request(
                "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
                "'Edm.DateTimeOffset' and 'Edm.String'."
            ) from None

    def _not_filterable(self, word: str) -> errors.GraphError:
        if word.lower() in self.unfilterable or word.lower() in {*self.texts, *self.times, *self.claims}:
            return errors.invalid_filter()
        return errors.unknown_filter_property(word, self.resource)

    # ── Tokens ──

    def _peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise self._misread()
        self.position += 1
        return token

    def _takes(self, word: str) -> bool:
        if (self._peek() or "").lower() != word:
            return False
        self.position += 1
        return True

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise self._misread()

    def _misread(self) -> errors.GraphError:
        return errors.bad_request(f"Invalid filter clause: Syntax error in '{self.text}'.")


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        found = TOKEN.match(text, position)
        if not found:
            raise errors.bad_request(f"Invalid filter clause: There is an unterminated literal in '{text}'.")
        yield found.group(found.lastgroup or 0)
        position = found.end()


def unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'")
