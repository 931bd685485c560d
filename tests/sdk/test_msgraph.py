"""msgraph-sdk by plain http: lists, pages, delta, writing, attachments, batches, and bad weather."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.event_message_request import EventMessageRequest
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_attachment import ItemAttachment
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.mail_search_folder import MailSearchFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.outlook_category import OutlookCategory
from msgraph.generated.models.reference_attachment import ReferenceAttachment
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.messages.item.attachments.item.attachment_item_request_builder import (
    AttachmentItemRequestBuilder,
)
from msgraph.generated.users.item.messages.item.message_item_request_builder import MessageItemRequestBuilder
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from tests.sandbox_server import Sandbox, mime
from tests.sdk.calling import Work, configured

TAG = "String {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmRecordId"


def deliver(server: Sandbox, jana: dict[str, str], *subjects: str) -> list[str]:
    """One mail for each subject; their immutable ids."""
    mails = [mime(sender="zeman@kovarna.example", to=jana["mail"], subject=subject) for subject in subjects]
    return [server.deliver(jana["mail"], mail) for mail in mails]


# ── Reading ───────────────────────────────────────────────────────────────


def test_me(graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    me = graph(lambda g: g.me.get())

    assert (me.mail, me.id, me.display_name) == (jana["mail"], jana["oid"], "Jana Svobodová")


def test_folders(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    server.control("POST", "folders", json={"mailbox": jana["mail"], "folder": "Hledání", "kind": "search"})

    async def folders(g: GraphServiceClient) -> list[MailFolder]:
        page = await g.me.mail_folders.get()
        found = list(page.value)
        while page.odata_next_link:
            page = await g.me.mail_folders.with_url(page.odata_next_link).get()
            found += page.value
        return found

    found = {folder.display_name: folder for folder in graph(folders)}

    assert found["Doručená pošta"].total_item_count == 0
    assert isinstance(found["Hledání"], MailSearchFolder)
    assert graph(lambda g: g.me.mail_folders.by_mail_folder_id("inbox").get()).id == found["Doručená pošta"].id


def test_messages_page_by_page(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    deliver(server, jana, *[f"mail {number}" for number in range(7)])
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        select=["subject", "receivedDateTime", "from"], top=3, orderby=["receivedDateTime desc"], count=True
    )

    async def pages(g: GraphServiceClient) -> list[Any]:
        found = [await g.me.messages.get(request_configuration=configured(parameters))]
        while found[-1].odata_next_link:
            found.append(await g.me.messages.with_url(found[-1].odata_next_link).get(configured()))
        return found

    found = graph(pages)

    assert [len(page.value) for page in found] == [3, 3, 1]
    assert found[0].odata_count == 7
    assert found[0].value[0].received_date_time.tzinfo
    assert found[0].value[0].from_.email_address.address == "zeman@kovarna.example"
    assert {message.subject for page in found for message in page.value} == {f"mail {number}" for number in range(7)}


def test_delta_to_the_end_and_a_quiet_second_round(
    server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]
) -> None:
    """First all, page by page; then nothing; then one removal and one change."""
    first, second, *_rest = deliver(server, jana, *[f"mail {number}" for number in range(7)])
    prefer = 'odata.maxpagesize=3, IdType="ImmutableId"'
    parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["subject", "isRead"])

    async def rounds(g: GraphServiceClient) -> tuple[list[int], Any, Any]:
        delta = g.me.mail_folders.by_mail_folder_id("inbox").messages.delta
        page = await delta.get(request_configuration=configured(parameters, prefer=prefer))
        sizes = [len(page.value)]
        while page.odata_next_link:
            page = await delta.with_url(page.odata_next_link).get(configured(prefer=prefer))
            sizes.append(len(page.value))
        quiet = await delta.with_url(page.odata_delta_link).get(configured(prefer=prefer))
        server.control("DELETE", f"messages/{first}")
        await g.me.messages.by_message_id(second).patch(Message(is_read=True))
        changes = await delta.with_url(quiet.odata_delta_link).get(configured(prefer=prefer))
        return sizes, quiet, changes

    sizes, quiet, changes = graph(rounds)

    assert sizes == [3, 3, 1]
    assert quiet.value == []
    told = {item.id: "removed" if "@removed" in item.additional_data else item.is_read for item in changes.value}
    assert told == {first: "removed", second: True}
    assert isinstance(changes.value[0], Message)


def test_mime(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    source = mime(sender="zeman@kovarna.example", to=jana["mail"], subject="Zdroj")
    own = server.deliver(jana["mail"], source)

    assert graph(lambda g: g.me.messages.by_message_id(own).content.get()) == source


def test_attachments_of_three_kinds(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    own = server.deliver(jana["mail"], with_attachments())

    attachments = {item.name: item for item in graph(_attachments_of(own)).value}

    assert isinstance(attachments["nabídka.pdf"], FileAttachment)
    assert attachments["nabídka.pdf"].content_bytes == b"%PDF-1.4"
    assert isinstance(attachments["Pozvánka"], ItemAttachment)
    assert isinstance(attachments["velky.zip"], ReferenceAttachment)
    assert attachments["velky.zip"].size < 1000


def test_items_inside_attachments(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    own = server.deliver(jana["mail"], with_attachments())
    parameters = AttachmentItemRequestBuilder.AttachmentItemRequestBuilderGetQueryParameters(
        expand=["microsoft.graph.itemattachment/item"]
    )

    def item(name: str) -> Any:
        [found] = [one.id for one in graph(_attachments_of(own)).value if one.name == name]
        attachments = _attachments(own)
        return graph(lambda g: attachments(g).by_attachment_id(found).get(configured(parameters))).item

    assert isinstance(item("Pozvánka"), EventMessageRequest)
    assert item("Pozvánka").subject == "Pozvánka"
    assert isinstance(item("Karel Zeman.vcf"), Contact)
    assert item("Karel Zeman.vcf").email_addresses[0].address == "zeman@kovarna.example"


# ── Writing ───────────────────────────────────────────────────────────────


def test_patch_of_categories(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    """The SDK adds `@odata.type` to the body, and wants the whole message back."""
    [own] = deliver(server, jana, "Nabídka")

    changed = graph(lambda g: g.me.messages.by_message_id(own).patch(Message(categories=["CORIPO"], is_read=True)))

    assert (changed.categories, changed.is_read, changed.subject) == (["CORIPO"], True, "Nabídka")


def test_extended_properties(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    [own] = deliver(server, jana, "Nabídka")
    value = Message(single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=TAG, value="Emails/1")])
    expand = [f"singleValueExtendedProperties($filter=id eq '{TAG}')"]
    one = MessageItemRequestBuilder.MessageItemRequestBuilderGetQueryParameters(expand=expand)
    listed = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter=f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq 'emails/1')"
    )

    answer = graph(lambda g: g.me.messages.by_message_id(own).patch(value))
    shown = graph(lambda g: g.me.messages.by_message_id(own).get(configured(one)))
    found = graph(lambda g: g.me.messages.get(configured(listed)))

    assert answer.single_value_extended_properties is None
    assert [(item.id, item.value) for item in shown.single_value_extended_properties] == [(TAG, "Emails/1")]
    assert [message.id for message in found.value] == [own]


def test_master_categories(graph: Callable[[Work], Any]) -> None:
    async def work(g: GraphServiceClient) -> list[str]:
        await g.me.outlook.master_categories.post(OutlookCategory(display_name="CORIPO"))
        return [category.display_name for category in (await g.me.outlook.master_categories.get()).value]

    assert "CORIPO" in graph(work)


# ── Refusals ──────────────────────────────────────────────────────────────


def test_not_found(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    [own] = deliver(server, jana, "Nabídka")
    server.control("DELETE", f"messages/{own}")

    error = refusal(graph, lambda g: g.me.messages.by_message_id(own).get(configured()))

    assert (error.response_status_code, error.error.code) == (404, "ErrorItemNotFound")
    assert error.error.inner_error.request_id
    assert error.error.inner_error.date


def test_gone_tells_where_to_start_again(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    deliver(server, jana, "Nabídka")

    async def work(g: GraphServiceClient) -> Any:
        delta = g.me.mail_folders.by_mail_folder_id("inbox").messages.delta
        page = await delta.get(configured())
        server.fault("expired-cursor", f"graph:{jana['mail']}")
        try:
            await delta.with_url(page.odata_delta_link).get(configured())
        except ODataError as error:
            fresh = error.response_headers.get("Location")
            return error, (await delta.with_url(fresh).get(configured())).value
        raise AssertionError("not refused")

    error, items = graph(work)

    assert (error.response_status_code, error.error.code) == (410, "SyncStateNotFound")
    assert [item.subject for item in items] == ["Nabídka"]


def test_a_conflict(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    [own] = deliver(server, jana, "Nabídka")

    async def work(g: GraphServiceClient) -> Any:
        message = await g.me.messages.by_message_id(own).get(configured())
        await g.me.messages.by_message_id(own).patch(Message(is_read=True))
        configuration = configured()
        configuration.headers.add("If-Match", message.additional_data["@odata.etag"])
        return await g.me.messages.by_message_id(own).patch(Message(is_read=False), configuration)

    error = refusal(graph, work)

    assert (error.response_status_code, error.error.code) == (412, "ErrorIrresolvableConflict")


def test_throttling_is_survived_by_their_own_middleware(
    server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]
) -> None:
    deliver(server, jana, "Nabídka")
    server.fault("throttle", f"graph:{jana['mail']}", times=2, seconds=1)
    server.forget_requests()

    page = graph(lambda g: g.me.messages.get(configured()))

    assert len(page.value) == 1
    assert server.requests()["by_part"]["graph:GET messages"] == 3


def test_an_outage_is_survived(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    server.fault("5xx", f"graph:{jana['mail']}", times=1)

    assert graph(lambda g: g.me.messages.get(configured())).value == []


# ── Batches ───────────────────────────────────────────────────────────────


def test_batch(server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]) -> None:
    """Twenty parts that come back in any order, found again by their ids.

    The SDK reads the bodies of sources alone: bodies in JSON it leaves out, Microsoft's as well as ours.
    """
    ids = deliver(server, jana, *[f"mail {number}" for number in range(18)])

    async def work(g: GraphServiceClient) -> Any:
        content = BatchRequestContent()
        for own in [*ids, "nonsense"]:
            request = g.me.messages.by_message_id(own).content.to_get_request_information()
            content.add_request(own, BatchRequestItem(request, own))
        content.add_request("list", BatchRequestItem(g.me.messages.to_get_request_information(configured()), "list"))
        return await BatchRequestBuilder(g.request_adapter).post(content)

    answer = graph(work)

    statuses = answer.get_response_status_codes()
    assert statuses == {**dict.fromkeys(ids, 200), "nonsense": 400, "list": 200}
    sources = [answer.get_response_by_id(own).body for own in ids]
    assert [message_from_bytes(source)["Subject"] for source in sources] == [f"mail {number}" for number in range(18)]


# ── Parts of the above ────────────────────────────────────────────────────


def refusal(graph: Callable[[Work], Any], work: Work) -> ODataError:
    with pytest.raises(ODataError) as caught:
        graph(work)
    return caught.value


def with_attachments() -> bytes:
    """A file, an invitation, somebody's card, and a link to a file in a cloud."""
    message = EmailMessage()
    message["Subject"] = "Všechny druhy"
    message.set_content("V příloze.")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="nabídka.pdf")
    invitation = EmailMessage()
    invitation["Subject"] = "Pozvánka"
    invitation.set_content("Přijďte.")
    calendar = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n"
    invitation.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(invitation)
    card = "BEGIN:VCARD\nFN:Karel Zeman\nORG:Kovárna\nEMAIL;TYPE=work:zeman@kovarna.example\nEND:VCARD\n"
    message.add_attachment(card, subtype="vcard", filename="Karel Zeman.vcf", headers=["X-Sandbox-Item: contact"])
    link = EmailMessage()
    link["Content-Type"] = 'message/external-body; access-type=URL; URL="https://cloud.example/1"; name="velky.zip"'
    link.set_payload([EmailMessage()])
    message.attach(link)
    return message.as_bytes()


def _attachments(own: str) -> Callable[[GraphServiceClient], Any]:
    return lambda g: g.me.messages.by_message_id(own).attachments


def _attachments_of(own: str) -> Work:
    return lambda g: _attachments(own)(g).get(configured())
