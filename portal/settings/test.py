"""The tests' profile: passwords hash quickly, each test process has a sandbox of its own, wake-ups go nowhere."""

import socket
import tempfile
from pathlib import Path

from portal.settings import base
from portal.settings.base import *  # noqa: F403


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


ALLOWED_HOSTS += ["testserver", "127.0.0.1", "localhost"]  # noqa: F405
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# A fault switched on by one test process must not hit the tests of another one.
SANDBOX_URL = MICROSOFT_LOGIN_URL = CORIPO_BASE_URL = CORIPO_WEB_URL = f"http://127.0.0.1:{free_port()}"
GRAPH_BASE_URL = f"{SANDBOX_URL}/v1.0"
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = [SELF, SANDBOX_URL]  # noqa: F405

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, not memory: threads and transactions behave as they do in earnest.
    DATABASES["default"]["TEST"] = {  # noqa: F405
        "NAME": str(Path(tempfile.mkdtemp(prefix="portal-test-")) / "portal.sqlite3")
    }

if base.CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_URL = CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
