"""Somebody at a running installation with a mailbox, a CORIPO login, customers that CORIPO knows, and mail from them."""

from __future__ import annotations

import mailbox
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import requests

from tests.coripo import Coripo
from tests.installation import Installation
from tests.sandbox_server import mime
from tests.visitor import Visitor, wait_until

CUSTOMERS = 20


class BenchDesk:
    def __init__(self, installation: Installation, *, domain: str = "kovarna-morava.example") -> None:
        """`domain` is where the customers are from: a fault can be aimed at the calls to CORIPO that name it."""
        self.installation = installation
        self.sandbox = installation.sandbox
        self.person = self.sandbox.person()
        self.coripo = Coripo(self.sandbox.url, self.person["coripo_user"], self.person["coripo_password"])
        self.domain = domain
        self.customers = [f"zakaznik{number}-{uuid4().hex[:6]}@{domain}" for number in range(CUSTOMERS)]
        company = self.coripo.company("Kovárna Morava a.s.")
        for number, address in enumerate(self.customers):
            self.coripo.contact(address, last_name=f"Zákazník {number}", company=company)
        self.visitor = Visitor(installation.url, self.person)
        self.reconnected = 0

    def receive(
        self,
        count: int,
        *,
        with_file_every: int = 5,
        first: int = 0,
        subject: str = "Zpráva",
        until: datetime | None = None,
    ) -> list[str]:
        """Deliver mails to the mailbox, numbered from `first`, a minute between them, the newest a minute before `until`
        (now); their Message-IDs, bare."""
        message_ids = []
        until = until or datetime.now(UTC)
        for number in range(first, first + count):
            message_id = f"{uuid4().hex}@{self.domain}"
            files = (("nabidka.pdf", b"%PDF-1.4 " + message_id.encode()),) if number % with_file_every == 0 else ()
            at = until - timedelta(minutes=number - first + 1)
            self.sandbox.deliver(
                self.person["mail"],
                mime(
                    sender=self.customers[number % CUSTOMERS],
                    to=self.person["mail"],
                    subject=f"{subject} {number}",
                    message_id=f"<{message_id}>",
                    date=at,
                    files=files,
                ),
                received_at=at,
            )
            message_ids.append(message_id)
        return message_ids

    def receive_at_once(self, senders: list[str]) -> None:
        """Put one mail from each of these into the mailbox, a minute between them, past the sandbox's HTTP."""
        with tempfile.TemporaryDirectory() as folder:
            box = mailbox.mbox(Path(folder) / "mails.mbox", create=True)
            for number, sender in enumerate(senders):
                box.add(
                    mime(
                        sender=sender,
                        to=self.person["mail"],
                        subject=f"Zpráva {number}",
                        message_id=f"<{uuid4().hex}@kovarna-morava.example>",
                        date=datetime.now(UTC) - timedelta(minutes=number + 1),
                    )
                )
            box.close()
            self.sandbox.command("load", str(Path(folder) / "mails.mbox"), "--mailbox", self.person["mail"])

    def wait_for_import(self, count: int, *, seconds: float = 120) -> list[int]:
        """The ids of the mailbox's rows, the newest first."""
        wait_until(lambda: self.imported() >= count, seconds=seconds, what=f"{count} messages imported")
        return [int(str(pk)) for (pk,) in self._messages("message.id", "order by message.received_at desc")]

    def imported(self) -> int:
        """How many messages of the mailbox the portal knows."""
        return int(str(self._messages("count(*)")[0][0]))

    def states(self) -> Counter[object]:
        """How many messages of the mailbox are in which state."""
        return Counter(state for (state,) in self._messages("message.state"))

    def look(self) -> None:
        """Ask for new mail, as a person does who waits for some."""
        with suppress(requests.ConnectionError):
            self.visitor.post("/inbox/refresh/", {})

    def _messages(self, columns: str, ending: str = "") -> list[tuple[object, ...]]:
        return self.installation.rows(
            f"select {columns} from mailboxes_message message join mailboxes_mailbox mailbox"
            f" on mailbox.id = message.mailbox_id where lower(mailbox.address) = ? {ending}",
            self.person["mail"].lower(),
        )

    def sync(self, pks: list[int]) -> None:
        """Ask through the front door; a portal that was killed meanwhile is asked again, as a person would."""

        def asked() -> bool:
            try:
                answer = self.visitor.post("/inbox/act/", {"action": "sync", "message": [str(pk) for pk in pks]})
            except requests.ConnectionError:
                return False
            return answer.status_code == 200

        wait_until(asked, seconds=60, what="the wish was taken")

    def reconnect_if_asked(self) -> None:
        """Connect the mailbox again where the portal asks its owner for it, as the owner would."""
        lost = "select 1 from mailboxes_mailbox where status = 'reconnect' and lower(address) = ?"
        if not self.installation.rows(lost, self.person["mail"].lower()):
            return
        try:
            self.visitor.post("/mailboxes/connect/", {})
            self.visitor.through_microsoft()
        except requests.ConnectionError:
            # The portal is being killed as well; the page still asks when it is back.
            return
        self.reconnected += 1

    def finished(self) -> int:
        """How many transfers have their outcome."""
        (count,) = self.installation.rows("select count(*) from sync_transfer where status in ('done', 'failed')")[0]
        return int(str(count))

    def active(self) -> int:
        (count,) = self.installation.rows("select count(*) from sync_transfer where status in ('queued', 'claimed')")[0]
        return int(str(count))
