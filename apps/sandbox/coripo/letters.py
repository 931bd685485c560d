"""The parts of an e-mail that are no columns of its table: texts, and addresses by their role."""

import re
from collections.abc import Mapping, Sequence

from apps.sandbox.coripo.addresses import address_ids
from apps.sandbox.coripo.cleaning import clean_email_html, clean_email_text
from apps.sandbox.coripo.models import EmailAddress, EmailAddressOfEmail, EmailText

# Fields that feed address rows, and the role that each stands for. They can be written, not read.
ROLES = {"from_addr": "from", "to_addrs": "to", "cc_addrs": "cc", "bcc_addrs": "bcc"}
# Field as clients know it, and the column of the text table that keeps it.
DISPLAY = {
    "from_addr_name": "from_addr",
    "to_addrs_names": "to_addrs",
    "cc_addrs_names": "cc_addrs",
    "bcc_addrs_names": "bcc_addrs",
}
SHOWN_BY = {
    "from_addr_name": "from",
    "to_addrs_names": "to",
    "cc_addrs_names": "cc",
    "bcc_addrs_names": "bcc",
}
SEPARATOR = re.compile(r"[,;]")


def new_texts(values: Mapping[str, str], *, email_id: str) -> EmailText:
    """The text row of an e-mail that is about to be created."""
    texts = EmailText(email_id=email_id)
    _fill(texts, values)
    return texts


def change_texts(values: Mapping[str, str], *, email_id: str) -> None:
    """Change those texts of an existing e-mail that are named, and leave the others."""
    if not _named(values):
        return
    texts = EmailText.objects.filter(pk=email_id).first() or EmailText(email_id=email_id)
    _fill(texts, values)
    texts.save()


def save_addresses(values: Mapping[str, str], *, email_id: str, is_new: bool) -> None:
    """Write the address rows of the roles that are named.

    Lists are torn at every comma and semicolon, also inside quotes: so does the real server.
    """
    wanted = {
        role: list(dict.fromkeys(part.strip() for part in SEPARATOR.split(values[name]) if part.strip()))
        for name, role in ROLES.items()
        if name in values
    }
    ids = address_ids(list(dict.fromkeys(address for addresses in wanted.values() for address in addresses)))
    if not is_new:
        EmailAddressOfEmail.objects.filter(email_id=email_id, address_type__in=wanted).delete()
    EmailAddressOfEmail.objects.bulk_create(
        EmailAddressOfEmail(email_id=email_id, address_type=role, email_address_id=ids[address])
        for role, addresses in wanted.items()
        for address in addresses
    )


def read_texts(email_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The fields beside the columns for each e-mail, as a read gives them.

    Where there are address rows, their bare addresses take the place of the names that were sent.
    """
    by_role: dict[tuple[str, str], list[str]] = {}
    rows = list(EmailAddressOfEmail.objects.filter(email_id__in=email_ids, deleted=False).order_by("pk"))
    spelled = dict(
        EmailAddress.objects.filter(pk__in={row.email_address_id for row in rows}).values_list("pk", "email_address")
    )
    for row in rows:
        by_role.setdefault((row.email_id, row.address_type), []).append(spelled.get(row.email_address_id, ""))
    read = {}
    for texts in EmailText.objects.filter(pk__in=email_ids):
        fields = {
            "description": texts.description,
            "description_html": texts.description_html,
            "reply_to_addr": texts.reply_to_addr,
            "raw_source": texts.raw_source,
        }
        for field, column in DISPLAY.items():
            bare = by_role.get((texts.email_id, SHOWN_BY[field]))
            fields[field] = ", ".join(bare) if bare else getattr(texts, column)
        read[texts.email_id] = fields
    return read


def _named(values: Mapping[str, str]) -> bool:
    return any(name in values for name in (*DISPLAY, "reply_to_addr", "raw_source", "description", "description_html"))


def _fill(texts: EmailText, values: Mapping[str, str]) -> None:
    for field, column in DISPLAY.items():
        if field in values:
            setattr(texts, column, values[field].replace("\0", ""))
    for field in ("reply_to_addr", "raw_source"):
        if field in values:
            setattr(texts, field, values[field].replace("\0", ""))
    if "description" in values:
        texts.description = clean_email_text(values["description"])
    if "description_html" in values or ("description" in values and not texts.description_html):
        texts.description_html = clean_email_html(values.get("description_html", ""), plain=texts.description)
