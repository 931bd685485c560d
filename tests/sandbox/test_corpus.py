"""The written mails, the people and the CRM of the demo, and how they get into the sandbox."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.sandbox.control.models import Person
from apps.sandbox.coripo.models import Contact, Email, User
from apps.sandbox.corpus import generating, seeding
from apps.sandbox.corpus.dates import shifted, shifted_text
from apps.sandbox.corpus.generating import generate
from apps.sandbox.graph import ids, mime, shapes
from apps.sandbox.graph.mailroom import mailbox_of
from apps.sandbox.graph.models import Message, Source

MAREK = "marek.novak@strojirny-beskyd.example"
JANA = "jana.svobodova@strojirny-beskyd.example"
TOMAS = "tomas.dvorak@strojirny-beskyd.example"
PRIVATE = "Integer 0x0036"  # how Outlook marks what is private
LETTERS = seeding.letters()
HOST = re.compile(r"(?:https?://|[\w.+'\"-]@)([\w-]+(?:\.[\w-]+)+)")


@cache
def _opened(letter: seeding.Letter) -> EmailMessage:
    return message_from_bytes(letter.source, policy=policy.default)


@cache
def _texts(letter: seeding.Letter) -> list[str]:
    """The decoded texts of a mail, attached ones included."""
    return [
        part.get_content()
        for part in _opened(letter).walk()
        if part.get_content_maintype() == "text" and not part.is_multipart()
    ]


class TestTheWrittenMails:
    def test_there_are_about_400_over_120_days(self) -> None:
        distinct = {mime.read(letter.source).message_id for letter in LETTERS}
        assert 390 <= len(distinct) <= len(LETTERS) <= 450
        assert sum(len(letter.source) for letter in LETTERS) < 4_000_000
        span = LETTERS[-1].arrived_at - LETTERS[0].arrived_at
        assert timedelta(days=110) < span <= timedelta(days=120)

    def test_no_three_share_a_text(self) -> None:
        texts = Counter("\n".join(mime.read(letter.source).text.split()) for letter in LETTERS)
        assert [text for text, count in texts.items() if count > 2] == []

    @pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: f"{letter.owner}/{letter.path.name[:20]}")
    def test_python_finds_no_defect_in_its_structure(self, letter: seeding.Letter) -> None:
        assert [part.defects for part in _opened(letter).walk() if part.defects] == []

    def test_every_host_and_address_is_one_that_cannot_exist(self) -> None:
        hosts = set()
        for letter in LETTERS:
            for text in (letter.source.decode("utf-8", "replace").replace("=\r\n", ""), *_texts(letter)):
                hosts |= {host.lower() for host in HOST.findall(text)}
        assert len(hosts) > 40
        assert {host for host in hosts if not host.endswith((".example", ".test"))} == set()

    def test_diacritics_survive_every_encoding(self) -> None:
        """One mail lies about its charset on purpose; its text cannot be known."""
        broken = [letter.path.name for letter in LETTERS if "\ufffd" in "".join(_texts(letter))]
        assert len(broken) == 1
        texts = "".join("".join(_texts(letter)) for letter in LETTERS)
        assert set("áčďéěíňóřšťúůýžĽľŁłęążüß") <= set(texts)
        assert "Ã" not in texts
        charsets = {part.get_content_charset() for letter in LETTERS for part in _opened(letter).walk()}
        assert {"utf-8", "iso-8859-2", "windows-1250", "us-ascii"} <= charsets

    def test_the_odd_ones_are_there(self) -> None:
        mails = [mime.read(letter.source) for letter in LETTERS]
        ids = Counter(mail.message_id for mail in mails)
        sources = b"".join(letter.source for letter in LETTERS)
        subjects = {
            mail.message_id: {other.subject for other in mails if other.message_id == mail.message_id} for mail in mails
        }
        assert ids[None] == 1
        assert [key for key, found in subjects.items() if len(found) > 1] == [
            "<scan.0001@skener.lisovna-vsetin.example>"
        ]
        assert sum(count == 2 for count in ids.values()) > 10, "the same mail in two mailboxes"
        assert {mail.meeting_method for mail in mails} >= {"REQUEST", "REPLY", "CANCEL"}
        assert "" in {mail.subject for mail in mails}
        assert max(len(mail.subject) for mail in mails) > 300
        assert max(len(mail.cc) for mail in mails) == 40
        for mark in (
            b"multipart/report",
            b"multipart/signed",
            b"List-Unsubscribe",
            b"format=flowed",
            b"Sensitivity: Private",
        ):
            assert mark.lower() in sources.replace(b'"', b"").lower(), mark
        names = {part.name for mail in mails for part in mail.parts}
        assert {"panel_zakazky.php", "Příloha č. 3 – mazací plán žluťoučkého koně.pdf"} <= names


class TestMovingDates:
    @pytest.mark.parametrize(
        ("written", "moved"),
        [
            ("Date: Wed, 31 Dec 2025 09:42:11 +0100", "Date: Sun, 01 Mar 2026 09:42:11 +0100"),
            ("st 31. 12. 2025 v 9:42 odesílatel", "ne 1. 3. 2026 v 9:42 odesílatel"),
            ("Odesláno: středa 31. prosince 2025 9:42", "Odesláno: neděle 1. března 2026 9:42"),
            ("Sent: Wednesday, December 31, 2025 9:42 AM", "Sent: Sunday, March 1, 2026 9:42 AM"),
            ("On Wed, Dec 31, 2025 at 9:42", "On Sun, Mar 1, 2026 at 9:42"),
            ("nejpozději 31. 12. 2025.", "nejpozději 1. 3. 2026."),
            ("Am 31.12.2025 um 09:42", "Am 01.03.2026 um 09:42"),
            ("due on 31 December 2025", "due on 1 March 2026"),
            ('"2025-12-31T10:00:00+01:00"', '"2026-03-01T10:00:00+01:00"'),
            ("DTSTART:20251231T080000Z", "DTSTART:20260301T080000Z"),
        ],
    )
    def test_every_way_to_write_a_date(self, written: str, moved: str) -> None:
        assert shifted_text(written, days=60) == moved

    def test_what_is_no_date_stays(self) -> None:
        text = "35. 13. 2025, NAB-25-0417, 4 004 500 Kč, tel. 20 25 12 31, +420 558 000 121, 31. 4. 2025"
        assert shifted_text(text, days=3) == text

    def test_bytes_of_any_charset_come_back_unchanged(self) -> None:
        assert shifted("Příbor 1. 1. 2026".encode("cp1250"), days=1) == "Příbor 2. 1. 2026".encode("cp1250")

    def test_there_and_back_changes_no_mail(self) -> None:
        """So nothing but dates moves, and every date is written as its form writes it."""
        for letter in LETTERS:
            assert shifted(shifted(letter.source, days=200), days=-200) == letter.source, letter.path


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Seeded once for all that only look at it, or take back what they change."""
    with django_db_blocker.unblock(), transaction.atomic():
        seeding.seed_once()
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("seeded", "db")
class TestSeeding:
    def test_everything_lies_in_its_mailbox_and_in_the_past(self) -> None:
        now = timezone.now()
        messages = Message.objects.all()
        assert messages.count() == len(LETTERS)
        assert {person.mail for person in Person.objects.all()} == {MAREK, JANA, TOMAS}
        assert not messages.filter(received_at__gt=now).exists()
        assert not messages.filter(sent_at__gt=now).exists()
        assert messages.filter(received_at__gt=now - timedelta(days=1)).exists()
        assert not any(b"X-Sandbox" in bytes(source.mime) for source in Source.objects.all())
        assert messages.filter(is_read=False).count() > 20
        assert messages.filter(flag={"flagStatus": "flagged"}).count() == 5

    def test_folders_have_the_names_of_the_owner_s_outlook(self) -> None:
        folders = mailbox_of(MAREK).folders.filter(messages__isnull=False).distinct()
        assert {(folder.display_name, folder.well_known_name) for folder in folders} == {
            ("Doručená pošta", "inbox"),
            ("Odeslaná pošta", "sentitems"),
            ("Koncepty", "drafts"),
            ("Nevyžádaná pošta", "junkemail"),
            ("Odstraněná pošta", "deleteditems"),
            ("Zakázky 2026", ""),
            ("Servis", ""),
        }
        assert mailbox_of(TOMAS).folders.get(well_known_name="inbox").display_name == "Inbox"

    def test_the_crm_knows_most_of_the_correspondents(self) -> None:
        assert Contact.objects.count() == 60
        content = seeding.crm(days=0)
        known = {address.lower() for entry in content["contacts"] for address in entry.get("addresses", ())}
        writers = {mime.read(letter.source).author for letter in LETTERS}
        outside = {author.address.lower() for author in writers if author and "strojirny-beskyd" not in author.address}
        assert 0.5 < len(outside & known) / len(outside) < 0.75

    def test_outlook_knows_some_of_them_some_twice_and_some_that_are_nobody_s_business(self) -> None:
        kept = {mail: mailbox_of(mail).contacts.all() for mail in (MAREK, JANA, TOMAS)}
        crm = {address.lower() for entry in seeding.crm(days=0)["contacts"] for address in entry.get("addresses", ())}
        for mail, rows in kept.items():
            listed = [address for row in rows for address in row.address_lines.split()]
            assert len(rows) == 25, mail
            assert 10 <= len(crm.intersection(listed)) < len(set(listed)) - 5, mail
            assert rows.filter(extended_properties__tag=PRIVATE).exists(), mail
            assert rows.filter(folder__parent__isnull=False).exists(), mail
        assert kept[MAREK].filter(address_lines__contains="\nhruska@linky-sever.example\n").count() == 2
        assert kept[MAREK].filter(address_lines="").exists()

    def test_a_sandbox_from_before_contacts_gets_them(self) -> None:
        mailbox = mailbox_of(MAREK)
        mailbox.contact_folders.all().delete()
        seeding.seed_once()
        assert (mailbox.contacts.count(), mailbox_of(JANA).contacts.count()) == (25, 25)

    def test_rights_differ_and_passwords_are_those_of_the_people(self) -> None:
        roles = {user.user_name: (user.role, user.password) for user in User.objects.all()}
        for person in seeding.people():
            assert roles[person["coripo_user"]] == (person["coripo_role"], person["coripo_password"])
        assert {role for role, _ in roles.values()} == {"admin", "user", "restricted"}

    def test_some_mails_are_archived_already_under_their_message_id(self) -> None:
        """One in another case of letters, one twice, and one that was deleted since."""
        stored = [email.message_id for email in Email.objects.all()]
        in_mailboxes = {mime.read(letter.source).message_id or "" for letter in LETTERS}
        folded = {message_id.strip("<>").lower() for message_id in in_mailboxes}
        archived = [message_id for message_id in stored if message_id.lower() in folded and message_id]
        assert len(archived) >= 7
        assert any(f"<{message_id}>" not in in_mailboxes for message_id in archived)
        assert Counter(archived).most_common(1)[0][1] == 2

    def test_twice_is_once(self) -> None:
        before = _world()
        seeding.seed_once()
        assert _world() == before

    def test_a_reset_puts_back_what_was_seeded(self) -> None:
        before = _world()
        generate(mailbox=JANA, messages=20)
        Contact.objects.filter(last_name="Hruška").delete()
        Message.objects.filter(mailbox=mailbox_of(MAREK)).delete()
        seeding.reseed()
        assert _world() == before


