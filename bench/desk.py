"""Somebody at a running installation with a mailbox, a CORIPO login, customers that CORIPO knows, and mail from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import requests

from tests.coripo import Coripo
from tests.installation import Installation
from tests.sandbox_server import mime
from tests.visitor import Visitor, wait_until

CUSTOMERS = 20


class BenchDesk:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.sandbox = installation.sandbox
        self.person = self.sandbox.person()
        self.coripo = Coripo(self.sandbox.url, self.person["coripo_user"], self.person["coripo_password"])
        self.customers = [f"zakaznik{number}-{uuid4().hex[:6]}@kovarna-morava.example" for number in range(CUSTOMERS)]
        company = self.coripo.company("Kovárna Morava a.s.")
        for number, address in enumerate(self.customers):
            self.coripo.contact(address, last_name=f"Zákazník {number}", company=company)
        self.visitor = Visitor(installation.url, self.person)

    def receive(self, count: int, *, with_file_every: int = 5) -> list[str]:
        """Deliver mails to the mailbox; their Message-IDs, bare."""
        message_ids = []
        for number in range(count):
            message_id = f"{uuid4().hex}@kovarna-morava.example"
            files = (("nabidka.pdf", b"%PDF-1.4 " + message_id.encode()),) if number % with_file_every == 0 else ()
            self.sandbox.deliver(
                self.person["mail"],
                mime(
                    sender=self.customers[number % CUSTOMERS],
                    to=self.person["mail"],
                    subject=f"Zpráva {number}",
                    message_id=f"<{message_id}>",
                    date=datetime.now(UTC) - timedelta(minutes=number + 1),
                    files=files,
                ),
            )
            message_ids.append(message_id)
        return message_ids

    def wait_for_import(self, count: int, *, seconds: float = 120) -> list[int]:
        """The ids of the rows, the newest first."""
        wait_until(lambda: self._rows() >= count, seconds=seconds, what=f"{count} messages imported")
        return [
            int(str(pk))
            for (pk,) in self.installation.rows("select id from mailboxes_message order by received_at desc")
        ]

    def _rows(self) -> int:
        return int(str(self.installation.rows("select count(*) from mailboxes_message")[0][0]))

    def sync(self, pks: list[int]) -> None:
        """Ask through the front door; a portal that was killed meanwhile is asked again, as a person would."""

        def asked() -> bool:
            try:
                answer = self.visitor.post("/inbox/act/", {"action": "sync", "message": [str(pk) for pk in pks]})
            except requests.ConnectionError:
                return False
            return answer.status_code == 200

        wait_until(asked, seconds=60, what="the wish was taken")

    def active(self) -> int:
        (count,) = self.installation.rows("select count(*) from sync_transfer where status in ('queued', 'claimed')")[0]
        return int(str(count))
