"""The files of a message: their list, and each as a download that no browser opens in our name."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.http import PortalRequest
from apps.graph.errors import GraphError, GraphRejected, ItemGone
from apps.inbox.files import shown_files
from apps.inbox.troubles import sentence_for_reader
from apps.mailboxes.models import Message
from apps.mailboxes.reading import list_files, read_file
from apps.sync.queries import files_of

# Foreign content never gets a type that a browser would run or show; the name tells the person's programs what it is.
CONTENT_TYPE = "application/octet-stream"
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


@login_required
@never_cache
@require_safe
def files(request: PortalRequest, pk: int) -> HttpResponse:
    """A part of the panel; without JavaScript a page of its own."""
    message = _own_message(request, pk)
    context: dict[str, object] = {"message": message}
    try:
        context["files"] = shown_files(list_files(message), files_of(message))
    except GraphError as error:
        context |= {"trouble": sentence_for_reader(error.code), "is_gone": isinstance(error, ItemGone)}
    return render(request, "inbox/_files.html" if request.htmx else "inbox/files.html", context)


@login_required
@never_cache
@require_safe
def attachment(request: PortalRequest, pk: int, attachment_id: str) -> HttpResponse:
    message = _own_message(request, pk)
    try:
        file = read_file(message, attachment_id)
    except GraphError as error:
        # An id that Microsoft does not take is one that nobody of ours wrote.
        is_gone = isinstance(error, ItemGone | GraphRejected)
        context = {"message": message, "trouble": sentence_for_reader(error.code), "is_gone": is_gone}
        return render(request, "inbox/files.html", context, status=404 if is_gone else 502)
    response = HttpResponse(file.content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, file.name or "attachment")
    response["Content-Security-Policy"] = POLICY
    return response


def _own_message(request: PortalRequest, pk: int) -> Message:
    return get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox__token"), pk=pk)
