"""Administration of connections: who holds which mailbox, and its release. No message or token is shown there."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.mailboxes.actions import release_mailbox
from apps.mailboxes.models import Mailbox


@admin.register(Mailbox)
class MailboxAdmin(admin.ModelAdmin[Mailbox]):
    list_display = ["address", "owner", "status", "status_since", "connected_at"]
    list_display_links = None
    list_select_related = ["owner"]
    search_fields = ["address", "owner__username", "owner__email"]
    actions = ["release"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailbox]:
        return Mailbox.objects.kept()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only its owner can connect a mailbox."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Mailbox | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Mailbox | None = None) -> bool:
        """Releasing is the way; deleting would list every message of the mailbox first."""
        return False

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mailboxes.delete_mailbox")

    @admin.action(description=_("Release: take the connection from its owner"), permissions=["release"])
    def release(self, request: PortalRequest, queryset: QuerySet[Mailbox]) -> None:
        released = list(queryset.select_related("owner"))
        for mailbox in released:
            LogEntry.objects.log_actions(
                user_id=request.user.pk,
                queryset=[mailbox],
                action_flag=DELETION,
                change_message=f"released from {mailbox.owner}",
                single_object=True,
            )
            release_mailbox(mailbox, by=request.user, at=now())
        text = ngettext(
            "%(count)s mailbox is released. Its marks stay, and its owner or somebody else can connect it.",
            "%(count)s mailboxes are released. Their marks stay, and their owners or others can connect them.",
            len(released),
        )
        self.message_user(request, text % {"count": number_format(len(released))}, messages.SUCCESS)
