"""The files that install the large profile agree with `./run`, with the documentation and with what is asked of such files.

There is no container engine here: the image is not built, but what its build runs is run.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from apps.core.management.commands.up import children

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "docs" / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "portal", "worker-interactive", "worker-background", "scheduler"]
# Where a process listens, how large it is and where it keeps its file differs from place to place.
DIFFERS = {"-b", "--workers", "--threads", "--graceful-timeout", "-s"}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their words, comments and line ends taken away."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [(name, " ".join(words.split())) for name, words in pairs]


def words_of(instruction: str) -> list[str]:
    return [words for name, words in instructions() if name == instruction]


def essence(command: Sequence[str]) -> list[str]:
    """A command without its interpreter and without what differs from place to place."""
    kept, rest = [], list(command[1:])
    while rest:
        word = rest.pop(0)
        if word in DIFFERS:
            rest.pop(0)
        else:
            kept.append(word)
    return kept


def commands_of_run() -> dict[str, list[str]]:
    """What `./run` starts, by the names that the files of this profile use."""
    names = {"interactive": "worker-interactive", "background": "worker-background"}
    return {names.get(child.name, child.name): essence(child.command) for child in children(with_sandbox=False)}


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd tells capitals from small letters
    parser.read_string(path.read_text(encoding="utf-8").replace("\\\n", " "))
    return parser


def command_of(path: Path) -> list[str]:
    """`%%` is systemd's way to write a percent sign."""
    return [word.replace("%%", "%") for word in shlex.split(unit(path)["Service"]["ExecStart"])]


def documented(variable: str) -> bool:
    """Whether docs/configuration.md has the variable; `NAME_FILE` needs the mark *file* at `NAME`."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    name = variable.removesuffix("_FILE")
    row = re.search(rf"^\| `{name}` \|([^|]*)\|", page, re.MULTILINE)
    return row is not None and (name == variable or "*file*" in row[1])


# ── The same processes everywhere ─────────────────────────────────────────
def test_compose_runs_what_run_runs():
    assert {name: essence(SERVICES[name]["command"]) for name in OURS if name != "migrate"} == commands_of_run()


def test_systemd_runs_what_run_runs():
    named = {path.stem.removeprefix("portal-"): essence(command_of(path)) for path in UNITS}

    assert named == commands_of_run()


def test_the_image_alone_is_the_web_process():
    assert json.loads(words_of("CMD")[-1]) == SERVICES["portal"]["command"]


def test_the_administrators_page_names_these_processes():
    page = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")

    assert [path.name for path in UNITS if f"`{path.name}`" not in page] == []


# ── Variables ─────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", OURS)
def test_compose_sets_documented_variables_only(name: str):
    assert [variable for variable in SERVICES[name]["environment"] if not documented(variable)] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_sets_documented_variables_only(path: Path):
    names = [pair.split("=")[0] for pair in shlex.split(unit(path)["Service"]["Environment"])]

    assert [name for name in names if not documented(name) and not name.startswith("PYTHON")] == []
    assert "DJANGO_SETTINGS_MODULE" in names


def test_every_secret_is_a_file_that_compose_knows_and_git_ignores():
    for service in SERVICES.values():
        secrets = set(service.get("secrets", []))
        files = {value for name, value in service.get("environment", {}).items() if name.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in secrets}
        assert secrets <= set(COMPOSE["secrets"])
    assert {Path(secret["file"]).parent.name for secret in COMPOSE["secrets"].values()} == {"secrets"}
    assert {"/secrets/", ".env"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


# ── The image ─────────────────────────────────────────────────────────────
def test_images_have_a_release_and_are_those_of_the_documentation():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    images = {name: service["image"] for name, service in SERVICES.items()}

    assert {images[name] for name in OURS} == {f"coripo-mail-portal:{version}"}
    assert (images["postgres"], images["redis"]) == ("postgres:15-bookworm", "redis:7-bookworm")
    assert {words.split()[0] for words in words_of("FROM")} == {"python:3.11-slim-bookworm"}


def test_the_image_installs_the_lock_and_nothing_else():
    installs = [words for words in words_of("RUN") if "install" in words]

    assert installs == ["pip install --no-cache-dir --require-hashes -r requirements.txt"]
    assert not words_of("ADD")


def test_nothing_runs_as_root_or_can_become_it():
    assert int(words_of("USER")[-1]) > 0
    for name, service in SERVICES.items():
        assert service.get("user", "portal") != "root"
        assert ("user" in service) == (name not in OURS)
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    for path in UNITS:
        section = unit(path)["Service"]
        assert (section["User"], section["NoNewPrivileges"], section["ProtectSystem"]) == ("portal", "yes", "strict")


def test_only_what_the_image_needs_goes_into_it():
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    rules = [rule for rule in rules if rule and not rule.startswith("#")]

    assert rules[0] == "*"
    assert [rule for rule in rules if rule.startswith("!") and not (ROOT / rule[1:]).exists()] == []
    assert "apps/sandbox" in rules


def test_what_the_build_runs_succeeds_and_leaves_no_secret_behind(tmp_path: Path):
    """With the variables of the Dockerfile, in a copy of what goes into the image."""
    for name in ("portal", "apps", "templates", "static", "locale", "manage.py"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    shutil.rmtree(tmp_path / "apps" / "sandbox")
    command = next(words for words in words_of("RUN") if "collectstatic" in words)
    bare = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=bare, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "locale/cs/LC_MESSAGES/django.mo").is_file()
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["static"]


def test_with_its_secrets_in_files_the_portal_writes_none_of_its_own(tmp_path: Path):
    """The containers' file system is read-only: a start that makes keys would fail there."""
    values = {
        "SECRET_KEY": "k" * 50,
        "FIELD_ENCRYPTION_KEYS": f"{Fernet.generate_key().decode()}, {Fernet.generate_key().decode()}",
        "DATABASE_URL": "postgresql://portal:secret@postgres/portal",
        "MICROSOFT_CLIENT_SECRET": "secret",
    }
    environment = {**SERVICES["portal"]["environment"], "PORTAL_DATA": str(tmp_path / "var")}
    for name, value in values.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
        assert f"{name}_FILE" in environment
        environment[f"{name}_FILE"] = str(tmp_path / name)
    environment |= {"PORTAL_URL": "https://portal.firma.example", "CORIPO_BASE_URL": "https://coripo.firma.example"}
    environment |= {"MICROSOFT_TENANT": "tenant", "MICROSOFT_CLIENT_ID": "client"}
    told = "from django.conf import settings as s; print(len(s.FIELD_ENCRYPTION_KEYS), s.DATABASES['default']['HOST'])"

    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("2 postgres\n", "")
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["static"]


