import pytest

from apps.accounts.actions import TooManyTries
from apps.accounts.explaining import explain
from apps.crm.errors import CrmContractBroken, CrmThrottled, LoginFailed
from tests.factories import NOON


@pytest.mark.parametrize(
    ("step", "in_order"),
    [
        ("address", "were not sent"),
        ("tls", "The address is in order."),
        ("login", "The address and the connection are in order."),
        ("rights", "The address, the connection, the name and the password are in order."),
    ],
)
def test_each_step_says_what_failed_and_what_is_in_order(step: str, in_order: str) -> None:
    explanation = explain(LoginFailed(step))

    assert explanation.headline.endswith(".")
    assert in_order in explanation.sentence


def test_no_two_steps_read_alike() -> None:
    headlines = {explain(LoginFailed(step)).headline for step in ("address", "tls", "login", "rights")}

    assert len(headlines) == 4


def test_a_wait_names_its_end() -> None:
    assert "possible at" in explain(TooManyTries(until=NOON)).sentence


@pytest.mark.parametrize("error", [CrmThrottled("login"), CrmContractBroken("login: <secret>")])
def test_trouble_on_the_way_says_nothing_of_the_login_and_quotes_nothing(error: Exception) -> None:
    explanation = explain(error)

    assert "in trouble" in explanation.headline
    assert "secret" not in explanation.sentence
