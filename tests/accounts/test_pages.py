"""What holds for every page of somebody who is signed in."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/inbox/", "/settings/", "/inbox/999/", "/"])
def test_private_pages_are_kept_in_no_cache(people: dict[str, Client], path: str) -> None:
    assert "no-store" in people["owner"].get(path)["Cache-Control"]


def test_a_form_sent_without_a_session_ends_on_a_page_after_the_sign_in(people: dict[str, Client]) -> None:
    sent_to_sign_in = people["stranger"].post("/inbox/refresh/")["Location"]
    assert sent_to_sign_in == "/accounts/login/?next=/inbox/refresh/"

    back = people["owner"].get(sent_to_sign_in, follow=True)

    assert back.redirect_chain[-1] == ("/inbox/", 302)
    assert b"Please press the button once more." in back.content


def test_a_stranger_and_a_program_still_hear_that_the_method_is_wrong(people: dict[str, Client]) -> None:
    assert people["stranger"].get("/accounts/entra/login/").status_code == 405
    assert people["owner"].put("/inbox/").status_code == 405
