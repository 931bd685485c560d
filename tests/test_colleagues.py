"""The same mail with several people, who all ask for it at once: one record, and each sees it as their rights say."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.coripo import Coripo
from tests.installation import Installation, Profile
from tests.sandbox_server import mime
from tests.visitor import Visitor, wait_until

# Two with a known creator, ten that all ask for at once.
MAILS = 12
ROLES = ("admin", "user", "restricted")
CUSTOMER = "jana@kovarna-morava.example"


class Colleagues:
    """Three people with different rights in CORIPO; the administrator reads a second mailbox as well."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        sandbox = installation.sandbox
        self.people = {role: sandbox.person(coripo_role=role) for role in ROLES}
        self.second_mailbox = sandbox.person()
        self.addresses = [person["mail"] for person in [*self.people.values(), self.second_mailbox]]
        self.coripo = {
            role: Coripo(sandbox.url, person["coripo_user"], person["coripo_password"])
            for role, person in self.people.items()
        }
        # Made by the restricted one, so that all three find her.
        self.coripo["restricted"].contact(CUSTOMER)
        self.visitors = {role: Visitor(installation.url, person) for role, person in self.people.items()}

    def connect(self) -> None:
        for visitor in self.visitors.values():
            visitor.set_up()
        administrator = self.visitors["admin"]
        administrator.post("/mailboxes/connect/", {})
        administrator.through_microsoft(self.second_mailbox["name"])

    def receive(self, count: int) -> list[str]:
        """The same mails in all four mailboxes, from one customer; their Message-IDs, bare."""
        message_ids = [f"{uuid4().hex}@kovarna-morava.example" for _ in range(count)]
        for number, message_id in enumerate(message_ids):
            mail = mime(
                sender=CUSTOMER,
                to=", ".join(self.addresses),
                subject=f"Poptávka {number}",
                message_id=f"<{message_id}>",
                date=datetime.now(UTC) - timedelta(minutes=number + 1),
            )
            for address in self.addresses:
                self.installation.sandbox.deliver(address, mail)
        return message_ids

    def copies(self, role: str, message_id: str) -> list[tuple[int, str]]:
        """This person's copies of a mail: id and state."""
        return [
            (int(str(pk)), str(state))
            for pk, state in self.installation.rows(
                "select message.id, message.state from mailboxes_message message"
                " join mailboxes_mailbox mailbox on mailbox.id = message.mailbox_id"
                " join accounts_crmaccount account on account.user_id = mailbox.owner_id"
                " where message.email_key = ? and account.user_name = ? order by message.id",
                message_id,
                self.people[role]["coripo_user"],
            )
        ]

    def states(self, role: str, message_id: str) -> list[str]:
        return [state for _pk, state in self.copies(role, message_id)]

    def sync(self, role: str, message_id: str) -> None:
        """Press the button for all copies that this person has."""
        chosen = [str(pk) for pk, _state in self.copies(role, message_id)]
        self.visitors[role].post("/inbox/act/", {"action": "sync", "message": chosen})

    def sync_at_once(self, message_id: str) -> None:
        """All three press it at the same moment."""
        together = threading.Barrier(len(ROLES))

        def press(role: str) -> None:
            together.wait()
            self.sync(role, message_id)

        threads = [threading.Thread(target=press, args=(role,)) for role in ROLES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def wait_until_at_rest(self) -> None:
        active = "select 1 from sync_transfer where status in ('queued', 'claimed')"
        wait_until(lambda: not self.installation.rows(active), seconds=90, what="everything delivered")


@pytest.mark.whole
@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", ["large"])
def test_one_record_for_the_same_mail_in_four_mailboxes_and_each_state_as_rights_say(profile: Profile):
    with Installation(profile=profile) as installation:
        colleagues = Colleagues(installation)
        message_ids = colleagues.receive(MAILS)
        colleagues.connect()
        everywhere = [(MAILS * 4,)]
        wait_until(
            lambda: installation.rows("select count(*) from mailboxes_message") == everywhere,
            seconds=60,
            what="the mails are in all four mailboxes",
        )
        # The first two have a known creator; who is first with the others is chance.
        for message_id, first, second in [
            (message_ids[0], "admin", "restricted"),
            (message_ids[1], "restricted", "admin"),
        ]:
            colleagues.sync(first, message_id)
            colleagues.wait_until_at_rest()
            colleagues.sync(second, message_id)
        for message_id in message_ids[2:]:
            colleagues.sync_at_once(message_id)
        colleagues.wait_until_at_rest()

        check(colleagues, message_ids)
        assert colleagues.states("restricted", message_ids[0]) == ["hidden"]
        assert colleagues.states("restricted", message_ids[1]) == ["synced"]


def check(colleagues: Colleagues, message_ids: list[str]) -> None:
    """One record of each mail; what each person may see of them is asked of CORIPO itself, not of the portal."""
    found = Counter(email["message_id"] for email in colleagues.coripo["admin"].emails())
    assert found == dict.fromkeys(message_ids, 1)
    seen = {role: {email["message_id"] for email in coripo.emails()} for role, coripo in colleagues.coripo.items()}
    assert seen["admin"] == seen["user"] == set(message_ids)
    for role, copies in (("admin", 2), ("user", 1), ("restricted", 1)):
        shown = {message_id: colleagues.states(role, message_id) for message_id in message_ids}
        assert shown == {
            message_id: ["synced" if message_id in seen[role] else "hidden"] * copies for message_id in message_ids
        }
