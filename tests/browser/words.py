"""The words on the pages, in the language in which a test walks."""

from __future__ import annotations

from functools import cache

import polib

from tests.sandbox_server import ROOT

# These are promised by the design, whatever the catalogue says.
FIXED_IN_CZECH = {
    "Open e-mail in CORIPO": "Otevřít e-mail v CORIPO",
    "Sync e-mail": "Synchronizovat e-mail",
    "Mark as synced": "Označit jako synchronizovaný",
    "Mark as not synced": "Označit jako nesynchronizovaný",
    "Not synced": "Nesynchronizovaný",
    "Synced": "Synchronizovaný",
    "Marked by hand": "Označen ručně",
}


@cache
def _catalogue() -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / "cs" / "LC_MESSAGES" / "django.po"))


def in_language(language: str, words: str) -> str:
    """The English words of a template as they stand on the page in this language."""
    if language == "en":
        return words
    if words in FIXED_IN_CZECH:
        return FIXED_IN_CZECH[words]
    entry = _catalogue().find(words)
    assert entry is not None, f"the Czech catalogue does not know “{words}”"
    assert entry.msgstr, f"not translated into Czech: “{words}”"
    return str(entry.msgstr)


def translated_words() -> set[str]:
    """English texts that read otherwise in Czech: none of them stands on a Czech page."""
    return {entry.msgid for entry in _catalogue() if entry.msgstr and entry.msgstr != entry.msgid}
