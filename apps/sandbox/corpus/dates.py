"""Move the dates that stand in a text, in the many ways in which mails and calendars write them.

The corpus was written around one day. When it is put into mailboxes, everything in it moves by the same number of days:
headers, the "Odesláno: středa 24. prosince 2025 9:42" of a quoted mail, a delivery date in a sentence, the start of a
meeting. Times of day and zones stay as they are.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

DAYS_CS = ("pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle")
SHORT_DAYS_CS = ("po", "út", "st", "čt", "pá", "so", "ne")
MONTHS_CS = (
    *("ledna", "února", "března", "dubna", "května", "června"),
    *("července", "srpna", "září", "října", "listopadu", "prosince"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SHORT_DAYS = tuple(name[:3] for name in DAYS)
SHORT_MONTHS = tuple(name[:3] for name in MONTHS)

WORD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Form:
    """One way to write a date. `{day}` and `{month}` are without, `{day2}` and `{month2}` with a leading zero."""

    template: str
    weekdays: tuple[str, ...] = ()
    months: tuple[str, ...] = ()

    def pattern(self, *, named: bool) -> str:
        """The form as a regular expression; its words are named groups, or no groups at all."""
        words = {
            "weekday": "|".join(self.weekdays),
            "day": r"\d\d?",
            "day2": r"\d\d",
            "month": r"\d\d?",
            "month2": r"\d\d",
            "month_name": "|".join(self.months),
            "year": r"20\d\d",
        }
        written = "".join(
            (f"(?P<{piece}>{words[piece]})" if named else f"(?:{words[piece]})") if is_word else re.escape(piece)
            for is_word, piece in self._pieces()
        )
        first_is_word, last_is_word = self._pieces()[0][0], self._pieces()[-1][0]
        return (r"(?<!\w)" if first_is_word else "") + written + (r"(?!\d)" if last_is_word else "")

    @cached_property
    def reading(self) -> re.Pattern[str]:
        return re.compile(self.pattern(named=True))

    def moved(self, written: str, *, by: timedelta) -> str:
        """What this form writes that much later; a date that no calendar has stays as it is."""
        match = self.reading.fullmatch(written)
        if match is None:
            return written
        read = match.groupdict()
        month = self.months.index(read["month_name"]) + 1 if self.months else int(read.get("month") or read["month2"])
        try:
            day = date(int(read["year"]), month, int(read.get("day") or read["day2"])) + by
        except ValueError:
            return written
        return self.template.format(
            weekday=self.weekdays[day.weekday()] if self.weekdays else "",
            day=day.day,
            day2=f"{day:%d}",
            month=day.month,
            month2=f"{day:%m}",
            month_name=self.months[day.month - 1] if self.months else "",
            year=day.year,
        )

    def _pieces(self) -> list[tuple[bool, str]]:
        """The template in pieces, each told as a word or as plain text."""
        split = WORD.split(self.template)
        return [(bool(number % 2), piece) for number, piece in enumerate(split) if piece]


# Where one form is the tail of another, the longer one stands first.
FORMS = (
    Form("{weekday}, {day2} {month_name} {year}", SHORT_DAYS, SHORT_MONTHS),  # RFC 5322
    Form("{weekday}, {day} {month_name} {year}", SHORT_DAYS, SHORT_MONTHS),
    Form("{weekday} {day}. {month}. {year}", SHORT_DAYS_CS),
    Form("{weekday} {day}. {month_name} {year}", DAYS_CS, MONTHS_CS),
    Form("{weekday}, {month_name} {day}, {year}", DAYS, MONTHS),
    Form("{weekday}, {month_name} {day}, {year}", SHORT_DAYS, SHORT_MONTHS),
    Form("{day}. {month}. {year}"),
    Form("{day2}.{month2}.{year}"),
    Form("{day}. {month_name} {year}", months=MONTHS_CS),
    Form("{month_name} {day}, {year}", months=MONTHS),
    Form("{day} {month_name} {year}", months=MONTHS),
    Form("{year}-{month2}-{day2}"),
    Form(":{year}{month2}{day2}T"),  # iCalendar
)
ANY_FORM = re.compile("|".join(f"({form.pattern(named=False)})" for form in FORMS))


def shifted(raw: bytes, *, days: int) -> bytes:
    """The same bytes with every date in them so many days later. Bytes that are not UTF-8 stay as they are."""
    text = raw.decode("utf-8", "surrogateescape")
    return shifted_text(text, days=days).encode("utf-8", "surrogateescape")


def shifted_text(text: str, *, days: int) -> str:
    """The same text with every date in it so many days later."""
    by = timedelta(days=days)
    return ANY_FORM.sub(lambda match: FORMS[(match.lastindex or 1) - 1].moved(match[0], by=by), text)
