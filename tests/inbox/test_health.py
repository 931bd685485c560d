import pytest
from celery import current_app
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.django_db
def test_a_healthy_portal_says_so_to_anybody(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert "no-cache" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_database_out_of_reach_is_said_without_details(client: Client) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("connection to 10.0.0.7 as portal:secret refused")

    with connection.execute_wrapper(refuse):
        answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "database": "unreachable"}


@pytest.mark.django_db
def test_a_broker_out_of_reach_is_said_and_fails_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.delete("broker_answers")
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "broker": "unreachable"})
    cache.delete("broker_answers")


@pytest.mark.django_db
def test_the_broker_is_not_asked_each_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.delete("broker_answers")
    client.get("/healthz")
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")

    assert client.get("/healthz").json() == {"ok": True}


@pytest.mark.django_db
def test_it_only_answers(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
