"""One contract for every CRM that speaks REST v4_1: what the portal relies on, line by line.

Each test is named for a line of what was measured on a running server of the family (SuiteCRM 7.14.6). It always runs
against the stand-in of the sandbox, so that the stand-in tells the truth. Against a real server it runs by

    CORIPO_BASE_URL=https://crm.example CORIPO_USER=... CORIPO_PASSWORD=... python -m pytest tests/contract -m live -n0

There it creates records named "Portal contract test", deletes them again and touches nothing else. The login needs the
rights of an ordinary user: companies, contacts, leads, e-mails and notes. It needs no data of its own. What fails there
is a fact that differs on that server; what it says of its version stands at the end of the run (SuiteCRM tells that of
the SugarCRM that it comes from). What is skipped needs a switch of the stand-in, or a module that the server lacks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol

import pytest

from apps.crm.calling import Caller, Login
from apps.crm.rest_v4_1 import RestV41
from apps.crm.sessions import SessionPool
from apps.crm.transport import Patience, Transport
from tests.contract.v4_1 import Line, Server
from tests.sandbox_server import Sandbox

PATIENCE = Patience(connect_seconds=5.0, read_seconds=60.0)
# 20 MiB took 37 s on a machine of its own, and a test may send 31 MB over a slow line.
LIVE_TEST_SECONDS = 600
VERSION = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A real server is never called by default, whatever else is asked for."""
    live = [item for item in items if item.get_closest_marker("live")]
    if "live" in (config.option.markexpr or ""):
        for item in live:
            item.add_marker(pytest.mark.timeout(LIVE_TEST_SECONDS))
        return
    config.hook.pytest_deselected(items=live)
    items[:] = [item for item in items if item not in live]


@pytest.fixture(scope="session", params=["stand-in", pytest.param("live", marks=pytest.mark.live)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The stand-in, or the real server that the environment names."""
    server = _stand_in(request) if request.param == "stand-in" else _real_server(request.config)
    yield server
    line = Line(server)
    line.log_in()
    line.forget_addresses()
    line.tidy()


def _stand_in(request: pytest.FixtureRequest) -> Server:
    sandbox: Sandbox = request.getfixturevalue("sandbox_process")
    sandbox.calm()
    person = sandbox.person(name="Smluvní Zkoušející")
    return Server(sandbox.url, person["coripo_user"], person["coripo_password"], is_stand_in=True)


def _real_server(config: pytest.Config) -> Server:
    names = ("CORIPO_BASE_URL", "CORIPO_USER", "CORIPO_PASSWORD")
    url, user_name, password = (os.environ.get(name, "") for name in names)
    if not (url and user_name and password):
        pytest.skip(f"a real server needs {', '.join(names)}")
    server = Server(url, user_name, password, is_stand_in=False)
    about = Line(server).send("get_server_info").json()
    config.stash[VERSION] = " ".join(f"{name} {about[name]}" for name in ("flavor", "version") if name in about)
    return server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if version := config.stash.get(VERSION, ""):
        terminalreporter.write_line(f"The real server is {version}. What failed is a fact that differs there.")


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """Logged in, with an eye on what is created."""
    line = Line(server)
    line.log_in()
    yield line
    line.tidy()


@pytest.fixture
def other_line(server: Server) -> Iterator[Line]:
    """The same login in a second session."""
    line = Line(server)
    line.log_in()
    yield line
    line.tidy()


@pytest.fixture
def stand_in(server: Server, request: pytest.FixtureRequest) -> Sandbox:
    """The sandbox with its switches, for what nobody would do to a real server."""
    if not server.is_stand_in:
        pytest.skip("this needs a switch that only the stand-in has")
    sandbox: Sandbox = request.getfixturevalue("sandbox_process")
    return sandbox


class Knobs(Protocol):
    def __call__(self, **values: float) -> None: ...


@pytest.fixture
def knobs(stand_in: Sandbox) -> Iterator[Knobs]:
    """Turn knobs of the stand-in (apps/sandbox/coripo/knobs.py): `knobs(session_seconds=1)`."""

    def turn(**values: float) -> None:
        stand_in.control("POST", "coripo/knobs", json=values)

    yield turn
    stand_in.control("DELETE", "coripo/knobs")


@pytest.fixture
def caller(server: Server) -> Iterator[Caller]:
    """The portal's own way to call, with sessions of its own."""
    login = Login(user_name=server.user_name, password=server.password)
    caller = Caller(Transport(server.url, PATIENCE), login, pool=SessionPool(), account_key="contract")
    yield caller
    caller.close()


@pytest.fixture
def crm(caller: Caller) -> RestV41:
    """The portal's client."""
    return RestV41(caller)
