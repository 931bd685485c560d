"""Times as the REST API has them: `YYYY-MM-DD HH:MM:SS` in UTC. Any other form is stored empty, without an error."""

from datetime import UTC, datetime

_FORMAT = "%Y-%m-%d %H:%M:%S"


def written(moment: datetime) -> str:
    """The one form that CORIPO keeps. Fractions of a second are dropped. The time must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("A time without a zone cannot be sent to CORIPO.")
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        # The last hours of the year 9999, or the first of the year 1: the day is right, and nothing else is lost.
        in_utc = moment
    # strftime leaves the zeros off a year before 1000 on Linux.
    return f"{in_utc.year:04d}-{in_utc.strftime('%m-%d %H:%M:%S')}"


def parsed(text: str) -> datetime | None:
    """The time in UTC, or None where CORIPO has none."""
    try:
        return datetime.strptime(text.strip(), _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
