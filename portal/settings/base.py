"""Settings shared by every profile. Only portal/env.py reads the environment."""

from typing import Any
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.env import ROOT, VAR, env_bool, env_int, env_list, env_secret, env_text, env_url, generated_secret
from portal.settings.logs import logging_for

# Lets Django's generic classes name their model (`ModelAdmin[User]`) at run time as they do for the type checker.
django_stubs_ext.monkeypatch()

# ── Where we are ──────────────────────────────────────────────────────────
BASE_DIR = ROOT
PORTAL_URL = env_url("PORTAL_URL", default="http://127.0.0.1:8000")
SANDBOX_URL = env_url("SANDBOX_URL", default="http://127.0.0.1:8100")
DEBUG = False
ALLOWED_HOSTS = [urlsplit(PORTAL_URL).hostname or "127.0.0.1", *env_list("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

# ── Secrets ───────────────────────────────────────────────────────────────
SECRET_KEY = env_secret("SECRET_KEY", default="") or generated_secret("secret_key")
_field_keys = env_secret("FIELD_ENCRYPTION_KEYS", default="") or generated_secret("fernet_key")
FIELD_ENCRYPTION_KEYS = [key.strip() for key in _field_keys.split(",") if key.strip()]

# ── Apps ──────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "apps.core",
    "apps.work",
    "apps.accounts",
    "apps.mailboxes",
    "apps.sync",
    "apps.contacts",
    "apps.inbox",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "apps.accounts.entra",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.request_context",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.pages_only",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.inbox.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django.templatetags.l10n",
                "template_partials.templatetags.partials",
                "apps.core.templatetags.portal",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]


# ── Database ──────────────────────────────────────────────────────────────
def database(url: str) -> dict[str, Any]:
    """Django's entry for `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:] if parts.path.startswith("//") else parts.path),
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                # A read that turns into a write on a stale snapshot fails at once, so every transaction starts as a writer.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
                "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def mail(url: str) -> dict[str, Any]:
    """Where mail goes: `smtp://user:password@host:port` (encrypted by STARTTLS), `smtps://…` (from the first byte),
    `smtp+plain://…` (not at all, for a relay on this machine) or `console:`."""
    parts = urlsplit(url)
    if parts.scheme not in ("", "console", "smtp", "smtps", "smtp+plain"):
        raise ImproperlyConfigured(
            f"EMAIL_URL cannot begin with {parts.scheme!r}. docs/configuration.md says what it means."
        )
    is_smtp = parts.scheme.startswith("smtp")
    return {
        "BACKEND": f"django.core.mail.backends.{'smtp' if is_smtp else 'console' if url else 'dummy'}.EmailBackend",
        "HOST": parts.hostname or "localhost",
        "PORT": parts.port or {"smtp": 587, "smtps": 465}.get(parts.scheme, 25),
        "HOST_USER": unquote(parts.username or ""),
        "HOST_PASSWORD": unquote(parts.password or ""),
        "USE_TLS": parts.scheme == "smtp",
        "USE_SSL": parts.scheme == "smtps",
    }


VAR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": database(env_text("DATABASE_URL", default=f"sqlite:///{VAR / 'portal.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Cache and sessions: nothing that must be right lives here ─────────────
_cache_url = env_text("CACHE_URL", default="embedded")
CACHES: dict[str, Any] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        if _cache_url == "embedded"
        else {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
    )
}
SESSION_COOKIE_NAME = "portal_session"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_NAME = "portal_csrf"
LANGUAGE_COOKIE_NAME = "portal_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PORTAL_URL.startswith("https://")
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# ── Celery ────────────────────────────────────────────────────────────────
_broker_url = env_text("CELERY_BROKER_URL", default="embedded")
_queue = VAR / "queue"
if _broker_url == "embedded":
    for _folder in (_queue / "in", _queue / "control", _queue / "done"):
        _folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_queue / "in"),
        "data_folder_out": str(_queue / "in"),
        "control_folder": str(_queue / "control"),
        "processed_folder": str(_queue / "done"),
        "polling_interval": 0.2,
    }
else:
    CELERY_BROKER_URL = _broker_url
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 120,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        # Without it Kombu tries to connect for some seconds, while somebody's click waits for its wake-up.
        "max_retries": 0,
    }
# Celery by itself reads the variable CELERY_BROKER_URL, and would look for a host named "embedded"; these two come first.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_PUBLISH_RETRY = False

# ── People ────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
# The session of an administrator ends with the browser.
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False

# ── Outgoing mail ─────────────────────────────────────────────────────────
EMAIL_URL = env_secret("EMAIL_URL", default="console:")
EMAIL_FROM = env_text("EMAIL_FROM", default=f"portal@{urlsplit(PORTAL_URL).hostname}")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
EMAIL_TIMEOUT = 10
_MAIL = mail(EMAIL_URL)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _MAIL["BACKEND"], _MAIL["HOST"], _MAIL["PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL["HOST_USER"], _MAIL["HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL["USE_TLS"], _MAIL["USE_SSL"]

# ── Languages and times ───────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LANGUAGES = [("cs", _("Czech")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Prague"
USE_THOUSAND_SEPARATOR = True

# ── Files ─────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
# WhiteNoise warns of a folder that is not there, and tests take warnings for errors.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ── Microsoft 365 ─────────────────────────────────────────────────────────
# The defaults follow from the sandbox, whose demo registration is public knowledge.
MICROSOFT_CLIENT_ID = env_text("MICROSOFT_CLIENT_ID", default="3c1b7a52-9d0e-4f6b-8a11-5e2f7c4d9b60")
MICROSOFT_CLIENT_SECRET = env_secret("MICROSOFT_CLIENT_SECRET", default="sandbox-demo-secret")
MICROSOFT_TENANT = env_text("MICROSOFT_TENANT", default="8f2c6a1e-5b7d-4c39-9e04-d1a6b3f0c752")
MICROSOFT_ALLOWED_TENANTS = env_list("MICROSOFT_ALLOWED_TENANTS")
MICROSOFT_LOGIN_URL = env_url("MICROSOFT_LOGIN_URL", default=SANDBOX_URL)
GRAPH_BASE_URL = env_url("GRAPH_BASE_URL", default=f"{SANDBOX_URL}/v1.0")

# ── CORIPO: first values of what an administrator can edit ────────────────
CORIPO_BASE_URL = env_url("CORIPO_BASE_URL", default=SANDBOX_URL)
CORIPO_WEB_URL = env_url("CORIPO_WEB_URL", default=CORIPO_BASE_URL)
CORIPO_RECORD_URL = env_text(
    "CORIPO_RECORD_URL", default="{site}/index.php?module={module}&action=DetailView&record={id}"
)
CORIPO_TRANSPORT = env_text("CORIPO_TRANSPORT", default="rest_v4_1")
CORIPO_HMAC_KEY_ID = env_text("CORIPO_HMAC_KEY_ID", default="")
CORIPO_HMAC_SECRET = env_secret("CORIPO_HMAC_SECRET", default="")


# ── Security ──────────────────────────────────────────────────────────────
def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "base-uri": [NONE],
        # Chromium checks the redirect that answers a form as well, and both sign-in and "open in CORIPO" redirect away.
        "form-action": [SELF, *dict.fromkeys([origin(MICROSOFT_LOGIN_URL), origin(CORIPO_WEB_URL)])],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# A page of ours keeps a window that it opened itself, for the one tab of CORIPO; all other links say noopener.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"
SECURE_CONTENT_TYPE_NOSNIFF = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
CSRF_FAILURE_VIEW = "apps.inbox.views.errors.csrf_failure"

# ── Logs ──────────────────────────────────────────────────────────────────
LOGGING = logging_for(level=env_text("LOG_LEVEL", default="INFO"), as_json=env_bool("LOG_JSON", default=False))

# ── How the portal works ──────────────────────────────────────────────────
LEASE_SECONDS = env_int("LEASE_SECONDS", default=60)
DRAIN_SECONDS = env_int("DRAIN_SECONDS", default=20)

# ── What the scheduler wakes for ──────────────────────────────────────────
# What a dead process held is found soon after its lease has ended, however short that is.
_sweep_seconds = min(5.0, LEASE_SECONDS / 4)
CELERY_BEAT_SCHEDULE = {
    # Every wake-up is best effort; this one covers those that were lost, returns expired leases and follows mailboxes.
    "sweep": {
        "task": "apps.sync.tasks.sweep",
        "schedule": _sweep_seconds,
        "options": {"queue": "background", "expires": 5},
    },
    # The same for address books and their contacts, which the other one does not know.
    "sweep-contacts": {
        "task": "apps.contacts.tasks.sweep",
        "schedule": _sweep_seconds,
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
        "schedule": _sweep_seconds,
        "kwargs": {"lane": "interactive"},
        "options": {"queue": "interactive", "expires": 5},
    },
}
