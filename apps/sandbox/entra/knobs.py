"""Settings of Entra ID that a test turns while it runs. They live in memory: a restart puts them back."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


class UnknownKnob(ValueError):
    """No such knob, or a value of the wrong kind; the text says which."""


@dataclass(frozen=True)
class Knobs:
    """`at_life` is the life of access tokens in seconds, `code_life` that of codes; `rotate` gives a new refresh token at
    each refresh, and `revoke_old` ends the one that was used.

    The `bad_…` ones spoil the ID token (`tid` names another tenant in it, `claims` sets any claim to anything); `omit`
    leaves names out of the discovery document, the token answer and the ID token.

    `scope_mode` is how the answer spells scopes: short, url, echo (as asked) or none; `withheld_scopes` are left out of
    all tokens, as if an administrator had granted less; with `consent_policy` "microsoft" people cannot allow access to
    mail themselves, as in tenants since autumn 2025 (with "user" they can).

    `secret_expired` refuses the client's secret; `token_error` (status, error, AADSTS number, text) is what the token
    endpoint answers to everything.
    """

    at_life: int = 3600
    code_life: int = 600
    rotate: bool = True
    revoke_old: bool = False
    bad_aud: bool = False
    bad_iss: bool = False
    bad_nonce: bool = False
    bad_signature: bool = False
    tid: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    omit: list[str] = field(default_factory=list)
    scope_mode: str = "short"
    withheld_scopes: list[str] = field(default_factory=list)
    consent_policy: str = "user"
    secret_expired: bool = False
    token_error: tuple[int, str, int, str] | None = None


CHOICES = {"scope_mode": ("short", "url", "echo", "none"), "consent_policy": ("user", "microsoft")}

_lock = threading.Lock()
_turned: dict[str, Any] = {}


def current() -> Knobs:
    with _lock:
        return Knobs(**_turned)


def turn(values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the named knobs, all or none, and return all of them. Raises UnknownKnob."""
    known = {knob.name: type(getattr(Knobs(), knob.name)) for knob in fields(Knobs)}
    turned = dict(values)
    for name, value in turned.items():
        if name not in known:
            raise UnknownKnob(f"No knob is called {name!r}. There are: {', '.join(known)}.")
        if name == "token_error":
            turned[name] = _token_error(value)
        elif type(value) is not known[name]:
            raise UnknownKnob(f"The knob {name} takes {known[name].__name__}, not {value!r}.")
    for name, choices in CHOICES.items():
        if turned.get(name, choices[0]) not in choices:
            raise UnknownKnob(f"The knob {name} takes {', '.join(choices)}.")
    with _lock:
        _turned.update(turned)
        return asdict(Knobs(**_turned))


def reset() -> None:
    with _lock:
        _turned.clear()


def _token_error(value: Any) -> tuple[int, str, int, str] | None:
    if value is None:
        return None
    try:
        status, error, number, text = value
        return int(status), str(error), int(number), str(text)
    except (TypeError, ValueError) as error_cause:
        raise UnknownKnob("The knob token_error takes [status, error, AADSTS number, text] or null.") from error_cause
