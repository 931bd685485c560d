"""The certificate that makes the https port trusted."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.sandbox.control.certificates import authority


@require_GET
def certificate(request: HttpRequest) -> HttpResponse:
    return HttpResponse(authority(settings.SANDBOX_DATA).pem, content_type="application/x-pem-file")
