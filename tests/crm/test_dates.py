"""The one form of a time that CORIPO keeps."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.crm import dates

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_a_time_is_written_in_utc_to_the_second() -> None:
    prague = timezone(timedelta(hours=2))

    assert dates.written(datetime(2026, 5, 6, 9, 8, 7, 654321, tzinfo=prague)) == "2026-05-06 07:08:07"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        dates.written(datetime(2026, 5, 6, 9, 8))


def test_a_time_at_the_end_of_all_times_is_written_nevertheless() -> None:
    new_york = timezone(timedelta(hours=-5))

    assert dates.written(datetime(9999, 12, 31, 23, 0, tzinfo=new_york)) == "9999-12-31 23:00:00"


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=ZONES))
def test_what_is_written_is_read_as_the_same_second(moment: datetime) -> None:
    assert dates.parsed(dates.written(moment)) == moment.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    "text", ["", "0000-00-00 00:00:00", "2026-05-06T07:08:07Z", "06.05.2026 07:08", "2026-13-01 00:00:00"]
)
def test_anything_else_is_no_time(text: str) -> None:
    assert dates.parsed(text) is None
