"""The tokens in the links of a delta: all that the next request must know, opaque to the caller.

Nothing of them is kept on the server. A token dies with the mailbox that it speaks of, or when the weather says so.
"""

import base64
import binascii
import json
import zlib
from dataclasses import asdict, dataclass, replace

from apps.sandbox.graph import errors


@dataclass(frozen=True)
class Cursor:
    """How far a round of delta has come. `folder` is 0 for the tree of folders; `of` says what is followed.

    Changes up to number `base` were told in earlier rounds and those up to `told` in this one. The first round (`base`
    and `told` are 0) walks through what is there instead: `walked` is where it stands, `walk_from` the change number
    at its start, from which the next round goes on, and `count` how many messages it has told.

    `issued_at` is when the token was handed out, in seconds since 1970; `has_rested` that an empty page came before.
    """

    mailbox: str
    folder: int = 0
    of: str = "mail"
    select: tuple[str, ...] | None = None
    since: str = ""
    is_after: bool = False
    newest_first: bool = False
    change_type: str = ""
    base: int = 0
    told: int = 0
    walk_from: int = 0
    walked: tuple[str, int] | None = None
    count: int = 0
    issued_at: float = 0.0
    has_rested: bool = False

    @property
    def is_first_round(self) -> bool:
        return self.walk_from > 0

    def next_round(self, told: int) -> "Cursor":
        return replace(self, base=told, told=told, walk_from=0, walked=None, count=0)

    def token(self) -> str:
        packed = zlib.compress(json.dumps(asdict(self)).encode())
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def cursor(token: str) -> Cursor:
    """Read a token. Raises GraphError (400) for one that is cut or not ours."""
    try:
        stored = json.loads(zlib.decompress(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        select, walked = stored.pop("select"), stored.pop("walked")
        return Cursor(**stored, select=tuple(select) if select else None, walked=tuple(walked) if walked else None)
    except (binascii.Error, zlib.error, ValueError, LookupError, TypeError, AttributeError):
        raise errors.bad_request("Badly formed token.") from None
