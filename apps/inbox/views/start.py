"""First steps: a mailbox, a login at CORIPO, and what to follow."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.actions import TooManyTries, test_and_save_crm_account
from apps.accounts.explaining import Explanation, explain
from apps.accounts.forms import CrmAccountForm
from apps.accounts.models import CrmAccount, User
from apps.core.clock import now
from apps.core.http import PortalRequest
from apps.crm.errors import CrmError, LoginFailed
from apps.mailboxes.models import Mailbox
from apps.sync.actions import resume_transfers


@login_required
@require_safe
def start(request: PortalRequest) -> HttpResponse:
    return render(request, "start/start.html", _steps(request.user))


@login_required
@never_cache
@sensitive_post_parameters("password")
@sensitive_variables("form")
@require_http_methods(["GET", "HEAD", "POST"])
def connect_crm(request: PortalRequest) -> HttpResponse:
    """*Test and save*: the login is kept only after CORIPO has taken it. What failed is said beside the form."""
    account = CrmAccount.objects.filter(user=request.user).first()
    if request.method != "POST":
        return _form_page(request, CrmAccountForm(account=account), account)
    form = CrmAccountForm(request.POST, account=account)
    if not form.is_valid():
        return _form_page(request, form, account)
    at = now()
    try:
        test_and_save_crm_account(
            user=request.user,
            user_name=form.cleaned_data["user_name"],
            password=form.cleaned_data["password"],
            method=form.method,
            at=at,
        )
    except (LoginFailed, TooManyTries, CrmError) as trouble:
        return _form_page(request, form, account, explanation=explain(trouble))
    resume_transfers(user=request.user, at=at)
    messages.success(request, _("CORIPO is connected as %(name)s.") % {"name": form.cleaned_data["user_name"]})
    return redirect("settings" if account else "start")


def _form_page(
    request: PortalRequest,
    form: CrmAccountForm,
    account: CrmAccount | None,
    *,
    explanation: Explanation | None = None,
) -> HttpResponse:
    """Within the first steps the first time, within the settings from then on."""
    context: dict[str, Any] = {"form": form, "explanation": explanation, "account": account}
    if account:
        return render(request, "settings/crm.html", context)
    return render(request, "start/start.html", _steps(request.user) | context)


def _steps(user: User) -> dict[str, Any]:
    mailbox = Mailbox.objects.visible_to(user).order_by("connected_at", "pk").first()
    account = CrmAccount.objects.filter(user=user).first()
    return {
        "mailbox": mailbox,
        "followed_count": mailbox.folders.filter(is_followed=True, is_gone=False).count() if mailbox else 0,
        "account": account,
        "left": [mailbox, account].count(None),
    }
