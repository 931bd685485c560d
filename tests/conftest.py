"""Shared by all tests of the portal: the running sandbox, and the four people whom every door knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from django.test import Client

from tests.catalogues import compile_if_stale
from tests.desk import desk, desk_for
from tests.factories import MailboxFactory, UserFactory
from tests.sandbox_server import Sandbox

__all__ = ["desk", "desk_for"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that nobody waits for it alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("whole") is None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Whoever empties the tables after a test would fill in all permissions again, each time. No test looks at them."""
    for made_by in (create_permissions, create_contenttypes):
        for uid in ("django.contrib.auth.management.create_permissions", None):
            post_migrate.disconnect(made_by, dispatch_uid=uid)


@pytest.fixture(scope="session", autouse=True)
def _czech() -> None:
    """Pages in Czech say what the catalogue says now."""
    compile_if_stale()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    server = Sandbox(settings.SANDBOX_URL)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox in fair weather."""
    sandbox_process.calm()
    yield sandbox_process
    sandbox_process.calm()


@pytest.fixture
def people(db: None) -> dict[str, Client]:
    """Signed-in clients of the owner of a mailbox, a teammate with one of his own, an administrator; and a stranger."""
    clients = {}
    for who in ("owner", "teammate", "administrator"):
        user = UserFactory(username=who, is_staff=who == "administrator", is_superuser=who == "administrator")
        MailboxFactory(owner=user)
        clients[who] = Client()
        clients[who].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    clients["stranger"] = Client()
    return clients
