"""How a call ends when it does not end well. Source: measured on SuiteCRM 7.14.6, "Errors"."""

from typing import ClassVar


class CallEnded(Exception):
    """The call has its answer; the transport turns it into HTTP."""


class Fault(CallEnded):
    """HTTP 200 with name, number and description."""

    TEXTS: ClassVar[dict[int, tuple[str, str]]] = {
        10: ("Invalid Login", "Login attempt failed please check the username and password"),
        11: ("Invalid Session ID", "The session ID is invalid"),
        12: ("User Not Configured", "Please log into your instance to configure your user"),
        13: ("Invalid Portal Client", "Portal Client does not have authorized access"),
        20: ("Module Does Not Exist", "This module is not available on this server"),
        21: ("File Does Not Exist", "File does not exist on server"),
        31: ("Relationship Not Supported", "This module does not support relationships"),
        40: ("Access Denied", "You do not have access"),
        60: ("Number of sessions exceeded", ""),
        1008: ("Password Expired", "Your password has expired. Please provide a new password."),
        # The same name as the one before; only the number tells them apart.
        1009: ("Password Expired", "You have been locked out and cannot log in using the existing password."),
        1012: ("LDAP Authentication Failed", "LDAP Authentication failed but supplied password was already encrypted"),
    }

    def __init__(self, number: int) -> None:
        self.number = number
        self.name, self.description = self.TEXTS[number]
        super().__init__(f"{number} {self.name}")


class NotAllowed(Fault):
    """Fault 40: the user may not, or the condition was refused. The server does not say which."""

    def __init__(self) -> None:
        super().__init__(40)


class UnknownMethod(CallEnded):
    """A fault of its own kind: the number is a text."""


class SilentNull(CallEnded):
    """HTTP 200 with the body `null`: nothing was done, and nothing says why."""


class DatabaseFailure(CallEnded):
    """HTTP 500 with a sentence: MySQL refused the statement."""


class PhpFatal(CallEnded):
    """HTTP 500 with an empty body: the interpreter gave up."""
