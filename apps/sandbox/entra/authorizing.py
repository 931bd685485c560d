"""One authorization request: what a client asks for, and the code that it gets for a person."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta

from django.core import signing
from django.utils import timezone

from apps.sandbox.control.models import Person
from apps.sandbox.entra import accounts, clients, knobs, scopes, tokens
from apps.sandbox.entra.models import AuthorizationCode, SignIn

# How long a sign-in page may stay open before its buttons stop working.
PAGE_SECONDS = 3600
SALT = "entra.authorize"


class NotAnswerable(Exception):
    """The request cannot even be answered at its redirect address: a person sees the AADSTS number and the text."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")


class Declined(Exception):
    """The client gets an error at its redirect address instead of a code."""

    def __init__(self, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.answer = {"error": error, "error_description": f"AADSTS{number}: {text}"}


@dataclass(frozen=True)
class AuthorizeRequest:
    """The parameters of `/authorize`, as texts in the client's spelling."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    response_mode: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    prompt: str = ""
    login_hint: str = ""
    client_info: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> "AuthorizeRequest":
        """Raises NotAnswerable where no answer may be sent to the redirect address, as it may be a stranger's."""
        asked = cls(**{field.name: parameters.get(field.name, "") for field in fields(cls)})
        if not clients.is_registered(asked.client_id):
            text = f"Application with identifier '{asked.client_id}' was not found in the directory."
            raise NotAnswerable(700016, text)
        if not clients.is_redirect_allowed(asked.redirect_uri):
            text = f"The redirect URI '{asked.redirect_uri}' is not one that is registered for the application."
            raise NotAnswerable(50011, text)
        return asked

    def check(self) -> None:
        """Raises Declined if the request is not one that can be granted at all."""
        if self.response_type != "code":
            raise Declined("unsupported_response_type", 70005, "The only response_type is 'code'.")
        if self.response_mode not in {"", "query", "form_post"}:
            raise Declined("invalid_request", 70007, f"'{self.response_mode}' is not a supported response_mode.")
        if self.code_challenge and self.code_challenge_method != "S256":
            raise Declined("invalid_request", 501491, "The code_challenge_method must be 'S256'.")
        try:
            if not self.scope_names:
                raise Declined("invalid_request", 900144, "The request must contain the parameter 'scope'.")
        except scopes.UnknownScope as error:
            raise Declined("invalid_scope", 70011, f"The scope '{error}' does not exist.") from error

    @property
    def scope_names(self) -> list[str]:
        return scopes.parse(self.scope)

    def needs_consent_of(self, person: Person) -> list[str]:
        """The scopes that the consent page must ask for; with prompt=consent all of them."""
        if self.prompt == "consent":
            return self.scope_names
        return scopes.missing(self.scope_names, person, self.client_id)

    def needs_administrator_for(self, person: Person) -> list[str]:
        """The scopes that nobody has allowed yet and that, by the policy in force, the person cannot allow."""
        if knobs.current().consent_policy != "microsoft":
            return []
        missing = scopes.missing(self.scope_names, person, self.client_id)
        return [name for name in missing if scopes.is_of_mailbox(name)]

    def sealed(self) -> str:
        """The request as the pages carry it from one to the next, so that the server keeps no state in between."""
        return signing.dumps(asdict(self), salt=SALT)

    @classmethod
    def unsealed(cls, text: str) -> "AuthorizeRequest":
        """Raises NotAnswerable if the text is not ours or its page has been open too long."""
        try:
            return cls(**signing.loads(text, salt=SALT, max_age=PAGE_SECONDS))
        except signing.BadSignature as error:
            raise NotAnswerable(90014, "This sign-in page is too old. Start again in the application.") from error


def grant(asked: AuthorizeRequest, person: Person) -> dict[str, str]:
    """Sign the person in at the client and return what the redirect carries: the code and its companions."""
    now = timezone.now()
    sign_in = SignIn.objects.create(
        person=person,
        client_id=asked.client_id,
        created_at=now,
        # Whoever must confirm by a second factor has done so on the page before.
        is_multi_factor=accounts.needs_second_factor(person),
    )
    code = AuthorizationCode.objects.create(
        code=f"0.AX{secrets.token_urlsafe(60)}",
        sign_in=sign_in,
        redirect_uri=asked.redirect_uri,
        scope=asked.scope,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        expires_at=now + timedelta(seconds=knobs.current().code_life),
    )
    answer = {"code": code.code, "session_state": str(uuid.uuid4())}
    if asked.client_info == "1":
        answer["client_info"] = tokens.client_info(person)
    return answer
