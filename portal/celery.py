"""The Celery app. A message only wakes a worker; what is to be done stands in rows."""

import os

from celery import Celery
from celery.signals import setup_logging

# Read first, so that a `.env` file can name the settings as well.
import portal.env  # noqa: F401

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.mailboxes", "apps.sync", "apps.contacts"])


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Django's LOGGING holds for workers and scheduler as well: with this receiver Celery sets up none of its own."""
