"""Where a record of CORIPO opens, by the user's setting *Opens in*: the same words for links and for forms."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.sync.models import OpensIn

register = template.Library()

# The one tab that is used again, for all pages of the portal in a browser.
CORIPO_TAB = "coripo"


@register.simple_tag
def opens_where(opens_in: str) -> SafeString | str:
    """Attributes of a link or form. The tab that is used again keeps its opener: a browser finds it by name only so."""
    if opens_in == OpensIn.ONE_TAB:
        return format_html(' target="{}"', CORIPO_TAB)
    if opens_in == OpensIn.SAME_TAB:
        return ""
    return format_html(' target="{}" rel="{}"', "_blank", "noopener")


@register.simple_tag
def link_to_record(url: str, opens_in: str) -> SafeString:
    """Address and attributes of a link to a record. A `microsoft-edge:` link leaves the page where it is."""
    if opens_in == OpensIn.EDGE:
        return format_html('href="{}"', in_edge(url))
    return format_html('href="{}"{}', url, opens_where(opens_in))


def in_edge(url: str) -> str:
    """The link that Windows and others with Microsoft Edge installed hand over to it."""
    return f"microsoft-edge:{url}"
