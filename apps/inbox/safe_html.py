"""The body of a mail, made safe to show: cleaned in a child process that limits itself, else as plain text.

This is one of two layers that hold alone; the other is the policy of the frame in which it is shown (views/body.py).
"""

from __future__ import annotations

import json
import subprocess  # noqa: S404  # the child is our own file, run by our own interpreter
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.mailboxes.texts import plain_text

MAX_HTML_BYTES = 2 * 1024 * 1024
MAX_TEXT_CHARACTERS = 200_000
WALL_SECONDS = 2

_CHILD = Path(__file__).with_name("html_cleaner.py")


class CleanHtml(str):
    """HTML that the cleaner has let through. A template shows it as it is: in the mail's frame, and nowhere else.

    What is made of it by slicing or joining is ordinary text again.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class SafeBody:
    """What the frame shows: `html`, or `text` where there is none or it could not be cleaned (`is_reduced`)."""

    html: CleanHtml | None
    text: str
    blocked_images: int = 0
    is_reduced: bool = False


def safe_body(*, html_source: str, text: str, inline_images: Mapping[str, str]) -> SafeBody:
    """Never raises on any input; costs at most `WALL_SECONDS` and 512 MB, both in the child.

    `inline_images` maps a content id, case-folded and without brackets, to a data: address.
    """
    html_source, text = _encodable(html_source), _encodable(text)
    if not html_source.strip():
        return SafeBody(html=None, text=text[:MAX_TEXT_CHARACTERS])
    if len(html_source.encode()) <= MAX_HTML_BYTES:
        cleaned = _clean_in_child(html_source, inline_images)
        if cleaned is not None:
            return cleaned
    return SafeBody(html=None, text=(text or plain_text(html_source))[:MAX_TEXT_CHARACTERS], is_reduced=True)


def _encodable(text: str) -> str:
    """Without halves of surrogate pairs, which no page and no pipe can carry."""
    return text.encode(errors="replace").decode()


def _clean_in_child(html_source: str, inline_images: Mapping[str, str]) -> SafeBody | None:
    asked = json.dumps({"html": html_source, "inline_images": dict(inline_images)})
    try:
        child = subprocess.run(  # noqa: S603  # no shell, no argument from outside
            [sys.executable, "-I", str(_CHILD)],
            input=asked.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WALL_SECONDS,
            check=True,
            env={},
        )
        answer = json.loads(child.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        # Killed by its limits, or it could not start: the text is shown, and the page says so.
        return None
    return SafeBody(html=CleanHtml(answer["html"]), text="", blocked_images=answer["blocked_images"])
