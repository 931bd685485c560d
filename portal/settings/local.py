"""The demo and development profile: everything from a bare clone, against the sandbox."""

from portal.env import env_bool
from portal.settings.base import *  # noqa: F403

DEBUG = env_bool("DEBUG", default=False)
ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]  # noqa: F405
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
# Static files come straight from static/, so that a change is seen at the next reload.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
