"""What the controls read from a request, and how they say that they cannot."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from apps.sandbox.control.models import Person


class BadAsk(ValueError):
    """A control cannot do what the request says; the text tells the person who sent it."""


def answers_in_words(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A control that is misunderstood says why, with status 400."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except BadAsk as error:
            return JsonResponse({"error": str(error)}, status=400)

    return answered


def json_of(request: HttpRequest, *known: str) -> dict[str, Any]:
    """The JSON object of the body, without its nulls. Raises BadAsk, also for names that are not `known` (if given)."""
    try:
        wish = json.loads(request.body or b"{}")
    except ValueError as error:
        raise BadAsk("The body is not JSON.") from error
    if not isinstance(wish, dict):
        raise BadAsk("The body must be a JSON object.")
    if known and (unknown := set(wish) - set(known)):
        raise BadAsk(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}.")
    return {name: value for name, value in wish.items() if value is not None}


def person_at(mail: object) -> Person:
    """Whose address it is, in any case of letters. Raises BadAsk."""
    try:
        return Person.objects.get(mail__iexact=str(mail or "").strip())
    except Person.DoesNotExist as error:
        raise BadAsk(f"Nobody here has the mailbox {str(mail or '')!r}.") from error


def number(wish: dict[str, Any], name: str, *, default: float) -> float:
    try:
        return float(wish.get(name, default))
    except (TypeError, ValueError) as error:
        raise BadAsk(f"{name} must be a number, not {wish[name]!r}.") from error


def base64_bytes(text: str, name: str) -> bytes:
    """Decoded base64, in lines or in one."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAsk(f"{name} is not base64.") from error


def moment(text: str, name: str) -> datetime | None:
    """A time in ISO 8601, UTC where no zone is given; None for no text."""
    if not text:
        return None
    try:
        parsed = parse_datetime(text)
    except ValueError:
        parsed = None
    if parsed is None:
        raise BadAsk(f"{name} must be a time in ISO 8601, not {text!r}.")
    return timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed
