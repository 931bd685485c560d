"""Addresses at which nobody reads: they are never proposed as contacts."""

from __future__ import annotations

import re

_BOX = re.compile(
    r"""
    ^(?: no[-_.]?re(?:ply|spuesta) | do[-_.]?not[-_.]?reply | (?:neodpov[ií]d|nereply|nicht[-_.]?antworten|nieodpowiadaj)
       | mailer[-_]?daemon | postmaster | hostmaster | bounces? | notifications? | notif(?:y|ier) | alerts? | robot | daemon
       | automat(?:ic|icky)? | auto[-_.]?(?:confirm|mailer|reply) | newsletters? | mailing | majordomo | listserv | listmaster
       | owner | unsubscribe | system | root | nobody | dse | invitations? | msonlineservicesteam
    )(?: [-_.+=] | $ | \w*(?:no|n)t?reply )
    | [-_.](?: no[-_]?reply | donotreply | bounces? | request | owner | unsubscribe | admin-bounces | notifications? )$
    | ^(?:noreply|donotreply|neodpovidejte|neodpovidat)
    """,
    re.VERBOSE,
)
# bounces.shop.example, lists.debian.example: machines send from there.
_DOMAIN = re.compile(r"(?:^|\.)(?:bounces?|lists?|mailer|noreply|mailings?)\.")
# A key for one answer, not a name: reply+AAB4F…, 0102018f2c…-000000@
_KEY = re.compile(r"^(?:reply|r)\+|(?=[a-z-]*[0-9])(?=[0-9-]*[a-z])[0-9a-f-]{24,}|^[^@]+=[^@]+\.[a-z]{2,}$")
# Of Message.kind: what says of itself that no person wrote it. An absent person is one.
_KINDS = frozenset({"bounce", "bulk"})


def is_robot(address: str, kind: str = "") -> bool:
    """Whether a program, a list or a newsletter writes from this address, by the address itself and by what the headers
    of its mail said, if a mail is at hand (`Message.kind`). Texts of mails are no evidence."""
    box, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return kind in _KINDS or bool(_BOX.search(box) or _KEY.search(box) or _DOMAIN.search(domain))
