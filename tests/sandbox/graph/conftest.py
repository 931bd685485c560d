"""Jana, whose mailbox the tests look into, and Petr, whose business it is not."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.sandbox.control.models import Person
from tests.sandbox.graph.caller import GraphCaller

READ_WRITE = "User.Read Mail.ReadWrite"


@pytest.fixture
def jana(person: Callable[..., Person]) -> Person:
    return person("Jana Svobodová")


@pytest.fixture
def petr(person: Callable[..., Person]) -> Person:
    return person("Petr Cizí")


@pytest.fixture
def graph(client: Client, jana: Person, bearer: Callable[..., str]) -> GraphCaller:
    """Jana's client, which may read and write."""
    return GraphCaller(client, bearer(jana, READ_WRITE))


@pytest.fixture
def graph_of_petr(client: Client, petr: Person, bearer: Callable[..., str]) -> GraphCaller:
    return GraphCaller(client, bearer(petr, READ_WRITE))
