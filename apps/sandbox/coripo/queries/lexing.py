"""Cut a condition into words. What the server's checker forbids anywhere outside a literal is refused here."""

import re
from dataclasses import dataclass
from typing import Literal

from apps.sandbox.coripo.faults import NotAllowed

Kind = Literal["word", "text", "number", "sign", "end"]

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<forbidden>;|--|\#|/\*)
  | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)
  | (?P<sign><=>|<>|!=|<=|>=|[=<>(),.*+-])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a"}
FORBIDDEN_WORDS = {
    "union", "limit", "order", "group", "having", "into", "outfile", "insert", "update", "delete", "drop",
    "benchmark", "sleep", "load_file", "encode", "user_hash",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    # For a text: its characters without quotes and escapes.
    value: str


def tokens_of(condition: str) -> list[Token]:
    """All tokens and an end mark; raises fault 40 for what the checker refuses."""
    tokens: list[Token] = []
    position = 0
    while position < len(condition):
        match = TOKEN.match(condition, position)
        if match is None or match["forbidden"]:
            raise NotAllowed
        position = match.end()
        if match["text"]:
            tokens.append(Token("text", _unquoted(match["text"])))
        elif match["number"]:
            tokens.append(Token("number", match["number"]))
        elif match["word"]:
            word = match["word"].strip("`")
            if word.lower() in FORBIDDEN_WORDS:
                raise NotAllowed
            tokens.append(Token("word", word))
        elif match["sign"]:
            tokens.append(Token("sign", match["sign"]))
    return [*tokens, Token("end", "")]


def _unquoted(literal: str) -> str:
    quote, inner = literal[0], literal[1:-1]

    def plain(match: re.Match[str]) -> str:
        character = match.group()[1]
        # `\%` and `\_` keep their backslash: it means something to LIKE.
        return match.group() if character in "%_" else ESCAPES.get(character, character)

    return re.sub(r"\\.", plain, inner.replace(quote * 2, f"\\{quote}"), flags=re.DOTALL)
