"""Production: nothing falls back to the sandbox; a missing variable stops the start."""

from portal.env import env_list, env_secret, env_text, env_url
from portal.settings.base import *  # noqa: F403

PORTAL_URL = env_url("PORTAL_URL")
SECRET_KEY = env_secret("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = [key.strip() for key in env_secret("FIELD_ENCRYPTION_KEYS").split(",") if key.strip()]
DATABASES = {"default": database(env_secret("DATABASE_URL"))}  # noqa: F405
MICROSOFT_CLIENT_ID = env_text("MICROSOFT_CLIENT_ID")
MICROSOFT_CLIENT_SECRET = env_secret("MICROSOFT_CLIENT_SECRET")
MICROSOFT_TENANT = env_text("MICROSOFT_TENANT")
MICROSOFT_LOGIN_URL = env_url("MICROSOFT_LOGIN_URL", default="https://login.microsoftonline.com")
GRAPH_BASE_URL = env_url("GRAPH_BASE_URL", default="https://graph.microsoft.com/v1.0")
CORIPO_BASE_URL = env_url("CORIPO_BASE_URL")
CORIPO_WEB_URL = env_url("CORIPO_WEB_URL", default=CORIPO_BASE_URL)
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = [  # noqa: F405
    SELF,  # noqa: F405
    *dict.fromkeys([origin(MICROSOFT_LOGIN_URL), origin(CORIPO_WEB_URL)]),  # noqa: F405
]

# Without a mail server of its own the portal writes to nobody, and offers to nobody that it would.
EMAIL_URL = env_secret("EMAIL_URL", default="")
EMAIL_FROM = env_text("EMAIL_FROM", default=f"portal@{urlsplit(PORTAL_URL).hostname}")  # noqa: F405
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
_MAIL = mail(EMAIL_URL)  # noqa: F405
EMAIL_BACKEND = _MAIL["BACKEND"]

ALLOWED_HOSTS = [urlsplit(PORTAL_URL).hostname or "", *env_list("ALLOWED_HOSTS")]  # noqa: F405
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
