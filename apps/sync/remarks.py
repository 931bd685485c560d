"""What a record says in place of that which stays in Outlook. People of either language read it, whoever stored it."""

from __future__ import annotations

from django.utils.html import escape

from apps.mailboxes.letters import Attachment, Letter
from apps.mailboxes.models import Message
from apps.mailboxes.texts import is_too_deep
from apps.sync.models import SyncRules
from apps.sync.selecting import MEGABYTE, why_left_out

# A person in CORIPO would miss these; pictures, signatures and empty files nobody misses.
_MISSED = ("too_large", "cloud_file")
MOST_NAMED = 100


def texts_of_record(letter: Letter, message: Message, rules: SyncRules) -> tuple[str, str]:
    """Plain text and HTML of the record. Remarks stand before the text, since a long one is cut at its end."""
    text, html = letter.text, letter.html
    remarks = _remarks_on_files(letter, message, rules)
    if letter.kind == Message.Kind.ENCRYPTED:
        text, html = "", ""
        remarks.insert(
            0, "Zašifrovaný e-mail, jeho text zůstává v Outlooku. / Encrypted e-mail, its body stays in Outlook."
        )
    elif letter.is_body_left:
        text = message.preview
        remarks.insert(0, "Text je příliš dlouhý a zůstává v Outlooku. / The text is too long and stays in Outlook.")
    if is_too_deep(html):
        html = ""
        remarks.append("Vzhled textu zůstává v Outlooku. / The layout of the text stays in Outlook.")
    if remarks and message.web_link:
        remarks.append(f"Outlook: {message.web_link}")
    if not remarks:
        return text, html
    shown = "\n".join(f"[{remark}]" for remark in remarks)
    as_html = "".join(f"<p>[{escape(remark)}]</p>" for remark in remarks)
    return f"{shown}\n\n{text}".strip(), as_html + html if html else ""


def _remarks_on_files(letter: Letter, message: Message, rules: SyncRules) -> list[str]:
    missed = [file for file in letter.attachments if why_left_out(file, rules) in _MISSED]
    named = [f"V Outlooku zůstává / Left in Outlook: {_described(file)}" for file in missed[:MOST_NAMED]]
    if len(missed) > MOST_NAMED:
        named.append(f"… +{len(missed) - MOST_NAMED}")
    return named


def _described(file: Attachment) -> str:
    if file.is_cloud:
        return f"{file.name}, {file.link}" if file.link else file.name
    return f"{file.name}, {file.size / MEGABYTE:.1f} MB"
