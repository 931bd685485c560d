"""The address books of connected mailboxes as last seen, whom of CORIPO their contacts are, and what is to be done for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import CrmAccount
from apps.mailboxes.models import Mailbox
from apps.work.models import ACTIVE, WorkItem, WorkItemQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User


class Field(models.TextChoices):
    """What travels between the two sides. A value is a text, of ADDRESSES a list of texts, of a place a mapping of its parts."""

    TITLE = "title", _("Title before the name")
    FIRST_NAME = "first_name", _("First name")
    LAST_NAME = "last_name", _("Last name")
    POSITION = "position", _("Position")
    DEPARTMENT = "department", _("Department")
    COMPANY = "company", _("Company")
    ADDRESSES = "addresses", _("E-mail addresses")
    PHONE_WORK = "phone_work", _("Phone at work")
    PHONE_MOBILE = "phone_mobile", _("Mobile phone")
    PHONE_HOME = "phone_home", _("Phone at home")
    PHONE_OTHER = "phone_other", _("Other phone")
    WORK_ADDRESS = "work_address", _("Address at work")
    OTHER_ADDRESS = "other_address", _("Other address")
    BIRTHDAY = "birthday", _("Birthday")
    ASSISTANT = "assistant", _("Assistant")
    NOTES = "notes", _("Notes")


class Side(models.TextChoices):
    OUTLOOK = "outlook", _("Outlook")
    CRM = "crm", _("CORIPO")


class Direction(models.TextChoices):
    BOTH = "both", _("Both ways")
    TO_CRM = "to_crm", _("From Outlook to CORIPO")
    FROM_CRM = "from_crm", _("From CORIPO to Outlook")
    NONE = "none", pgettext_lazy("direction", "Not at all")


class OnConflict(models.TextChoices):
    """What happens where both sides have changed the same field."""

    ASK = "ask", _("Ask me")
    NEWER = "newer", _("The newer one wins")
    OUTLOOK = "outlook", _("Outlook wins")
    CRM = "crm", _("CORIPO wins")
    FILL_EMPTY = "fill_empty", _("Only fill in what is empty")


class WhichContacts(models.TextChoices):
    LINKED = "linked", _("Only linked contacts")
    CATEGORY = "category", _("Contacts with a category")
    ALL = "all", _("All contacts of Outlook")


class UnknownCompany(models.TextChoices):
    """What happens to a company's name that no company in CORIPO has."""

    ASK = "ask", _("Ask me")
    CREATE = "create", _("Create the company")
    LEAVE = "leave", _("Leave the contact without a company")


def every_field_both_ways() -> dict[str, str]:
    """Notes are often private: they travel where their owner wants them to."""
    return {field: Direction.NONE if field == Field.NOTES else Direction.BOTH for field in Field.values}


class ContactRules(models.Model):
    """A user's settings of contacts. They hold for what happens from now on."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="contact_rules")
    # Keep in step by itself; a person's click takes any contact, whatever stands here.
    is_automatic = models.BooleanField(default=False)
    which = models.CharField(max_length=16, choices=WhichContacts, default=WhichContacts.LINKED)
    category = models.CharField(max_length=255, blank=True)
    on_conflict = models.CharField(max_length=16, choices=OnConflict, default=OnConflict.ASK)
    # Field: Direction. One that is not here does not travel.
    fields = models.JSONField(default=every_field_both_ways)
    unknown_company = models.CharField(max_length=16, choices=UnknownCompany, default=UnknownCompany.ASK)
    takes_private = models.BooleanField(default=False)
    # *Open in CORIPO* says what it will create before it does.
    confirms_creation = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "contact rules"

    def __str__(self) -> str:
        return f"contact rules of user {self.user_id}"


class AddressBookQuerySet(models.QuerySet["AddressBook"]):
    def visible_to(self, user: User) -> AddressBookQuerySet:
        return self.filter(mailbox__in=Mailbox.objects.visible_to(user))


class AddressBook(models.Model):
    """The contacts of one mailbox. There is a row once its owner has consented; `refused_at` says that Microsoft took it back."""

    mailbox = models.OneToOneField(Mailbox, models.CASCADE, primary_key=True, related_name="address_book")
    consented_at = models.DateTimeField()
    refused_at = models.DateTimeField(null=True, blank=True)
    # Where new contacts are made; None is the default folder of Outlook.
    new_contacts_folder = models.ForeignKey("ContactFolder", models.SET_NULL, null=True, blank=True, related_name="+")
    # When the folders are looked at next, by whom, and until when that carrier may be silent.
    next_look_at = models.DateTimeField()
    look_claim = models.UUIDField(null=True, blank=True)
    look_lease_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    # When the folders were listed (None: the next look does it), and when a look last brought something new.
    folders_read_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    # How many contacts there are, as the last look left it.
    contact_count = models.PositiveIntegerField(default=0)
    # When the whole book had been read for the first time.
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = AddressBookQuerySet.as_manager()

    def __str__(self) -> str:
        return f"address book of mailbox {self.mailbox_id}"


class ContactFolder(models.Model):
    """A folder of contacts; `cursor` is Graph's link for what changed since, saved with the rows that it covers."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="contact_folders")
    graph_id = models.CharField(max_length=512)
    parent_graph_id = models.CharField(max_length=512, blank=True)
    name = models.CharField(max_length=255)
    is_default = models.BooleanField(default=False)
    is_gone = models.BooleanField(default=False)
    cursor = models.TextField(blank=True)
    # The fields and the form of listing that the cursor answers for.
    cursor_shape = models.CharField(max_length=40, blank=True)
    # The listing that tells extended properties as well, which comes before the cursor: the link to its next page, and
    # when it was at its end.
    listing_link = models.TextField(blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    # The number of the complete round under way, or of the last one; what it does not show is looked up one by one.
    round = models.PositiveIntegerField(default=0)
    # None while a complete round is under way.
    completed_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "graph_id"], name="one_row_per_contact_folder")]

    def __str__(self) -> str:
        return self.name


