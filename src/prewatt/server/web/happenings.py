"""What happened at a meter, for people: the events of its journal, and what people did on site."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...kernel.calendar import local, zone
from ...kernel.entries import CreditByCode, Event, OnSite, TimeLedBack, decode_entry
from ...kernel.events import EventKind, words_of
from ..metering.history import breaks
from ..metering.models import JournalEntry, Meter
from ..notices.languages import spoken
from ..notices.words import detail_in_words
from ..vending.code_authors import by_code


@dataclass(frozen=True)
class Happening:
    """An event of a meter's journal, in words."""

    at: int
    text: str
    detail: str


QUIET = (EventKind.POWER_UP,)
"""Events that a manager need not see."""
FLEETING = (EventKind.METER_LOST.words, EventKind.METER_BACK.words)
"""The events that may come and go so often that they would hide all others."""
DIGITS = re.compile("[0-9]+")
LOOKED_AT = 20
"""How many entries are looked at for each one that is shown."""


def happenings(meter: Meter, most: int = 10) -> list[Happening]:
    """Return the last events of a meter's journal, and what people did on site; the latest first."""
    result = []
    orderers = by_code(meter)
    kinds = ("event", "on-site", "code", "time")
    rows = JournalEntry.objects.filter(meter=meter, kind__in=kinds).order_by("-seq")
    for body in rows.values_list("body", flat=True)[: LOOKED_AT * most]:
        entry = decode_entry(bytes(body))
        if isinstance(entry, Event) and entry.code not in QUIET:
            result.append(Happening(entry.at, _(words_of(entry.code)), detail_in_words(entry.detail, spoken())))
        elif isinstance(entry, OnSite):
            what = _("%(what)s, on site") % {"what": entry.action.words(_)}
            # Without a grant it is no person, but the way in: where the code was typed.
            by = entry.by if entry.grant else detail_in_words(entry.by, spoken())
            detail = f"{by} {entry.reason}".strip()
            if entry.tid in orderers:
                detail = _("%(where)s, with the code of %(who)s") % {"where": detail, "who": orderers[entry.tid]}
            result.append(Happening(entry.at, what, detail))
        elif isinstance(entry, CreditByCode):
            result.append(Happening(entry.at, _("a code was typed in"), detail_in_words(entry.by, spoken())))
        elif isinstance(entry, TimeLedBack):
            text = _("from %(was)s") % {"was": f"{local(entry.was, zone(meter.property.zone)):%Y-%m-%d %H:%M}"}
            result.append(Happening(entry.at, _("the journal was set back to the present"), text))
    result += [Happening(each.at, each.what, each.text) for each in breaks(meter, most=most)]
    return _folded(sorted(result, key=lambda each: -each.at))[:most]


def _folded(happenings: Sequence[Happening]) -> list[Happening]:
    """Return happenings, of which those that come and go on a bad line stand once: the latest of each, with their number."""
    fleeting = [_(each) for each in FLEETING]
    keys = [(each.text, DIGITS.sub("", each.detail)) if each.text in fleeting else None for each in happenings]
    counts, shown, result = Counter(keys), set(), []
    for each, key in zip(happenings, keys, strict=True):
        if key is None or counts[key] == 1:
            result.append(each)
        elif key not in shown:
            shown.add(key)
            times = ngettext("%(number)d time", "%(number)d times", counts[key]) % {"number": counts[key]}
            result.append(Happening(each.at, each.text, f"{each.detail} · {times}".removeprefix(" · ")))
    return result
