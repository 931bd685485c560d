"""Another body for a draft: its headers and attachments stay as they are in the source."""

from email import message_from_bytes
from email.message import Message as Mime
from email.mime.text import MIMEText

DESCRIBING = ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID")


def with_body(source: bytes, *, content: str, is_html: bool) -> bytes:
    """The mail with this body in the place of its own, whatever forms that had."""
    root = message_from_bytes(source)
    place, body = _body_of(root), MIMEText(content, "html" if is_html else "plain", "utf-8")
    for name in DESCRIBING:
        del place[name]
        if name in body:
            place[name] = body[name]
    place.set_payload(body.get_payload())
    return root.as_bytes()


def _body_of(part: Mime) -> Mime:
    """The first part, and of several forms of one body all of them together."""
    children = part.get_payload()
    if not part.is_multipart() or part.get_content_subtype() == "alternative" or not isinstance(children, list):
        return part
    return _body_of(children[0]) if children and isinstance(children[0], Mime) else part
