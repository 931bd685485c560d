"""Texts of strangers: what they say is found, in time that grows with their length only."""

from __future__ import annotations

import time

import pytest

from apps.mailboxes.texts import DEEPEST_HTML, is_too_deep, plain_text

LEVELS = 100_000


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * LEVELS + "x" + "</div>" * LEVELS, id="nesting"),
        pytest.param("<b><i>" * LEVELS + "x", id="unclosed formatting"),
        pytest.param("<div></b>" * LEVELS, id="end tags of something else"),
        pytest.param('<div a=">">' * LEVELS, id="brackets in attributes"),
        pytest.param("<DIV\n" * LEVELS, id="unfinished tags"),
    ],
)
def test_what_no_browser_would_nest_is_too_deep(html: str) -> None:
    assert is_too_deep(html)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("", id="nothing"),
        pytest.param("<div>" * DEEPEST_HTML + "x" + "</div>" * DEEPEST_HTML, id="as deep as may be"),
        pytest.param("<p>Dobrý den<br>" * LEVELS, id="paragraphs left open"),
        pytest.param("<table>" + "<tr><td><b>1</b><td>5 < 6" * LEVELS + "</table>", id="rows and cells left open"),
        pytest.param("<ul>" + "<li><a href='x'>1</a>" * LEVELS + "</ul>", id="items left open"),
    ],
)
def test_a_long_letter_is_not_deep(html: str) -> None:
    assert not is_too_deep(html)


@pytest.mark.parametrize(
    "unit", ["<div>", "<", "<!--", "<x", "<style>", "<script", "<b><p>", "&lt;", "<a href=x>", "</"]
)
@pytest.mark.parametrize("read", [plain_text, is_too_deep])
def test_twenty_times_the_text_costs_about_twenty_times_the_time(read, unit: str) -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        read(text)
        return time.process_time() - began

    short = min(seconds(unit * 5_000) for _ in range(3))

    assert seconds(unit * LEVELS) < 60 * short + 0.2
