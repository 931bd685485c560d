"""Who may call what, and in whose mailbox."""

from apps.sandbox.control.models import Person
from apps.sandbox.entra.tokens import Bearer, InvalidToken, identify
from apps.sandbox.graph import errors
from apps.sandbox.graph.models import Mailbox, Share

# From the least scope to the greatest: each includes those before it.
SCALES = (
    ("Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"),
    ("Contacts.Read", "Contacts.ReadWrite"),
    ("MailboxSettings.Read", "MailboxSettings.ReadWrite"),
)
# There is none for the basic one: whoever reads a shared mailbox reads all of it.
SHARED = {"Mail.Read": "Mail.Read.Shared", "Mail.ReadWrite": "Mail.ReadWrite.Shared"}
STATE_ERRORS = {
    Mailbox.State.NOT_ENABLED: errors.no_mailbox,
    Mailbox.State.NOT_SUPPORTED: errors.unsupported_mailbox,
    Mailbox.State.STORE_UNAVAILABLE: errors.store_unavailable,
    Mailbox.State.MOVING: errors.mailbox_moving,
    Mailbox.State.DENIED: errors.access_denied,
}


def bearer_of(authorization: str) -> Bearer:
    """Who calls. Raises GraphError (401)."""
    try:
        return identify(authorization)
    except InvalidToken as error:
        raise errors.unauthorized(str(error)) from error


def person_named(name: str | None, bearer: Bearer) -> Person:
    """The person of `/me` (no name) or of `/users/{address or object id}`. Raises GraphError."""
    own = Person.objects.get(oid=bearer.oid)
    if name is None or name.lower() in {own.mail.lower(), str(own.oid)}:
        return own
    people = {text.lower(): person for person in Person.objects.all() for text in (person.mail, str(person.oid))}
    if name.lower() not in people:
        raise errors.unknown_user(name)
    return people[name.lower()]


def is_own(person: Person, bearer: Bearer) -> bool:
    return str(person.oid) == bearer.oid


def require(scope: str, bearer: Bearer, person: Person) -> None:
    """Refuse a bearer whose token opens too little of what is the person's. Raises GraphError (403)."""
    if not grants(scope, bearer, person):
        raise errors.access_denied()


def grants(scope: str, bearer: Bearer, person: Person) -> bool:
    """Whether the token has the scope or a greater one; for another's mailbox, the shared form of one."""
    scale = next((scale for scale in SCALES if scope in scale), (scope,))
    enough = scale[scale.index(scope) :]
    shared = {SHARED[name] for name in enough if name in SHARED}
    # The shared form opens one's own mailbox as well: "mail that the user can access".
    return not bearer.scopes.isdisjoint(shared.union(enough) if is_own(person, bearer) else shared)


def mailbox_of(person: Person, bearer: Bearer) -> Mailbox:
    """The person's mailbox, if the bearer may open it and it can be reached. Raises GraphError.

    A mailbox that its owner has not shared is refused as Exchange refuses it, without a word on the reason.
    """
    mailbox = Mailbox.objects.select_related("person").filter(person=person).first()
    if mailbox is None:
        raise errors.no_mailbox()
    if not is_own(person, bearer) and not Share.objects.filter(mailbox=mailbox, person__oid=bearer.oid).exists():
        raise errors.access_denied()
    if refusal := STATE_ERRORS.get(Mailbox.State(mailbox.state)):
        raise refusal()
    return mailbox
