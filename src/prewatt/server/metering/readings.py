"""The readings of a meter, rated again by other versions of the tariff or with other energies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from django.db.models import Q

from ...kernel.entries import Reading, TenancyChanged, TimeLedBack, decode_entry
from ...kernel.rating import Counters, Rated, rate_interval
from ...kernel.tariff import Version, stretch_at
from .models import JournalEntry, Meter


class Replayed(NamedTuple):
    """A reading that was rated again. `charged` (nano) is what was charged for `energy` (Wh) since the instant `begin`;
    `rerated` is the rating by other versions or energies.
    """

    seq: int
    at: int
    begin: int
    energy: int
    charged: int
    rerated: Rated


def readings(
    meter: Meter, versions: tuple[Version, ...], ends: int, energies: Mapping[int, int] | None = None
) -> list[Replayed]:
    """Return a meter's readings up to `ends`, rated by `versions`. `energies`: other energies (Wh, by entry) where some
    were wrong.
    """
    other = energies or {}
    counters, read_at = Counters(), None
    restarts: tuple[int, ...] = ()
    result: list[Replayed] = []
    rows = JournalEntry.objects.filter(meter=meter, at__lte=ends)
    # A reading that the server does not take for one has no energy here, and was charged by nobody.
    entries = rows.filter(Q(kind="tenancy") | Q(kind="reading", energy__isnull=False) | Q(kind="time")).order_by("seq")
    for seq, body, charged_energy, charge in entries.values_list("seq", "body", "energy", "charge").iterator():
        entry = decode_entry(bytes(body))
        if isinstance(entry, TenancyChanged):
            restarts = _with_move(restarts, entry)
        elif isinstance(entry, TimeLedBack):
            if read_at is not None:
                read_at = min(read_at, entry.at)
                counters = msgspec.structs.replace(counters, day=stretch_at(versions, entry.at).day)
        elif isinstance(entry, Reading):
            begin = entry.at if read_at is None else read_at
            energy = charged_energy or 0
            used = other.get(seq, energy)
            rated = rate_interval(versions, begin, entry.at, used, counters, restarts)
            counters, read_at = rated.counters, entry.at
            result.append(Replayed(seq, entry.at, begin, energy, charge or 0, rated))
            restarts = _ahead(restarts, entry.at)
    return result


def _with_move(restarts: tuple[int, ...], move: TenancyChanged) -> tuple[int, ...]:
    """Return the instants at which tenancies change, with one more, which may stand in another's place."""
    return (*(each for each in restarts if each != move.instead), move.effective)


def _ahead(restarts: tuple[int, ...], at: int) -> tuple[int, ...]:
    return tuple(each for each in restarts if each > at)
