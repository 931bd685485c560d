"""Put the sandbox back to its seeded state."""

from apps.sandbox.control import request_log, weather
from apps.sandbox.coripo import knobs as coripo_knobs
from apps.sandbox.corpus.seeding import reseed
from apps.sandbox.entra import knobs as entra_knobs
from apps.sandbox.graph import knobs as graph_knobs
from apps.sandbox.graph import limits


def reset() -> None:
    """Fair weather, knobs and counters as at the start; the seeded people, mailboxes and CRM in place of all others."""
    weather.clear()
    entra_knobs.reset()
    coripo_knobs.reset()
    graph_knobs.reset()
    limits.forget()
    request_log.clear()
    reseed()
