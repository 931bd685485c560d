"""The portal beside others, in one run, at the same Graph and the same CORIPO with the same delays.

The others only read or only write: they store nothing, look nothing up, prove nothing and could not go on after a kill. The
portal does all of that in its time. Aims are ratios of times, so that a smaller one is better: 1.25 of their time is 0.8 of
their rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from O365 import Account
from O365.connection import MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from apps.core.addresses import Address
from apps.crm import shapes as crm_shapes
from apps.crm.creating import EMAILS_PER_WRITE, email_fields
from apps.crm.face import OutgoingEmail
from apps.graph.parsing import LIST_FIELDS
from bench import importing, plot, shapes
from bench.desk import BenchDesk
from bench.results import Results, note
from bench.wire import Graph
from tests.coripo import Coripo
from tests.installation import Installation
from tests.sandbox_server import Sandbox
from tests.visitor import wait_until

# The portal's own page (apps/mailboxes/following.py).
PAGE = 200
GRAPH_SECONDS = 0.12
MAILBOXES = 8
# Carriers of the interactive lane, each with one session at CORIPO.
SESSIONS = 4
ONE_BY_ONE = 20
PICTURE = Path(__file__).parent.parent / "docs/pictures/performance.svg"
HOW = (
    f"Same sandbox, Graph at {GRAPH_SECONDS * 1000:g} ms an answer, CORIPO as a measured one: 30 ms an answer, 9 ms a record."
    " Grey ones store nothing."
)
FILES = 40


@dataclass(frozen=True, slots=True)
class Weather:
    """How slow CORIPO is: each answer, and each record that is written, of which it writes two at once."""

    figure: str
    answer_seconds: float
    write_ms: float

    @property
    def words(self) -> str:
        return f"{self.answer_seconds * 1000:g} ms an answer" + (
            f" and {self.write_ms:g} ms a record" * bool(self.write_ms)
        )


# As a SuiteCRM on two cores was measured, behind a network; and a CORIPO for which a record costs nothing and a call, however
# small, much.
MEASURED = Weather("transfer_time_over_bare_writes", answer_seconds=0.03, write_ms=9)
FLAT = Weather("transfer_time_over_bare_writes_flat", answer_seconds=0.2, write_ms=0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is imported, read in the shape of ids first, and carried from each of eight mailboxes."""

    imported: int = 5_000
    by_ids: int = 1_000
    carried: int = 100


QUICK = Size(imported=2_000, by_ids=400, carried=50)


def main(*, is_quick: bool) -> int:
    results = Results()
    rates = measure(results, QUICK if is_quick else Size())
    if not is_quick:
        draw(rates)
    return 1 if results.missed else 0


def draw(rates: dict[str, dict[str, float]]) -> None:
    plot.draw(rates, unit="messages a second, more is better", note=HOW, to=PICTURE)


def measure(results: Results, size: Size) -> dict[str, dict[str, float]]:
    """The figures; and for the picture messages/s of each way, by what is done."""
    with Installation() as installation:
        imports = import_beside_others(installation, results, size)
        transfers = transfer_beside_others(installation, results, size)
        attachment_cost(installation, results)
    return {"Import": imports, "Transfer into CORIPO": transfers}


