"""Phone numbers as people type them, by the country of the building: 0151… in Berlin is +49151….

libphonenumber (`phonenumberslite`, half a megabyte) knows what a number is in each country: which zero is left out, and
how many digits it has. So a number that lacks a digit is refused where it is typed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

import phonenumbers
from django.utils.translation import gettext as _

CHINA = "CN"
MAINLAND_CODE = 86
_DECORATION = re.compile(r"[\s()/.\-\u2010-\u2015]|^tel:", re.IGNORECASE)


def country_at(zone: str, currency: str = "") -> str:
    """Return the country (ISO 3166, two capitals) of a building by its time zone; China if it pays in CNY. Empty:
    unknown.
    """
    return CHINA if currency == "CNY" else countries().get(zone, "")


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Return the country of each time zone, and of each older name of one, from the pinned `tzdata`. Of a country's
    zones, the one with the most people comes first.
    """
    folder = resources.files("tzdata").joinpath("zoneinfo")
    rows = [line.split("\t") for line in folder.joinpath("zone.tab").read_text("utf-8").splitlines()]
    countries = {row[2]: row[0] for row in rows if len(row) > 2 and not row[0].startswith("#")}
    links = [line.split() for line in folder.joinpath("tzdata.zi").read_text("utf-8").splitlines()]
    for link in links:
        if link[:1] == ["L"] and link[1] in countries:
            countries.setdefault(link[2], countries[link[1]])
    return countries


def _check_receives_sms(number: phonenumbers.PhoneNumber, with_country: bool) -> None:
    """Raise ValueError if a number receives no SMS by its kind. Of one that was typed with its country, only those of
    mainland China are told apart.
    """
    kind = phonenumbers.number_type(number)
    if number.country_code == MAINLAND_CODE and kind != phonenumbers.PhoneNumberType.MOBILE:
        raise ValueError(_("This is not a mobile number of mainland China such as 138 0013 8000."))
    if not with_country and kind == phonenumbers.PhoneNumberType.FIXED_LINE:
        raise ValueError(
            _(
                "This is a landline number, which receives no SMS. Enter a mobile number. "
                "If it does receive SMS, write it with its country code: %(number)s"
            )
            % {"number": _international(number)}
        )


def read_phone(text: str, country: str = "") -> str:
    """Return a number that receives SMS in its one form, +4915112345678. `country`: where it is typed, for a number
    without its country. Raises ValueError, which says in words for people what is wrong.
    """
    bare = _DECORATION.sub("", unicodedata.normalize("NFKC", text).strip())
    if not re.fullmatch(r"\+?\d{3,20}", bare, re.ASCII):
        raise ValueError(_wanted(country))
    number = _parsed(bare, country)
    if number is None:
        raise ValueError(_wanted(country))
    code = phonenumbers.country_code_for_region(country) if country else 0
    if code and bare.startswith(str(code)):
        # A spreadsheet takes the + away.
        other = _parsed(f"+{bare}", "")
        if other is not None and other != number:
            raise ValueError(
                _("%(one)s or %(other)s? Write it with its country, such as +%(code)s…")
                % {"one": _international(number), "other": _international(other), "code": code}
            )
    _check_receives_sms(number, with_country=bare.startswith(("+", "00")))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _parsed(bare: str, country: str) -> phonenumbers.PhoneNumber | None:
    """Return a number if it can exist, otherwise None."""
    try:
        number = phonenumbers.parse(bare, country or None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _international(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _wanted(country: str) -> str:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE) if country else None
    if example is None:
        return _("Write the phone number with its country code: +49 30 1234567.")
    return _(
        "This is not a phone number such as %(example)s. Perhaps a digit is missing. Write a foreign number with its country code."
    ) % {"example": phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)}