class OutlookContactQuerySet(models.QuerySet["OutlookContact"]):
    def visible_to(self, user: User) -> OutlookContactQuerySet:
        return self.filter(mailbox__in=Mailbox.objects.visible_to(user))

    def there(self) -> OutlookContactQuerySet:
        return self.filter(gone_at=None)


class OutlookContact(models.Model):
    """A contact of a mailbox in the version that was seen last."""

    class State(models.TextChoices):
        """What the list says. Written with the facts behind it, by `apps/contacts/states.py` alone."""

        ALONE = "alone", _("Only in Outlook")
        SUGGESTED = "suggested", _("Suggestion")
        QUEUED = "queued", _("Waiting")
        LINKED = "linked", _("Linked")
        CONFLICT = "conflict", _("Differs")
        ASKING = "asking", _("Needs your choice")
        FAILED = "failed", _("Error")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="outlook_contacts")
    folder = models.ForeignKey(ContactFolder, models.CASCADE, related_name="contacts")
    graph_id = models.CharField(max_length=512)
    # Graph's entity tag: a change is written over this version alone.
    version = models.CharField(max_length=200, blank=True)
    # The whole card (apps/graph/cards.py) as JSON, by `apps/contacts/cards.py`.
    card = models.JSONField(default=dict)
    display_name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    # Folded name, company and addresses, for the search and for namesakes.
    search_text = models.TextField(blank=True)
    sort_name = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    # Of Outlook's extended properties, which a delta does not tell: None is not read yet. `crm_id` is "" for none.
    crm_id = models.CharField(max_length=36, null=True, blank=True)
    is_private = models.BooleanField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.ALONE)
    # Why, of a state that needs a person: the code of a cause (apps/contacts/causes.py).
    cause = models.CharField(max_length=40, blank=True)
    # The complete round of its folder that showed it last.
    seen_round = models.PositiveIntegerField(default=0)
    # When CORIPO was asked who it may be; None where that is to be done.
    sought_at = models.DateTimeField(null=True, blank=True)
    # Left its folder according to a delta; a look-up by id decides whether it moved or is gone.
    missing_since = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = OutlookContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "graph_id"], name="one_row_per_graph_contact")]
        indexes = [
            models.Index(fields=["mailbox", "sort_name", "id"], name="contact_list"),
            models.Index(fields=["mailbox", "state", "sort_name", "id"], name="contact_by_state"),
            models.Index(fields=["mailbox", "crm_id"], condition=Q(crm_id__gt=""), name="contact_by_crm_id"),
            models.Index(fields=["mailbox"], condition=Q(missing_since__isnull=False), name="contact_missing"),
            models.Index(fields=["mailbox"], condition=Q(crm_id=None), name="contact_unread_properties"),
            models.Index(fields=["mailbox"], condition=Q(sought_at=None, gone_at=None), name="contact_unsought"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class ContactAddress(models.Model):
    """An address of a contact in its canonical form, for finding the contact by it. `domain` is for evidence."""

    contact = models.ForeignKey(OutlookContact, models.CASCADE, related_name="addresses")
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "address"], name="one_row_per_contact_address")]
        indexes = [models.Index(fields=["mailbox", "address"], name="contact_by_address")]

    def __str__(self) -> str:
        return f"address of contact {self.contact_id}"


