"""Which words of a name are given and which family names: by lists, particles, capitals and the address."""

from __future__ import annotations

from apps.contacts.name_words import (
    FAMILY_NAMES_FIRST,
    GIVEN_NAMES,
    GIVEN_NAMES_EAST,
    PARTICLES,
    WEAK_PARTICLES,
)
from apps.mailboxes.texts import folded

Words = list[str]
# Endings that only family names have, longer than the name that they may make.
_FAMILY_ENDINGS = ("ova", "ská", "cká", "ský", "cký", "ný", "lý", "tý", "rý", "ík", "ák", "ová")


def in_order(first: Words, others: list[Words], hints: Words) -> tuple[str, str, str]:
    """Given, middle and family name of the words before a comma and of those behind it, if there is one.

    `hints` are the words of the address before the @, folded.
    """
    all_words = [word for words in (first, *others) for word in words]
    if others:
        behind, trailing = _without_trailing_particles(others[0])
        given, middle, family = behind[:1], behind[1:], trailing + first
    else:
        given, middle, family = _plain(first, hints)
    return (
        " ".join(_recased(word, among=all_words) for word in given),
        " ".join(_recased(word, among=all_words) for word in middle),
        # In DE LUCA Marco the particle is no initials.
        " ".join(_recased(word, among=family) for word in family),
    )


def is_given(word: str) -> bool:
    """Whether the word is known as a given name, in nominative: Petr, not Petře."""
    bare = folded(word).strip(".")
    return bare in GIVEN_NAMES or ("-" in bare and bare.split("-")[0] in GIVEN_NAMES)


def _plain(words: Words, hints: Words) -> tuple[Words, Words, Words]:
    """Without a comma, so that the order has to be told."""
    if len(words) < 2:
        return (words, [], []) if words and is_given(words[0]) else ([], [], words)
    if shouted := _capitals_first(words):
        return words[shouted : shouted + 1], words[shouted + 1 :], words[:shouted]
    start = _particles_at(words)
    if start == 0:
        # "de la Cruz María", or somebody who is called by the family name only.
        end = next((index for index in range(len(words) - 1, 0, -1) if not is_given(words[index])), len(words) - 1)
        return words[end + 1 :][:1], words[end + 1 :][1:], words[: end + 1]
    if len(words) > 2 and folded(words[0]) in FAMILY_NAMES_FIRST and not is_given(words[0]):
        return words[-1:], words[1:-1], words[:1]
    if start:
        given, middle = words[:1], words[1:start]
        return given, middle, words[start:]
    if _is_family_first(words, hints):
        return _family_first(words)
    middle_end = 1
    while middle_end < len(words) - 1 and (is_given(words[middle_end]) or _is_initial(words[middle_end])):
        middle_end += 1
    return words[:1], words[1:middle_end], words[middle_end:]


def _family_first(words: Words) -> tuple[Words, Words, Words]:
    start = len(words) - 1
    while start > 1 and (is_given(words[start - 1]) or _is_initial(words[start - 1])):
        start -= 1
    return words[start : start + 1], words[start + 1 :], words[:start]


def _is_family_first(words: Words, hints: Words) -> bool:
    first, last = words[0], words[-1]
    score = 0
    if is_given(last) and not is_given(first):
        # In the West a given name at the end is a family name more often than an order.
        score += 2 if folded(last).split("-")[0] in GIVEN_NAMES_EAST else 1
    elif is_given(first) and not is_given(last):
        score -= 2
    elif folded(first) in FAMILY_NAMES_FIRST:
        score += 1
    score += 2 * (_is_family_like(first) - _is_family_like(last))
    if _is_shouted(last) and not any(map(_is_shouted, words[:-1])):
        score -= 4
    if _is_initial(last) and not _is_initial(first):
        score += 4
    elif _is_initial(first):
        score -= 4
    return score + _address_says(folded(first), folded(last), hints) > 0


def _address_says(first: str, last: str, hints: Words) -> int:
    """Above 0 where the address speaks for the family name first. novak@ is Novák's; petr.novak@ has the usual order."""
    if not hints:
        return 0
    if len(hints) == 1:
        box = hints[0]
        if box in (first, last):
            other_is_given = is_given(last if box == first else first)
            if is_given(box):
                # Petr of petr@, unless both could be either.
                return 0 if other_is_given else -2 if box == first else 2
            return 2 if box == first else -2
        # pnovak@
        if len(box) > 3 and box[1:] == first and box[0] == last[:1]:
            return 3
        return -3 if len(box) > 3 and box[1:] == last and box[0] == first[:1] else 0
    if hints[0] == last and hints[-1] == first:
        return 3
    if hints[0] == first and hints[-1] == last:
        return -1
    if hints[-1] == first and last.startswith(hints[0]):
        return 3
    return -3 if hints[-1] == last and first.startswith(hints[0]) else 0


def _is_family_like(word: str) -> int:
    lowered = word.lower()
    return int(len(word) > 4 and lowered.endswith(_FAMILY_ENDINGS) and not is_given(word))


def _is_initial(word: str) -> bool:
    return len(word.rstrip(".")) == 1


def _particles_at(words: Words) -> int | None:
    """Where the first particle of a family name stands; the last word is none."""
    for index, word in enumerate(words[:-1]):
        bare = folded(word)
        if bare not in PARTICLES:
            continue
        is_small = word[:1].islower()
        if is_small or (index and bare not in WEAK_PARTICLES and not _is_initial(word)):
            return index
    return None


def _without_trailing_particles(words: Words) -> tuple[Words, Words]:
    """Beethoven, Ludwig van"""
    end = len(words)
    while end > 1 and words[end - 1][:1].islower() and folded(words[end - 1]) in PARTICLES:
        end -= 1
    return words[:end], words[end:]


def _capitals_first(words: Words) -> int:
    """How many words at the beginning are in capitals, where others are not: DE LUCA Marco."""
    end = next((index for index, word in enumerate(words) if not (word.isupper() and len(word.rstrip(".")) > 1)), 0)
    return end if any(map(_is_shouted, words[:end])) and not any(map(_is_shouted, words[end:])) else 0


def _is_shouted(word: str) -> bool:
    return len(word) > 2 and word.isupper()


def _recased(word: str, *, among: Words) -> str:
    """NOVÁK as Novák; a word of two letters only where all are in capitals, else it is initials."""
    all_capitals = all(other.isupper() for other in among)
    if word.isupper() and not word.endswith(".") and (len(word) > 2 or (all_capitals and len(word) > 1)):
        return word.title() if len(word) == len(word.title()) else word
    if word.islower() and all(other.islower() for other in among):
        return word.title() if folded(word) not in PARTICLES and "'" not in word[2:] else word
    return word
