"""The child that cleans the HTML of a mail: `python -I html_cleaner.py`, JSON in, JSON out.

It needs nh3 and nothing of ours. Cleaning costs more than it should on some inputs (deep nesting, unclosed formatting),
so it happens in a process that limits itself: a hostile mail ends this child and nobody else.
"""

import json
import re
import resource
import sys

import nh3

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 1  # of the 3 s that a hostile mail may cost; fetching it and making its plain text take the rest

TAGS = {
    *("a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center"),
    *("cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li"),
    *("main", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike"),
    *("strong", "sub", "summary", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
}
# What stands inside these is no text for a reader.
DROPPED_WITH_CONTENT = {
    *("script", "style", "title", "noscript", "template", "object", "svg", "math", "head", "iframe"),
    *("noembed", "noframes", "textarea", "select", "xmp", "plaintext"),
}
_BOX = {"align", "valign", "width", "height", "bgcolor"}
ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align"},
    "font": {"color", "face", "size"},
    "table": {*_BOX, "border", "cellpadding", "cellspacing"},
    "td": {*_BOX, "colspan", "rowspan", "nowrap"},
    "th": {*_BOX, "colspan", "rowspan", "nowrap", "scope"},
    "tr": _BOX,
    "tbody": _BOX,
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "div": {"align"},
    "p": {"align"},
    "h1": {"align"},
    "h2": {"align"},
    "h3": {"align"},
    "hr": {"align", "width", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
}
# Nothing that positions over the frame, loads an address, or moves.
STYLES = {
    *("color", "background-color", "direction", "display", "float", "clear", "white-space", "word-break"),
    *("overflow-wrap", "border-collapse", "border-spacing", "border-radius"),
    *("font", "font-family", "font-size", "font-style", "font-weight", "font-variant", "letter-spacing", "line-height"),
    *("text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "list-style-type"),
    *("width", "max-width", "min-width", "height", "max-height", "min-height", "table-layout"),
    *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left"),
    *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left"),
    *("border", "border-top", "border-right", "border-bottom", "border-left"),
    *("border-color", "border-style", "border-width"),
}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z", re.IGNORECASE)
_LOADS = re.compile(r"[\\@]|url|image|expression|script|behaviou?r|binding|/\*", re.IGNORECASE)


class AttributeFilter:
    """Decides each attribute; counts the remote pictures that it left out."""

    def __init__(self, inline_images: dict[str, str]) -> None:
        self.inline_images = inline_images
        self.blocked_images = 0

    def __call__(self, tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return value if _LINK.match(value.strip()) else None
        if name == "src":
            return self._picture(value.strip())
        if name == "style":
            return ";".join(part for part in value.split(";") if not _LOADS.search(part)) or None
        return value

    def _picture(self, address: str) -> str | None:
        if address[:4].lower() == "cid:":
            return self.inline_images.get(address[4:].strip("<>").casefold())
        if _PICTURE.match(address):
            return address
        self.blocked_images += 1
        return None


def clean(html: str, inline_images: dict[str, str]) -> tuple[str, int]:
    """The HTML that may be shown in the frame, and how many remote pictures were left out.

    `inline_images` maps a content id, case-folded and without brackets, to a data: address.
    """
    attribute_filter = AttributeFilter(inline_images)
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=attribute_filter,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        filter_style_properties=STYLES,
    )
    return cleaned, attribute_filter.blocked_images


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    cleaned, blocked_images = clean(asked["html"], asked["inline_images"])
    json.dump({"html": cleaned, "blocked_images": blocked_images}, sys.stdout)


if __name__ == "__main__":
    main()
