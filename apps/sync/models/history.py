"""What became of a message, change by change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.mailboxes.models import Mailbox, Message, MessageState
from apps.work.models import Run

if TYPE_CHECKING:
    from apps.accounts.models import User


class Rule(models.TextChoices):
    """What changed a state, as a short code and in one sentence."""

    # Why it is in the queue.
    ASKED = "asked", _("Somebody asked for it.")
    CATEGORY = "category", _("It got the category CORIPO in Outlook.")
    AUTOMATIC = "automatic", _("Automatic sync took it.")
    REMATCH = "rematch", _("Somebody with an address of it appeared in CORIPO.")
    REPAIR = "repair", _("The proof found that it is missing in CORIPO.")
    TRIED_AGAIN = "tried_again", _("Somebody asked for another try.")
    AGAIN = "again", _("It went back into the queue for its next try.")
    CARRIED = "carried", _("Its turn came.")
    # How a transfer ended.
    STORED = "stored", _("It arrived in CORIPO, as somebody asked.")
    BY_ITSELF = "by_itself", _("It arrived in CORIPO by itself.")
    OTHER_COPY = "other_copy", _("The same e-mail was stored from another place in your mailbox.")
    COLLEAGUE = "colleague", _("A colleague stored it.")
    FOUND = "found", _("It was found in CORIPO.")
    NO_MATCH = "no_match", _("Nobody in CORIPO has one of its addresses.")
    LEFT_OUT = "left_out", _("It was left out.")
    FAILED = "failed", _("The transfer ended with an error.")
    # What people say, and take back.
    MARKED = "marked", _("Somebody marked it as synced.")
    UNMARKED = "unmarked", _("Somebody marked it as not synced.")
    TAKEN_BACK = "taken_back", _("Somebody cancelled the run that it waited in.")
    WITHDRAWN = "withdrawn", _("The settings of automatic sync changed, so it was taken back.")
    LINKS = "links", _("Somebody changed its links.")
    # What CORIPO says.
    UNDONE = "undone", _("Its transfer was undone.")
    DELETED = "deleted", _("Its record was deleted in CORIPO.")
    RIGHTS = "rights", _("Your login in CORIPO may not see its record.")
    IN_PART = "in_part", _("A link or an attachment is missing in CORIPO.")
    COMPARED = "compared", _("The portal compared it with what CORIPO has.")


class StateChangeQuerySet(models.QuerySet["StateChange"]):
    def visible_to(self, user: User) -> StateChangeQuerySet:
        return self.filter(mailbox__owner=user).exclude(mailbox__status=Mailbox.Status.LEAVING)


class StateChange(models.Model):
    """One change of `Message.state`, written with it by `apps/sync/states.py` and never changed.

    `before` is the `after` of the message's change before, and the newest `after` is its state now. `actor` is the person
    who acted, nobody where a rule or a worker did; `cause` is a key of `causes.SENTENCES`, or "".
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="changes", db_index=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    before = models.CharField(max_length=16, choices=MessageState)
    after = models.CharField(max_length=16, choices=MessageState)
    rule = models.CharField(max_length=16, choices=Rule)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    cause = models.CharField(max_length=40, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = StateChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("message", models.F("id").desc(), name="change_newest"),
            models.Index(fields=["mailbox", "at"], name="change_of_mailbox"),
            # A run that is discarded is looked for here.
            models.Index(fields=["run"], condition=Q(run__isnull=False), name="change_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}: {self.rule}"
