"""Typed requests for views behind a sign-in."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from apps.accounts.models import User


class PortalRequest(HttpRequest):
    """A request of somebody who is signed in, as the middleware leaves it."""

    user: "User"
    htmx: HtmxDetails
