"""`./run check`: format, lint, types, import contracts, migrations, catalogues, deployment settings."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "PORTAL_URL": "https://portal.firma.example",
    "SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DATABASE_URL": "sqlite:///:memory:",
    "MICROSOFT_CLIENT_ID": "00000000-0000-4000-8000-000000000000",
    "MICROSOFT_CLIENT_SECRET": "check-only",
    "MICROSOFT_TENANT": "00000000-0000-4000-8000-000000000001",
    "CORIPO_BASE_URL": "https://coripo.firma.example",
}

CHECKS: list[tuple[str, list[str], dict[str, str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "-q", "."], {}),
    ("lint", [str(BIN / "ruff"), "check", "-q", "."], {}),
    ("templates", [str(BIN / "djlint"), "templates", "apps", "--lint", "--quiet"], {}),
    ("imports", [str(BIN / "lint-imports")], {}),
    (
        "types",
        [str(BIN / "mypy"), "portal", "apps", "--exclude", "apps/sandbox/", "--no-error-summary"],
        {"DJANGO_SETTINGS_MODULE": "portal.settings.test"},
    ),
    (
        "types of the sandbox",
        [str(BIN / "mypy"), "apps/sandbox", "--no-error-summary", "--cache-dir", ".mypy_cache/sandbox"],
        {"DJANGO_SETTINGS_MODULE": "apps.sandbox.settings"},
    ),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    (
        "migrations of the sandbox",
        [PYTHON, "-m", "django", "makemigrations", "--check", "--dry-run"],
        {"DJANGO_SETTINGS_MODULE": "apps.sandbox.settings"},
    ),
    ("catalogues", [PYTHON, "-m", "tests.catalogues"], {}),
    ("deployment", [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
]


def main() -> int:
    failed = []
    for name, command, environment in CHECKS:
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
        verdict = "ok" if done.returncode == 0 else "FAILED"
        sys.stdout.write(f"{name:<28} {verdict:<7} {time.monotonic() - began:5.1f} s\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(done.stdout + done.stderr)
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
