"""The commands of the sandbox. Some work on its database, some talk to the running server; their help says which.

What needs models is imported by the command that uses it: Django is set up only after the arguments are understood.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
import requests
from django.conf import settings
from django.core.management import call_command

SERVER_TIMEOUT_SECONDS = (3, 30)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code: 0 done, 1 not done (the reason is on stderr), 2 misunderstood."""
    options = _parser().parse_args(arguments)
    django.setup()
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="A stand-in for Microsoft Entra ID, Graph and CORIPO.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="answer requests at SANDBOX_URL until stopped")
    command.set_defaults(run=serve)

    command = commands.add_parser("migrate", help="bring the sandbox's database up to date")
    command.set_defaults(run=migrate)

    command = commands.add_parser("seed", help="fill an empty database with the demo people, their mail and their CRM")
    command.set_defaults(run=seed)

    command = commands.add_parser("prepare", help="migrate and seed: everything before the first start")
    command.set_defaults(run=prepare)

    command = commands.add_parser("reset", help="running server: put back the seeded state")
    command.set_defaults(run=reset)

    command = commands.add_parser("people", help="list who can be signed in as")
    command.set_defaults(run=people)

    command = commands.add_parser("load", help="put .eml files, folders of them or mboxes into a mailbox")
    command.add_argument("path", type=Path, metavar="PATH")
    command.add_argument("--mailbox", required=True, metavar="ADDRESS")
    command.add_argument("--folder", default="inbox", metavar="NAME", help="well-known or display name (inbox)")
    command.set_defaults(run=load)

    command = commands.add_parser("generate", help="put many made-up messages into a mailbox")
    command.add_argument("--messages", required=True, type=_count, metavar="N")
    command.add_argument("--mailbox", required=True, metavar="ADDRESS")
    command.add_argument("--days", default=730, type=_count, metavar="N", help="spread over the last N days (730)")
    command.set_defaults(run=generate)

    command = commands.add_parser("fault", help="running server: switch bad weather on, list it, or clear it")
    command.add_argument(
        "name", nargs="?", help="throttle, 5xx, slow, dropped, expired-cursor or revoked-token; without one, list"
    )
    command.add_argument("--target", default="", help="entra, graph or coripo, or a part: coripo:set_entries")
    command.add_argument("--times", type=int, default=1, help="how many requests it hits (1); 0: until cleared")
    command.add_argument("--seconds", type=float, help="delay of slow, Retry-After of throttle")
    command.add_argument("--share", type=float, default=1.0, help="chance of each hit, 0 to 1")
    command.add_argument("--clear", action="store_true", help="end all faults")
    command.set_defaults(run=fault)
    return parser


def serve(options: argparse.Namespace) -> int:
    """Become gunicorn: one process, since faults and counters live in its memory; threads for what waits."""
    ports = [(settings.SANDBOX_HOST, settings.SANDBOX_PORT)]
    if settings.SANDBOX_TLS_URL:
        secure = (settings.SANDBOX_TLS_HOST, settings.SANDBOX_TLS_PORT)
        if settings.SANDBOX_TLS_IS_WANTED or _is_free(*secure):
            ports.append(secure)
        else:
            _failed(
                f"{settings.SANDBOX_TLS_URL} is taken, so there is no https. SANDBOX_TLS_URL names another address."
            )
    gunicorn = [
        *(sys.executable, "-m", "gunicorn", "apps.sandbox.wsgi:application"),
        *(word for host, port in ports for word in ("--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")),
        *("--worker-class", "apps.sandbox.control.worker.Worker", "--workers", "1", "--threads", "16"),
        *("--keep-alive", "75", "--timeout", "120", "--graceful-timeout", "5"),
        *("--no-control-socket", "--log-level", "warning", "--chdir", str(settings.BASE_DIR)),
    ]
    os.execv(sys.executable, gunicorn)  # noqa: S606


def migrate(options: argparse.Namespace) -> int:
    """Silent: what it has to say is in its exit code."""
    call_command("migrate", verbosity=0, interactive=False)
    return 0


def seed(options: argparse.Namespace) -> int:
    """Does nothing when there is already somebody."""
    from apps.sandbox.corpus.seeding import seed_once

    seed_once()
    return 0


def prepare(options: argparse.Namespace) -> int:
    return migrate(options) or seed(options)


def people(options: argparse.Namespace) -> int:
    from apps.sandbox.control.models import Person

    for person in Person.objects.order_by("pk"):
        print(f"{person.name}  {person.mail}  CORIPO: {person.coripo_user} / {person.coripo_password}")
    return 0


def load(options: argparse.Namespace) -> int:
    """Puts in what can be read and names the rest with the reason; 1 if nothing could be put in."""
    from apps.sandbox.graph.loading import load_path

    if not options.path.exists():
        return _failed(f"There is nothing at {options.path}.")
    if _nobody_has(options.mailbox):
        return 1
    loaded = load_path(options.path, mailbox=options.mailbox, folder=options.folder)
    print(loaded)
    return 0 if loaded.count else 1


def generate(options: argparse.Namespace) -> int:
    from apps.sandbox.corpus.generating import generate as generate_mail

    if _nobody_has(options.mailbox):
        return 1
    generate_mail(mailbox=options.mailbox, messages=options.messages, days=options.days)
    print(f"{options.messages} messages put into {options.mailbox}.")
    return 0


def reset(options: argparse.Namespace) -> int:
    return _ask_server("POST", "reset", show=lambda answer: "The sandbox is as it was seeded.")


def fault(options: argparse.Namespace) -> int:
    if options.clear:
        return _ask_server("DELETE", "faults", show=lambda answer: "All faults are cleared.")
    if not options.name:
        return _ask_server("GET", "faults", show=_fault_lines)
    wish = {name: getattr(options, name) for name in ("name", "target", "times", "seconds", "share")}
    return _ask_server("POST", "faults", wish, show=lambda answer: _fault_lines({"faults": [answer]}))


def _fault_lines(answer: dict[str, Any]) -> str:
    lines = []
    for listed in answer["faults"]:
        aim = ":".join(word for word in (listed["service"], listed["part"]) if word) or "all services"
        left = "until cleared" if listed["left"] is None else f"{listed['left']} left"
        lines.append(f"{listed['name']} at {aim}: {listed['hits']} hit, {left}")
    return "\n".join(lines) or "No fault is switched on."


def _ask_server(method: str, control: str, wish: dict[str, Any] | None = None, *, show: Any) -> int:
    """Call a control of the running server and print what `show` makes of its answer."""
    address = f"{settings.SANDBOX_URL}/_control/{control}"
    try:
        answer = requests.request(method, address, json=wish, timeout=SERVER_TIMEOUT_SECONDS)
    except requests.RequestException:
        return _failed(f"The sandbox does not answer at {settings.SANDBOX_URL} (SANDBOX_URL). Is it running?")
    if not answer.ok:
        is_explained = answer.status_code == 400
        return _failed(answer.json()["error"] if is_explained else f"The sandbox answered {answer.status_code}.")
    print(show(answer.json()))
    return 0


def _nobody_has(address: str) -> bool:
    from apps.sandbox.control.models import Person

    if Person.objects.filter(mail__iexact=address).exists():
        return False
    _failed(f"Nobody here has the mailbox {address}. `sandbox people` lists who there is.")
    return True


def _is_free(host: str, port: int) -> bool:
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return True
    except OSError:
        return False


def _failed(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)