class ContactLinkQuerySet(models.QuerySet["ContactLink"]):
    def visible_to(self, user: User) -> ContactLinkQuerySet:
        return self.filter(mailbox__in=Mailbox.objects.visible_to(user))


class ContactLink(models.Model):
    """A contact of Outlook is a contact of CORIPO. At most one of each for a mailbox; other people have their own.

    `snapshot` is the base of the three-way merge, by field what each side had when they last agreed:
    {field: [outlook, crm]}. The two may differ where a side cannot hold what the other has (a cut text, two phones of three).
    A field that is not in it was never agreed on.
    """

    class Origin(models.TextChoices):
        CRM_ID = "crm_id", _("its CRM ID in Outlook")
        ADDRESS = "address", _("the same e-mail address")
        PERSON = "person", _("linked by hand")
        SUGGESTION = "suggestion", _("an accepted suggestion")
        CREATED = "created", _("created from the contact in Outlook")
        FROM_CRM = "from_crm", _("created from the contact in CORIPO")

    class Problem(models.TextChoices):
        """What became of the other side, found when it was looked at."""

        CRM_GONE = "crm_gone", _("no longer in CORIPO")
        CRM_HIDDEN = "crm_hidden", _("no access in CORIPO")
        OUTLOOK_GONE = "outlook_gone", _("no longer in Outlook")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="contact_links")
    contact = models.OneToOneField(OutlookContact, models.CASCADE, related_name="link")
    crm_id = models.CharField(max_length=36)
    origin = models.CharField(max_length=16, choices=Origin)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    linked_at = models.DateTimeField()
    snapshot = models.JSONField(default=dict)
    agreed_at = models.DateTimeField(null=True, blank=True)
    # {side: {field: [before, after]}} of writes whose end is not recorded yet: kept before the first of them.
    writing = models.JSONField(default=dict, blank=True)
    # CORIPO's side as this owner's login last read it: Field: value, its companies [[id, name], ...], and its stamp.
    crm_values = models.JSONField(default=dict)
    crm_companies = models.JSONField(default=list)
    crm_modified_at = models.DateTimeField(null=True, blank=True)
    crm_modifier_id = models.CharField(max_length=36, blank=True)
    crm_modifier_name = models.CharField(max_length=200, blank=True)
    crm_seen_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=16, choices=Problem, blank=True)

    objects = ContactLinkQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "crm_id"], name="one_contact_per_crm_contact")]
        indexes = [models.Index(fields=["crm_id"], name="contact_link_by_crm_id")]

    def __str__(self) -> str:
        return f"link of contact {self.contact_id}"


class Difference(models.Model):
    """A field that both sides have changed since they agreed, and that waits for a person. Gone once it is settled."""

    link = models.ForeignKey(ContactLink, models.CASCADE, related_name="differences")
    field = models.CharField(max_length=16, choices=Field)
    base = models.JSONField(null=True)
    outlook_value = models.JSONField()
    crm_value = models.JSONField()
    outlook_at = models.DateTimeField(null=True)
    crm_at = models.DateTimeField(null=True)
    crm_by = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "field"], name="one_difference_per_field")]

    def __str__(self) -> str:
        return f"{self.field} of link {self.link_id}"


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def open(self) -> SuggestionQuerySet:
        return self.filter(dismissed_at=None)


class Suggestion(models.Model):
    """Somebody in CORIPO who may be this contact. `certainty` is a percentage, `evidence` codes of apps/contacts/evidence.py."""

    contact = models.ForeignKey(OutlookContact, models.CASCADE, related_name="suggestions")
    crm_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    evidence = models.JSONField(default=list)
    certainty = models.PositiveSmallIntegerField()
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "crm_id"], name="one_suggestion_per_pair")]

    def __str__(self) -> str:
        return f"suggestion for contact {self.contact_id}"


