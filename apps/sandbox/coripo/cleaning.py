"""What the server does to texts when they are saved and read.

Source: measured on SuiteCRM 7.14.6, "Text: what is lost or changed" and "Dates".
"""

import html
import html.entities
import re
from datetime import UTC, date, datetime

import nh3

# Tags that the cleaner of plain fields knows and therefore keeps. Everything else that looks like a tag is deleted.
KNOWN_TAGS = frozenset(
    [
        "a", "abbr", "acronym", "address", "b", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code",
        "col", "colgroup", "dd", "del", "dfn", "dir", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5",
        "h6", "hr", "i", "iframe", "img", "ins", "kbd", "li", "menu", "object", "ol", "p", "param", "pre", "q", "s",
        "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
        "tr", "tt", "u", "ul", "var",
    ]
)  # fmt: skip
SCRIPT = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"</?([A-Za-z][^\s/<>]*)[^<>]*>")
BRACKETED = re.compile(r"<[^\s<>]+@[^\s<>]+>")
ENCODED_ADDRESS = re.compile(r"&lt;([^\s<>&]+@[^\s<>&]+)&gt;")

HTML_TAGS = set(KNOWN_TAGS) - {"object", "param"}
HTML_ATTRIBUTES = {
    "*": {"style", "class", "id", "title", "align", "width", "height", "bgcolor", "valign", "dir", "lang"},
    "a": {"href", "name", "target"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "iframe": {"src", "frameborder", "scrolling"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "blockquote": {"cite"},
}
# `data:` is missing, so such images lose their source and go.
URL_SCHEMES = {"http", "https", "mailto", "ftp", "cid", "tel", "news", "nntp"}
# Deeper than this no browser nests elements. Those named have no end tag, or need none.
DEEPEST = 512
NEVER_DEEP = frozenset(
    ["area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "param",
     "tbody", "td", "tfoot", "th", "thead", "tr", "wbr"]
)  # fmt: skip
IMAGE = re.compile(r"<img\b[^>]*>")
VISIBLE = re.compile(r"<(img|iframe|hr)\b", re.IGNORECASE)

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?")


def clean_line(text: str, *, max_length: int) -> str:
    """As a varchar column keeps it: trimmed, cleaned, cut."""
    return clean_text(text.strip())[:max_length]


def clean_text(text: str) -> str:
    """As a text column keeps it: entities decoded, then whatever looks like an unknown tag deleted.

    >>> clean_text("ACME <GmbH> x"), clean_text("5 <6 and 7> 8"), clean_text("a <b>x</b> &amp; &copy;")
    ('ACME  x', '5 <6 and 7> 8', 'a <b>x</b> & ©')
    """
    text = SCRIPT.sub("", html.unescape(text.replace("\0", "")))
    return TAG.sub(lambda tag: tag.group() if tag.group(1).lower() in KNOWN_TAGS else "", text)


def clean_message_id(text: str) -> str:
    """As Emails.message_id: angle brackets make it a tag and delete it, encoded ones make it a link.

    >>> clean_message_id("<abc@x>"), clean_message_id("abc@x")
    ('', 'abc@x')
    """
    linked = ENCODED_ADDRESS.sub(r'<a href="mailto:\1">\1</a>', BRACKETED.sub("", text.strip()))
    return clean_text(linked)[:255]


def clean_email_text(text: str) -> str:
    """As Emails.description: kept as sent, only entities are decoded."""
    return html.unescape(text.replace("\0", ""))


def clean_email_html(text: str, *, plain: str) -> str:
    """As Emails.description_html: purified, entities decoded once; if nothing is left, the plain text takes its place.

    >>> clean_email_html("<p>1 &lt; 2 &amp; 3</p>", plain="")
    '<p>1 < 2 & 3</p>'
    """
    pure = nh3.clean(
        _flattened(text.replace("\0", "")),
        tags=HTML_TAGS,
        clean_content_tags={"script", "style", "title"},
        attributes=HTML_ATTRIBUTES,
        attribute_filter=_prefix_ids,
        url_schemes=URL_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )
    decoded = html.unescape(IMAGE.sub(_finish_image, pure))
    is_empty = not re.sub(r"<[^>]*>|\s", "", pure) and not VISIBLE.search(decoded)
    # Escaped markup that decoding would bring to life makes the server drop the html as a whole.
    if is_empty or "<script" in decoded.lower():
        return plain.replace("\r\n", "\n").replace("\n", "<br />\n")
    return decoded


def escaped(text: str) -> str:
    """As a read gives it: four entities, and `&` stays as it is."""
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#039;")


def unescaped(text: str) -> str:
    """What a read meant."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#039;", "'")


def echoed(text: str) -> str:
    """As the answer of set_entry repeats it: encoded once more than a read, letters included."""
    once = html.escape(text).replace("&#x27;", "&#039;")
    return "".join(f"&{ENTITY_NAMES[ord(c)]};" if ord(c) in ENTITY_NAMES else c for c in once)


def parse_moment(text: str) -> datetime | None:
    """The one accepted form, UTC; anything else is stored as no time at all, without an error."""
    match = MOMENT.fullmatch(text)
    if not match:
        return None
    try:
        return datetime.fromisoformat(f"{match[1]} {match[2] or '00:00:00'}").replace(tzinfo=UTC)
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    moment = parse_moment(text)
    return moment.date() if moment else None


def _flattened(text: str) -> str:
    """Without the tags of elements that lie too deep: the cleaner's time grows with the square of the depth."""
    depth = 0

    def shallow(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[1].lower() in NEVER_DEEP:
            return tag[0]
        is_end = tag[0].startswith("</")
        was_shallow = depth <= DEEPEST if is_end else depth < DEEPEST
        depth = max(depth + (-1 if is_end else 1), 0)
        return tag[0] if was_shallow else ""

    return TAG.sub(shallow, text)


def _prefix_ids(tag: str, attribute: str, value: str) -> str:
    return f"sugar_text_{value}" if attribute == "id" else value


def _finish_image(match: re.Match[str]) -> str:
    image = match.group()
    if " src=" not in image:
        return ""
    return image if " alt=" in image else f'{image[:-1]} alt="">'


# PHP's htmlentities names Latin letters and Greek, but no Czech ones beyond them.
ENTITY_NAMES = html.entities.codepoint2name
