"""Bars as SVG: a panel for each kind of work, a bar for each way of doing it. Readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

WIDTH, LABELS, BAR, GAP = 720, 230, 22, 12
OURS, OTHERS, WORDS = "#2563eb", "#94a3b8", "#64748b"


def draw(panels: Mapping[str, Mapping[str, float]], *, unit: str, note: str, to: Path) -> None:
    """Write the picture. `panels` has a rate for each label by title; the portal's bar bears its own colour."""
    lines: list[str] = []
    y = 10
    for title, bars in panels.items():
        y += 20
        lines.append(_words(0, y, f"{title}, {unit}", weight=600))
        y += 14
        longest = max(bars.values())
        for label, value in bars.items():
            width = max((WIDTH - LABELS - 80) * value / longest, 1)
            lines.append(_words(LABELS - 10, y + BAR - 7, label, anchor="end"))
            colour = OURS if label == "portal" else OTHERS
            lines.append(
                f'<rect x="{LABELS}" y="{y}" width="{width:.0f}" height="{BAR}" rx="3" fill="{colour}">'
                f"<title>{escape(label)}: {_number(value)}</title></rect>"
            )
            lines.append(_words(LABELS + width + 8, y + BAR - 7, _number(value)))
            y += BAR + GAP
    y += 12
    lines.append(_words(0, y, note, size=11))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 10}" role="img"'
    said = "; ".join(
        f"{title}: " + ", ".join(f"{label} {_number(value)}" for label, value in bars.items())
        for title, bars in panels.items()
    )
    to.write_text(
        f'{head} font-family="sans-serif"><title>{escape(said)}</title>\n' + "\n".join(lines) + "\n</svg>\n",
        encoding="utf-8",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def _words(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, weight: int = 400) -> str:
    style = f'text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{WORDS}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{escape(text)}</text>'
