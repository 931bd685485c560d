"""*Pick a record*: search CORIPO, link the e-mail or its conversation with what was picked, and unlink."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError
from apps.inbox.answers import about_links, about_refusal_to_unlink, about_trouble_at_unlinking
from apps.inbox.picking import PickForm, SearchForm, picking
from apps.mailboxes.models import Message
from apps.sync.actions import choose_records, forget_choice, forget_later_link
from apps.sync.rules import rules_of
from apps.sync.unlinking import unlink

PARTS = {"found-records": "inbox/_found_records.html", "related-records": "inbox/_related_records.html"}


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
def records(request: PortalRequest, pk: int) -> HttpResponse:
    """POST links what was picked; its other buttons only look, so that nothing picked is lost without JavaScript."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox"), pk=pk)
    sent = request.POST if request.method == "POST" else request.GET
    search, picks = SearchForm(sent), PickForm(sent, user=request.user)
    action = request.POST.get("action", "link") if request.method == "POST" else ""
    if action not in ("", "search", "suggest"):
        if picks.is_valid():
            picked = picks.records()
            asked = choose_records(
                message.pk,
                picked,
                user=request.user,
                at=now(),
                for_others=picks.cleaned_data["for_others"],
                for_later=picks.cleaned_data["for_later"],
            )
            messages.success(request, about_links(len(picked), asked))
            return redirect("message", pk=pk)
        messages.warning(request, picks.first_error())
    module, text = search.wanted()
    with_related = action == "suggest" or "suggest" in request.GET
    context = {
        "picking": picking(
            message,
            user=request.user,
            module=module,
            text="" if with_related else text,
            picked=picks.records(),
            with_related=with_related,
            at=now(),
        ),
        "is_for_others": "for_others" in sent,
        "is_for_later": "for_later" in sent,
        "message": message,
        "search": SearchForm(initial={"module": module, "text": text}),
        "opens_in": rules_of(request.user).opens_in,
    }
    part = PARTS.get(request.htmx.target or "") if request.htmx else None
    return render(request, part or "inbox/records.html", context)


@login_required
@require_POST
def forget_record(request: PortalRequest, pk: int) -> HttpResponse:
    """Take back one choice that is not linked in CORIPO."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    forget_choice(
        message.pk,
        module=request.POST.get("module", ""),
        record_id=request.POST.get("record_id", ""),
        user=request.user,
    )
    return redirect("message_records", pk=pk)


@login_required
@require_POST
def unlink_record(request: PortalRequest, pk: int) -> HttpResponse:
    """Take a link away that the person made themselves; says why where it stays."""
    message = get_object_or_404(Message.objects.visible_to(request.user).select_related("mailbox"), pk=pk)
    try:
        why_not = unlink(
            message,
            module=request.POST.get("module", ""),
            record_id=request.POST.get("record_id", ""),
            user=request.user,
            at=now(),
        )
    except CrmError as error:
        messages.warning(request, about_trouble_at_unlinking(error))
    else:
        if why_not is None:
            messages.success(request, _("Unlinked in CORIPO. Later transfers of the e-mail leave this record out."))
        else:
            messages.warning(request, about_refusal_to_unlink(why_not))
    return redirect("message_records", pk=pk)


@login_required
@require_POST
def forget_later(request: PortalRequest, pk: int) -> HttpResponse:
    """Later mails of the conversation do not get this link any more."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    forget_later_link(
        message.pk,
        module=request.POST.get("module", ""),
        record_id=request.POST.get("record_id", ""),
        user=request.user,
    )
    messages.success(request, _("Later replies are not linked with it by themselves. Links that were made stay."))
    return redirect("message", pk=pk)
