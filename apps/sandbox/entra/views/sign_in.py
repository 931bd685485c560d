"""The pages between a client and its code: whom to sign in as, and what to allow."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.sandbox.control.models import Person
from apps.sandbox.entra import accounts, scopes
from apps.sandbox.entra.authorizing import AuthorizeRequest, Declined, NotAnswerable, grant
from apps.sandbox.entra.clients import is_redirect_allowed
from apps.sandbox.entra.views.discovery import is_tenant

# Who signed in last in this browser: what prompt=none relies on.
SESSION_COOKIE = "sandbox_entra"
SESSION_SALT = "entra.session"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest, tenant: str) -> HttpResponse:
    if not is_tenant(tenant):
        return _error_page(request, NotAnswerable(90002, f"Tenant '{tenant}' not found."))
    try:
        asked = AuthorizeRequest.parse((request.GET if request.method == "GET" else request.POST).dict())
    except NotAnswerable as error:
        return _error_page(request, error)
    try:
        asked.check()
        if asked.prompt == "none":
            return _answer(request, asked, _grant_silently(request, asked))
    except Declined as declined:
        return _answer(request, asked, declined.answer)
    hinted = Case(When(mail__iexact=asked.login_hint, then=Value(0)), default=Value(1))
    people = Person.objects.order_by(hinted, "pk")
    return _page(request, "entra/sign_in.html", asked, tenant, {"people": people})


@csrf_exempt
@require_POST
def sign_in(request: HttpRequest, tenant: str) -> HttpResponse:
    """A button of the sign-in page: a person's, or *Decline*; or of the page that asks for a second factor."""
    try:
        asked = AuthorizeRequest.unsealed(request.POST.get("request", ""))
        person = _person(request)
    except NotAnswerable as error:
        return _error_page(request, error)
    if person is None:
        return _answer(request, asked, _refusal_by_user())
    if obstacle := accounts.obstacle_of(person):
        return _error_page(request, NotAnswerable(obstacle.number, obstacle.text))
    if accounts.needs_second_factor(person) and request.POST.get("factor") != "approved":
        return _page(request, "entra/second_factor.html", asked, tenant, {"person": person})
    if lacking := asked.needs_administrator_for(person):
        context = {"person": person, "sentences": scopes.sentences(lacking)}
        return _page(request, "entra/approval.html", asked, tenant, context)
    if needed := asked.needs_consent_of(person):
        context = {"person": person, "sentences": scopes.sentences(needed)}
        return _page(request, "entra/consent.html", asked, tenant, context)
    return _signed_in(_answer(request, asked, grant(asked, person)), person)


@csrf_exempt
@require_POST
def consent(request: HttpRequest, tenant: str) -> HttpResponse:
    """A button of the consent page, *Accept*, *Cancel* or *Ask the administrator*, or of the page in its place."""
    try:
        asked = AuthorizeRequest.unsealed(request.POST.get("request", ""))
        person = _person(request)
    except NotAnswerable as error:
        return _error_page(request, error)
    choice = request.POST.get("choice")
    if choice == "administrator" or (choice == "accept" and person and asked.needs_administrator_for(person)):
        text = "An administrator of the organisation must approve this application."
        return _answer(request, asked, Declined("consent_required", 90094, text).answer)
    if choice != "accept" or person is None:
        return _answer(request, asked, _refusal_by_user())
    with transaction.atomic():
        scopes.allow(asked.scope_names, person=person, client_id=asked.client_id)
        answer = grant(asked, person)
    return _signed_in(_answer(request, asked, answer), person)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def admin_consent(request: HttpRequest, tenant: str) -> HttpResponse:
    """Where an administrator allows the client's scopes for everybody in the tenant."""
    parameters = (request.GET if request.method == "GET" else request.POST).dict()
    try:
        if request.method == "GET":
            asked = AuthorizeRequest.parse({"scope": "User.Read Mail.Read", **parameters})
        else:
            asked = AuthorizeRequest.unsealed(parameters.get("request", ""))
        asked_scopes = asked.scope_names
    except NotAnswerable as error:
        return _error_page(request, error)
    except scopes.UnknownScope as error:
        return _error_page(request, NotAnswerable(70011, f"The scope '{error}' does not exist."))
    if request.method == "GET":
        context = {"sentences": scopes.sentences(asked_scopes)}
        return _page(request, "entra/admin_consent.html", asked, tenant, context)
    if parameters.get("choice") != "accept":
        return _answer(request, asked, _refusal_by_user())
    scopes.allow(asked_scopes, person=None, client_id=asked.client_id)
    return _answer(request, asked, {"admin_consent": "True", "tenant": tenant, "scope": asked.scope})


