"""The one place that reads the environment: typed, loud, once.

A `.env` file beside manage.py is read if present; real variables win over it. A secret may live in a file: `NAME_FILE`
names it. Every variable is listed in docs/configuration.md.
"""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def _read_dotenv(path: Path) -> None:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, is_assignment, value = line.strip().partition("=")
        if is_assignment and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


_read_dotenv(ROOT / ".env")

VAR = Path(os.environ.get("PORTAL_DATA") or ROOT / "var")


def env_text(name: str, *, default: str | None = None) -> str:
    """The variable's text. Without a default a missing variable stops the start."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"The variable {name} is missing. docs/configuration.md says what it means.")
    return default


def env_secret(name: str, *, default: str | None = None) -> str:
    """Like env_text; `NAME_FILE` may name a file that holds the secret."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return env_text(name, default=default)


def env_bool(name: str, *, default: bool) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off; anything else stops the start."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")


def env_int(name: str, *, default: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def env_list(name: str, *, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated words; empty ones are dropped."""
    value = os.environ.get(name, "")
    return [word.strip() for word in value.split(",") if word.strip()] or list(default)


def env_url(name: str, *, default: str | None = None) -> str:
    """An http(s) address without a trailing slash."""
    value = env_text(name, default=default).rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise ImproperlyConfigured(f"{name} must be an http or https address, not {value!r}.")
    return value


def generated_secret(name: str) -> str:
    """A secret of this installation, made once and kept in `var/` readable by its owner alone. Not for production."""
    path = VAR / name
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        fresh = Fernet.generate_key().decode() if "fernet" in name else secrets.token_urlsafe(50)
        handle = os.open(path.with_suffix(f".{os.getpid()}"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(fresh)
        try:
            # A hard link appears whole or not at all, and never replaces what another process made meanwhile.
            os.link(path.with_suffix(f".{os.getpid()}"), path)
        except FileExistsError:
            pass
        finally:
            path.with_suffix(f".{os.getpid()}").unlink()
    return path.read_text(encoding="utf-8").strip()
