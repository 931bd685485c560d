"""The values of both sides: what is read is what was written, and what has no equal stays where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from apps.contacts.fields import crm_values, is_same, outlook_values, with_crm_values, with_outlook_values
from apps.contacts.models import Field
from apps.core.addresses import Address
from apps.crm.contact_face import CrmCard, CrmPlace
from apps.graph.cards import Card, Place

CARD = Card(
    display_name="Ing. Jan Karel Novák, Ph.D.",
    title="Ing.",
    given_name="Jan",
    middle_name="Karel",
    surname="Novák",
    suffix="Ph.D.",
    nickname="Honza",
    company="Kovárna & syn s.r.o.",
    department="Nákup",
    job_title='Vedoucí "nákupu" <hlavní>',
    assistant="Eva Malá",
    addresses=(Address("Jan", "jan@kovarna.example"), Address("", "novak@kovarna.example")),
    business_phones=("+420 553 111 222", "+420 553 111 223"),
    home_phones=("+420 602 000 418", "+420 602 000 419"),
    mobile_phone="+420 777 000 111 😀",
    business_address=Place("Dlouhá 1\nbudova B", "Brno", "", "602 00", "Česko"),
    home_address=Place("Krátká 2", "Praha"),
    other_address=Place("Jiná 3", "Opava"),
    web_page="kovarna.example",
    birthday=date(1970, 2, 28),
    notes="první\r\ndruhý",
    categories=("VIP",),
)


def test_what_one_side_has_is_written_and_read_on_the_other():
    values = outlook_values(CARD)
    stored = with_crm_values(CrmCard(fax="1"), values, company_id="firma")

    assert crm_values(stored) == values
    assert (stored.first_name, stored.phone_other, stored.fax) == ("Jan Karel", "+420 553 111 223", "1")
    assert stored.other_address == CrmPlace("Krátká 2", "Praha")
    assert outlook_values(with_outlook_values(Card(), crm_values(stored))) == values
    assert with_outlook_values(CARD, values) == CARD


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        ({Field.FIRST_NAME: "Petr Karel"}, {"given_name": "Petr"}),
        ({Field.FIRST_NAME: "Petr"}, {"given_name": "Petr", "middle_name": ""}),
        ({Field.PHONE_OTHER: "1"}, {"business_phones": ("+420 553 111 222", "1")}),
        ({Field.PHONE_HOME: "1"}, {"home_phones": ("1", "+420 602 000 419")}),
        ({Field.OTHER_ADDRESS: {"city": "Zlín"}}, {"home_address": Place(city="Zlín")}),
        (
            {Field.ADDRESSES: ["NOVAK@kovarna.example", "x@y.cz", "jan@kovarna.example", "4@y.cz"]},
            {"addresses": (CARD.addresses[1], Address("", "x@y.cz"), CARD.addresses[0])},
        ),
    ],
)
def test_a_change_from_coripo_leaves_the_rest_of_the_card(values, changes):
    assert with_outlook_values(CARD, values) == replace(CARD, **changes)


def test_a_second_phone_stays_the_other_one_where_the_first_is_taken_away():
    agreed = outlook_values(CARD)
    moved_up = replace(CARD, business_phones=("+420553111223",))

    values = outlook_values(moved_up, agreed=agreed)

    assert (values[Field.PHONE_WORK], values[Field.PHONE_OTHER]) == ("", "+420553111223")
    assert with_outlook_values(moved_up, {Field.PHONE_OTHER: "1"}, agreed=agreed).business_phones == ("1",)
    assert outlook_values(moved_up)[Field.PHONE_WORK] == "+420553111223"


def test_what_coripo_cannot_hold_is_cut_and_a_company_is_never_taken_away():
    stored = with_crm_values(
        CrmCard(company="A", company_id="a"), {Field.ASSISTANT: "x" * 99, Field.COMPANY: "Neznámá"}
    )

    assert (len(stored.assistant), stored.company, stored.company_id) == (75, "A", "a")


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        (Field.NOTES, " a\r\nb\n", "a\nb", True),
        (Field.LAST_NAME, "Nova\u0301k", "Novák", True),
        (Field.LAST_NAME, "novák", "Novák", False),
        (Field.PHONE_WORK, "00420 553/111-222", "+420 (553) 111 222", True),
        (Field.PHONE_WORK, "553111222", "553111223", False),
        (Field.COMPANY, "ACMARK s.r.o.", "Acmark, spol. s r. o.", True),
        (Field.COMPANY, "ACMARK", "ACMARK Plus", False),
        (Field.ADDRESSES, ["A@x.cz", "b@x.cz", "c@x.cz"], ["a@X.cz", "c@x.cz", "b@x.cz"], True),
        (Field.ADDRESSES, ["a@x.cz", "b@x.cz"], ["b@x.cz", "a@x.cz"], False),
        (Field.WORK_ADDRESS, {"city": "Brno ", "street": ""}, {"city": "Brno"}, True),
    ],
)
def test_what_means_nothing_is_no_difference(field, one, other, same):
    assert is_same(field, one, other) is same
