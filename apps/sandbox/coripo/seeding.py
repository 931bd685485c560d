"""Fill the CRM from one plain dict (the corpus keeps it as crm.json)."""

import base64
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.apps import apps
from django.db import models, transaction

from apps.sandbox.coripo import knobs
from apps.sandbox.coripo.addresses import address_ids, give_addresses
from apps.sandbox.coripo.catalogue import MODULES, Module
from apps.sandbox.coripo.models import Email, EmailAddressOfEmail, EmailText, Grant, Note, NoteFile, User
from apps.sandbox.coripo.models.base import now
from apps.sandbox.coripo.users import NAMESPACE, create_user

Entry = Mapping[str, Any]

# Lists of the dict, and the modules that they fill; the order lets later ones refer to earlier ones.
LISTS = {
    "accounts": "Accounts",
    "contacts": "Contacts",
    "leads": "Leads",
    "opportunities": "Opportunities",
    "cases": "Cases",
    "projects": "Project",
    "bugs": "Bugs",
}


def load(crm: dict[str, Any]) -> None:
    """Create everything that `crm` names. Meant for an empty CRM; running it again over the same dict changes nothing.

    All keys are optional unless marked *required*; every list may be missing. A `key` is a short name, unique within
    its list ("kovarna-morava"), by which other entries refer to the record; its id in the CRM is a UUID5 of list and
    key, so it is the same after every reset. People are referred to by `user_name`, whether named here or known
    already. Times are ISO 8601 with a zone, or `YYYY-MM-DD HH:MM:SS` in UTC; the caller has shifted them to the
    present. Texts are plain characters, not escaped.

    ::

        {
          "users": [{
            "user_name": "m.novak",                 required
            "password": "demo-heslo",               required
            "name": "Marek Novák",                  required
            "mail": "marek.novak@strojirny-beskyd.example",
            "role": "user",                         admin: everything; user (default): all records;
                                                    restricted: only records assigned to him, created by him or named
                                                    in an entry's "shared_with", and no editing of accounts
            "ldap": false                           true: the password is accepted only with encryption=PLAIN
          }],
          "accounts": [{                            companies
            "key": "kovarna-morava",                required
            "name": "Kovárna Morava a.s.",          required
            "addresses": ["info@kovarna-morava.example"],    the first is the primary one
            "fields": {"phone_office": "+420 595 000 111", "website": "https://kovarna-morava.example",
                       "billing_address_city": "Ostrava", "industry": "Machinery", "description": "...",
                       "ticker_symbol": "(IČO, at most 10)", "sic_code": "(DIČ, at most 10)"},
            "assigned_user": "m.novak",             default: the first user of role admin
            "created_by": "j.svobodova",            default: assigned_user
            "shared_with": ["t.dvorak"],            restricted users who may see it although it is not theirs
            "entered_at": "2025-11-03T08:15:00+01:00"        default: now
          }],
          "contacts": [{                            as accounts (addresses, fields, assigned_user, created_by,
                                                    shared_with, entered_at), and
            "key": "petr-zeman",                    required
            "first_name": "Petr",
            "last_name": "Zeman",                   required
            "accounts": ["kovarna-morava"],         keys; none, one or several; account_id shows the first
            "fields": {"title": "nákupčí", "phone_work": "...", "phone_mobile": "...", "department": "...",
                       "primary_address_city": "..."}
          }],
          "leads": [{                               as contacts, without "accounts", and
            "account_name": "Nová firma s.r.o.",    plain text
            "fields": {"status": "New", "converted": false}
          }],
          "opportunities": [{"key", "name", "account": "kovarna-morava", "contacts": ["petr-zeman"],
                             "fields": {"sales_stage": "Negotiation/Review", "amount": "1250000",
                                        "date_closed": "2026-03-01"},
                             and assigned_user, created_by, shared_with, entered_at as above}],
          "cases":    [like opportunities,          fields: status, priority, type, case_number],
          "projects": [like opportunities,          fields: status, estimated_start_date, estimated_end_date],
          "bugs":     [like opportunities,          fields: status, priority, type],
          "emails": [{                              mails that somebody archived before the portal came
            "key": "nabidka-2024-118",              required
            "message_id": "abc@host.example",       as the former tool wrote it, in any spelling; "" for none
            "subject": "Nabídka č. 118",
            "sent_at": "2026-01-05T09:12:44+01:00",
            "from": "petr.zeman@kovarna-morava.example",     bare address, or "Name <address>"
            "to": ["..."], "cc": ["..."],
            "text": "Dobrý den, ...",
            "html": "<p>Dobrý den, ...</p>",
            "links": ["contacts:petr-zeman", "accounts:...", "leads:...", "opportunities:...", "cases:..."],
            "parent": "accounts:kovarna-morava",    the one main record (parent_type, parent_id); is linked as well
            "files": [{"name": "nabidka.pdf", "content_base64": "..."}],
            "created_by": "j.svobodova", "assigned_user": "...", "shared_with": [...], "entered_at": "...",
            "deleted": false                        true: somebody deleted the record in the CRM afterwards
          }]
        }

    Nothing is cleaned on the way in, as on a screen of the CRM: what stands here is what the database holds. An address
    may be shared by several records; it is kept in the spelling in which it comes first.

    Raises KeyError with the name of a key, user, field or required entry that is missing.
    """
    with transaction.atomic():
        for entry in crm.get("users", ()):
            _user(entry)
        loader = _Loader({user.user_name: user for user in User.objects.filter(deleted=False).order_by("date_entered")})
        for name, module in LISTS.items():
            for entry in crm.get(name, ()):
                loader.record(name, MODULES[module], entry)
        for entry in crm.get("emails", ()):
            loader.email(entry)


