"""The Czech catalogue is complete: every text of the source has a translation, none is fuzzy, plurals are Czech."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polib
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "cs" / "LC_MESSAGES" / "django.po"
PLURALS = "nplurals=4; plural=(n == 1 && n % 1 == 0) ? 0 : (n >= 2 && n <= 4 && n % 1 == 0) ? 1: (n % 1 != 0 ) ? 2 : 3;"


def texts_of_the_source() -> polib.POFile:
    """What makemessages finds, extracted into a copy so that the check changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("apps", "portal", "templates"):
            (Path(folder) / name).symlink_to(ROOT / name)
        (Path(folder) / "locale").mkdir()
        subprocess.run(
            [
                sys.executable,
                "-m",
                "django",
                "makemessages",
                "-l",
                "cs",
                "--symlinks",
                "-i",
                "sandbox",
                "--no-location",
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        return polib.pofile(str(Path(folder) / "locale" / "cs" / "LC_MESSAGES" / "django.po"))


def complaints() -> list[str]:
    catalogue = polib.pofile(str(CATALOGUE))
    found = []
    if catalogue.metadata.get("Language") != "cs" or catalogue.metadata.get("Plural-Forms") != PLURALS:
        found.append("the header must say Language: cs and Django's four Czech plural forms")
    if catalogue.metadata_is_fuzzy:
        found.append("the header is fuzzy, so that Babel would skip the catalogue")
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    for entry in entries.values():
        forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if entry.fuzzy or not all(forms) or (entry.msgid_plural and len(forms) != 4):
            found.append(f"not translated: {entry.msgid!r}")
    wanted = {(entry.msgctxt, entry.msgid) for entry in texts_of_the_source()}
    found += [f"missing: {msgid!r}" for _context, msgid in sorted(wanted - set(entries), key=str)]
    found += [f"no longer used: {msgid!r}" for _context, msgid in sorted(set(entries) - wanted, key=str)]
    return found


def compile_if_stale() -> None:
    """For tests that are started without `./run`; several processes may do it at once."""
    compiled = CATALOGUE.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= CATALOGUE.stat().st_mtime:
        return
    fresh = CATALOGUE.with_suffix(f".{os.getpid()}.mo")
    with CATALOGUE.open("rb") as source, fresh.open("wb") as target:
        write_mo(target, read_po(source, locale="cs"))
    fresh.replace(compiled)


if __name__ == "__main__":
    problems = complaints()
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.exit(bool(problems))
