"""Logging in and out."""

from typing import Any

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.arguments import as_text
from apps.sandbox.coripo.faults import Fault, PhpFatal
from apps.sandbox.coripo.models import Session, User
from apps.sandbox.coripo.sessions import authenticate, close_session, open_session


def login(user_auth: Any, application: Any = None, name_value_list: Any = None, *, cookie: str = "") -> Any:
    """A session for the user. `cookie` is no argument of a client: the transport fills in the one it came with.

    Raises fault 10 for a wrong name or password; wrong tries lock nobody out.
    """
    if not isinstance(user_auth, dict):
        raise PhpFatal("user_auth is no object")
    if fault := knobs.login_fault():
        raise Fault(fault)
    user = authenticate(
        user_name=as_text(user_auth.get("user_name")),
        password=as_text(user_auth.get("password")),
        encryption=as_text(user_auth.get("encryption")),
    )
    session = open_session(user, cookie=cookie)
    return {"id": session.pk, "module_name": "Users", "name_value_list": _welcome(user)}


def logout(session: Any) -> None:
    """Ends the session; the answer is `null` in any case but an unknown session."""
    if session and not Session.objects.filter(pk=as_text(session)).exists():
        raise Fault(11)
    close_session(as_text(session))


def _welcome(user: User) -> dict[str, Any]:
    values: dict[str, Any] = {
        "user_id": user.pk,
        "user_name": user.user_name,
        "user_language": "cs_CZ",
        "user_currency_id": "-99",
        "user_is_admin": user.is_admin,
        "user_default_team_id": None,
        "user_default_dateformat": "d.m.Y",
        "user_default_timeformat": "H:i",
        "user_number_seperator": " ",
        "user_decimal_seperator": ",",
        "mobile_max_list_entries": None,
        "mobile_max_subpanel_entries": None,
        "user_currency_name": "Kč",
    }
    return {name: {"name": name, "value": value} for name, value in values.items()}
