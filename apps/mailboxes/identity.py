"""Which mail a message is: the same in every mailbox that has a copy."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.core.addresses import Address, canonical
from apps.graph.parsing import GraphMessage
from apps.mailboxes.models import Message

LONGEST_KEY = 255
VARIANT_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Traits:
    """What tells two mails under one Message-ID apart. Only where all three differ are they two mails."""

    sender: str
    sent_at: datetime | None
    subject: str

    def is_another_mail_than(self, other: Traits) -> bool:
        sent_apart = (
            self.sent_at is not None
            and other.sent_at is not None
            and abs((self.sent_at - other.sent_at).total_seconds()) > 1
        )
        return self.sender != other.sender and sent_apart and self.subject != other.subject


def email_key(message: GraphMessage) -> str:
    """The Message-ID without brackets, case-folded; a digest of the mail's headers where it is missing or too long."""
    bare = message.internet_message_id.strip().strip("<>").strip().replace("\x00", "").casefold()
    if 0 < len(bare) <= LONGEST_KEY:
        return bare
    lines = [
        _comparable(message.sender),
        f"{message.sent_at:%Y-%m-%dT%H:%M:%SZ}" if message.sent_at else "",
        message.subject.strip(),
        ",".join(_comparable(person) for person in message.to),
        ",".join(_comparable(person) for person in message.cc),
    ]
    return "sha256:" + hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def variants(messages: Iterable[tuple[str, Traits]]) -> list[str]:
    """The variant of each new message, given as key and traits, in order: "" for the first mail under a Message-ID."""
    wanted = list(messages)
    known: dict[str, dict[str, Traits]] = defaultdict(dict)
    rows = Message.objects.filter(email_key__in={key for key, _traits in wanted}).order_by("pk")
    for key, variant, sender, sent_at, subject in rows.values_list(
        "email_key", "variant", "sender_address", "sent_at", "subject"
    ):
        known[key].setdefault(variant, Traits(_comparable_address(sender), sent_at, subject.strip()))
    found = []
    for key, traits in wanted:
        same = [variant for variant, other in known[key].items() if not traits.is_another_mail_than(other)]
        variant = same[0] if same else _variant_of(traits) if known[key] else ""
        known[key].setdefault(variant, traits)
        found.append(variant)
    return found


def traits(message: GraphMessage) -> Traits:
    return Traits(_comparable(message.sender), message.sent_at, message.subject.strip())


def _variant_of(traits: Traits) -> str:
    """From the mail itself, so that every mailbox with both mails calls the second one the same."""
    text = f"{traits.sender}\n{traits.sent_at:%Y-%m-%dT%H:%M:%SZ}\n{traits.subject}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:VARIANT_LENGTH]


def _comparable(person: Address | None) -> str:
    return _comparable_address(person.address) if person else ""


def _comparable_address(address: str) -> str:
    return canonical(address) or address.strip().lower()
