"""The findings of some days, which are looked at a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple, overload

from ..estate.models import Property
from ..metering.models import Alarm
from .findings import ACT, Finding
from .movement_sides import Sides
from .sides import parts
from .verdicts import Verdict


class OpenAlarm(NamedTuple):
    """An open alarm: the day when it came, its meter's or gateway's name, its primary key, and where it is."""

    day: date
    name: str
    pk: int
    home: Property
    source: str = ""
    what: str = "alarm"


class Reconciled(Sequence[Finding]):
    """The findings of all movements of some days, the last day first. A landlord may have an open alarm for each meter: alarms
    are counted, and each is read from the database only when somebody looks at it.
    """

    def __init__(self, movements: Iterable[Finding] = (), alarms: Collection[OpenAlarm] = ()) -> None:
        self.movements, self.alarms = list(movements), alarms
        rows: list[Finding | OpenAlarm] = [*self.movements, *alarms]
        rows.sort(key=lambda each: (each.source, each.what, each.name))
        self._rows = sorted(rows, key=lambda each: each.day, reverse=True)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Finding: ...

    @overload
    def __getitem__(self, place: slice) -> list[Finding]: ...

    def __getitem__(self, place: int | slice) -> Finding | list[Finding]:
        if isinstance(place, int):
            return _in_full([self._rows[place]])[0]
        return _in_full(self._rows[place])

    @property
    def to_do(self) -> int:
        """Return how many findings a person must act on."""
        return len(self.alarms) + sum(each.grade == ACT for each in self.movements)


def _in_full(rows: Sequence[Finding | OpenAlarm]) -> list[Finding]:
    """Return rows with all that is shown of alarms."""
    keys = [each.pk for each in rows if isinstance(each, OpenAlarm)]
    # No more of a meter is read than is shown: its account alone is long.
    shown = Alarm.objects.select_related("meter__unit", "gateway").only(
        "text", "parts", "meter__name", "meter__unit__name", "gateway__name"
    )
    alarms = {each.pk: each for part in parts(keys) for each in shown.filter(pk__in=part)}
    # One that was settled a moment ago is read all the same.
    return [_of_alarm(each, alarms[each.pk]) if isinstance(each, OpenAlarm) else each for each in rows]


def _of_alarm(row: OpenAlarm, alarm: Alarm) -> Finding:
    if alarm.meter is not None and alarm.meter.unit is not None:
        alarm.meter.unit.property = row.home
    sides = Sides(row.home.currency, None, None)
    return Finding(row.day, row.source, row.what, row.name, alarm.who, sides, Verdict.ALARM, alarm.sentence)
