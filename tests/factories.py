"""Valid rows by default; a test states what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import CrmAccount, CrmServer, User
from apps.contacts.models import AddressBook, ContactFolder, ContactTransfer, OutlookContact
from apps.mailboxes.models import Mailbox, MailFolder, Message, Participant
from apps.sync.models import CrmEmail, Transfer
from apps.work.models import Lane, Run

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"osoba{n}")
    first_name = "Marek"
    last_name = factory.Sequence(lambda n: f"Novák {n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@strojirny-beskyd.example")
    language = "en"


class CrmAccountFactory(DjangoModelFactory[CrmAccount]):
    class Meta:
        model = CrmAccount

    user = factory.SubFactory(UserFactory)
    server = factory.LazyFunction(CrmServer.objects.current)
    user_name = factory.LazyAttribute(lambda account: account.user.username)
    password = "heslo-ke-corimu"
    status_since = NOON


class MailboxFactory(DjangoModelFactory[Mailbox]):
    class Meta:
        model = Mailbox

    owner = factory.SubFactory(UserFactory)
    home_account_id = factory.Sequence(lambda n: f"oid-{n}.tid")
    address = factory.LazyAttribute(lambda mailbox: mailbox.owner.email)
    own_addresses = factory.LazyAttribute(lambda mailbox: [mailbox.address])
    status_since = NOON
    connected_at = NOON
    next_look_at = NOON + timedelta(days=365)


class AddressBookFactory(DjangoModelFactory[AddressBook]):
    class Meta:
        model = AddressBook

    mailbox = factory.SubFactory(MailboxFactory)
    consented_at = NOON
    next_look_at = NOON + timedelta(days=365)
    looked_at = NOON
    completed_at = NOON


class ContactFolderFactory(DjangoModelFactory[ContactFolder]):
    class Meta:
        model = ContactFolder

    mailbox = factory.SubFactory(MailboxFactory)
    graph_id = factory.Sequence(lambda n: f"contact-folder-{n}")
    name = "Kontakty"
    is_default = True


class OutlookContactFactory(DjangoModelFactory[OutlookContact]):
    class Meta:
        model = OutlookContact

    folder = factory.SubFactory(ContactFolderFactory)
    mailbox = factory.SelfAttribute("folder.mailbox")
    graph_id = factory.Sequence(lambda n: f"contact-{n}")
    version = 'W/"1"'
    display_name = factory.Sequence(lambda n: f"Jana Testová {n}")
    sort_name = factory.Sequence(lambda n: f"testova jana {n}")
    crm_id = ""
    is_private = False


class ContactTransferFactory(DjangoModelFactory[ContactTransfer]):
    """Somebody is being created in Outlook."""

    class Meta:
        model = ContactTransfer

    mailbox = factory.SubFactory(MailboxFactory)
    requested_by = factory.SelfAttribute("mailbox.owner")
    purpose = ContactTransfer.Purpose.CREATE
    lane = Lane.INTERACTIVE
    queued_at = NOON
    not_before = NOON
    card = factory.LazyFunction(lambda: {"surname": "Dvořáková", "addresses": [["", "dvorakova@firma.example"]]})


class MailFolderFactory(DjangoModelFactory[MailFolder]):
    class Meta:
        model = MailFolder

    mailbox = factory.SubFactory(MailboxFactory)
    graph_id = factory.Sequence(lambda n: f"folder-{n}")
    name = "Doručená pošta"
    kind = MailFolder.Kind.INBOX
    is_followed = True


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    folder = factory.SubFactory(MailFolderFactory)
    mailbox = factory.LazyAttribute(lambda message: message.folder.mailbox)
    graph_id = factory.Sequence(lambda n: f"message-{n}")
    email_key = factory.Sequence(lambda n: f"mail-{n}@zakaznik.example")
    internet_message_id = factory.LazyAttribute(lambda message: f"<{message.email_key}>")
    direction = Message.Direction.RECEIVED
    subject = factory.Sequence(lambda n: f"Poptávka č. {n}")
    preview = "Dobrý den, prosíme o nabídku."
    sender_name = "Jana Dvořáková"
    sender_address = "jana@kovarna-morava.example"
    received_at = factory.Sequence(lambda n: NOON - timedelta(minutes=n))
    sent_at = factory.SelfAttribute("received_at")


class ParticipantFactory(DjangoModelFactory[Participant]):
    class Meta:
        model = Participant

    message = factory.SubFactory(MessageFactory)
    role = Participant.Role.FROM
    name = "Jana Dvořáková"
    written_address = "jana@kovarna-morava.example"
    address = "jana@kovarna-morava.example"


class CrmEmailFactory(DjangoModelFactory[CrmEmail]):
    class Meta:
        model = CrmEmail

    server = factory.LazyFunction(CrmServer.objects.current)
    email_key = factory.Sequence(lambda n: f"mail-{n}@zakaznik.example")
    record_id = factory.Sequence(lambda n: f"00000000-0000-4000-8000-{n:012d}")
    status = CrmEmail.Status.EXISTS


class RunFactory(DjangoModelFactory[Run]):
    class Meta:
        model = Run

    requested_by = factory.SubFactory(UserFactory)
    lane = Lane.AUTOMATIC
    requested_at = NOON
    started_at = NOON
    moving_since = NOON
    is_expanded = True


class TransferFactory(DjangoModelFactory[Transfer]):
    class Meta:
        model = Transfer

    message = factory.SubFactory(MessageFactory)
    mailbox = factory.LazyAttribute(lambda transfer: transfer.message.mailbox)
    requested_by = factory.LazyAttribute(lambda transfer: transfer.mailbox.owner)
    lane = Lane.INTERACTIVE
    queued_at = NOON
    not_before = NOON
