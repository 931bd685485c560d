"""Shapes: how others go about it, written from what their source shows, as short as it can be said.

They are no products. What they lack of a product (storing, retrying, marking) only makes them quicker than one. They say how
many requests a way of working costs, and how fast it can be at best, at the same Graph and the same CORIPO.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import requests

from apps.graph.client import BATCH_LIMIT
from bench.wire import Graph
from tests.coripo import Coripo

# What the import of Twenty asks a page of ids for.
LARGEST_PAGE = 999


def one_by_one(graph: Graph, message_ids: Sequence[str], *, login: tuple[str, str, str], contact: str) -> float:
    """The shape of a one-by-one transfer, in e-mails/s: for each mail a login, one reading of the mail, one new record and
    one call for its link."""
    began = time.monotonic()
    for message_id in message_ids:
        coripo = Coripo(*login)
        mail = graph.get(f"/me/messages/{message_id}?$select=subject,body,from,toRecipients,sentDateTime").json()
        record = coripo.create("Emails", name=mail["subject"], description_html=mail["body"]["content"])
        link = {"module_name": "Emails", "module_id": record, "link_field_name": "contacts", "related_ids": [contact]}
        coripo.call("set_relationship", **link)
    return len(message_ids) / (time.monotonic() - began)


def ids_then_twenty(graph: Graph, folder_ids: Sequence[str], *, most: int) -> tuple[float, float]:
    """The shape of Twenty's import: pages of bare ids, then the mails themselves, twenty to a batch, one batch after another.

    Messages/s, and requests as Graph counts them (each part of a batch) for 1,000 messages.
    """
    began, asked = time.monotonic(), 0
    ids: list[str] = []
    for folder_id in folder_ids:
        path = f"/me/mailFolders/{folder_id}/messages/delta?$select=id"
        while path and len(ids) < most:
            page = graph.get(path, prefer=f"odata.maxpagesize={LARGEST_PAGE}").json()
            ids += [item["id"] for item in page["value"]]
            path, asked = page.get("@odata.nextLink", ""), asked + 1
    del ids[most:]
    for start in range(0, len(ids), BATCH_LIMIT):
        share = ids[start : start + BATCH_LIMIT]
        parts = [{"id": one, "method": "GET", "url": f"/me/messages/{one}"} for one in share]
        answer: requests.Response = graph.post("/$batch", json.dumps({"requests": parts}))
        assert {part["status"] for part in answer.json()["responses"]} == {200}
        asked += 1 + len(parts)
    return len(ids) / (time.monotonic() - began), asked / len(ids) * 1000
