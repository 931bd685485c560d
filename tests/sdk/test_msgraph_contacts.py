"""msgraph-sdk with contacts: it creates, reads, changes, follows by delta, and understands the refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.contact_folder import ContactFolder
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.physical_address import PhysicalAddress
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.contacts.item.contact_item_request_builder import ContactItemRequestBuilder

from tests.sandbox_server import Sandbox
from tests.sdk.calling import Work, configured

TAG = "String {6f9d2c1e-0c5b-4d0a-9b76-2f3f1f0a7c11} Name CrmRecordId"


def zeman(**words: Any) -> Contact:
    return Contact(
        given_name="Karel",
        surname="Zeman",
        email_addresses=[EmailAddress(name="Karel Zeman", address="zeman@kovarna.example")],
        business_phones=["+420 595 000 111"],
        business_address=PhysicalAddress(city="Ostrava"),
        **words,
    )


def test_create_read_and_change(graph: Callable[[Work], Any]) -> None:
    """Into a folder of its own, with an extended property that only `$expand` brings back."""
    expand = [f"singleValueExtendedProperties($filter=id eq '{TAG}')"]
    one = ContactItemRequestBuilder.ContactItemRequestBuilderGetQueryParameters(expand=expand)
    tagged = zeman(single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=TAG, value="3f2a")])

    async def work(g: GraphServiceClient) -> tuple[Any, Any, Any]:
        folder = await g.me.contact_folders.post(ContactFolder(display_name="CORIPO"))
        own = g.me.contact_folders.by_contact_folder_id(folder.id).contacts
        created = await own.post(tagged, configured())
        shown = await g.me.contacts.by_contact_id(created.id).get(configured(one))
        changed = await g.me.contacts.by_contact_id(created.id).patch(
            Contact(job_title="nákup", display_name=shown.display_name), configured()
        )
        assert [item.id for item in (await own.get(configured())).value] == [created.id]
        assert [item.id for item in (await g.me.contact_folders.get()).value] == [folder.id]
        return created, shown, changed

    created, shown, changed = graph(work)

    assert created.single_value_extended_properties is None
    assert [(item.id, item.value) for item in shown.single_value_extended_properties] == [(TAG, "3f2a")]
    assert (shown.display_name, shown.business_address.city) == ("Karel Zeman", "Ostrava")
    assert shown.email_addresses[0].address == "zeman@kovarna.example"
    assert (changed.job_title, changed.surname, changed.id) == ("nákup", "Zeman", created.id)
    assert changed.additional_data["@odata.etag"] != created.additional_data["@odata.etag"]


def test_delta_to_the_end_and_what_changed_since(
    server: Sandbox, graph: Callable[[Work], Any], jana: dict[str, str]
) -> None:
    prefer = 'odata.maxpagesize=3, IdType="ImmutableId"'

    def make(name: str) -> str:
        contact = {"mailbox": jana["mail"], "contact": {"surname": name}}
        return str(server.control("POST", "contacts", json=contact)["id"])

    first, second, *_rest = [make(f"Osoba {number}") for number in range(5)]

    async def rounds(g: GraphServiceClient) -> tuple[list[int], Any]:
        delta = g.me.contact_folders.by_contact_folder_id("contacts").contacts.delta
        page = await delta.get(configured(prefer=prefer))
        sizes = [len(page.value)]
        while page.odata_next_link:
            page = await delta.with_url(page.odata_next_link).get(configured(prefer=prefer))
            sizes.append(len(page.value))
        server.control("DELETE", f"contacts/{first}")
        await g.me.contacts.by_contact_id(second).patch(Contact(surname="Změněná"))
        return sizes, await delta.with_url(page.odata_delta_link).get(configured(prefer=prefer))

    sizes, changes = graph(rounds)

    assert sizes == [3, 2]
    told = {item.id: "removed" if "@removed" in item.additional_data else item.surname for item in changes.value}
    assert told == {first: "removed", second: "Změněná"}
    assert all(isinstance(item, Contact) for item in changes.value)


def test_its_conflict_and_its_limits(graph: Callable[[Work], Any]) -> None:
    async def work(g: GraphServiceClient) -> list[tuple[int, str]]:
        created = await g.me.contacts.post(zeman(), configured())
        own = g.me.contacts.by_contact_id(created.id)
        await own.patch(Contact(job_title="nákup"))
        over_an_old_version = configured()
        over_an_old_version.headers.add("If-Match", created.additional_data["@odata.etag"])
        too_many = Contact(surname="x", home_phones=["1", "2", "3"])
        errors = []
        for refused in (
            own.patch(Contact(job_title="prodej"), over_an_old_version),
            g.me.contacts.post(too_many),
            g.me.contacts.by_contact_id("nobody").get(),
        ):
            with pytest.raises(ODataError) as caught:
                await refused
            errors.append((caught.value.response_status_code, caught.value.error.code))
        return errors

    assert graph(work) == [
        (412, "ErrorIrresolvableConflict"),
        (400, "BadRequest"),
        (400, "ErrorInvalidIdMalformed"),
    ]