def import_beside_others(installation: Installation, results: Results, size: Size) -> dict[str, float]:
    desk = BenchDesk(installation)
    importing.generate(desk, size.imported)
    installation.sandbox.fault("slow", "graph", times=0, seconds=GRAPH_SECONDS)
    graph = Graph(installation.sandbox, desk.person)
    folders = [graph.get(f"/me/mailFolders/{name}?$select=id").json()["id"] for name in ("inbox", "sentitems")]

    def bare() -> int:
        return graph.list_folders(folders, fields=LIST_FIELDS, page_size=PAGE)

    def o365() -> int:
        return list_with_o365(graph, folders)

    # Each once before the portal and once after it: the better of the two counts.
    rates = {"bare": _rate(bare), "o365": _rate(o365)}
    desk.visitor.sign_in()
    began = time.monotonic()
    desk.visitor.connect_mailbox()
    wait_until(lambda: importing.is_in_step(installation), seconds=600, what="the mailbox is in step")
    rate = desk.imported() / (time.monotonic() - began)
    rates = {"bare": max(rates["bare"], _rate(bare)), "o365": max(rates["o365"], _rate(o365))}
    n = f"{size.imported} messages in pages of {PAGE}, Graph at {GRAPH_SECONDS:g} s; portal {rate:.0f}/s, the other"
    results.add("import_time_over_bare_paging", rates["bare"] / rate, "x", at_most=1.25, n=f"{n} {rates['bare']:.0f}/s")
    results.add("import_time_over_o365", rates["o365"] / rate, "x", at_most=1.25, n=f"{n} {rates['o365']:.0f}/s")
    by_ids, asked = shapes.ids_then_twenty(graph, folders, most=size.by_ids)
    note(f"shape of Twenty's import: {by_ids:.0f} messages/s, {asked:.0f} Graph requests for 1,000")
    installation.sandbox.calm()
    return {
        "portal": rate,
        "bare paging loop": rates["bare"],
        "O365": rates["o365"],
        "shape of Twenty's import": by_ids,
    }


class _AtSandbox(MSGraphProtocol):
    def __init__(self, url: str) -> None:
        self._protocol_url = f"{url.removesuffix('v1.0')}"
        super().__init__()


class _Selected:
    """What O365 takes for a query: the fields that the portal asks for as well."""

    def as_params(self) -> dict[str, str]:
        return {"$select": LIST_FIELDS}


def list_with_o365(graph: Graph, folder_ids: list[str]) -> int:
    """List with O365 as its documentation shows it, without the pause that it makes between requests by default."""
    account = Account(
        ("not", "used"), protocol=_AtSandbox(graph.url), token_backend=MemoryTokenBackend(), requests_delay=0
    )
    account.con.session = graph.http
    mailbox = account.mailbox()
    found = 0
    for folder_id in folder_ids:
        folder = mailbox.get_folder(folder_id=folder_id)
        found += sum(1 for _message in folder.get_messages(limit=None, batch=PAGE, query=_Selected()))
    return found


def _rate(read: Callable[[], int]) -> float:
    began = time.monotonic()
    found = read()
    return found / (time.monotonic() - began)


def transfer_beside_others(installation: Installation, results: Results, size: Size) -> dict[str, float]:
    """E-mails/s from eight mailboxes at once, and bare writing of as many with as many sessions; in both weathers."""
    desks = [BenchDesk(installation) for _ in range(MAILBOXES)]
    both = 2 * size.carried
    for desk in desks:
        desk.receive(both, with_file_every=both + 1)
        desk.visitor.set_up()
    asked = [desk.wait_for_import(both) for desk in desks]
    sandbox = installation.sandbox
    _carry_beside_bare(results, desks, [pks[: size.carried] for pks in asked], FLAT)
    rate, bare = _carry_beside_bare(results, desks, [pks[size.carried :] for pks in asked], MEASURED)
    lonely = desks[-1]
    graph = Graph(sandbox, lonely.person)
    page = graph.get(f"/me/mailFolders/inbox/messages?$select=id&$top={ONE_BY_ONE}").json()
    contact = lonely.coripo.contact(f"{uuid4().hex}@kovarna-morava.example")
    login = (sandbox.url, lonely.person["coripo_user"], lonely.person["coripo_password"])
    one = shapes.one_by_one(graph, [item["id"] for item in page["value"]], login=login, contact=contact)
    note(f"shape of one-by-one transfer: {one:.1f} e-mails/s, 3 CRM requests for each, one session")
    _set(sandbox, Weather("", answer_seconds=0, write_ms=0))
    return {"portal": rate, "bare set_entries": bare, "shape of one-by-one transfer": one}


