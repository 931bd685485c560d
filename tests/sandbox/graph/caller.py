"""Calls Graph as a client does: with a token and a `Prefer` header, by HTTP alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from django.test import Client

IMMUTABLE = 'IdType="ImmutableId"'


@dataclass(frozen=True)
class GraphCaller:
    """One person's client. A `path` is below /v1.0/me/, or it is a whole link from an answer."""

    client: Client
    authorization: str

    def send(self, method: str, path: str, *, prefer: str = IMMUTABLE, body: Any = None, **headers: str) -> Any:
        """The whole response."""
        url = path if path.startswith(("http:", "/")) else f"/v1.0/me/{path}"
        return self.client.generic(
            method,
            url.removeprefix("http://testserver"),
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": self.authorization, "Prefer": prefer, **headers},
        )

    def get(self, path: str, *, prefer: str = IMMUTABLE) -> Any:
        """The JSON of an answer that must be 200."""
        response = self.send("GET", path, prefer=prefer)
        assert response.status_code == 200, response.content
        return response.json()

    def refusal(self, method: str, path: str, *, prefer: str = IMMUTABLE, body: Any = None) -> tuple[int, str]:
        """Status and code of an answer that must be an error."""
        response = self.send(method, path, prefer=prefer, body=body)
        assert response.status_code >= 400, response.content
        return response.status_code, response.json()["error"]["code"]

    def pages(self, path: str, *, prefer: str = IMMUTABLE) -> Iterator[Any]:
        """Every page of a list or of a round of delta."""
        link: str | None = path
        while link:
            page = self.get(link, prefer=prefer)
            yield page
            link = page.get("@odata.nextLink")

    def round(self, path: str, *, prefer: str = IMMUTABLE) -> tuple[list[Any], str]:
        """One round of delta: all its items, and the link for the next."""
        items, link = [], ""
        for page in self.pages(path, prefer=prefer):
            items += page["value"]
            link = page.get("@odata.deltaLink", "")
        return items, link


def mail(
    subject: str = "Poptávka",
    *,
    text: str = "Dobrý den,\nprosím o nabídku.\n",
    html: str = "",
    **headers: str,
) -> bytes:
    """A mail by its headers: `mail("Offer", message_id="<1@x.example>", to="jana@firm.example")`."""
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = headers.pop("from_", "Karel Zeman <zeman@kovarna.example>")
    message["To"] = headers.pop("to", "Jana Svobodová <jana@firm.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()
