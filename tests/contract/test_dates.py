"""Dates: one form in and out, in UTC, and silence for every other."""

from __future__ import annotations

import pytest

from tests.contract.v4_1 import Line


def test_in_and_out_are_the_same_utc_text(line: Line) -> None:
    email = line.email(date_sent_received="2026-07-01 23:30:59")

    assert line.read("Emails", email, "date_sent_received") == {"date_sent_received": "2026-07-01 23:30:59"}


def test_a_day_alone_is_its_midnight(line: Line) -> None:
    email = line.email(date_sent_received="2026-07-01")

    assert line.read("Emails", email, "date_sent_received") == {"date_sent_received": "2026-07-01 00:00:00"}


@pytest.mark.parametrize(
    "sent",
    [
        "2026-07-01T23:30:59",
        "2026-07-01T23:30:59Z",
        "2026-07-01 23:30:59+02:00",
        "01.07.2026 23:30",
        "2026-07-01 23:30",
    ],
)
def test_anything_else_is_stored_empty_without_an_error(line: Line, sent: str) -> None:
    assert line.read("Emails", line.email(date_sent_received=sent), "date_sent_received") == {"date_sent_received": ""}
