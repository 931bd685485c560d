"""Somebody with a connected mailbox and CORIPO account, customers whom CORIPO knows, and mail from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.coripo import Coripo
from tests.installation import Installation
from tests.sandbox_server import mime
from tests.visitor import Visitor, wait_until


def seeded(installation: Installation, name: str) -> dict[str, str]:
    """One of the three people of the demo, with mail and customers of their own."""
    people: list[dict[str, str]] = installation.sandbox.control("GET", "people")["people"]
    return next(person for person in people if person["name"] == name)


class Desk:
    """Deliver what the test needs, then `set_up()`: sign-in and both connections, without a browser, to save time."""

    def __init__(self, installation: Installation, *, language: str = "en") -> None:
        self.installation = installation
        self.person = installation.sandbox.person(language=language)
        self.coripo = Coripo(installation.sandbox.url, self.person["coripo_user"], self.person["coripo_password"])
        self.domain = f"firma-{uuid4().hex[:8]}.example"
        self.message_ids: dict[str, str] = {}
        self.visitor = Visitor(installation.url, self.person, language=language)

    def customer(self, name: str) -> str:
        return f"{name}@{self.domain}"

    def receive(
        self, subject: str, *, sender: str, html: str = "", cc: str = "", reply_to: str = "", unread: bool = True
    ) -> str:
        """Deliver one mail, older than all that came before it; its Message-ID, bare. `reply_to` is that of another."""
        message_id = f"{uuid4().hex}@{self.domain}"
        at = datetime.now(UTC) - timedelta(minutes=len(self.message_ids) + 1)
        self.message_ids[subject] = message_id
        self.installation.sandbox.deliver(
            self.person["mail"],
            mime(
                sender=sender,
                to=self.person["mail"],
                cc=cc,
                subject=subject,
                html=html,
                reply_to=f"<{reply_to}>" if reply_to else "",
                message_id=f"<{message_id}>",
                date=at,
            ),
            received_at=at,
        )
        return message_id

    def set_up(self, *, with_crm: bool = True) -> None:
        self.visitor.sign_in()
        self.visitor.connect_mailbox()
        if with_crm:
            self.visitor.connect_crm()
        wait_until(lambda: self._imported() >= len(self.message_ids), seconds=60, what="the mail is imported")

    def records(self, subject: str) -> list[dict[str, str]]:
        """What CORIPO holds under the Message-ID of this mail."""
        return self.coripo.emails(self.message_ids[subject])

    def linked(self, subject: str, link: str) -> list[str]:
        """The names of the contacts or accounts with which the one record of this mail is linked, sorted."""
        (record,) = self.records(subject)
        return sorted(one["name"] for one in self.coripo.linked(record["id"], link))

    def _imported(self) -> int:
        ((count,),) = self.installation.rows(
            "select count(*) from mailboxes_message m join mailboxes_mailbox b on b.id = m.mailbox_id where b.address = ?",
            self.person["mail"],
        )
        return int(str(count))
