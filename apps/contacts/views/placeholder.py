"""Stands where the pages of a contact will be."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from apps.contacts.models import OutlookContact
from apps.core.http import PortalRequest


@login_required
def person(request: PortalRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(OutlookContact.objects.visible_to(request.user), pk=pk)
    return HttpResponse(contact.display_name, content_type="text/plain")
