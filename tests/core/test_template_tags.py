from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.core.templatetags.portal import full_moment, icon, initials, moment, state_badge, when


@pytest.fixture(autouse=True)
def _prague() -> None:
    timezone.activate(ZoneInfo("Europe/Prague"))


def test_a_moment_of_today_is_a_time() -> None:
    assert moment(timezone.localtime().replace(hour=9, minute=5)) == "9:05"


def test_an_older_moment_has_its_day_and_a_much_older_one_its_year() -> None:
    at = timezone.now() - timedelta(days=800)

    assert str(timezone.localtime(at).year) in moment(at)
    assert moment(datetime(2001, 11, 24, 8, 42, tzinfo=UTC)) == "24\u00a0Nov\u00a02001\u00a09:42"


def test_a_moment_in_full_is_in_the_zone_of_the_reader() -> None:
    assert full_moment(datetime(2026, 11, 24, 8, 42, tzinfo=UTC)) == "Tuesday 24 November 2026 9:42".replace(
        " ", "\u00a0"
    )


def test_no_time_is_no_text() -> None:
    assert (moment(None), full_moment(None), when(None)) == ("", "", "")


def test_a_time_carries_its_machine_form() -> None:
    shown = when(datetime(2001, 11, 24, 8, 42, tzinfo=UTC), css="faint")

    assert shown.startswith('<time class="faint" datetime="2001-11-24T08:42:00+00:00" title="Saturday')


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Jana Dvořáková", "JD"),
        ("Ing. Jan Novák, Ph.D.", "ID"),
        ("jana@firma.example", "JE"),
        ("Madonna", "M"),
        ("Šárka", "Š"),
        ("", "?"),
        ("123 !!", "?"),
    ],
)
def test_initials_are_letters(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_what_goes_into_a_tag_is_escaped() -> None:
    assert "<b>" not in state_badge("synced", "<b>Synced</b>", boxed=True)
    assert "<b>" not in icon("<b>")
