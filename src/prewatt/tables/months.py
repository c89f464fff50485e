"""This module knows the names of months, as people and banks write them in many languages. Only whole names and known
abbreviations count: Finnish `marraskuu` is November, though it begins like March.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .words import unaccented

_NAMES = (
    "january jan januar janner jaenner janvier janv enero ene janeiro gennaio gen januari januar januara styczen stycznia sty leden "
    "ledna led ianuarie ian ocak oca tammikuu tammikuuta tammi gener jaanuar janvaris sausio sausis январь января янв",
    "february feb februar feber fevrier fevr fev febrero fevereiro febbraio februari februara luty lutego lut unor unora uno februarie "
    "subat sub helmikuu helmikuuta helmi febrer veebruar februaris vasario vasaris peb pebruari февраль февраля фев февр",
    "march mar marz maerz mrz maer mars marzo marco maart maa mrt marts marec brezen brezna bre martie mart maaliskuu maaliskuuta "
    "maalis marcius marc marzec marca kovo kovas maret март марта мар",
    "april apr avril avr abril abr aprile aprila kwiecien kwietnia kwi duben dubna dub aprilie nisan nis huhtikuu huhtikuuta "
    "huhti aprilis apreel balandzio balandis апрель апреля апр",
    "may mai mayo maio maggio mag mei maj maja maja kveten kvetna kve mayis toukokuu toukokuuta touko majus maig geguzes geguze май мая",
    "june jun juni juin junio junho giugno giu juna czerwiec czerwca cze cerven cervna cvn iunie iun haziran haz kesakuu "
    "kesakuuta kesa junius juny juuni birzelio birzelis июнь июня июн",
    "july jul juli juillet juil julio julho luglio lug jula lipca lipiec cervenec cervence cvc iulie iul temmuz tem heinakuu heinakuuta "
    "heina julius juliol juuli liepos liepa июль июля июл",
    "august aug aout aou agosto ago augustus augusti sierpien sierpnia sie srpen srpna agustos agu agt agustus elokuu elokuuta elo "
    "augusztus agost rugpjucio rugpjutis август августа авг",
    "september sep sept septembre septiembre setiembre setembro settembre set wrzesien wrzesnia wrz zari septembra "
    "septembrie eylul eyl syyskuu syyskuuta syys szeptember szept sze setembre rugsejo rugsejis сентябрь сентября сен сент",
    "october oct oktober okt octobre octubre outubro out ottobre ott oktobra pazdziernik pazdziernika paz rijen rijna rij "
    "octombrie ekim eki lokakuu lokakuuta loka spalio spalis oktoober октябрь октября окт",
    "november nov novembre noviembre novembro novembra noiembrie noi kasim kas marraskuu marraskuuta marras "
    "lapkricio lapkritis ноябрь ноября ноя нояб",
    "december dec dezember dez decembre diciembre dic dezembro dicembre desember des decembra grudzien grudnia gru prosinec prosince "
    "decembrie aralik ara joulukuu joulukuuta joulu desembre detsember gruodzio gruodis декабрь декабря дек",
)
"""The names of each month, in small letters without accents. Left out are names that are of two months in two languages,
such as `listopad` (Polish and Czech: November, Croatian: October).
"""
_MONTHS = {unaccented(name): number for number, names in enumerate(_NAMES, 1) for name in names.split()}


def month_of(name: str) -> int | None:
    """Return the number of the month that a name means, with or without accents; None if it is not known."""
    return _MONTHS.get(unaccented(name).replace("ı", "i"))


_NAME = r"(?P<name>[^\W\d_]{3,14})"
_DAY_FIRST = re.compile(
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?[\s.\-/]*(?:de\s+)?{_NAME}[\s.\-/,']*(?:de\s+)?(?P<y>\d{{4}}|\d{{2}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"{_NAME}[\s.\-/]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s.\-/,]+(?P<y>\d{{4}})(?!\d)")


class NamedDay(NamedTuple):
    """A day whose month has a name. `year` is as it is written, with four digits or two; `rest` is the text behind it."""

    day: int
    month: int
    year: str
    rest: str


def named_day(text: str) -> NamedDay | None:
    """Return the day with which a text in small letters begins, such as 1. oktober 2025 or oct 1, 2025; None if it is none, or
    its month is not known.
    """
    match = _DAY_FIRST.match(text) or _MONTH_FIRST.match(text)
    month = month_of(match["name"]) if match else None
    return NamedDay(int(match["d"]), month, match["y"], text[match.end() :]) if match and month else None


def begins_with_name(text: str) -> bool:
    """Return whether a text is written like a day that begins with the name of its month, whether that is known or not."""
    return _MONTH_FIRST.match(text) is not None