def _carry_beside_bare(
    results: Results, desks: list[BenchDesk], asked: list[list[int]], weather: Weather
) -> tuple[float, float]:
    """E-mails/s of the portal and of bare writing."""
    sandbox = desks[0].sandbox
    _set(sandbox, weather)
    sandbox.fault("slow", "graph", times=0, seconds=GRAPH_SECONDS)
    sandbox.forget_requests()
    began = time.monotonic()
    for desk, pks in zip(desks, asked, strict=True):
        desk.sync(pks)
    wait_until(lambda: desks[0].active() == 0, seconds=600, what="all is carried")
    mails = sum(len(pks) for pks in asked)
    rate = mails / (time.monotonic() - began)
    sent = sandbox.requests()["by_part"]
    bare = bare_writes(desks[:SESSIONS], mails=mails)
    n = f"{mails} e-mails from {len(desks)} mailboxes, {SESSIONS} sessions, Graph at {GRAPH_SECONDS:g} s, CORIPO at"
    n += f" {weather.words}; portal {rate:.0f}/s, bare set_entries of {EMAILS_PER_WRITE} {bare:.0f}/s"
    results.add(weather.figure, bare / rate, "x", at_most=1.67, n=n)
    if weather is MEASURED:
        letters = sum(number for part, number in sent.items() if part.startswith("graph:GET m"))
        results.add("graph_requests_per_dense_email", letters / mails, "requests", at_most=0.1, n=f"{mails} e-mails")
    return rate, bare


def _set(sandbox: Sandbox, weather: Weather) -> None:
    sandbox.calm()
    if weather.answer_seconds:
        sandbox.fault("slow", "coripo", times=0, seconds=weather.answer_seconds)
    sandbox.control("POST", "coripo/knobs", json={"write_ms_per_record": weather.write_ms})


def bare_writes(desks: list[BenchDesk], *, mails: int) -> float:
    """As many e-mails with as many fields in full batches, one session for each desk: nothing looked up, linked or read."""
    share = mails // len(desks)
    pattern = OutgoingEmail(
        id="",
        message_id="",
        subject="Nabídka",
        text="Dobrý den,\n\nposíláme nabídku.\n",
        html="",
        sent_at=datetime.now(UTC),
        sender=Address("Jana Dvořáková", "jana@kovarna-morava.example"),
        to=(Address("Adéla", "adela@nase-firma.example"),),
    )

    def write(coripo: Coripo) -> None:
        mine = [replace(pattern, id=str(uuid4()), message_id=f"{uuid4().hex}@bare.example") for _ in range(share)]
        for start in range(0, share, EMAILS_PER_WRITE):
            values = [crm_shapes.name_values(email_fields(each)) for each in mine[start : start + EMAILS_PER_WRITE]]
            coripo.call("set_entries", module_name="Emails", name_value_lists=values)

    began = time.monotonic()
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(write, [desk.coripo for desk in desks]))
    return share * len(desks) / (time.monotonic() - began)


def attachment_cost(installation: Installation, results: Results) -> None:
    """The CRM requests of a selection in which each e-mail has a file, less those of one without."""
    with_files = _selection_cost(BenchDesk(installation), with_file_every=1)
    without = _selection_cost(BenchDesk(installation), with_file_every=FILES + 1)
    each = (with_files - without) / FILES
    results.add("crm_requests_per_attachment", each, "requests", at_most=1.1, n=f"batch of {FILES}, a file in each")


def _selection_cost(desk: BenchDesk, *, with_file_every: int) -> int:
    desk.receive(FILES, first=1, with_file_every=with_file_every)
    desk.visitor.set_up()
    pks = desk.wait_for_import(FILES)[:FILES]
    desk.sandbox.forget_requests()
    desk.sync(pks)
    wait_until(lambda: desk.active() == 0, seconds=120, what="the selection is carried")
    return int(desk.sandbox.requests()["total"]["coripo"])