@pytest.mark.parametrize(
    ("variable", "address"), [("embedded", "filesystem://"), ("redis://redis:6379/0", "redis://redis:6379/0")]
)
def test_the_variable_alone_chooses_the_broker(tmp_path: Path, variable: str, address: str):
    """Also where it names the default: Celery reads a variable of the same name, and takes any word for a host."""
    told = "from portal import celery_app as app; print(app.conf.broker_read_url, app.conf.broker_write_url)"
    environment = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.local",
        "PORTAL_DATA": str(tmp_path),
        "CELERY_BROKER_URL": variable,
    }

    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == (f"{address} {address}\n", "")


# ── Order and health ──────────────────────────────────────────────────────
def test_migrations_run_once_and_before_everything_else():
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert "migrate" not in SERVICES["migrate"]["depends_on"]
    for name in OURS[1:]:
        after = {other: wait["condition"] for other, wait in SERVICES[name]["depends_on"].items()}
        assert after.pop("migrate") == "service_completed_successfully"
        assert after == {"postgres": "service_healthy", "redis": "service_healthy"}
        assert all("healthcheck" in SERVICES[other] for other in after)


@pytest.mark.parametrize(("host", "healthy"), [("testserver", True), ("elsewhere.example", False)])
def test_the_health_check_asks_healthz_under_the_portals_name(live_server: LiveServer, host: str, healthy: bool):
    *_, script = SERVICES["portal"]["healthcheck"]["test"]
    address = f"http://127.0.0.1:8000{reverse('healthz')}"
    assert address in script
    script = script.replace(address, f"{live_server.url}{reverse('healthz')}")

    done = subprocess.run(
        [sys.executable, "-c", script], env={"PORTAL_URL": f"https://{host}"}, capture_output=True, timeout=20
    )

    assert (done.returncode == 0) == healthy, done.stderr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_understands_the_unit(path: Path, tmp_path: Path):
    """Also by systemd itself, where it is installed: it prints what it does not know and still ends with 0."""
    parsed = unit(path)
    assert parsed.sections() == ["Unit", "Service", "Install"]
    assert "EnvironmentFile" in parsed["Service"]
    if systemd := shutil.which("systemd-analyze"):
        copy = tmp_path / path.name
        # It wants to see the program, which is elsewhere here.
        text = path.read_text(encoding="utf-8").replace(command_of(path)[0], sys.executable)
        copy.write_text(text, encoding="utf-8")
        done = subprocess.run([systemd, "verify", "--man=no", str(copy)], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
