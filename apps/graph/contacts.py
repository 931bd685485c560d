"""The contacts of one mailbox through Graph. Reading needs Contacts.Read, writing Contacts.ReadWrite.

Each call is one request unless its docstring says more. Extended properties (the id in the CRM, and whether a contact is
private) come with what is read by id or looked for, never with a delta.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from apps.graph import cards
from apps.graph.cards import (
    CONTACT_FIELDS,
    CRM_ID,
    EXPAND,
    ContactChange,
    ContactFolder,
    ContactPage,
    GraphContact,
    NewContact,
)
from apps.graph.errors import GraphContractBroken, GraphError
from apps.graph.parsing import Json, value_of
from apps.graph.sending import GraphSender, id_in_path, json_of, query_of, unknown_if_trouble

DEFAULT_FOLDER = "contacts"
FOLDER_PAGE_SIZE = 200
# So many contacts with one id in the CRM are told; there should be one.
MOST_ALIKE = 5


class ContactsClient(GraphSender):
    """The contacts of one mailbox."""

    # ── Folders ──────────────────────────────────────────────────────────

    def folders(self) -> list[ContactFolder]:
        """Every folder at any depth, the default one first, which no list of Graph has. Complete, or it raises.

        Two requests, and one more for each further 200 folders.
        """
        default = cards.contact_folder(self._get(f"/me/contactFolders/{DEFAULT_FOLDER}"))
        found = {default.id: replace(default, is_default=True)}
        path = "/me/contactFolders/delta"
        while path:
            document = self._get(path, prefer=[f"odata.maxpagesize={FOLDER_PAGE_SIZE}"])
            for item in value_of(document):
                if "@removed" not in item:
                    folder = cards.contact_folder(item)
                    found.setdefault(folder.id, folder)
            path = str(document.get("@odata.nextLink") or "")
        return list(found.values())

    def create_folder(self, name: str) -> ContactFolder:
        """A folder below the default one. Raises GraphRejected where one of that name is there already."""
        body = {"displayName": name}
        return cards.contact_folder(json_of(self._send("POST", "/me/contactFolders", json=body, repeats=False)))

    # ── Reading ──────────────────────────────────────────────────────────

    def begin(self, folder_id: str, *, page_size: int) -> ContactPage:
        """The first page of a complete listing of a folder, in no order."""
        options = query_of({"$select": CONTACT_FIELDS})
        return self._page(f"/me/contactFolders/{id_in_path(folder_id)}/contacts/delta?{options}", page_size=page_size)

    def proceed(self, link: str, *, page_size: int) -> ContactPage:
        """Follow a next link or a delta link as stored. Raises ResyncRequired when Graph has forgotten it."""
        return self._page(link, page_size=page_size)

    def round(self, folder_id: str, *, cursor: str = "", page_size: int) -> ContactPage:
        """All pages of one round as one: the whole folder, or with a cursor what changed since.

        A request for each `page_size` contacts. What is told twice is here once, as it was told last; one that is told
        both as removed and as there is in both lists. The page's `delta_link` is the next cursor.
        """
        page = self.proceed(cursor, page_size=page_size) if cursor else self.begin(folder_id, page_size=page_size)
        contacts: dict[str, GraphContact] = {}
        removed: dict[str, None] = {}
        damaged = 0
        while True:
            contacts.update((contact.id, contact) for contact in page.contacts)
            removed.update(dict.fromkeys(page.removed_ids))
            damaged += page.damaged
            if not page.next_link:
                return ContactPage(tuple(contacts.values()), tuple(removed), "", page.delta_link, damaged)
            page = self.proceed(page.next_link, page_size=page_size)

    def listed(self, folder_id: str, *, page_size: int) -> Iterator[GraphContact]:
        """The contacts of a folder with their extended properties; a request for each `page_size` of them.

        What `round` cannot tell of a whole folder, at a fraction of what `read` would cost. One that comes or goes while
        the pages are read may be told twice or not at all.
        """
        page = self.list_page(folder_id, page_size=page_size)
        yield from page.contacts
        while page.next_link:
            page = self.list_page(folder_id, link=page.next_link, page_size=page_size)
            yield from page.contacts

    def list_page(self, folder_id: str, *, link: str = "", page_size: int) -> ContactPage:
        """One page of what `listed` tells: the first one, or the one behind a next link as stored."""
        options = query_of({"$select": CONTACT_FIELDS, "$expand": EXPAND, "$top": str(page_size)})
        document = self._get(link or f"/me/contactFolders/{id_in_path(folder_id)}/contacts?{options}")
        contacts = tuple(cards.expanded_contact(item) for item in value_of(document) if "id" in item)
        next_link = str(document.get("@odata.nextLink") or "")
        self._check_links(next_link)
        return ContactPage(contacts, (), next_link, "", len(value_of(document)) - len(contacts))

    def read(self, contact_ids: Sequence[str]) -> list[GraphContact | GraphError]:
        """At most BATCH_LIMIT contacts by their ids, with their extended properties; one outcome each, in order.

        ItemGone stands for one that was deleted for good; a deleted one that still lies among the deleted items comes
        with a folder that is none of the contact folders.
        """
        options = query_of({"$select": CONTACT_FIELDS, "$expand": EXPAND})
        answers = self._batch([f"/me/contacts/{id_in_path(contact_id)}?{options}" for contact_id in contact_ids])
        return [answer if isinstance(answer, GraphError) else cards.expanded_contact(answer) for answer in answers]

    def having(self, folder_id: str, crm_ids: Sequence[str]) -> list[list[GraphContact] | GraphError]:
        """The contacts of a folder that bear each of at most BATCH_LIMIT ids of the CRM, in order.

        What to ask before NewContact is sent again whose outcome is unknown.
        """
        base = f"/me/contactFolders/{id_in_path(folder_id)}/contacts"
        answers = self._batch([f"{base}?{_having(crm_id)}" for crm_id in crm_ids])
        return [
            answer if isinstance(answer, GraphError) else [cards.expanded_contact(item) for item in value_of(answer)]
            for answer in answers
        ]

    # ── Writing ──────────────────────────────────────────────────────────

    def write(self, wishes: Sequence[NewContact | ContactChange]) -> list[GraphContact | GraphError]:
        """Make and change at most BATCH_LIMIT contacts in one request; one outcome each, in order, as they are from now on.

        A change sends what differs, over the version that was read: GraphConflict stands for a contact that somebody has
        changed since. One that differs in nothing is not sent, and comes back as it was. GraphOutcomeUnknown, as an
        outcome or raised for all, means that a new contact may be there: look for it with `having`.
        """
        parts = [_part(wish) for wish in wishes]
        sent = [part for part in parts if part]
        try:
            answers = iter(self._run_batch(sent, repeats=False) if sent else ())
        except GraphContractBroken as error:
            raise unknown_if_trouble(error) from error
        outcomes: list[GraphContact | GraphError] = []
        for wish, part in zip(wishes, parts, strict=True):
            if isinstance(wish, ContactChange) and part is None:
                outcomes.append(wish.contact)
            else:
                outcomes.append(_outcome(wish, next(answers)))
        return outcomes

    def _page(self, path: str, *, page_size: int) -> ContactPage:
        page = cards.contact_page(self._get(path, prefer=[f"odata.maxpagesize={page_size}"]))
        self._check_links(page.next_link, page.delta_link)
        return page


def _having(crm_id: str) -> str:
    value = crm_id.replace("'", "''")
    test = f"singleValueExtendedProperties/Any(ep: ep/id eq '{CRM_ID}' and ep/value eq '{value}')"
    return query_of({"$select": CONTACT_FIELDS, "$expand": EXPAND, "$filter": test, "$top": str(MOST_ALIKE)})


def _part(wish: NewContact | ContactChange) -> Json | None:
    headers = {"Content-Type": "application/json"}
    if isinstance(wish, NewContact):
        url = f"/me/contactFolders/{id_in_path(wish.folder_id)}/contacts"
        return {"method": "POST", "url": url, "headers": headers, "body": cards.json_of_new(wish)}
    body = cards.json_of_change(wish)
    if not body:
        return None
    if wish.contact.version:
        headers["If-Match"] = wish.contact.version
    return {"method": "PATCH", "url": f"/me/contacts/{id_in_path(wish.contact.id)}", "headers": headers, "body": body}


def _outcome(wish: NewContact | ContactChange, answer: Json | GraphError) -> GraphContact | GraphError:
    before = None if isinstance(wish, NewContact) else wish.contact
    try:
        if isinstance(answer, GraphError):
            raise answer
        read = cards.contact(answer)
    except GraphError as error:
        return error if before else unknown_if_trouble(error)
    # The answer to a write does not tell extended properties, but we know what we wrote.
    crm_id = before.crm_id if before and wish.crm_id is None else wish.crm_id
    return replace(read, crm_id=crm_id, is_private=before.is_private if before else False)
