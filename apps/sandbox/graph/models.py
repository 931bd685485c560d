"""What a Microsoft 365 mailbox holds: folders, messages with their MIME source, contacts, what clients have attached to
both, categories, and the trail that delta reads.

Every change of a mailbox takes the next number of its `change_number`. A delta is then "what has a greater number than
the last one told": rows of `Folder`, `Message`, `ContactFolder` and `Contact` for what is there, rows of `Removal` for
what left.
"""

import uuid

from django.db import models
from django.db.models.functions import Lower

from apps.sandbox.control.models import Person


class Mailbox(models.Model):
    """The mailbox of a person. Its `guid` is inside every id that it hands out, as Exchange's is."""

    class State(models.TextChoices):
        ENABLED = "enabled"
        NOT_ENABLED = "not-enabled", "on-premises, inactive or soft-deleted"
        NOT_SUPPORTED = "not-supported"
        STORE_UNAVAILABLE = "store-unavailable"
        MOVING = "moving", "being moved to another server"
        DENIED = "denied", "kept from applications by a policy of the mailbox"

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="mailbox")
    guid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    change_number = models.BigIntegerField(default=0)
    state = models.CharField(max_length=20, choices=State, default=State.ENABLED)

    def __str__(self) -> str:
        return self.person.mail

    def take_changes(self, count: int = 1) -> int:
        """Take so many change numbers and return the first. Call inside the transaction that makes the changes."""
        type(self).objects.filter(pk=self.pk).update(change_number=models.F("change_number") + count)
        self.refresh_from_db(fields=["change_number"])
        return self.change_number - count + 1


class Share(models.Model):
    """Full access to a mailbox for somebody else than its owner, given in Exchange."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="shares")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shares")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "person"], name="sandbox_graph_one_share_per_mailbox_and_person")
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} for {self.person}"


class MasterCategory(models.Model):
    """A name and a colour in the mailbox's list of categories. Messages may carry names that are not in the list."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="categories")
    guid = models.UUIDField(default=uuid.uuid4, editable=False)
    display_name = models.CharField(max_length=255)
    color = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint("mailbox", Lower("display_name"), name="sandbox_graph_one_category_per_name")
        ]

    def __str__(self) -> str:
        return self.display_name


class Folder(models.Model):
    """A folder; the one without a parent is the root ("Top of Information Store"), which no listing shows."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="folders")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, related_name="children", null=True)
    display_name = models.CharField(max_length=255)
    well_known_name = models.CharField(max_length=40, blank=True)
    is_hidden = models.BooleanField(default=False)
    is_search = models.BooleanField(default=False, help_text="A search folder, which holds no messages of its own.")
    changed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "well_known_name"],
                condition=~models.Q(well_known_name=""),
                name="sandbox_graph_one_folder_per_well_known_name",
            ),
            models.UniqueConstraint(
                fields=["mailbox", "parent", "display_name"], name="sandbox_graph_one_folder_per_name_and_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class Message(models.Model):
    """One item of a folder, as far as lists and delta need it. The MIME source is kept apart, so that lists stay quick.

    `location` grows with every move and is part of the mutable id; `arrived` is the change that brought the message
    into its folder, `changed` the last one of all. `facts` are the JSON properties that never change after delivery;
    `attachments` describe the parts in their order in the source.
    """

    class Importance(models.TextChoices):
        LOW = "low"
        NORMAL = "normal"
        HIGH = "high"

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="messages", db_index=False)
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="messages", db_index=False)
    location = models.PositiveIntegerField(default=1)
    arrived = models.BigIntegerField()
    changed = models.BigIntegerField()
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    subject = models.TextField()
    internet_message_id = models.TextField(null=True)
    conversation_id = models.TextField()
    from_name = models.TextField()
    from_address = models.TextField()
    is_read = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    has_attachments = models.BooleanField()
    importance = models.CharField(max_length=6, choices=Importance)
    # Each name stands between two line feeds, so that a filter can find it.
    category_lines = models.TextField(blank=True)
    flag = models.JSONField()
    size = models.PositiveIntegerField()
    facts = models.JSONField()
    attachments = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["folder", "-received_at", "-id"], name="sandbox_graph_list"),
            models.Index(fields=["folder", "changed"], name="sandbox_graph_delta"),
            models.Index(fields=["folder", "is_read", "size"], name="sandbox_graph_counts"),
            models.Index(fields=["mailbox", "-received_at", "-id"], name="sandbox_graph_all_mail"),
            models.Index(fields=["mailbox", "internet_message_id"], name="sandbox_graph_message_id"),
            models.Index(fields=["mailbox", "conversation_id"], name="sandbox_graph_conversation"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def categories(self) -> list[str]:
        return [name for name in self.category_lines.split("\n") if name]

    @categories.setter
    def categories(self, names: list[str]) -> None:
        self.category_lines = "".join(f"\n{name}" for name in names) + "\n" if names else ""


class Source(models.Model):
    """The bytes of a message exactly as they were delivered."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="source")
    mime = models.BinaryField()

    def __str__(self) -> str:
        return f"source of {self.message_id}"


