"""The history of a meter's register: where it continues from another value, by exchanges and new bases."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.entries import Exchanged, Rebased, decode_entry
from ...kernel.plausible import RETURNED
from ..core import local_forms
from .models import JournalEntry, Meter


class Break(NamedTuple):
    """A break of the register: at an instant it stood at `ended` Wh (None: unknown) and continued from `register`;
    `text` says so.
    """

    at: int
    ended: int | None
    register: int
    what: str
    text: str


def breaks(meter: Meter, which: Q | None = None, most: int = 100) -> list[Break]:
    """Return a meter's breaks, the latest first. `which` selects entries; `most` is the largest number."""
    rows = JournalEntry.objects.filter(which or Q(), meter=meter, kind__in=("exchanged", "rebased")).order_by("-seq")
    return [_of(meter, seq, bytes(body)) for seq, body in rows.values_list("seq", "body")[:most]]


def _of(meter: Meter, seq: int, body: bytes) -> Break:
    entry = decode_entry(body)
    if isinstance(entry, Exchanged):
        return _exchange(meter, seq, entry)
    assert isinstance(entry, Rebased)
    kwh = {"was": local_forms.kwh(entry.was), "kwh": local_forms.kwh(entry.register)}
    if entry.cause == RETURNED:
        text = _("back at %(kwh)s kWh, as before an error: all energy is charged once") % kwh
        return Break(entry.at, entry.was, entry.register, _("the register came back"), text)
    text = _("it showed %(was)s kWh, and counts from %(kwh)s kWh") % kwh
    return Break(entry.at, entry.was, entry.register, _("the register goes on from another value"), text)


def _exchange(meter: Meter, seq: int, entry: Exchanged) -> Break:
    earlier = JournalEntry.objects.filter(meter=meter, kind="exchanged", seq__lt=seq).order_by("-seq").first()
    before = decode_entry(bytes(earlier.body)) if earlier else None
    old = before.serial if isinstance(before, Exchanged) else meter.name
    if entry.last is not None:
        ended = _("ended at %(kwh)s kWh") % {"kwh": local_forms.kwh(entry.last)}
    else:
        read = JournalEntry.objects.filter(meter=meter, register__isnull=False, seq__lt=seq).order_by("-seq").first()
        ended = (
            _("was last read at %(kwh)s kWh") % {"kwh": local_forms.kwh(read.register or 0)}
            if read
            else _("was never read")
        )
    new = _("%(serial)s begins at %(kwh)s kWh") % {"serial": entry.serial, "kwh": local_forms.kwh(entry.first)}
    return Break(entry.at, entry.last, entry.first, _("the meter was exchanged"), f"{old} {ended}; {new}")
