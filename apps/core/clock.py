"""The one clock. Doors and tasks read it once and hand the time down as `at`."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The current time in UTC: the database's where several machines share one, else this machine's."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            return moment
    return timezone.now()
