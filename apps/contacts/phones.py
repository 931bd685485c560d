"""Telephone numbers in a line, with what is said of them: whose they are not, faxes, mobiles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from phonenumbers import (
    Leniency,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatch,
    PhoneNumberMatcher,
    PhoneNumberType,
    format_number,
    number_type,
)

from apps.contacts.signature_words import OTHERS
from apps.mailboxes.texts import folded

# A line with more numbers is a list of something else.
MOST_NUMBERS = 5
MOBILE, PHONE = "mobile", "phone"
_FAX = re.compile(r"fax|(?:^|[\s|,;(/])f\s*[.:)]?\s*$|📠")
_TEL = re.compile(
    r"tel|phone|(?:^|[\s|,;(/])[tpdo]\s*[.:)]?\s*$|pevn|linka|direct|durchwahl|office|kancel|zentrale|ustred|desk|📞|☎|✆"
)
_CELL = re.compile(r"mob|cell|gsm|handy|natel|komor|komór|kom\.|(?:^|[\s|,;(/])m\s*[.:)]?\s*$|📱|whatsapp")
# "602 000 418 (mobil)" and "553 111 223 fax"; a word with a number behind it belongs to that one.
_SAID_BEHIND = re.compile(
    r"^\s*(?:\(\s*(mob|cell|gsm|handy|fax|tel|pevn|office|direct|m\)|f\)|t\))"
    r"|[-–,]?\s*(mob|cell|gsm|handy|fax|tel|pevn|office|direct)\w*\.?\s*(?:$|[|,;]))",
    re.IGNORECASE,
)
# Numbers of other things than telephones.
_NO_PHONE = re.compile(
    r"(?<![^\W_])(?:ico?|dic|vat|uid|ust|steuer|hrb|hra|fn|krs|nip|regon|iban|bic|swift|siret|siren|kvk|psc|zip|datov\w*|ds"
    r"|id|reg|company no|registration|c ?\. ?u|cu|vs|ks|spz|rc|ev|op|po|ref|no|nr|cislo|eori|duns|gln|ean|isds|isin|parcela)"
    r"[\s.:#()-]*(?:id|no|nr|c|cislo|schranky?|number|vat)?[\s.:#()]*(?:cz|sk|de|at|pl|gb)?\s*$"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
_AMERICAN = re.compile(r"(?<![\d+])(?:1[ .-]?)?\(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[.-]\d{4}(?!\d)")
_OF_SERVICES = (PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Phone:
    """`kind` is mobile or phone; `value` is in international form, `written` as it stands at `start` to `end`."""

    kind: str
    value: str
    written: str
    start: int
    end: int
    is_persons: bool


def phones_in(line: str, region: str, label: str = "") -> list[Phone]:
    """The telephone numbers of a line. A number without country code is read as one of the region.

    `label` is what the line above ended with, if it was only a label. Faxes are found as well, since their digits must not
    be taken for anything else; they, and numbers of other people, have `is_persons` False.
    """
    text = _IBAN.sub(lambda found: "#" * len(found[0]), line)
    found: list[Phone] = []
    position, said = 0, folded(label)
    for match in _matches(text, region):
        between = folded(text[position : match.start])
        # A second number behind a comma is what the first one was.
        said = between if _LETTERS.search(between) or not (found or label) else said
        behind = _SAID_BEHIND.match(text[match.end :])
        position = match.end
        if behind:
            said = f"{folded(behind[1] or behind[2])}:"
        is_account = bool(re.match(r"\s?/\s?\d{4}\b", text[match.end :]))
        if is_account or (_NO_PHONE.search(said) and not _is_labelled(said)):
            continue
        if not (match.raw_string.startswith(("+", "00")) or _is_grouped(match.raw_string) or _is_labelled(said)):
            continue
        is_fax = bool(_FAX.search(said)) and not _TEL.search(said)
        is_others = number_type(match.number) in _OF_SERVICES or any(word in folded(line) for word in OTHERS)
        kind = _kind(said, match.number)
        value = format_number(match.number, PhoneNumberFormat.INTERNATIONAL)
        found.append(Phone(kind, value, match.raw_string, match.start, match.end, not is_fax and not is_others))
    return found


def is_label(line: str) -> bool:
    """Whether the line says only what kind of number the next one is: *Tel.:*"""
    bare = folded(line)
    return len(bare) <= 14 and _is_labelled(f"{bare.rstrip(' .:')}:") and not any(sign.isdigit() for sign in bare)


def _matches(text: str, region: str) -> list[PhoneNumberMatch]:
    matches = list(islice(PhoneNumberMatcher(text, region, leniency=Leniency.VALID), MOST_NUMBERS + 1))
    if not matches and _AMERICAN.search(text):
        matches = list(islice(PhoneNumberMatcher(text, "US", leniency=Leniency.VALID), MOST_NUMBERS + 1))
    return matches if len(matches) <= MOST_NUMBERS else []


def _kind(said: str, number: PhoneNumber) -> str:
    if _CELL.search(said):
        return PHONE if _TEL.search(said) and number_type(number) == PhoneNumberType.FIXED_LINE else MOBILE
    if number_type(number) == PhoneNumberType.MOBILE:
        # "Tel.: +420 602 ..." is a mobile all the same.
        return MOBILE
    return PHONE


def _is_grouped(written: str) -> bool:
    """602 123 456 or (0301) 23 45 67; an unbroken run of digits may be anything."""
    return len(re.findall(r"\d+", written)) > 1 and not re.search(r"\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}$", written)


def _is_labelled(said: str) -> bool:
    return bool(_TEL.search(said) or _CELL.search(said) or _FAX.search(said))