@pytest.mark.usefixtures("seeded", "db")
class TestGenerating:
    def test_so_many_spread_over_two_years(self) -> None:
        before = set(Message.objects.values_list("pk", flat=True))
        assert generate(mailbox=MAREK.upper(), messages=300) == 300
        made = Message.objects.exclude(pk__in=before)
        assert made.count() == made.values("internet_message_id").distinct().count() == 300
        dates = sorted(made.values_list("received_at", flat=True))
        assert dates[0] < timezone.now() - timedelta(days=700)
        assert timezone.now() - timedelta(days=20) < dates[-1] <= timezone.now()
        assert made.filter(folder__well_known_name="inbox").count() > made.filter(from_address=MAREK).count() > 30

    def test_they_vary_and_read_well(self) -> None:
        generate(mailbox=TOMAS, messages=200)
        made = [mime.read(bytes(source.mime)) for source in Source.objects.order_by("-pk")[:200]]
        assert len({mail.text for mail in made}) == 200
        assert {"{n}", "{part}", "{order}"} & set(re.findall(r"\{\w*\}", " ".join(mail.text for mail in made))) == set()
        known = {address.lower() for entry in seeding.crm(days=0)["contacts"] for address in entry.get("addresses", ())}
        assert len({mail.author.address.lower() for mail in made if mail.author} & known) > 20
        assert any(mail.parts for mail in made)
        assert any(mail.depth > 1 for mail in made)

    def test_what_is_written_again_is_read_alike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(generating, "COMPOSED", 40)
        generate(mailbox=TOMAS, messages=100)
        made = Message.objects.order_by("-pk").select_related("source")[:100]
        assert len({message.internet_message_id for message in made}) == 100
        for message in made:
            mail = mime.read(bytes(message.source.mime))
            assert (message.internet_message_id, message.sent_at) == (mail.message_id, mail.sent_at)
            assert message.conversation_id == ids.conversation_id(message.mailbox.guid, mail.thread)
            assert message.facts == shapes.facts(mail)
            assert message.attachments == [shapes.part_facts(part) for part in mail.parts]


def _world() -> dict[str, Any]:
    """What the seeded sandbox holds, apart from ids that are new after each reset."""
    return {
        "mail": sorted(
            Message.objects.values_list("mailbox__person__mail", "folder__display_name", "subject", "is_read")
        ),
        "outlook": sorted(mailbox_of(JANA).contacts.values_list("address_lines", "folder__display_name")),
        "contacts": sorted(Contact.objects.values_list("pk", "first_name", "last_name")),
        "emails": sorted(Email.objects.values_list("pk", "name", "message_id", "deleted")),
        "people": sorted(Person.objects.values_list("oid", "mail", "coripo_user")),
    }
