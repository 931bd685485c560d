from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from apps.core.http import PortalRequest
from apps.mailboxes.models import Mailbox


@login_required
@require_safe
def home(request: PortalRequest) -> HttpResponse:
    """The inbox, once there is a mailbox; the first steps until then."""
    return redirect("inbox" if Mailbox.objects.visible_to(request.user).exists() else "start")
