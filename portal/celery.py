"""The Celery app. A message only wakes a worker; what is to be done stands in rows."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

# Read first, so that a `.env` file can name the settings as well.
import portal.env  # noqa: F401

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.mailboxes", "apps.sync", "apps.contacts"])
app.conf.beat_schedule = {
    # Every wake-up is best effort; this one covers those that were lost, returns expired leases and follows mailboxes.
    "sweep": {"task": "apps.sync.tasks.sweep", "schedule": 5.0, "options": {"queue": "background", "expires": 5}},
    # The same for address books and their contacts, which the other one does not know.
    "sweep-contacts": {
        "task": "apps.contacts.tasks.sweep",
        "schedule": 5.0,
        "options": {"queue": "background", "expires": 5},
    },
    # Every mailbox is checked once a night, at a time of its own; a mailbox that is new gets its time within minutes.
    "plan-proofs": {
        "task": "apps.sync.tasks.plan_proofs",
        "schedule": 300.0,
        "options": {"queue": "background", "expires": 300},
    },
    # At night: by UTC, as Celery counts.
    "forget-history": {
        "task": "apps.sync.tasks.forget_history",
        "schedule": crontab(hour="1", minute="40"),
        "options": {"queue": "background", "expires": 3600},
    },
    "notify-people": {
        "task": "apps.sync.tasks.notify_people",
        "schedule": 300.0,
        "options": {"queue": "background", "expires": 300},
    },
    "sweep-interactive": {
        "task": "apps.sync.tasks.carry_transfers",
        "schedule": 5.0,
        "kwargs": {"lane": "interactive"},
        "options": {"queue": "interactive", "expires": 5},
    },
}


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Django's LOGGING holds for workers and scheduler as well: with this receiver Celery sets up none of its own."""
