"""The Czech texts: all there, in the promised words, with the plurals and spaces of Czech."""

from __future__ import annotations

import re

import polib
import pytest
from django.utils import translation
from django.utils.translation import ngettext

from apps.inbox.functions import FUNCTIONS
from apps.mailboxes.models import MessageState
from tests.catalogues import CATALOGUE, complaints

NAMES_OF_FUNCTIONS = (
    "Otevřít e-mail v CORIPO",
    "Synchronizovat e-mail",
    "Označit jako synchronizovaný",
    "Označit jako nesynchronizovaný",
)
NAMES_OF_STATES = {
    "not_synced": "Nesynchronizovaný",
    "synced": "Synchronizovaný",
    "partial": "Synchronizovaný s chybami",
    "marked": "Označen ručně",
    "resync": "Čeká na opětovnou synchronizaci",
    "gone": "V CORIPO už není",
    "hidden": "V CORIPO bez přístupu",
    "queued": "Čeká",
    "running": "Probíhá",
    "failed": "Chyba",
    "no_match": "Bez shody",
    "skipped": "Vynecháno",
}
# People and tests find these by their letters, and they stand on one line anyway.
FIXED = {*NAMES_OF_FUNCTIONS, *NAMES_OF_STATES.values()}
PLACEHOLDER = re.compile(r"%\(\w+\)[ds]|\{\w+\}|</?\w+>")


def translations() -> list[tuple[str, str]]:
    """Every translation with the text that it stands for; of plurals each form with the plural of the source."""
    found = []
    for entry in polib.pofile(str(CATALOGUE)):
        found += [(entry.msgid_plural, form) for form in entry.msgstr_plural.values()]
        found += [(entry.msgid, entry.msgstr)] if entry.msgstr else []
    return found


def test_every_text_of_the_source_is_translated_and_no_other() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, "0 e-mailů zařazeno k synchronizaci."),
        (1, "1 e-mail zařazen k synchronizaci."),
        (2, "2 e-maily zařazeny k synchronizaci."),
        (4, "4 e-maily zařazeny k synchronizaci."),
        (5, "5 e-mailů zařazeno k synchronizaci."),
        (22, "22 e-mailů zařazeno k synchronizaci."),
    ],
)
def test_a_count_has_the_form_that_czech_asks_for(count: int, sentence: str) -> None:
    with translation.override("cs"):
        said = ngettext("%(count)d e-mail queued.", "%(count)d e-mails queued.", count) % {"count": count}

    assert said.replace("\u00a0", " ") == sentence


def test_functions_and_states_have_the_promised_names() -> None:
    with translation.override("cs"):
        assert tuple(str(function.name) for function in FUNCTIONS) == NAMES_OF_FUNCTIONS
        assert {state.value: str(state.label) for state in MessageState} == NAMES_OF_STATES


def test_nobody_is_shouted_at_or_told_of_success() -> None:
    assert [text for _source, text in translations() if "!" in text or "úspěšně" in text] == []


def test_people_are_addressed_as_vy_with_a_capital() -> None:
    small = re.compile(r"\b(vy|vás|vám|vámi|váš|vaš\w*)\b")

    assert [text for _source, text in translations() if small.search(text)] == []


def test_no_line_ends_with_a_preposition_of_one_letter() -> None:
    loose = re.compile(r"\b[KkSsVvZzOoUu] ")

    assert [text for _source, text in translations() if loose.search(text) and text not in FIXED] == []


def test_placeholders_and_markup_of_the_source_are_kept() -> None:
    assert [
        (source, text)
        for source, text in translations()
        if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text))
    ] == []


def test_sentences_end_alike() -> None:
    ends = re.compile(r"[.?:…]$")

    assert [
        (source, text)
        for source, text in translations()
        if (ends.search(source) or [""])[0] != (ends.search(text) or [""])[0]
    ] == []