@require_GET
def sign_out(request: HttpRequest, tenant: str) -> HttpResponse:
    target = request.GET.get("post_logout_redirect_uri", "")
    response = HttpResponseRedirect(target) if is_redirect_allowed(target) else render(request, "entra/signed_out.html")
    response.delete_cookie(SESSION_COOKIE)
    return response


def _grant_silently(request: HttpRequest, asked: AuthorizeRequest) -> dict[str, str]:
    """prompt=none: no page is shown, so everything must be known already. Raises Declined."""
    oid = request.get_signed_cookie(SESSION_COOKIE, default="", salt=SESSION_SALT)
    person = Person.objects.filter(oid=oid).first() if oid else None
    if person is None or asked.login_hint.lower() not in {"", person.mail.lower()}:
        raise Declined("login_required", 50058, "A silent sign-in request was sent but no user is signed in.")
    if obstacle := accounts.obstacle_of(person):
        raise Declined("access_denied", obstacle.number, obstacle.text)
    if accounts.needs_second_factor(person):
        raise Declined("interaction_required", accounts.SECOND_FACTOR.number, accounts.SECOND_FACTOR.text)
    if asked.needs_consent_of(person):
        text = "The user or administrator has not consented to use the application."
        raise Declined("interaction_required", 65001, text)
    return grant(asked, person)


def _person(request: HttpRequest) -> Person | None:
    """Whose button was pressed; None for *Decline*. Raises NotAnswerable for somebody who is not here (any more)."""
    mail = request.POST.get("person", "")
    if not mail:
        return None
    try:
        return Person.objects.get(mail=mail)
    except Person.DoesNotExist as error:
        raise NotAnswerable(50034, "The user account does not exist in the directory.") from error


def _refusal_by_user() -> dict[str, str]:
    return Declined("access_denied", 65004, "User declined to consent to access the app.").answer


def _answer(request: HttpRequest, asked: AuthorizeRequest, answer: dict[str, str]) -> HttpResponse:
    """Send the person back to the client, with the state that the client gave."""
    if asked.state:
        answer = {**answer, "state": asked.state}
    if asked.response_mode == "form_post":
        # Without a script the person presses the button; the page says so.
        return render(request, "entra/form_post.html", {"action": asked.redirect_uri, "fields": answer})
    joint = "&" if "?" in asked.redirect_uri else "?"
    return HttpResponseRedirect(f"{asked.redirect_uri}{joint}{urlencode(answer)}")


def _signed_in(response: HttpResponse, person: Person) -> HttpResponse:
    response.set_signed_cookie(SESSION_COOKIE, str(person.oid), salt=SESSION_SALT, httponly=True, samesite="Lax")
    return response


def _page(
    request: HttpRequest, template: str, asked: AuthorizeRequest, tenant: str, context: Mapping[str, object]
) -> HttpResponse:
    response = render(request, template, {"sealed": asked.sealed(), "tenant": tenant, **context})
    add_never_cache_headers(response)
    return response


def _error_page(request: HttpRequest, error: NotAnswerable) -> HttpResponse:
    return render(request, "entra/error.html", {"error": error}, status=400)
