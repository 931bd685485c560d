"""`$search`: KQL in double quotes, at most a thousand hits, the newest sent first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from apps.sandbox.graph import mailroom, searching
from tests.sandbox.graph.caller import GraphCaller, mail

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEARCH = "$search=%22"
NEWEST_FIRST = "Tue, 03 Mar 2026 12:00:00 +0000", "Mon, 02 Mar 2026 12:00:00 +0000", "Sun, 01 Mar 2026 12:00:00 +0000"


@pytest.fixture
def mails(jana: Person) -> None:
    """Three mails, the one called "invoice" sent last."""
    sent = iter(NEWEST_FIRST)
    mailroom.deliver(
        jana.mail, mail("Faktura invoice", text="Zaplaťte prosím.", date=next(sent), from_="Eva <eva@banka.example>")
    )
    mailroom.deliver(
        jana.mail,
        mail(
            "Poptávka kování",
            text="Máte 40 kusů?",
            date=next(sent),
            cc="Petr <petr@kovarna.example>",
            importance="High",
        ),
        is_read=True,
    )
    with_file = mail("Zápis", text="Porada o poptávce.", date=next(sent), to="Tým <tym@firma.example>")
    mailroom.deliver(jana.mail, with_file, folder="archive")


def found(graph: GraphCaller, search: str, rest: str = "") -> list[str]:
    return [item["subject"] for item in graph.get(f"messages?$search={quote(search)}{rest}")["value"]]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        # Without a property: from, subject, body; any case, with or without accents, from the beginning of a word.
        ('"poptavk"', ["Poptávka kování"]),
        ('"POPTÁV"', ["Poptávka kování", "Zápis"]),
        ('"eva"', ["Faktura invoice"]),
        ('"ptavka"', []),
        ('"subject:faktura"', ["Faktura invoice"]),
        ('"subject:poptávce"', []),
        ('"body:kusů"', ["Poptávka kování"]),
        ('"from:eva@banka.example"', ["Faktura invoice"]),
        ('"cc:petr"', ["Poptávka kování"]),
        ('"to:tym@firma.example"', ["Zápis"]),
        ('"recipients:petr"', ["Poptávka kování"]),
        ('"participants:eva@banka.example"', ["Faktura invoice"]),
        ('"participants:petr@kovarna.example"', ["Poptávka kování"]),
        ('"bcc:petr"', []),
        ('"to:@"', []),
        ('"importance:high"', ["Poptávka kování"]),
        ('"hasAttachment:true"', []),
        ('"sent>=2026-03-02"', ["Faktura invoice", "Poptávka kování"]),
        ('"sent<2026-03-02"', ["Zápis"]),
        ('"sent:2026-03-02..2026-03-02"', ["Poptávka kování"]),
        ('"size>1"', ["Faktura invoice", "Poptávka kování", "Zápis"]),
        ('"kind:email"', ["Faktura invoice", "Poptávka kování", "Zápis"]),
        ('"faktura OR porada"', ["Faktura invoice", "Zápis"]),
        ('"faktura porada"', []),
        ('"NOT faktura"', ["Poptávka kování", "Zápis"]),
        ('"(faktura OR porada) AND from:eva"', ["Faktura invoice"]),
        ('"subject:\\"poptávka kování\\""', ["Poptávka kování"]),
        ("faktura", ["Faktura invoice"]),
    ],
)
def test_what_a_search_finds(graph: GraphCaller, mails: None, search: str, expected: list[str]) -> None:
    """Newest sent first, over all folders."""
    assert found(graph, search) == expected


def test_within_a_folder(graph: GraphCaller, mails: None) -> None:
    listed = graph.get(f"mailFolders/archive/messages?{SEARCH}poptáv%22&$select=subject")["value"]

    assert [item["subject"] for item in listed] == ["Zápis"]


def test_mail_that_came_after_the_first_search(graph: GraphCaller, jana: Person, mails: None) -> None:
    assert found(graph, '"nový"') == []

    mailroom.deliver(jana.mail, mail("Nový"))

    assert found(graph, '"nový"') == ["Nový"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('$search="x"&$orderby=subject', "SearchWithOrderBy"),
        ('$search="x"&$filter=isRead eq true', "SearchWithFilter"),
        ('$search="x"&$skip=10', "ErrorInvalidUrlQuery"),
        ('$search="x"&$count=true', "ErrorInvalidUrlQuery"),
        ("$search=from:eva", "BadRequest"),
        ('$search="(x"', "BadRequest"),
        ('$search="sent>yesterday"', "BadRequest"),
        ('$search=""', "BadRequest"),
    ],
)
def test_what_a_search_may_not_ask(graph: GraphCaller, query: str, code: str) -> None:
    assert graph.refusal("GET", f"messages?{quote(query, safe='$&=')}") == (400, code)


def test_the_next_page_has_a_token(graph: GraphCaller, jana: Person) -> None:
    for number in range(25):
        mailroom.deliver(jana.mail, mail(f"mail {number}"), received_at=NOON + timedelta(minutes=number))

    pages = list(graph.pages(f"messages?{SEARCH}mail%22&$select=subject&$top=10"))

    assert [len(page["value"]) for page in pages] == [10, 10, 5]
    assert len({item["subject"] for page in pages for item in page["value"]}) == 25
    assert "skiptoken=" in pages[0]["@odata.nextLink"]


def test_a_thousand_hits_at_most(graph: GraphCaller, jana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MAX_HITS", 12)
    mailroom.deliver_many(jana.mail, [mailroom.Delivery(mail("mail"))] * 15)

    pages = list(graph.pages(f"messages?{SEARCH}mail%22"))

    assert [len(page["value"]) for page in pages] == [10, 2]


def test_the_basic_scope_does_not_search(client: Client, jana: Person, bearer: Callable[..., str]) -> None:
    basic = GraphCaller(client, bearer(jana, "Mail.ReadBasic"))

    assert basic.refusal("GET", f"messages?{SEARCH}x%22") == (403, "ErrorAccessDenied")
