"""From words to a tree, by the grammar that the server's checker lets through.

condition  := term (OR term)*
term       := factor (AND factor)*
factor     := NOT factor | ( condition ) | operand comparison
comparison := (= | <> | != | < | > | <= | >= | <=>) operand | [NOT] LIKE operand | [NOT] BETWEEN operand AND operand
                | [NOT] IN ( operand, ... | select ) | IS [NOT] NULL
operand    := [BINARY] (literal | [table.]column | function(operand, ...))
select     := SELECT column FROM table [alias] (JOIN table [alias] ON condition)* [WHERE condition]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.sandbox.coripo.faults import DatabaseFailure, NotAllowed
from apps.sandbox.coripo.queries.lexing import Token, tokens_of

FUNCTIONS = {"lower", "upper", "trim", "length", "concat", "ifnull", "coalesce"}
# The only tables that a sub-select may read.
SUBSELECT_TABLES = {"email_addr_bean_rel", "email_addresses", "emails", "emails_beans", "emails_text"}
COMPARISONS = {"=", "<>", "!=", "<", ">", "<=", ">=", "<=>"}


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    table: str  # Empty where the client did not qualify it.
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    operands: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Compared byte by byte, not by the collation."""

    operand: "Operand"


Operand = Literal | Column | Call | Binary


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    kind: str
    table: Table
    on: "Condition"


@dataclass(frozen=True, slots=True)
class Select:
    column: Column
    table: Table
    joins: tuple[Join, ...]
    where: "Condition | None"


@dataclass(frozen=True, slots=True)
class Compare:
    left: Operand
    sign: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Like:
    left: Operand
    pattern: Operand
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Within:
    left: Operand
    choices: tuple[Operand, ...] | Select
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Between:
    left: Operand
    low: Operand
    high: Operand
    is_negated: bool


@dataclass(frozen=True, slots=True)
class IsNull:
    left: Operand
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """An operand that stands alone, such as `1` or `contacts.deleted`."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple["Condition", ...]


Condition = Compare | Like | Within | Between | IsNull | Truth | Not | AllOf | AnyOf


def parse(condition: str) -> Condition:
    """The tree of a condition; raises fault 40 for what is not in the grammar."""
    parser = _Parser(tokens_of(condition))
    tree = parser.condition()
    parser.expect_end()
    return tree


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.position = 0

    # -- words ---------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.peek()
        self.position += 1
        return token

    def sees(self, *words: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "word" and token.value.lower() in words

    def takes(self, *words: str) -> bool:
        if self.sees(*words):
            self.position += 1
            return True
        return False

    def sees_sign(self, *signs: str) -> bool:
        token = self.peek()
        return token.kind == "sign" and token.value in signs

    def takes_sign(self, *signs: str) -> bool:
        if self.sees_sign(*signs):
            self.position += 1
            return True
        return False

    def expect_sign(self, sign: str) -> None:
        if not self.takes_sign(sign):
            raise NotAllowed

    def expect(self, word: str) -> None:
        if not self.takes(word):
            raise NotAllowed

    def expect_end(self) -> None:
        if self.peek().kind != "end":
            raise NotAllowed

    def name(self) -> str:
        token = self.next()
        if token.kind != "word":
            raise NotAllowed
        return token.value

    # -- conditions ----------------------------------------------------------

    def condition(self) -> Condition:
        terms = [self.term()]
        while self.takes("or"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def term(self) -> Condition:
        factors = [self.factor()]
        while self.takes("and"):
            factors.append(self.factor())
        return factors[0] if len(factors) == 1 else AllOf(tuple(factors))

    def factor(self) -> Condition:
        if self.takes("not"):
            return Not(self.factor())
        if self.takes_sign("("):
            inner = self.condition()
            self.expect_sign(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.operand()
        if self.sees_sign(*COMPARISONS):
            return Compare(left, self.next().value, self.operand())
        if self.takes("is"):
            is_negated = self.takes("not")
            self.expect("null")
            return IsNull(left, is_negated)
        is_negated = self.takes("not")
        if self.takes("like"):
            return Like(left, self.operand(), is_negated)
        if self.takes("between"):
            low = self.operand()
            self.expect("and")
            return Between(left, low, self.operand(), is_negated)
        if self.takes("in"):
            return Within(left, self.choices(), is_negated)
        if is_negated:
            raise NotAllowed
        return Truth(left)

    def choices(self) -> tuple[Operand, ...] | Select:
        self.expect_sign("(")
        choices: tuple[Operand, ...] | Select
        if self.sees("select"):
            choices = self.select()
        else:
            listed = [self.operand()]
            while self.takes_sign(","):
                listed.append(self.operand())
            choices = tuple(listed)
        self.expect_sign(")")
        return choices

    # -- operands ------------------------------------------------------------

    def operand(self) -> Operand:
        if self.takes("binary"):
            return Binary(self.operand())
        if self.takes_sign("-"):
            return Literal(-_number(self.next()))
        token = self.peek()
        if token.kind == "text":
            self.next()
            return Literal(token.value)
        if token.kind == "number":
            return Literal(_number(self.next()))
        if self.takes("null"):
            return Literal(None)
        if self.sees("select", "exists", "case"):
            raise NotAllowed
        if token.kind == "word" and self.peek(1) == Token("sign", "("):
            return self.call()
        return self.column()

    def call(self) -> Call:
        function = self.name().lower()
        self.expect_sign("(")
        operands: list[Operand] = []
        if not self.sees_sign(")"):
            operands.append(self.operand())
            while self.takes_sign(","):
                operands.append(self.operand())
        self.expect_sign(")")
        if function not in FUNCTIONS:
            raise DatabaseFailure(f"unknown function {function}")
        return Call(function, tuple(operands))

    def column(self) -> Column:
        name = self.name()
        if self.takes_sign("."):
            return Column(name, self.name())
        return Column("", name)

    # -- sub-selects ---------------------------------------------------------

    def select(self) -> Select:
        self.expect("select")
        self.takes("distinct")
        column = self.column()
        self.expect("from")
        table = self.table()
        joins: list[Join] = []
        while (kind := self.join_kind()) is not None:
            joined = self.table()
            self.expect("on")
            joins.append(Join(kind, joined, self.condition()))
        where = self.condition() if self.takes("where") else None
        return Select(column, table, tuple(joins), where)

    def join_kind(self) -> str | None:
        if self.takes("join"):
            return "INNER JOIN"
        if self.takes("inner"):
            self.expect("join")
            return "INNER JOIN"
        if self.takes("left"):
            self.takes("outer")
            self.expect("join")
            return "LEFT JOIN"
        return None

    def table(self) -> Table:
        name = self.name()
        if name.lower() not in SUBSELECT_TABLES:
            raise NotAllowed
        self.takes("as")
        is_alias = self.peek().kind == "word" and not self.sees("join", "inner", "left", "on", "where")
        return Table(name.lower(), self.name() if is_alias else name)


def _number(token: Token) -> int | float:
    if token.kind != "number":
        raise NotAllowed
    return float(token.value) if "." in token.value else int(token.value)
