"""Who there is to sign in as, the client to sign in at, and whether the sandbox is up."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.sandbox import TENANT
from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of
from apps.sandbox.control.models import Person
from apps.sandbox.control.people import PersonRefused, add_person, shown
from apps.sandbox.control.resetting import reset


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


@require_GET
def client(request: HttpRequest) -> HttpResponse:
    credentials = {"client_id": settings.SANDBOX_CLIENT_ID, "client_secret": settings.SANDBOX_CLIENT_SECRET}
    return JsonResponse({**credentials, "tenant": TENANT})


@answers_in_words
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return JsonResponse({"people": [shown(person) for person in Person.objects.order_by("pk")]})
    wish = json_of(request, "name", "mail", "coripo_user", "coripo_password", "coripo_role", "language", "aliases")
    aliases = wish.pop("aliases", [])
    if not isinstance(aliases, list):
        raise BadAsk("The aliases must be a list of addresses.")
    words = {name: str(value) for name, value in wish.items()}
    try:
        person = add_person(**{"name": "", **words}, aliases=[str(alias) for alias in aliases])
    except PersonRefused as error:
        raise BadAsk(str(error)) from error
    return JsonResponse(shown(person), status=201)


@answers_in_words
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    reset()
    return JsonResponse({"ok": True})
