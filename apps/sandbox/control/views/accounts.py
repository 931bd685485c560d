"""What administrators do in Entra ID: to an account, to its consent and sign-ins, to the registration of the client."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from apps.sandbox.control.bodies import BadAsk, answers_in_words, json_of, person_at
from apps.sandbox.entra import accounts, assertions, scopes, tokens


@answers_in_words
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, mail: str) -> HttpResponse:
    """`state`: active, mfa, disabled, blocked or unassigned."""
    person = person_at(mail)
    if request.method == "POST":
        state = str(json_of(request, "state").get("state", ""))
        if state not in accounts.State.values:
            raise BadAsk(f"No account is {state!r}. It may be: {', '.join(accounts.State.values)}.")
        accounts.set_state(person, state)
    return JsonResponse({"state": accounts.state_of(person)})


@answers_in_words
@require_http_methods(["GET", "PUT", "DELETE"])
def consent(request: HttpRequest, mail: str) -> HttpResponse:
    """What the client may do for the person. DELETE withdraws all of it, PUT {"scopes"} all but those."""
    person = person_at(mail)
    if request.method != "GET":
        names = json_of(request, "scopes").get("scopes", []) if request.method == "PUT" else []
        try:
            leaving = scopes.parse(" ".join(map(str, names)))
        except scopes.UnknownScope as error:
            raise BadAsk(f"There is no scope {error}.") from error
        scopes.withdraw(person=person, client_id=settings.SANDBOX_CLIENT_ID, leaving=leaving)
    return JsonResponse({"scopes": sorted(scopes.consented(person, settings.SANDBOX_CLIENT_ID))})


@answers_in_words
@require_http_methods(["DELETE"])
def sign_ins(request: HttpRequest, mail: str) -> HttpResponse:
    """*Revoke sessions*: every token of the person ends, and the next sign-in starts afresh."""
    tokens.revoke_sign_ins(person_at(mail))
    return HttpResponse(status=204)


@answers_in_words
@require_http_methods(["POST", "DELETE"])
def certificates(request: HttpRequest) -> HttpResponse:
    """POST {"pem"} registers a certificate of the client, which may then prove itself by its key."""
    if request.method == "DELETE":
        assertions.forget_all(client_id=settings.SANDBOX_CLIENT_ID)
        return HttpResponse(status=204)
    try:
        pem = str(json_of(request, "pem").get("pem", ""))
        row = assertions.register(pem, client_id=settings.SANDBOX_CLIENT_ID)
    except assertions.BadCertificate as error:
        raise BadAsk(str(error)) from error
    return JsonResponse({"x5t": row.x5t, "x5t#S256": row.x5t_s256}, status=201)
