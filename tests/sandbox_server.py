"""The stand-in for Microsoft 365 and CORIPO as tests use it: a real process, reached over HTTP."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).resolve().parent.parent


class Sandbox:
    """One running sandbox. `person()` makes somebody new, so that tests share nothing but the process."""

    def __init__(self, url: str, *, tls_url: str = "none", seeded: bool = False) -> None:
        self.url = url
        self.tls_url = tls_url
        self.seeded = seeded
        self.folder = tempfile.TemporaryDirectory(prefix="portal-sandbox-")
        self.process: subprocess.Popen[bytes] | None = None
        self.http = requests.Session()
        self.http.trust_env = False
        self._people = 0

    def start(self) -> None:
        for name in ["migrate"] + (["seed"] if self.seeded else []):
            self.command(name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.sandbox", "serve"],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.http.get(f"{self.url}/_control/health", timeout=2).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the sandbox at {urlsplit(self.url).netloc} did not start")

    def command(self, *arguments: str) -> None:
        """What `./run sandbox …` does, in this sandbox's own data; it need not be serving."""
        subprocess.run(
            [sys.executable, "-m", "apps.sandbox", *arguments],
            cwd=ROOT,
            env=self._environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            "SANDBOX_URL": self.url,
            "SANDBOX_TLS_URL": self.tls_url,
            "SANDBOX_DATA": self.folder.name,
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return environment

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.folder.cleanup()

    def control(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.http.request(method, f"{self.url}/_control/{path}", timeout=30, **kwargs)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def person(self, **words: Any) -> dict[str, str]:
        """A new person with an empty mailbox and a CORIPO user: name, mail, oid, coripo_user, coripo_password."""
        self._people += 1
        words = {"name": f"Osoba Testovací {self._people}", **words}
        made: dict[str, Any] = self.control("POST", "people", json=words)
        return made["people"][0] if "people" in made else made

    def deliver(self, mailbox: str, mime: bytes, *, folder: str = "inbox", received_at: datetime | None = None) -> str:
        """Put a mail into a mailbox; its immutable id."""
        words = {"mailbox": mailbox, "folder": folder, "mime_base64": base64.b64encode(mime).decode()}
        if received_at is not None:
            words["received_at"] = received_at.isoformat()
        return str(self.control("POST", "mail", json=words)["id"])

    def fault(self, name: str, target: str = "", times: int = 1, **words: Any) -> None:
        self.control("POST", "faults", json={"name": name, "target": target, "times": times, **words})

    def calm(self) -> None:
        self.control("DELETE", "faults")
        self.control("DELETE", "knobs")

    def requests(self) -> dict[str, Any]:
        """How many requests each service has had since `forget_requests`: {"total": {...}, "by_part": {...}}."""
        counted: dict[str, Any] = self.control("GET", "requests")
        return counted

    def forget_requests(self) -> None:
        self.control("DELETE", "requests")


def mime(
    *,
    sender: str,
    to: str,
    subject: str = "Nabídka",
    text: str = "Dobrý den,\n\nposíláme nabídku.\n",
    html: str = "",
    message_id: str | None = None,
    date: datetime | None = None,
    cc: str = "",
    reply_to: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    """An ordinary mail; `message_id` with brackets, None for none at all. `reply_to` is that of the mail it answers."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    if cc:
        mail["Cc"] = cc
    if message_id:
        mail["Message-ID"] = message_id
    if reply_to:
        mail["In-Reply-To"] = mail["References"] = reply_to
    if date:
        mail["Date"] = format_datetime(date)
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()
