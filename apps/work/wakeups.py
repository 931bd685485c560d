"""Wake-ups: a Celery message says "drain the table", never "do this row". Losing one costs a sweep interval, nothing else."""

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# A wake-up that nobody took within this time is worthless: the sweep has come by since.
EXPIRES_SECONDS = 30


def wake(task_name: str, *, queue: str, **kwargs: Any) -> None:
    """Wake a worker once the transaction has committed. One try; a broker that is away never reaches the user."""
    transaction.on_commit(lambda: _send(task_name, queue, kwargs))


def _send(task_name: str, queue: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.send_task(
            task_name, kwargs=kwargs, queue=queue, expires=EXPIRES_SECONDS, retry=False, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        log.warning("wake-up not sent", extra={"task_name": task_name, "queue": queue, "error": type(error).__name__})
