"""The first draft of a contact: from the header of a mail, from what CORIPO knows, and what the signature proposes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from django.core import signing
from django.db.models import Q

from apps.accounts.models import User
from apps.contacts.companies import PUBLIC_DOMAINS
from apps.contacts.correspondents import Correspondent
from apps.contacts.names import split_name
from apps.contacts.signatures import Proposal, read_signature
from apps.core.addresses import Address, canonical, domain_of
from apps.graph.cards import Card
from apps.mailboxes.models import Message
from apps.mailboxes.reading import read_text
from apps.sync.matching import COMPANIES
from apps.sync.models import KnownAddress

# So many addresses of a domain tell enough of whose it is.
MOST_OF_DOMAIN = 50
LONGEST_LINE = 200
# What a proposal fills in, by field of the form; of the phones the second one goes into the second field.
PLACES = {
    "title_before": ("title",),
    "given": ("given_name",),
    "family": ("surname",),
    "title_after": ("suffix",),
    "position": ("job_title",),
    "department": ("department",),
    "company": ("company",),
    "mobile": ("mobile_phone", "business_phone_2"),
    "phone": ("business_phone", "business_phone_2"),
    "email": ("email_2",),
    "web": ("web_page",),
    "street": ("street",),
    "postal_code": ("postal_code",),
    "city": ("city",),
    "country": ("country",),
}
_SALT = "contact proposals"


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal for a field of the form, with the line of the mail in which it was found."""

    field: str
    value: str
    line: str


def draft_cards(people: Sequence[Correspondent], *, user: User) -> list[Card]:
    """What the header and CORIPO tell of each of them; nothing of a signature. One query."""
    companies = known_companies([person.address for person in people], user=user)
    return [_draft(person, companies.get(person.address, "")) for person in people]


def known_companies(addresses: Collection[str], *, user: User) -> dict[str, str]:
    """The company that CORIPO has told this user of for each address, else for its domain where all tell the same one."""
    near = Q(address__in=addresses)
    for domain in {domain_of(address) for address in addresses} - PUBLIC_DOMAINS:
        near |= Q(address__endswith=f"@{domain}")
    rows = KnownAddress.objects.filter(near, user=user).order_by("-looked_at")[
        : MOST_OF_DOMAIN * max(len(addresses), 1)
    ]
    by_address: dict[str, list[str]] = {}
    by_domain: dict[str, set[str]] = {}
    for row in rows:
        told = _companies(row)
        by_address[row.address] = told
        by_domain.setdefault(domain_of(row.address), set()).update(told)
    found = {}
    for address in addresses:
        domain = domain_of(address)
        of_domain = by_domain.get(domain, set()) if domain not in PUBLIC_DOMAINS else set()
        if by_address.get(address):
            found[address] = by_address[address][0]
        elif len(of_domain) == 1:
            found[address] = next(iter(of_domain))
    return found


def offers_of(message: Message, person: Correspondent) -> list[Offer]:
    """What the signature of the mail proposes for its sender; nothing for anybody else, whose signature it is not.

    One request. Raises GraphError.
    """
    if person.address != canonical(message.sender_address):
        return []
    name = split_name(person.name, person.address)
    return _placed(read_signature(read_text(message), name, person.address))


def sealed(offers: list[Offer]) -> str:
    """The offers as a page carries them: what comes back is what was shown."""
    return signing.dumps([asdict(offer) for offer in offers], salt=_SALT, compress=True)


def unsealed(text: str) -> list[Offer]:
    """The offers of `sealed`; none of anything else."""
    try:
        return [Offer(**offer) for offer in signing.loads(text, salt=_SALT)]
    except (signing.BadSignature, TypeError):
        return []


def _draft(person: Correspondent, company: str) -> Card:
    name = split_name(person.name, person.address)
    return Card(
        title=name.title_before,
        given_name=name.given,
        middle_name=name.middle,
        surname=name.family if name.is_person else person.address.partition("@")[0],
        suffix=name.title_after,
        company=company or name.company,
        department=name.department,
        addresses=(Address(name=person.name, address=person.written_address.strip().strip("<>")),),
    )


def _placed(proposals: list[Proposal]) -> list[Offer]:
    offers: dict[str, Offer] = {}
    for found in proposals:
        free = next((field for field in PLACES[found.field] if field not in offers), None)
        if free:
            offers[free] = Offer(free, found.value, found.line.strip()[:LONGEST_LINE])
    return list(offers.values())


def _companies(row: KnownAddress) -> list[str]:
    contacts = [company["name"] for contact in row.contacts for company in contact["companies"]]
    return contacts + [record["name"] for record in row.records if record["module"] == COMPANIES]
