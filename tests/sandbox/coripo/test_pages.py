"""The web pages of records: where "Open in CORIPO" lands."""

import base64

from django.test import Client

from tests.sandbox.coripo.conftest import Crm


def page(module: str, record_id: str) -> str:
    return f"/index.php?module={module}&action=DetailView&record={record_id}"


def test_an_email_shows_all_it_has(crm: Crm, client: Client) -> None:
    account = crm.save("Accounts", name="Kovárna & syn")
    contact = crm.save("Contacts", first_name="Petr", last_name="Zeman", email1="petr@kovarna.example")
    email = crm.save(
        "Emails",
        name="Nabídka < 2026",
        date_sent_received="2026-01-05 08:12:44",
        from_addr="petr@kovarna.example",
        to_addrs="obchod@nase.example",
        cc_addrs="servis@nase.example",
        description="Dobrý den, <posílám>",
        description_html="<p>Dobrý den</p>",
        parent_type="Accounts",
        parent_id=account,
    )
    crm.call("set_relationship", "Emails", email, "contacts", [contact], [], 0)
    note = crm.save("Notes", name="nabídka.pdf", parent_type="Emails", parent_id=email)
    file = base64.b64encode(b"%PDF").decode()
    crm.call("set_note_attachment", {"id": note, "filename": "nabídka.pdf", "file": file})

    response = client.get(page("Emails", email))

    html = response.content.decode()
    for text in (
        "Nabídka &lt; 2026",
        "petr@kovarna.example",
        "obchod@nase.example",
        "servis@nase.example",
        "2026-01-05 08:12:44",
        "Dobrý den, &lt;posílám&gt;",
        "nabídka.pdf",
        "Petr Zeman",
        "Kovárna &amp; syn",
        "Marek Novák",
    ):
        assert text in html
    assert page("Contacts", contact).replace("&", "&amp;") in html
    assert "default-src 'self'" in response["Content-Security-Policy"]
    download = client.get(f"/index.php?entryPoint=download&id={note}")
    assert download.content == b"%PDF"
    assert download["Content-Disposition"].startswith("attachment")


def test_a_letter_has_no_rights(crm: Crm, client: Client) -> None:
    email = crm.save("Emails", description_html="<p>x</p>")
    response = client.get(f"/index.php?module=Emails&action=body&record={email}")

    assert "<p>x</p>" in response.content.decode()
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_people_and_companies(crm: Crm, client: Client) -> None:
    account = crm.save("Accounts", name="Kovárna", phone_office="+420 595 000 111")
    contact = crm.save("Contacts", last_name="Zeman", email1="petr@kovarna.example", account_id=account)

    company_page = client.get(page("Accounts", account)).content.decode()
    contact_page = client.get(page("Contacts", contact)).content.decode()

    assert "+420 595 000 111" in company_page
    assert "Zeman" in company_page
    assert "petr@kovarna.example" in contact_page
    assert "Kovárna" in contact_page


def test_missing_and_deleted_records_are_404(crm: Crm, client: Client) -> None:
    deleted = crm.save("Emails", name="E")
    crm.save("Emails", id=deleted, deleted=1)

    assert client.get(page("Emails", deleted)).status_code == 404
    assert client.get(page("Emails", "none")).status_code == 404
    assert client.get(page("Nonsense", "none")).status_code == 404
    assert client.get("/index.php?entryPoint=download&id=none").status_code == 404


def test_start_and_lists(crm: Crm, client: Client) -> None:
    crm.save("Emails", name="Nabídka")

    assert "Nabídka" in client.get("/index.php").content.decode()
    for module in ("Emails", "Contacts", "Users", "Cases"):
        assert client.get(f"/index.php?module={module}&action=index").status_code == 200


def test_a_list_is_searched_without_accents_and_by_address(crm: Crm, client: Client) -> None:
    crm.save("Contacts", first_name="Petr", last_name="Hruška", email1="petr@linky.example")
    crm.save("Contacts", last_name="Zeman")

    for words in ("hruska", "PETR@linky"):
        html = client.get("/index.php", {"module": "Contacts", "action": "index", "query": words}).content.decode()
        assert "Petr Hruška" in html
        assert "Zeman" not in html
    html = client.get("/index.php", {"module": "Contacts", "action": "index", "query": "<nobody>"}).content.decode()
    assert "Nothing is called “&lt;nobody&gt;”" in html


def test_a_long_list_has_pages(crm: Crm, client: Client) -> None:
    for number in range(60):
        crm.save("Accounts", name=f"Firma {number:02}")

    first, second = (
        client.get("/index.php", {"module": "Accounts", "action": "index", "page": page}).content.decode()
        for page in (1, 2)
    )

    assert "Firma 00" in first
    assert "Page 1 of 2" in first
    assert "Firma 59" not in first
    assert "Firma 59" in second


def test_a_company_shows_its_people_and_emails_as_their_lists_do(crm: Crm, client: Client) -> None:
    company = crm.save("Accounts", name="Kovárna")
    crm.save("Contacts", last_name="Zeman", title="nákupčí & skladník", account_id=company)
    crm.save("Emails", name="Nabídka", from_addr="petr@kovarna.example", parent_type="Accounts", parent_id=company)
    crm.save("Leads", last_name="Nový", status="New", account_id=company)

    html = client.get(page("Accounts", company)).content.decode()

    for text in ("Zeman", "nákupčí &amp; skladník", "Nabídka", "petr@kovarna.example", "Nový"):
        assert text in html
