"""The use of days is kept as sums."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction

from .looks import little_patience
from .models import DayUse, Meter
from .uses import Use

log = logging.getLogger("prewatt.server")


def use_of_row(row: DayUse) -> Use:
    """Return the use that a row keeps."""
    return Use(row.begins, row.ends, row.seq, row.energy, row.charge, row.reckoned, row.rates)


def keep_use(meter: Meter, place: ZoneInfo, summed: int, days: Mapping[date, Use]) -> None:
    """Store the sums of days, unless the database is busy or fails: then the next look does it again. `summed`: the
    last entry in the stored sums when they were read.
    """
    try:
        with little_patience(), transaction.atomic():
            DayUse.objects.filter(meter=meter).exclude(zone=place.key).delete()
            before = DayUse.objects.filter(meter=meter, day__in=days, seq__lte=summed)
            before.delete()
            # If another look was first, its rows are there: this one is refused as a whole.
            DayUse.objects.bulk_create(
                DayUse(
                    meter=meter,
                    zone=place.key,
                    day=day,
                    begins=use.begins,
                    ends=use.ends,
                    seq=use.seq,
                    energy=use.energy,
                    charge=use.charge,
                    reckoned=use.reckoned,
                    rates=use.rates,
                )
                for day, use in days.items()
            )
    except DatabaseError as error:
        log.debug("the use of days is not kept: %s", error)
