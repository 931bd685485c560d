"""Academic degrees and courtesies before and after a name, in the many ways in which they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from apps.contacts.name_words import SPACED_TITLES, TITLES_AFTER, TITLES_BEFORE
from apps.mailboxes.texts import folded

# "Ing.Petr", "Mgr.Ing. Petr": the dot ends the title. "Ph.D." and initials have single letters, and are left.
_GLUED = re.compile(r"(?<![\w.-])([^\W\d_]{2,}\.)(?=([^\W\d_]{2,}))")
# Shorter ones are words of names as well, unless a dot, capitals or a comma say otherwise.
_AMBIGUOUS_BEFORE = frozenset(
    {"di", "doc", "mag", "por", "gen", "et", "ir", "lic", "hon", "med", "mal", "phil", "jur", "hab", "hc"}
    | {"lord", "ra", "lt", "col", "maj", "capt", "sgt", "dame", "arch", "mx", "rev", "univ", "soch", "lady", "prof"}
)
_ALONE = frozenset({"et", "med", "mal", "rer", "nat", "phil", "jur", "hab", "hc", "arch"})


@dataclass(frozen=True, slots=True)
class TitledWords:
    """Words of a name, without its titles."""

    before: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def __add__(self, other: TitledWords) -> TitledWords:
        return TitledWords(self.before + other.before, self.words + other.words, self.after + other.after)


def take_titles(text: str) -> TitledWords:
    """Titles at the beginning and at the end of the text, as written, and the words between them.

    Where there are only titles, as after a comma, those that stand before names go to `before`: Novák Petr, Ing.
    """
    words = _joined([part for word in text.split() for part in _unglued(word)])
    first, last = 0, len(words)
    while first < last and _is_before(words[first], follows=first > 0):
        first += 1
    while last > first and _is_after(words[last - 1], has_name=last - first > 2 or bool(first)):
        last -= 1
    before, after = words[:first], words[last:]
    while last - first > 1 and (
        ("." in words[last - 1] and _bare(words[last - 1]) in TITLES_BEFORE)
        or (words[last - 1] == "et" and last < len(words))
    ):
        # Novák Petr Ing. et Ing.
        last -= 1
        before.insert(first, words[last])
    if first == last and before and not after:
        # All of it titles: "MBA" and "MSc" may be in neither order.
        cut = next((index for index, word in enumerate(before) if _bare(word) not in TITLES_BEFORE), len(before))
        before, after = before[:cut], before[cut:]
    return TitledWords(before, words[first:last], after)


def _unglued(word: str) -> list[str]:
    parts: list[str] = []
    while (found := _GLUED.match(word)) and _bare(found[1]) in TITLES_BEFORE:
        parts.append(found[1])
        word = word[found.end() :]
    return [*parts, word]


def _joined(words: list[str]) -> list[str]:
    """With titles that contain a blank as one: Ph. D."""
    joined: list[str] = []
    for word in words:
        joined.append(word)
        while len(joined) > 1 and _is_one_title(*joined[-2:]):
            joined[-2:] = [" ".join(joined[-2:])]
    return joined


def _is_one_title(first: str, second: str) -> bool:
    return "." in first and ("." in second or second.isupper()) and (_bare(first), _bare(second)) in SPACED_TITLES


def _is_before(word: str, *, follows: bool) -> bool:
    bare = _bare(word)
    if bare in _ALONE:
        return follows
    if bare in _AMBIGUOUS_BEFORE:
        return word.endswith(".") or (word.isupper() and len(word) == 2) or (bare == "prof" and word[0] in "pP")
    # A name may end like "Ing" or "Dr", none begins so.
    return bare in TITLES_BEFORE or (bare in TITLES_AFTER and "." in word and len(bare) > 2)


def _is_after(word: str, *, has_name: bool) -> bool:
    bare = _bare(word)
    if bare not in TITLES_AFTER:
        return False
    # "Yo-Yo Ma" and "Ba" are people.
    is_marked = "." in word or word.isupper() or sum(map(str.isupper, word)) > 1
    return is_marked or (has_name and len(bare) > 3) or bare in ("jr", "sr", "ml")


def _bare(word: str) -> str:
    return "".join(sign for sign in folded(word) if sign.isalnum())
