"""`$filter` of contacts: texts, categories, extended properties, and the one question to ask of addresses."""

from django.db.models import Q

from apps.sandbox.graph import errors
from apps.sandbox.graph.filters import Reader, unquoted

ADDRESSES = "emailaddresses"


def condition(text: str) -> Q:
    """Read a `$filter`. Raises GraphError where Graph would refuse it."""
    return _Reader(text).whole().q


class _Reader(Reader):
    resource = "contact"
    texts = {
        name.lower(): f"facts__{name}" for name in ("displayName", "givenName", "surname", "companyName", "fileAs")
    }
    times = {"createddatetime": "created_at", "lastmodifieddatetime": "modified_at"}
    claims: dict[str, str] = {}
    unfilterable = {"businessphones", "homephones", "mobilephone", "personalnotes", ADDRESSES}

    def _any_value(self, name: str) -> Q:
        """`emailAddresses/any(a:a/address eq 'X')`: documented is no other comparison."""
        if name != ADDRESSES:
            return super()._any_value(name)
        self._expect("(")
        variable = self._next()
        self._expect(":")
        if (self._next().lower(), self._next().lower()) != (f"{variable}/address".lower(), "eq"):
            raise errors.invalid_filter()
        address = unquoted(self._next())
        self._expect(")")
        self.uses.append((ADDRESSES, "any"))
        return Q(address_lines__contains=f"\n{address.lower()}\n")