@transaction.atomic
def clear() -> None:
    """Empty the CRM: records, users, sessions and knobs."""
    for model in apps.get_app_config("sandbox_coripo").get_models():
        model._default_manager.all().delete()
    knobs.reset()


def record_id(list_name: str, key: str) -> str:
    """The id that the record of that key gets, for example of "contacts" and "petr-zeman"."""
    return str(uuid.uuid5(NAMESPACE, f"{list_name}:{key}"))


def _user(entry: Entry) -> None:
    create_user(
        entry["user_name"],
        entry["password"],
        entry["name"],
        entry.get("role", User.Role.USER),
        mail=entry.get("mail", ""),
        is_ldap=entry.get("ldap", False),
    )


class _Loader:
    """Knows who the users are and which keys have been seen, and fills one entry after another."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users
        self.default_user = next((user for user in users.values() if user.is_admin), None)
        self.seen: dict[str, tuple[str, str]] = {}

    def record(self, list_name: str, module: Module, entry: Entry) -> None:
        """One record of any module but Emails, with its addresses and companies."""
        columns = {name: entry[name] for name in ("name", "first_name", "last_name", "account_name") if name in entry}
        columns |= entry.get("fields", {})
        record = self._new(list_name, module, entry, columns)
        if record is None:
            return
        give_addresses(module=module.name, record_id=record.pk, addresses=entry.get("addresses", ()))
        companies = [self._reference(f"accounts:{key}")[1] for key in entry.get("accounts", ())]
        companies += [self._reference(f"accounts:{entry['account']}")[1]] if entry.get("account") else []
        if companies:
            # Of several companies the one tied last is shown as the contact's own.
            module.links["accounts"].add(record.pk, companies[::-1])
        contacts = [self._reference(f"contacts:{key}")[1] for key in entry.get("contacts", ())]
        if contacts:
            module.links["contacts"].add(record.pk, contacts)

    def email(self, entry: Entry) -> None:
        """One archived e-mail with its texts, addresses, links and files."""
        module = MODULES["Emails"]
        parent_type, parent_id = self._reference(entry["parent"]) if entry.get("parent") else ("", "")
        columns = {
            "name": entry.get("subject", ""),
            "message_id": entry.get("message_id", ""),
            "date_sent_received": entry.get("sent_at"),
            "type": "archived",
            "status": "archived",
            "parent_type": parent_type,
            "parent_id": parent_id,
            "deleted": entry.get("deleted", False),
        }
        email = self._new("emails", module, entry, columns)
        if email is None:
            return
        self._letter(email, entry)
        links = [self._reference(link) for link in (*entry.get("links", ()), *filter(None, [entry.get("parent")]))]
        if not email.deleted:
            for target, far_id in links:
                MODULES[target].links["emails"].add(far_id, [email.pk])
        for number, file in enumerate(entry.get("files", ())):
            self._file(email, file, key=f"{entry['key']}:{number}")

    def _new(self, list_name: str, module: Module, entry: Entry, columns: Mapping[str, Any]) -> Any:
        """The saved record, or None where it is there already."""
        pk = record_id(list_name, entry["key"])
        self.seen[f"{list_name}:{entry['key']}"] = (module.name, pk)
        if module.model._default_manager.filter(pk=pk).exists():
            return None
        assigned = self._user_id(entry.get("assigned_user"))
        author = self._user_id(entry["created_by"]) if entry.get("created_by") else assigned
        entered_at = _moment(entry.get("entered_at")) or now()
        known = {name: _fitting(module.columns[name], value) for name, value in columns.items()}
        record = module.model(
            pk=pk,
            assigned_user_id=assigned,
            created_by=author,
            modified_user_id=author,
            date_entered=entered_at,
            date_modified=entered_at,
            **known,
        )
        record.save(force_insert=True)
        Grant.objects.bulk_create(
            Grant(user_id=self._user_id(name), module=module.name, record_id=pk)
            for name in entry.get("shared_with", ())
        )
        return record

    def _letter(self, email: Email, entry: Entry) -> None:
        EmailText.objects.create(
            email_id=email.pk,
            from_addr=entry.get("from", ""),
            to_addrs=", ".join(entry.get("to", ())),
            cc_addrs=", ".join(entry.get("cc", ())),
            description=entry.get("text", ""),
            description_html=entry.get("html", "") or entry.get("text", "").replace("\n", "<br />\n"),
        )
        roles = {
            "from": [entry["from"]] if entry.get("from") else [],
            "to": entry.get("to", ()),
            "cc": entry.get("cc", ()),
        }
        bare = {role: [_bare(address) for address in addresses] for role, addresses in roles.items()}
        ids = address_ids(_flat(bare.values()))
        EmailAddressOfEmail.objects.bulk_create(
            EmailAddressOfEmail(email_id=email.pk, address_type=role, email_address_id=ids[address])
            for role, addresses in bare.items()
            for address in addresses
        )

    def _file(self, email: Email, file: Entry, *, key: str) -> None:
        note = Note.objects.create(
            pk=record_id("notes", key),
            name=file["name"],
            filename=file["name"],
            file_mime_type="application/octet-stream",
            parent_type="Emails",
            parent_id=email.pk,
            assigned_user_id=email.assigned_user_id,
            created_by=email.created_by,
            modified_user_id=email.created_by,
        )
        NoteFile.objects.create(note_id=note.pk, content=base64.b64decode(file["content_base64"]))

    def _reference(self, text: str) -> tuple[str, str]:
        """Module and id of "contacts:petr-zeman"."""
        return self.seen[text]

    def _user_id(self, user_name: str | None) -> str:
        if user_name:
            return self.users[user_name].pk
        return self.default_user.pk if self.default_user else ""


def _fitting(column: models.Field, value: Any) -> Any:
    if isinstance(column, models.DateTimeField):
        return _moment(value)
    if isinstance(column, models.DateField):
        return date.fromisoformat(value) if value else None
    return value


def _moment(text: str | None) -> datetime | None:
    """Raises ValueError for what is no time."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip("> ").strip()


def _flat(lists: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(item for items in lists for item in items))
