"""Settings of the sandbox process. It shares nothing with the portal's, and alone reads its variables.

`SANDBOX_URL` says where it listens (default http://127.0.0.1:8100), `SANDBOX_TLS_URL` where it does so by https (default
https://127.0.0.1:8143 if that port is free; `none` for nowhere), `SANDBOX_DATA` which folder holds its database and its
certificates (default var/sandbox under the repository).
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# ── Where it listens ──────────────────────────────────────────────────────
SANDBOX_URL = (os.environ.get("SANDBOX_URL", "").strip() or "http://127.0.0.1:8100").rstrip("/")
SANDBOX_HOST = urlsplit(SANDBOX_URL).hostname or "127.0.0.1"
SANDBOX_PORT = urlsplit(SANDBOX_URL).port or 8100
_TLS_URL = os.environ.get("SANDBOX_TLS_URL", "").strip().rstrip("/")
# Whoever names an address wants it. The default one gives way, so that several sandboxes may run beside each other.
SANDBOX_TLS_IS_WANTED = bool(_TLS_URL)
SANDBOX_TLS_URL = "" if _TLS_URL.lower() == "none" else _TLS_URL or "https://127.0.0.1:8143"
SANDBOX_TLS_HOST = urlsplit(SANDBOX_TLS_URL).hostname or "127.0.0.1"
SANDBOX_TLS_PORT = (urlsplit(SANDBOX_TLS_URL).port or 443) if SANDBOX_TLS_URL else 0
SANDBOX_DATA = Path(os.environ.get("SANDBOX_DATA", "").strip() or BASE_DIR / "var" / "sandbox")
# Every address in its answers is built from the request, so it may be reached under any name.
ALLOWED_HOSTS = ["*"]

# ── Demo credentials: they open nothing but the sandbox ───────────────────
SANDBOX_CLIENT_ID = "3c1b7a52-9d0e-4f6b-8a11-5e2f7c4d9b60"
SANDBOX_CLIENT_SECRET = "sandbox-demo-secret"  # noqa: S105
# Signs only the forms between the pages of the sandbox.
SECRET_KEY = "sandbox-signs-only-its-own-forms-and-guards-nothing"  # noqa: S105

# ── Apps ──────────────────────────────────────────────────────────────────
DEBUG = False
INSTALLED_APPS = [
    "apps.sandbox.control",
    "apps.sandbox.entra",
    "apps.sandbox.graph",
    "apps.sandbox.coripo",
    "django.contrib.staticfiles",
]
# No CSRF check: the services are APIs, and the pages sign what their forms carry.
MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.sandbox.control.weather.weather",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "apps.sandbox.urls"
WSGI_APPLICATION = "apps.sandbox.wsgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "builtins": ["django.templatetags.static"],
        },
    }
]
# A mail of 30 MB with its attachments travels in one form.
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DATA_UPLOAD_MAX_NUMBER_FIELDS = None

# ── Database ──────────────────────────────────────────────────────────────
SANDBOX_DATA.mkdir(parents=True, exist_ok=True)
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SANDBOX_DATA / "sandbox.sqlite3",
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            # A read that turns into a write on a stale snapshot fails at once, so every transaction starts as a writer.
            "transaction_mode": "IMMEDIATE",
            # Writers wait without a queue. Sixteen with files of 30 MB took 80 s for the last one, on two busy cores.
            "timeout": 300,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
            "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Texts, times, files, logs ─────────────────────────────────────────────
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/_static/"
WHITENOISE_USE_FINDERS = True
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Answers of 4xx and 5xx are what a stand-in is for; only its own errors are news.
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}
