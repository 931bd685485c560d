"""What people say about e-mails of a mailbox. It outlives the connection of the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Mailbox, Message

if TYPE_CHECKING:
    from apps.accounts.models import User


class Mark(models.Model):
    """The word of a person or of a transfer about an e-mail of a mailbox. It outlives the connection of the mailbox."""

    class Value(models.TextChoices):
        SYNCED = "synced", _("synced")
        CLEARED = "cleared", _("cleared")

    class Source(models.TextChoices):
        PERSON = "person", _("by hand")
        TRANSFER = "transfer", _("by the transfer")
        UNDO = "undo", _("when its transfer was undone")

    home_account_id = models.CharField(max_length=120)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=16, choices=Value)
    source = models.CharField(max_length=16, choices=Source)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["home_account_id", "email_key", "variant"], name="one_mark_per_email")
        ]
        # Few in any mailbox, and the automat looks for them whatever their date.
        indexes = [models.Index(fields=["home_account_id"], condition=Q(value="cleared"), name="mark_cleared")]

    def __str__(self) -> str:
        return self.value


class ChosenLinkQuerySet(models.QuerySet["ChosenLink"]):
    def visible_to(self, user: User) -> ChosenLinkQuerySet:
        return self.filter(home_account_id__in=Mailbox.objects.visible_to(user).values("home_account_id"))

    def of(self, message: Message) -> ChosenLinkQuerySet:
        """What was said of this message's mail, in that order."""
        return self.filter(
            home_account_id=message.mailbox.home_account_id, email_key=message.email_key, variant=message.variant
        ).order_by("pk")

    def wanted(self) -> ChosenLinkQuerySet:
        """The records that belong with their mails."""
        return self.filter(belongs=True)


class ChosenLink(models.Model):
    """A person's word that an e-mail of a mailbox belongs with a record of CORIPO, or does not belong with it.

    It outlives the connection of the mailbox, as a mark does. Every transfer of the mail links it, or leaves it out although
    an address matches; whether a link was made says CrmLink. `address` is whom the mail is from or to, so that the same
    choice can be offered for their next one.
    """

    home_account_id = models.CharField(max_length=120)
    email_key = models.CharField(max_length=255)
    variant = models.CharField(max_length=16, blank=True)
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    belongs = models.BooleanField(default=True)
    address = models.CharField(max_length=254, blank=True)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()

    objects = ChosenLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["home_account_id", "email_key", "variant", "module", "record_id"], name="one_choice_per_record"
            )
        ]
        indexes = [models.Index("chosen_by", "address", models.F("id").desc(), name="chosen_for_address")]

    def __str__(self) -> str:
        return f"{self.module} {self.record_id}"


class ConversationLinkQuerySet(models.QuerySet["ConversationLink"]):
    def visible_to(self, user: User) -> ConversationLinkQuerySet:
        return self.filter(home_account_id__in=Mailbox.objects.visible_to(user).values("home_account_id"))

    def of_conversation(self, message: Message) -> ConversationLinkQuerySet:
        """The records chosen for later mails of this message's conversation, in the order of choosing."""
        if not message.conversation_id:
            return self.none()
        return self.filter(
            home_account_id=message.mailbox.home_account_id, conversation_id=message.conversation_id
        ).order_by("pk")


class ConversationLink(models.Model):
    """A person's word that a mail and those of its conversation that arrive after it belong with a record as well.

    A transfer of such a mail makes a ChosenLink of it (apps/sync/conversations.py). It outlives the connection of the
    mailbox, too. `since` is when the mail arrived for which it was said.
    """

    home_account_id = models.CharField(max_length=120)
    conversation_id = models.CharField(max_length=255)
    module = models.CharField(max_length=40)
    record_id = models.CharField(max_length=36)
    name = models.CharField(max_length=300, blank=True)
    company = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    chosen_at = models.DateTimeField()

    objects = ConversationLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["home_account_id", "conversation_id", "module", "record_id"], name="one_choice_per_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.module} {self.record_id}"
