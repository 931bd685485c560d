from celery import current_app
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

ASKED_EVERY_SECONDS = 10


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """For load balancers: 200 while this process reaches its database, else 503.

    A broker that does not answer is said and fails nothing: clicks still count, only their wake-ups are lost.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except Error:
        return JsonResponse({"ok": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ok": True} if broker_answers() else {"ok": True, "broker": "unreachable"})


def broker_answers() -> bool:
    """As of some seconds ago: whoever asks often does not open a connection each time."""
    return cache.get_or_set("broker_answers", _ask_broker, ASKED_EVERY_SECONDS) is True


def _ask_broker() -> bool:
    with current_app.connection_for_write() as broker:
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
        except OperationalError:
            return False
    return True
