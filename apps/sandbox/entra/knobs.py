"""Settings of Entra ID that a test turns while it runs. They live in memory: a restart puts them back."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


class UnknownKnob(ValueError):
    """No such knob, or a value of the wrong kind; the text says which."""


@dataclass(frozen=True)
class Knobs:
    """`at_life` is the life of access tokens in seconds; `rotate` gives a new refresh token at each refresh, and
    `revoke_old` ends the one that was used; the `bad_…` ones spoil the ID token (`tid` names another tenant in it);
    `scope_mode` is how the answer spells scopes: short, url or none; `token_error` (status, error, AADSTS number, text)
    is what the token endpoint answers to everything.
    """

    at_life: int = 3600
    rotate: bool = True
    revoke_old: bool = False
    bad_aud: bool = False
    bad_iss: bool = False
    bad_nonce: bool = False
    bad_signature: bool = False
    tid: str = ""
    scope_mode: str = "short"
    token_error: tuple[int, str, int, str] | None = None


_lock = threading.Lock()
_turned: dict[str, Any] = {}


def current() -> Knobs:
    with _lock:
        return Knobs(**_turned)


def turn(values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the named knobs, all or none, and return all of them. Raises UnknownKnob."""
    known = {field.name: type(getattr(Knobs(), field.name)) for field in fields(Knobs)}
    turned = dict(values)
    for name, value in turned.items():
        if name not in known:
            raise UnknownKnob(f"No knob is called {name!r}. There are: {', '.join(known)}.")
        if name == "token_error":
            turned[name] = _token_error(value)
        elif type(value) is not known[name]:
            raise UnknownKnob(f"The knob {name} takes {known[name].__name__}, not {value!r}.")
    if turned.get("scope_mode", "short") not in {"short", "url", "none"}:
        raise UnknownKnob("The knob scope_mode takes short, url or none.")
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
