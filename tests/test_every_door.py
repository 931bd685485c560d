"""Every address of the portal, tried by four people. An address that is not listed here fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.work.models import Function
from tests.factories import (
    AddressBookFactory,
    ContactFolderFactory,
    ContactTransferFactory,
    MailFolderFactory,
    MessageFactory,
    OutlookContactFactory,
    ParticipantFactory,
    RunFactory,
)

FOUR = ("owner", "teammate", "administrator", "stranger")


@dataclass(frozen=True)
class Door:
    """What the four get, in their order; 302 for a stranger is the way to the sign-in."""

    method: str
    path: str
    answers: tuple[int, int, int, int]
    data: dict[str, str] = field(default_factory=dict)


OPEN = (200, 200, 200, 200)
SIGNED_IN = (200, 200, 200, 302)
OWN_POST = (302, 404, 404, 302)
OWN_PAGE = (200, 404, 404, 302)

DOORS = {
    "home": Door("get", "/", (302, 302, 302, 302)),
    "healthz": Door("get", "/healthz", OPEN),
    "start": Door("get", "/start/", SIGNED_IN),
    "connect_crm": Door("get", "/start/crm/", SIGNED_IN),
    "inbox": Door("get", "/inbox/", SIGNED_IN),
    "act_on_selection": Door("post", "/inbox/act/", (302, 302, 302, 302), {"action": "mark", "message": "{message}"}),
    "refresh": Door("post", "/inbox/refresh/", (302, 302, 302, 302)),
    "sync_matched": Door("post", "/inbox/matched/", (302, 302, 302, 302)),
    "states": Door("get", "/inbox/states/", (302, 302, 302, 302)),
    "message": Door("get", "/inbox/{message}/", OWN_PAGE),
    "act_on_message": Door("post", "/inbox/{message}/act/", OWN_POST, {"action": "mark"}),
    "use_suggestion": Door("post", "/inbox/{message}/suggestion/", OWN_POST, {"address": "jana+crm@firma.example"}),
    "open_record": Door("get", "/inbox/{message}/open/", OWN_PAGE),
    "message_body": Door("get", "/inbox/{message}/body/", OWN_PAGE),
    "people": Door("get", "/inbox/{message}/people/", OWN_PAGE),
    "message_records": Door("get", "/inbox/{message}/records/", OWN_PAGE),
    "forget_record": Door("post", "/inbox/{message}/records/forget/", OWN_POST),
    "unlink_record": Door("post", "/inbox/{message}/records/unlink/", OWN_POST),
    "forget_later": Door("post", "/inbox/{message}/records/later/forget/", OWN_POST),
    "files": Door("get", "/inbox/{message}/files/", OWN_PAGE),
    "attachment": Door("get", "/inbox/{message}/files/AAMk", (502, 404, 404, 302)),
    "offer_matching": Door("get", "/inbox/matching/", (302, 302, 302, 302)),
    "attention": Door("get", "/attention/", SIGNED_IN),
    "try_group_again": Door(
        "post", "/attention/again/", (302, 302, 302, 302), {"state": "failed", "cause": "crm_rejected"}
    ),
    "runs": Door("get", "/runs/", SIGNED_IN),
    "new_run": Door("get", "/runs/new/", SIGNED_IN),
    "ask_run": Door("post", "/runs/ask/", (302, 302, 302, 302), {"action": "sync", "up_to": "1"}),
    "ask_undo": Door("post", "/runs/undo/", OWN_POST, {"of": "run", "run": "{run}"}),
    "run": Door("get", "/runs/{run}/", OWN_PAGE),
    "steer_run": Door("post", "/runs/{run}/act/", OWN_POST, {"action": "pause"}),
    "export_run": Door("get", "/runs/{run}/export/", OWN_PAGE),
    "settings": Door("get", "/settings/", SIGNED_IN),
    "settings_automatic": Door("get", "/settings/automatic/", SIGNED_IN),
    "settings_dry_run": Door("get", "/settings/automatic/preview/", (302, 302, 302, 302)),
    "steer_automatic": Door("post", "/settings/automatic/act/", (302, 302, 302, 302), {"action": "run"}),
    "settings_emails": Door("get", "/settings/emails/", SIGNED_IN),
    "settings_contacts": Door("get", "/settings/contacts/", SIGNED_IN),
    "choose_new_contacts_folder": Door("post", "/settings/contacts/{mailbox}/folder/", OWN_POST),
    "contacts:list": Door("get", "/contacts/", SIGNED_IN),
    "contacts:states": Door("get", "/contacts/states/?shown={contact}", (302, 302, 302, 302)),
    "contacts:sync": Door("post", "/contacts/sync/", (302, 302, 302, 302), {"contact": "{contact}"}),
    "contacts:in_crm": Door("get", "/contacts/coripo/", SIGNED_IN),
    "contacts:bring": Door("post", "/contacts/coripo/bring/", OWN_POST, {"book": "{mailbox}", "crm_id": "crm-1"}),
    "contacts:suggestions": Door("get", "/contacts/suggestions/", SIGNED_IN),
    "contacts:run": Door("get", "/contacts/runs/{contact_run}/", OWN_PAGE),
    "contacts:steer_run": Door("post", "/contacts/runs/{contact_run}/act/", OWN_POST, {"action": "pause"}),
    "contacts:person": Door("get", "/contacts/{contact}/", OWN_PAGE),
    "contacts:act": Door("post", "/contacts/{contact}/act/", OWN_POST, {"function": "sync"}),
    "contacts:open": Door("get", "/contacts/{contact}/open/", OWN_PAGE),
    "contacts:link": Door("get", "/contacts/{contact}/link/", OWN_PAGE),
    "contacts:compare": Door("get", "/contacts/{contact}/link/crm-1/", OWN_POST),
    "contacts:differences": Door("get", "/contacts/{contact}/differences/", OWN_POST),
    "contacts:company": Door("get", "/contacts/{contact}/company/", OWN_PAGE),
    "contacts:consent": Door("post", "/contacts/consent/", OWN_POST, {"mailbox": "{mailbox}"}),
    "contacts:consented": Door("get", "/contacts/consent/done/", (302, 302, 302, 302)),
    "contacts:create": Door("get", "/contacts/create/?message={message}&address=jana@kovarna-morava.example", OWN_PAGE),
    "contacts:waiting": Door("get", "/contacts/create/{transfer}/", OWN_PAGE),
    "contacts:choose": Door("get", "/contacts/choose/?message={message}", OWN_PAGE),
    "contacts:several": Door("post", "/contacts/several/", OWN_POST, {"message": "{message}"}),
    "settings_mailboxes": Door("get", "/settings/mailboxes/", SIGNED_IN),
    "follow_folders": Door("post", "/settings/mailboxes/{mailbox}/folders/", OWN_POST),
    "disconnect_mailbox": Door("post", "/settings/mailboxes/{mailbox}/disconnect/", OWN_POST),
    "choose_category": Door("post", "/settings/mailboxes/{mailbox}/category/", OWN_POST, {"action": "save"}),
    "status": Door("get", "/status/", SIGNED_IN),
    "check_mailbox": Door("post", "/status/{mailbox}/check/", OWN_POST),
    "language": Door("post", "/language/", (302, 302, 302, 302), {"language": "cs"}),
    "account_login": Door("get", "/accounts/login/", (302, 302, 302, 200)),
    "administrator_sign_in": Door("get", "/accounts/administrator/", (302, 302, 302, 200)),
    "account_logout": Door("get", "/accounts/logout/", (200, 200, 200, 302)),
    "account_inactive": Door("get", "/accounts/inactive/", (403, 403, 403, 403)),
    "socialaccount_login_cancelled": Door("get", "/accounts/cancelled/", OPEN),
    "entra_login": Door("get", "/accounts/entra/login/", (302, 302, 302, 405)),
    "entra_callback": Door("get", "/accounts/entra/login/callback/", (401, 401, 401, 401)),
    "mailboxes:connect": Door("post", "/mailboxes/connect/", (302, 302, 302, 302)),
    "mailboxes:callback": Door("get", "/mailboxes/callback/", (302, 302, 302, 302)),
    "mailboxes:write": Door("post", "/mailboxes/{mailbox}/write/", OWN_POST),
    "mailboxes:refresh": Door("post", "/mailboxes/{mailbox}/refresh/", OWN_POST),
}


def names(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names(pattern.url_patterns, space + inner)
        else:
            yield f"{space}{pattern.name}"


def test_every_address_is_listed():
    served = {name for name in names(get_resolver().url_patterns) if not name.startswith("admin:")}

    assert served == set(DOORS)


@pytest.mark.django_db
@pytest.mark.parametrize("name", DOORS)
def test_who_gets_through(name: str, people: dict[str, Client], sandbox):
    from apps.accounts.models import User

    mailbox = User.objects.get(username="owner").mailboxes.get()
    message = MessageFactory(folder=MailFolderFactory(mailbox=mailbox))
    ParticipantFactory(message=message)
    AddressBookFactory(mailbox=mailbox)
    ids = {
        "message": message.pk,
        "mailbox": mailbox.pk,
        "run": RunFactory(requested_by=mailbox.owner).pk,
        "contact_run": RunFactory(requested_by=mailbox.owner, function=Function.CONTACTS).pk,
        "contact": OutlookContactFactory(folder=ContactFolderFactory(mailbox=mailbox)).pk,
        "transfer": ContactTransferFactory(mailbox=mailbox).pk,
    }
    door = DOORS[name]

    # The owner comes last: what he is allowed to do may end what the others tried to reach.
    got = {}
    for who in reversed(FOUR):
        data = {key: value.format(**ids) for key, value in door.data.items()}
        got[who] = getattr(people[who], door.method)(door.path.format(**ids), data).status_code

    assert tuple(got[who] for who in FOUR) == door.answers


@pytest.mark.django_db
def test_ids_of_somebody_else_are_as_if_they_had_not_been_sent(people: dict[str, Client]):
    from apps.accounts.models import User
    from apps.sync.models import Mark, Transfer

    mailbox = User.objects.get(username="owner").mailboxes.get()
    message = MessageFactory(folder=MailFolderFactory(mailbox=mailbox))

    for who in ("teammate", "administrator", "stranger"):
        for action in ("sync", "mark", "unmark"):
            people[who].post("/inbox/act/", {"action": action, "message": str(message.pk)})

    assert not Transfer.objects.exists()
    assert not Mark.objects.exists()


@pytest.mark.django_db
def test_the_administration_has_no_messages_tokens_or_passwords(people: dict[str, Client]):
    for model in (
        "mailboxes/message",
        "mailboxes/mailboxtoken",
        "accounts/crmaccount",
        "sync/transfer",
        "sync/crmemail",
        "contacts/outlookcontact",
    ):
        assert people["administrator"].get(f"/admin/{model}/").status_code == 404
    assert people["owner"].get("/admin/").status_code == 302
