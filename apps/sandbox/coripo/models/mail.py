"""E-mails, their texts and addresses, the addresses of people, and notes with their files."""

from django.db import models

from apps.sandbox.coripo.collation import NOCASE
from apps.sandbox.coripo.models.base import LinkRow, Moment, Record, RecordId, Text, Varchar, new_id, now


class Email(Record):
    """An e-mail without its texts. Its Message-ID is indexed and not unique."""

    description: None = None  # type: ignore[assignment]
    orphaned = models.BooleanField(default=False)
    last_synced = Moment()
    date_sent_received = Moment()
    message_id = Varchar(255, db_collation=NOCASE, db_index=True)
    type = Varchar(100, default="archived")
    status = Varchar(100)
    flagged = models.BooleanField(default=False)
    reply_to_status = models.BooleanField(default=False)
    intent = Varchar(100, default="pick")
    mailbox_id = RecordId()
    parent_type = Varchar(100)
    parent_id = RecordId(db_index=True)
    uid = Varchar(255)
    category_id = Varchar(100)

    class Meta:
        db_table = "emails"


class EmailText(models.Model):
    """The long parts of an e-mail. Written before the e-mail itself, so a crash between them leaves one without it."""

    email_id = RecordId(primary_key=True)
    from_addr = Text()
    reply_to_addr = Text()
    to_addrs = Text()
    cc_addrs = Text()
    bcc_addrs = Text()
    description = Text()
    description_html = Text()
    raw_source = Text()
    deleted = models.BooleanField(default=False)

    class Meta:
        db_table = "emails_text"

    def __str__(self) -> str:
        return f"texts of {self.email_id}"


class EmailAddress(models.Model):
    """One address, in the spelling in which it was first seen; one row serves everybody who has it."""

    id = RecordId(primary_key=True, default=new_id)
    email_address = Varchar(255, db_collation=NOCASE)
    email_address_caps = Varchar(255, db_collation=NOCASE, db_index=True)
    invalid_email = models.BooleanField(default=False)
    opt_out = models.BooleanField(default=False)
    date_created = Moment(default=now)
    date_modified = Moment(default=now)
    deleted = models.BooleanField(default=False)

    class Meta:
        db_table = "email_addresses"

    def __str__(self) -> str:
        return self.email_address


class EmailAddressOfBean(LinkRow):
    """An address of a contact, company, lead or user."""

    email_address_id = RecordId(db_index=True)
    bean_id = RecordId(db_index=True)
    bean_module = Varchar(100, db_collation=NOCASE)
    primary_address = models.BooleanField(default=False)
    reply_to_address = models.BooleanField(default=False)
    date_created = Moment(default=now)

    class Meta:
        db_table = "email_addr_bean_rel"

    def __str__(self) -> str:
        return f"{self.email_address_id} of {self.bean_module} {self.bean_id}"


class EmailAddressOfEmail(LinkRow):
    """An address in From, To, Cc or Bcc of an e-mail (`address_type` from, to, cc, bcc)."""

    email_id = RecordId(db_index=True)
    address_type = Varchar(4)
    email_address_id = RecordId(db_index=True)

    class Meta:
        db_table = "emails_email_addr_rel"

    def __str__(self) -> str:
        return f"{self.address_type} of {self.email_id}"


class EmailOfBean(LinkRow):
    """An e-mail belongs to a record of any module."""

    email_id = RecordId(db_index=True)
    bean_id = RecordId(db_index=True)
    bean_module = Varchar(100, db_collation=NOCASE)

    class Meta:
        db_table = "emails_beans"

    def __str__(self) -> str:
        return f"{self.email_id} of {self.bean_module} {self.bean_id}"


class Note(Record):
    """A note; with a file it is an attachment. `parent_type` Emails makes it one of an e-mail."""

    file_mime_type = Varchar(100)
    filename = Varchar(255)
    parent_type = Varchar(255)
    parent_id = RecordId(db_index=True)
    contact_id = RecordId(db_index=True)
    portal_flag = models.BooleanField(default=False)
    embed_flag = models.BooleanField(default=False)

    class Meta:
        db_table = "notes"


class NoteFile(models.Model):
    """The bytes of a note's file, apart so that lists of notes stay light."""

    note_id = RecordId(primary_key=True)
    content = models.BinaryField()

    class Meta:
        db_table = "upload"

    def __str__(self) -> str:
        return f"file of {self.note_id}"
