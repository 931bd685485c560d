"""Scopes: their canonical spelling, which of them need a person's consent, and what was consented to."""

from collections.abc import Iterable

from django.db.models import Q

from apps.sandbox.control.models import Person
from apps.sandbox.entra import knobs
from apps.sandbox.entra.models import Consent

GRAPH = "https://graph.microsoft.com/"
DEFAULT = ".default"
OPENID = ("openid", "profile", "email", "offline_access")
# Everything about mail and contacts that the portal may ever ask for, with the sentence of the consent page.
SENTENCES = {
    "User.Read": "Sign you in and read your profile",
    "Mail.ReadBasic": "Read who wrote your mail and when",
    "Mail.Read": "Read your mail",
    "Mail.ReadWrite": "Read and write your mail",
    "Mail.Send": "Send mail as you",
    "Mail.Read.Shared": "Read mail of mailboxes shared with you",
    "Mail.ReadWrite.Shared": "Read and write mail of mailboxes shared with you",
    "Contacts.Read": "Read your contacts",
    "Contacts.ReadWrite": "Have full access to your contacts",
    "MailboxSettings.Read": "Read your mailbox settings",
    "MailboxSettings.ReadWrite": "Read and write your mailbox settings",
}
CANONICAL = {scope.lower(): scope for scope in (*SENTENCES, *OPENID, DEFAULT)}
NEED_NO_CONSENT = {*OPENID, "User.Read"}


class UnknownScope(ValueError):
    """A scope that no resource of the sandbox offers; carries its name."""


def is_of_mailbox(scope: str) -> bool:
    """Whether Microsoft's own policy keeps the scope for administrators: all of mail, contacts and mailbox settings."""
    return scope.startswith(("Mail.", "Contacts.", "MailboxSettings."))


def parse(text: str) -> list[str]:
    """Canonical short names in the order asked for, without repeats. Raises UnknownScope."""
    names = []
    for word in text.split():
        short = word.removeprefix(GRAPH)
        if short.lower() not in CANONICAL:
            raise UnknownScope(word)
        names.append(CANONICAL[short.lower()])
    return list(dict.fromkeys(names))


def consented(person: Person, client_id: str) -> set[str]:
    """Short names that the client may use for the person, the ones that need no consent included."""
    rows = Consent.objects.filter(client_id=client_id)
    allowed = set(NEED_NO_CONSENT)
    for scopes in [*rows.filter(person=person).values_list("scopes", flat=True), *_for_everybody(client_id)]:
        allowed.update(scopes)
    return allowed


def missing(scopes: Iterable[str], person: Person, client_id: str) -> list[str]:
    """The scopes asked for that still need consent."""
    allowed = consented(person, client_id)
    return [scope for scope in scopes if scope not in allowed and scope != DEFAULT]


def allow(scopes: Iterable[str], *, person: Person | None, client_id: str) -> None:
    """Record consent of the person, or of an administrator for everybody (None). It adds to earlier consent."""
    consent, _created = Consent.objects.get_or_create(person=person, client_id=client_id)
    consent.scopes = sorted({*consent.scopes, *scopes} - {DEFAULT})
    consent.save(update_fields=["scopes"])


def withdraw(*, person: Person, client_id: str, leaving: Iterable[str] = ()) -> None:
    """Take back what was allowed to a client, the person's own consent and that for everybody, but for some scopes."""
    kept = set(leaving)
    for consent in Consent.objects.filter(Q(person=person) | Q(person=None), client_id=client_id):
        consent.scopes = sorted(kept.intersection(consent.scopes))
        consent.save(update_fields=["scopes"])


def granted(asked: Iterable[str], person: Person, client_id: str) -> list[str]:
    """What a token carries: the asked scopes that are allowed, `.default` standing for all that was consented to."""
    allowed = consented(person, client_id) - set(knobs.current().withheld_scopes)
    names = list(asked)
    if DEFAULT in names:
        names += sorted(allowed - set(OPENID))
    return list(dict.fromkeys(name for name in names if name in allowed))


def sentences(scopes: Iterable[str]) -> list[str]:
    return [SENTENCES[scope] for scope in scopes if scope in SENTENCES]


def _for_everybody(client_id: str) -> Iterable[list[str]]:
    return Consent.objects.filter(client_id=client_id, person=None).values_list("scopes", flat=True)
