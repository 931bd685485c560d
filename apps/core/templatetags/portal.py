"""Template tags that every page uses: icons, states, moments, initials. Built-in, so no template loads them."""

from datetime import datetime

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

register = template.Library()

NO_BREAK_SPACE = "\u00a0"


@register.simple_tag
def icon(name: str, *, small: bool = False) -> SafeString:
    """A picture of static/icons.svg, silent for screen readers: the word beside it says what it means."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        " icon--sm" if small else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
def state_badge(code: str, label: str, *, boxed: bool = False) -> SafeString:
    """The state of a message as icon, word and colour: `{% state_badge message.state message.get_state_display %}`."""
    return format_html(
        '<span class="state state--{}{}">{}{}</span>',
        code,
        " state--boxed" if boxed else "",
        icon(code, small=True),
        label,
    )


@register.filter
def unbroken(text: object) -> str:
    """The text on one line: its spaces do not break."""
    return str(text).replace(" ", NO_BREAK_SPACE)


@register.filter
def moment(value: datetime | None) -> str:
    """A time as a list shows it: 9:42 today, 23 Nov 17:20 this year, 23 Nov 2024 17:20 before. Empty for no time."""
    if value is None:
        return ""
    local, today = timezone.localtime(value), timezone.localdate()
    if local.date() == today:
        shape = pgettext("date format", "G:i")
    elif local.year == today.year:
        shape = pgettext("date format", "j M G:i")
    else:
        shape = pgettext("date format", "j M Y G:i")
    return unbroken(format_date(local, shape))


@register.filter
def full_moment(value: datetime | None) -> str:
    """A time in full: Tuesday 24 November 2026 9:42. Empty for no time."""
    if value is None:
        return ""
    return unbroken(format_date(timezone.localtime(value), pgettext("date format", "l j F Y G:i")))


@register.simple_tag
def when(value: datetime | None, *, css: str = "") -> SafeString | str:
    """A `<time>` that shows the moment, tells it in full on hover, and carries it in ISO form."""
    if value is None:
        return ""
    return format_html(
        '<time{} datetime="{}" title="{}">{}</time>',
        format_html(' class="{}"', css) if css else "",
        value.isoformat(timespec="seconds"),
        full_moment(value),
        moment(value),
    )


@register.filter
def initials(name: str) -> str:
    """Up to two letters for an avatar: the first of the first and of the last word that begin with a letter."""
    words = [word for word in name.replace(".", " ").split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


@register.inclusion_tag("forms/field.html")
def field(bound: BoundField, *, width: str = "", lines: int = 0) -> dict[str, object]:
    """A form field with its label, help and error, tied together for screen readers. `width`: "medium", "short"."""
    widget = bound.field.widget
    attributes: dict[str, str | bool] = {}
    if isinstance(widget, CheckboxInput):
        kind = "check"
    elif isinstance(widget, RadioSelect):
        kind = "choice"
    else:
        kind = "input"
        attributes["class"] = f"input input--{width}" if width else "input"
        if lines:
            attributes["rows"] = str(lines)
    return {"field": bound, "kind": kind, "widget": "" if kind == "choice" else bound.as_widget(attrs=attributes)}