class ContactChange(models.Model):
    """One line of a contact's history: a field that was written, a link that was made, a conflict that was settled.

    Whatever a person entered on a side and was overwritten stands here as `before`.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        WRITTEN = "written", _("Changed")
        LINKED = "linked", _("Linked")
        UNLINKED = "unlinked", _("Unlinked")
        CONFLICT = "conflict", _("Both sides differ")
        SETTLED = "settled", _("Settled")
        GONE = "gone", _("No longer there")
        UNDONE = "undone", _("Taken back")

    contact = models.ForeignKey(OutlookContact, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=16, choices=Kind)
    # The side that was written, or on which it happened.
    side = models.CharField(max_length=8, choices=Side, blank=True)
    field = models.CharField(max_length=16, choices=Field, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    crm_id = models.CharField(max_length=36, blank=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The code of why (apps/contacts/causes.py): what a person asked for, or which rule decided.
    cause = models.CharField(max_length=40, blank=True)
    transfer = models.ForeignKey("ContactTransfer", models.SET_NULL, null=True, related_name="changes")

    class Meta:
        indexes = [models.Index("contact", models.F("id").desc(), name="contact_history")]

    def __str__(self) -> str:
        return f"{self.kind} of contact {self.contact_id}"


class ContactTransferQuerySet(WorkItemQuerySet["ContactTransfer"]):
    def visible_to(self, user: User) -> ContactTransferQuerySet:
        return self.filter(mailbox__in=Mailbox.objects.visible_to(user))


class ContactTransfer(WorkItem):
    """Something to be done for a contact. At most one is active for a contact; the newest one tells how it went.

    What is to be made in Outlook has no contact yet: then `card` is what to make, and `contact` is filled in once it is there.
    """

    class Purpose(models.TextChoices):
        CREATE = "create", _("Create contact in Outlook")
        SYNC = "sync", _("Sync contact")
        CHANGE = "change", _("Change contact in Outlook")
        UNDO = "undo", _("Undo")

    class Result(models.TextChoices):
        IN_STEP = "in_step", _("in step")
        CREATED = "created", _("created in CORIPO")
        LINKED = "linked", _("linked")
        WRITTEN = "written", _("written")
        CONFLICT = "conflict", _("differs")
        ASKING = "asking", _("needs a choice")
        SKIPPED = "skipped", _("skipped")

    class Origin(models.TextChoices):
        PERSON = "person", _("by hand")
        AUTOMAT = "automat", _("automatic")
        PROOF = "proof", _("found by the check")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="contact_transfers")
    contact = models.ForeignKey(OutlookContact, models.CASCADE, null=True, blank=True, related_name="transfers")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=16, choices=Purpose)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PERSON)
    result = models.CharField(max_length=16, choices=Result, blank=True)
    # What the person decided beforehand, as `apps/contacts/wishes.py` writes it: the CRM contact to link with, whether a new
    # one may be made, the side that wins by field, the company to be made, a private contact taken knowingly.
    wish = models.JSONField(default=dict, blank=True)
    # CREATE and CHANGE: the card (apps/contacts/cards.py), the folder, whether it is synced afterwards.
    card = models.JSONField(default=dict, blank=True)
    folder = models.ForeignKey(ContactFolder, models.SET_NULL, null=True, blank=True, related_name="+")
    # Of a card that is to be made: the message it was made from, if any; its id in the mailbox's own rows.
    message_id_here = models.BigIntegerField(null=True, blank=True)
    syncs_then = models.BooleanField(default=False)
    # The id under which a new contact is made in CORIPO, kept before the first write; its company's as well.
    own_crm_id = models.UUIDField(null=True, blank=True)
    own_company_id = models.UUIDField(null=True, blank=True)
    # A side was changed while a carrier had it in hand, perhaps after it was read: once this one ends it goes again.
    is_overtaken = models.BooleanField(default=False)

    objects = ContactTransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(status__in=ACTIVE, contact__isnull=False),
                name="one_active_transfer_per_contact",
            )
        ]
        indexes = [
            models.Index(
                fields=["lane", "mailbox", "not_before", "id"], condition=Q(status="queued"), name="contact_turn"
            ),
            models.Index(fields=["lease_until"], condition=Q(status="claimed"), name="contact_leased"),
            models.Index("contact", models.F("id").desc(), name="contact_newest_transfer"),
            models.Index(fields=["claim"], name="contact_claim"),
            models.Index(fields=["run", "status", "result", "cause"], name="contact_transfer_of_run"),
        ]

    def __str__(self) -> str:
        return f"contact transfer {self.pk}"


class CrmWatch(models.Model):
    """How far a login has read what changed among CORIPO's contacts. `next_look_at` is when it is asked again.

    The first reading tells all of them, and so who of CORIPO may be whom of Outlook. One every night finds whom no change
    told of: a linked contact that this login no longer sees.
    """

    account = models.OneToOneField(CrmAccount, models.CASCADE, primary_key=True, related_name="contact_watch")
    seen_until = models.DateTimeField(null=True, blank=True)
    seen_id = models.CharField(max_length=36, blank=True)
    # Since when all contacts are being read from the first to the last; None while only changes are read.
    full_since = models.DateTimeField(null=True, blank=True)
    full_at = models.DateTimeField(null=True, blank=True)
    next_look_at = models.DateTimeField()
    look_claim = models.UUIDField(null=True, blank=True)
    look_lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"watch of account {self.account_id}"
