"""The body of a message, in a cage: an address, a policy and an origin of its own, no script, nothing from outside."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.http import PortalRequest
from apps.graph.errors import GraphError, GraphTooLarge, ItemGone, MailboxDisconnected
from apps.graph.parsing import GraphFile
from apps.inbox.safe_html import safe_body
from apps.inbox.troubles import sentence_for_reader
from apps.mailboxes.models import Message
from apps.mailboxes.reading import read_body

# A frame without scripts, forms, or an origin of ours. Links open a tab of their own, outside the cage.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'self' 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# What travels to the cleaner and into the page; base64 makes a third more of it.
MOST_PICTURE_BYTES = 4 * 1024 * 1024


@login_required
@never_cache
@require_safe
def message_body(request: PortalRequest, pk: int) -> HttpResponse:
    """Shown in the panel's frame. Where Microsoft 365 does not give it, the preview and a sentence stand there."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox__token"), pk=pk)
    try:
        found = read_body(message)
    except GraphError as error:
        context = {
            "message": message,
            "trouble": _trouble(error),
            "can_load_again": not isinstance(error, ItemGone | GraphTooLarge),
        }
    else:
        context = {
            "message": message,
            "body": safe_body(html_source=found.html, text=found.text, inline_images=_data_addresses(found.images)),
            # An empty frame would look like a fault of ours.
            "is_empty": not found.text.strip() and "<img" not in found.html.lower(),
        }
    response = render(request, "inbox/body.html", context)
    response["Content-Security-Policy"] = POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _trouble(error: GraphError) -> str:
    if isinstance(error, ItemGone):
        return _("The e-mail is no longer in the mailbox. What was synced stays in CORIPO.")
    if isinstance(error, MailboxDisconnected):
        return _(
            "The connection to the mailbox has ended, so the text cannot be loaded. Connect it again; nothing is lost."
        )
    return sentence_for_reader(error.code)


def _data_addresses(images: Mapping[str, GraphFile]) -> dict[str, str]:
    """The pictures as data: addresses, as many as fit; the others show their description."""
    addresses: dict[str, str] = {}
    left = MOST_PICTURE_BYTES
    for content_id, image in images.items():
        kind = image.content_type.partition(";")[0].strip().lower()
        if kind in PICTURES and len(image.content) <= left:
            left -= len(image.content)
            addresses[content_id] = f"data:{kind};base64,{base64.b64encode(image.content).decode()}"
    return addresses
