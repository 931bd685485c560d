"""The category of a message in Outlook, as the portal wants it and as it came there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.mailboxes.models import Mailbox, Message
from apps.work.models import WorkItem, WorkItemQuerySet


class TaggingQuerySet(WorkItemQuerySet["Tagging"]):
    pass


class Tagging(WorkItem):
    """That a message is to carry the category CORIPO, or not to. One for a message: a newer wish takes the older one's place.

    There is none for what never was to have it, so the portal takes the category from nothing that it did not give it to, or
    did not find synced with it.
    """

    message = models.OneToOneField(Message, models.CASCADE, related_name="tagging")
    # Its own index would be taken for the ones below, and holds all that are done.
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="taggings", db_index=False)
    is_wanted = models.BooleanField()

    objects = TaggingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["mailbox", "lane", "not_before", "id"], condition=Q(status="queued"), name="tagging_turn"
            ),
            models.Index(fields=["lease_until"], condition=Q(status="claimed"), name="tagging_leased"),
            models.Index(fields=["claim"], name="tagging_claim"),
            models.Index(fields=["mailbox"], condition=Q(is_wanted=True), name="tagging_wanted"),
        ]

    def __str__(self) -> str:
        return f"tagging {self.pk}"
