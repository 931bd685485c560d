"""What users and the organisation set for transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Message, Participant

if TYPE_CHECKING:
    pass


class OpensIn(models.TextChoices):
    NEW_TAB = "new_tab", _("In a new tab")
    ONE_TAB = "one_tab", _("In one tab for CORIPO")
    SAME_TAB = "same_tab", _("In the same tab")
    EDGE = "edge", _("In Microsoft Edge")


class NoMatch(models.TextChoices):
    LEAVE = "leave", _("Leave it waiting")
    STORE = "store", _("Store it without a link")
    LEAD = "lead", _("Create a lead of the sender, and link it")


class NoMatchLater(models.TextChoices):
    SYNC = "sync", _("Sync the waiting e-mails by themselves")
    OFFER = "offer", _("Offer them in the list")


class Notify(models.TextChoices):
    NEVER = "never", _("Never")
    DAILY = "daily", _("Every morning, what was done")
    FAILURES = "failures", _("When something fails, at most once a day")


def every_role() -> list[str]:
    return [str(role) for role in Participant.Role.values]


def kinds_left_out_at_first() -> list[str]:
    kinds = Message.Kind
    return [str(kind) for kind in (kinds.MEETING, kinds.BOUNCE, kinds.AUTO_REPLY, kinds.BULK)]


def types_unwanted_at_first() -> list[str]:
    """Signatures and sealed texts: nobody can read them outside a mail program."""
    return ["asc", "p7m", "p7s", "rpmsg"]


class RuleFields(models.Model):
    """What a user sets for the own transfers, and an organisation sets as default or for good."""

    link_companies = models.BooleanField(default=True)
    # Participant.Role: people of the other headers are not looked up in CORIPO.
    # Whose own address it is beside contacts: each asks CORIPO once more for a batch.
    companies_by_address = models.BooleanField(default=False)
    leads_by_address = models.BooleanField(default=False)
    counted_roles = models.JSONField(default=every_role)
    no_match = models.CharField(max_length=16, choices=NoMatch, default=NoMatch.LEAVE)
    no_match_later = models.CharField(max_length=16, choices=NoMatchLater, default=NoMatchLater.SYNC)
    internal_domains = models.JSONField(default=list, blank=True)
    # Message.Kind: automatic runs leave these out. A person's click takes them.
    left_out_kinds = models.JSONField(default=kinds_left_out_at_first, blank=True)
    takes_private = models.BooleanField(default=False)
    # Canonical addresses and domains: automatic runs leave out a mail that names one of them.
    left_out_addresses = models.JSONField(default=list, blank=True)
    takes_received = models.BooleanField(default=True)
    takes_sent = models.BooleanField(default=True)
    notify = models.CharField(max_length=16, choices=Notify, default=Notify.NEVER)
    store_attachments = models.BooleanField(default=True)
    store_inline_images = models.BooleanField(default=False)
    # File endings without a dot, lower case.
    unwanted_types = models.JSONField(default=types_unwanted_at_first, blank=True)
    largest_attachment_mb = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(25)]
    )

    class Meta:
        abstract = True

    @classmethod
    def shared_fields(cls) -> list[str]:
        return [field.name for field in RuleFields._meta.get_fields()]


class SyncRules(RuleFields):
    """A user's settings of the transfer. They hold for transfers from now on."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sync_rules")
    opens_in = models.CharField(max_length=16, choices=OpensIn, default=OpensIn.NEW_TAB)
    is_automatic = models.BooleanField(default=False)
    # Mail received before it goes behind what comes now, in the lane of older mail.
    switched_on_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    # Ids of folders that somebody left out or took; of the others the nearest folder above decides (sync/taken_folders.py).
    left_out_folders = models.JSONField(default=list, blank=True)
    taken_folders = models.JSONField(default=list, blank=True)
    # Those of them that say nothing about what lies below.
    lone_folders = models.JSONField(default=list, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    # Settings of the automat that their owner has not confirmed, as `sync/automatic.py` writes them; empty for none.
    proposal = models.JSONField(default=dict, blank=True)
    # CORIPO is to be asked about the people of the proposal's dry run.
    is_asking = models.BooleanField(default=False)
    # What was skipped is looked at again, from the newest down: everything above `recheck_place` has been.
    is_rechecking = models.BooleanField(default=False)
    recheck_place = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user"], condition=Q(is_automatic=True), name="rules_automatic"),
            models.Index(fields=["user"], condition=Q(is_asking=True), name="rules_asking"),
        ]

    def __str__(self) -> str:
        return f"rules of user {self.user_id}"


class Notice(models.Model):
    """What a user was told by e-mail, and when last: `day` is that day where the user lives, `told_until` how far it went."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField(null=True, blank=True)
    told_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"notice to user {self.user_id}"


class OrganisationRules(RuleFields):
    """The one row of what the administrator sets: defaults for everybody who is new, and locks for all."""

    # Names of fields whose value here holds for everybody, whatever they chose.
    locked_fields = models.JSONField(default=list, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("rules of the organisation")
        verbose_name_plural = _("rules of the organisation")

    def __str__(self) -> str:
        return str(_("rules of the organisation"))