class ContactFolder(models.Model):
    """A folder of contacts; the one without a parent is the default one, which no listing shows."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="contact_folders")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, related_name="children", null=True)
    display_name = models.CharField(max_length=255)
    changed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox"], condition=models.Q(parent=None), name="sandbox_graph_one_default_contact_folder"
            ),
            models.UniqueConstraint(
                fields=["parent", "display_name"], name="sandbox_graph_one_contact_folder_per_name_and_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class Contact(models.Model):
    """One contact. `facts` are its properties as Graph writes them; `location`, `arrived`, `changed` as for messages.

    Without a folder it lies among the deleted items, where only its id leads to it.
    """

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="contacts")
    folder = models.ForeignKey(
        ContactFolder, on_delete=models.CASCADE, related_name="contacts", null=True, db_index=False
    )
    location = models.PositiveIntegerField(default=1)
    arrived = models.BigIntegerField()
    changed = models.BigIntegerField()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    facts = models.JSONField()
    # For filters: each address in lower case, and each category, stands between two line feeds.
    address_lines = models.TextField(blank=True)
    category_lines = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["folder", "changed"], name="sandbox_graph_contact_delta")]

    def __str__(self) -> str:
        return str(self.facts.get("displayName") or self.pk)


class ExtendedProperty(models.Model):
    """A single-value property that a client has put on a message or a contact. `tag` is its whole id
    ("String {…} Name X").
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="extended_properties", null=True)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="extended_properties", null=True)
    tag = models.TextField()
    value = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "tag"], name="sandbox_graph_one_value_per_extended_property"),
            models.UniqueConstraint(fields=["contact", "tag"], name="sandbox_graph_one_value_per_contact_property"),
        ]
        indexes = [models.Index(fields=["tag"], name="sandbox_graph_property_tag")]

    def __str__(self) -> str:
        return f"{self.tag}: {self.value}"


class Index(models.Model):
    """The words of a message as `$search` compares them: without accents and capitals, each with a blank before it.

    Made when a mailbox is first searched.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="index")
    subject = models.TextField()
    body = models.TextField()
    sender = models.TextField()
    to = models.TextField()
    cc = models.TextField()
    bcc = models.TextField()
    attachment = models.TextField()

    def __str__(self) -> str:
        return f"words of {self.message_id}"


class Removal(models.Model):
    """Something left: a message or a contact its folder (deleted or moved away), or a folder the mailbox.

    `folder` and `contact_folder` are null for a folder that left; `is_of_contacts` says of which kind it was. It outlives
    what it speaks of, so it holds plain numbers: the row that left and the `location` that it had.
    """

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="removals")
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, null=True, db_index=False)
    contact_folder = models.ForeignKey(ContactFolder, on_delete=models.CASCADE, null=True, db_index=False)
    is_of_contacts = models.BooleanField(default=False)
    item = models.BigIntegerField()
    location = models.PositiveIntegerField(default=0)
    number = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["folder", "number"], name="sandbox_graph_removals"),
            models.Index(fields=["contact_folder", "number"], name="sandbox_graph_contact_removals"),
        ]

    def __str__(self) -> str:
        return f"{self.item} left at {self.number}"
