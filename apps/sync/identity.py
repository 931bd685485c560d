"""Ids that we choose ourselves, so that a lost answer is looked up and never repeated as a second record."""

from urllib.parse import urlsplit
from uuid import UUID, uuid5

from apps.accounts.models import CrmServer

# The namespace of this product. Changing it would make every mail that was ever stored look new.
NAMESPACE = UUID("6f0a4c1e-93d7-5b52-8e7c-2d41b0f9a365")


def crm_email_record_id(server: CrmServer, *, email_key: str, variant: str, generation: int) -> str:
    """The record id of a mail in this CORIPO. Source: design, "Own record id"."""
    host = (urlsplit(server.api_url).hostname or "").lower()
    return str(uuid5(NAMESPACE, f"{host}\n{email_key}\n{variant}\n{generation}"))


def lead_record_id(server: CrmServer, *, address: str) -> str:
    """The record id of the lead that the portal makes of this canonical address in this CORIPO."""
    host = (urlsplit(server.api_url).hostname or "").lower()
    return str(uuid5(NAMESPACE, f"{host}\nlead\n{address}"))


def note_record_id(email_record_id: str, *, content_sha256: str, name: str, ordinal: int) -> str:
    """The id of an attachment's Note: the same file at the same place of the same e-mail is the same Note."""
    return str(uuid5(UUID(email_record_id), f"{content_sha256}\n{name}\n{ordinal}"))
