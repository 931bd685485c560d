"""Mail from files: every mail that can be read gets in, and every other file is named with a reason."""

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from django.utils import timezone

from apps.sandbox.control.models import Person
from apps.sandbox.graph.loading import Refusal, load_path
from apps.sandbox.graph.mailroom import NoSuchMailbox
from apps.sandbox.graph.models import Message
from tests.sandbox.graph.caller import mail


def test_a_folder_with_good_bad_and_strange_files(jana: Person, tmp_path: Path) -> None:
    whole = mail("whole", date="Sun, 01 Mar 2026 12:00:00 +0100")
    (tmp_path / "deep").mkdir()
    (tmp_path / "whole.eml").write_bytes(whole)
    (tmp_path / "deep" / "cut.eml").write_bytes(whole[:80])
    (tmp_path / "marked.EML").write_bytes(b"\xef\xbb\xbf\r\n" + mail("with a mark"))
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "zeros.eml").write_bytes(b"\0" * 100)
    (tmp_path / "outlook.msg").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "nowhere.eml").symlink_to(tmp_path / "missing")

    loaded = load_path(tmp_path, mailbox=jana.mail, folder="Staré")

    assert set(Message.objects.values_list("subject", flat=True)) == {"whole", "with a mark"}
    assert loaded.count == Message.objects.filter(folder__display_name="Staré").count() == 3
    assert {refusal.name for refusal in loaded.refusals} == {
        "empty.eml",
        "zeros.eml",
        "outlook.msg",
        "picture.png",
        "nowhere.eml",
    }
    assert Refusal("empty.eml", "it is empty") in loaded.refusals
    assert str(loaded).endswith("Messages loaded: 3. Left out: 5.")


def test_mails_are_dated_as_they_say_unless_that_is_to_come_or_long_ago(jana: Person, tmp_path: Path) -> None:
    # Graph keeps whole seconds.
    began = timezone.now().replace(microsecond=0)
    arrived, sent = began - timedelta(days=2), began - timedelta(days=3)
    received = f"Received: from x by y; {format_datetime(arrived)}\r\n".encode()
    (tmp_path / "1.eml").write_bytes(received + mail("received", date=format_datetime(sent)))
    (tmp_path / "2.eml").write_bytes(mail("sent", date=format_datetime(sent)))
    (tmp_path / "3.eml").write_bytes(mail("future", date="Sun, 01 Mar 2099 12:00:00 +0000"))
    (tmp_path / "4.eml").write_bytes(mail("old", date="Thu, 01 Mar 2001 12:00:00 +0000"))

    load_path(tmp_path, mailbox=jana.mail)

    dates = {message.subject: message for message in Message.objects.all()}
    assert dates["received"].received_at == arrived
    assert dates["sent"].received_at == sent
    for subject in ("future", "old"):
        assert began <= dates[subject].received_at <= timezone.now()
    assert dates["old"].sent_at == datetime(2001, 3, 1, 12, 0, tzinfo=UTC)


def test_a_pipe_is_not_waited_for(jana: Person, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.eml")

    loaded = load_path(tmp_path, mailbox=jana.mail)

    assert loaded.refusals == [Refusal("pipe.eml", "it is no ordinary file")]


def test_an_mbox_file(jana: Person, tmp_path: Path) -> None:
    text = "Hello,\n\nFrom what I hear, all is well.\n>From the start.\n"
    line = b"From zeman@kovarna.example Sun Mar  1 12:00:00 2026\n"
    path = tmp_path / "archive.mbox"
    path.write_bytes(b"\n".join(line + mail(subject, text=text) for subject in ("one", "two")) + b"\n" + line)

    loaded = load_path(path, mailbox=jana.mail)

    assert (loaded.count, loaded.refusals) == (2, [])
    source = bytes(Message.objects.get(subject="one").source.mime)
    assert b"\nFrom what I hear" in source
    assert b"\nFrom the start." in source


def test_a_single_file_of_any_name(jana: Person, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(mail("letter"))

    assert load_path(tmp_path / "letter.txt", mailbox=jana.mail).count == 1


def test_nobody_has_that_mailbox(db: None, tmp_path: Path) -> None:
    with pytest.raises(NoSuchMailbox):
        load_path(tmp_path, mailbox="nobody@x.example")
