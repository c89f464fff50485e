"""This module works out where a switch belongs, from the journal's entries and without the product's code for it."""

from __future__ import annotations

from copy import copy
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ...kernel.orders import Action, ClearTamper, Close, Hold, LimitPower, Open, Release, Restore, TakeEmergency
from ...kernel.settings import Settings
from ...kernel.units import HOUR, MINUTE, SECOND

FOREVER = 2**62
AHEAD = 10 * MINUTE
"""A journal that is ahead of the time by more than this does not know what the hour is."""
CUT_OFF = "exhausted"
LOCKS = {"overload-locked": "overload", "forbidden-load": "load"}
"""The locks that events set, by the event."""
TRIP = "-trip"
"""The end of the code of each event that says that a limit of safety has opened the switch."""


class Supply:
    """What keeps one meter's switch open or closed, besides its balance (nano)."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.priced = False
        self.opened = False
        self.locks: set[str] = set()
        self.cut_off = False
        self.last_order: bool | None = None
        self.emergency = 0
        self.emergency_taken = False
        self.grace = 0
        self.grace_until = 0
        self.tripped = False
        self.tripped_at = -FOREVER
        self.trips = 0
        self.limit = 0
        self.limit_until = 0
        self.foreign_since = 0
        self.at = 0
        """The instant of the journal's last entry."""
        self.unsure = False
        self.waived_until = 0
        """The end of the off hours in which a person switched on."""
        self.night_until = 0
        """The end of the off hours of which `night_energy` and `night_spent` tell."""
        self.night_energy = 0
        """The Wh that were used in these off hours."""
        self.night_spent = False
        """Whether an event says that what these off hours allow is used up."""
        self.unsafe: set[str] = set()
        """Kinds of limits that opened the switch until the values are right again."""

    def copied(self) -> Supply:
        """Return a copy as it is now."""
        mine = copy(self)
        mine.locks, mine.unsafe = set(self.locks), set(self.unsafe)
        return mine

    def set_settings(self, settings: Settings) -> None:
        """Take up other settings. What a limit did ends with the limit."""
        self.settings = settings
        self.unsafe &= {each.code for each in settings.limits if each.trip}

    def lent(self, now: int) -> int:
        """Return how far (nano) the balance may go below zero."""
        return max(self.emergency, self.grace if now < self.grace_until else 0)

    def _wall(self, now: int) -> datetime:
        return datetime.fromtimestamp(now // 10**6, ZoneInfo(self.settings.zone))

    def friendly(self, now: int) -> bool:
        """Return whether nobody may be cut off for lack of credit now."""
        hours = self.settings.friendly
        if not hours.windows and not hours.days:
            return False
        wall = self._wall(now)
        if wall.date().isoformat() in hours.days:
            return True
        minute = wall.hour * 60 + wall.minute
        for day, at in ((wall.date(), minute), (wall.date() - timedelta(days=1), minute + 1440)):
            kind = 7 if day.isoformat() in hours.days else day.weekday()
            for window in hours.windows:
                end = window.end if window.end > window.begin else window.end + 1440
                if kind in window.days and window.begin <= at < end:
                    return True
        return False

    def night_at(self, at: int) -> tuple[int, int] | None:
        """Return the begin and the end (µs) of the off hours that hold at an instant; None if none do. The world draws
        them so that the clocks never change near their begin or end.
        """
        hours, wall = self.settings.off_hours, self._wall(at)
        minute = wall.hour * 60 + wall.minute
        for begin, now in ((wall.date(), minute), (wall.date() - timedelta(days=1), minute + 1440)):
            for window in hours.windows:
                end = window.end if window.end > window.begin else window.end + 1440
                if begin.weekday() in window.days and window.begin <= now < end:
                    first = datetime.combine(begin, time(), wall.tzinfo) + timedelta(minutes=window.begin)
                    last = datetime.combine(begin, time(), wall.tzinfo) + timedelta(minutes=end)
                    return int(first.timestamp()) * SECOND, int(last.timestamp()) * SECOND
        return None

    def _night_until(self, now: int) -> int:
        """Return the end of the off hours that hold now, by a time that is certain; 0 if none do, or if a person has
        switched on in them.
        """
        if not self.settings.off_hours.windows or self.unsure or now < self.at - AHEAD:
            return 0
        night = self.night_at(now)
        return night[1] if night and night[1] != self.waived_until else 0

    def _off(self, now: int) -> bool:
        """Return whether off hours keep the switch open, after what is allowed in them."""
        until, hours = self._night_until(now), self.settings.off_hours
        if not until:
            return False
        if self.night_spent and until == self.night_until:
            return True
        return self.night_left(now) == 0 if hours.energy else not hours.watts

    def night_left(self, now: int) -> int | None:
        """Return the Wh that may still be used in the off hours that hold now; None if there is no such bound."""
        until, most = self._night_until(now), self.settings.off_hours.energy
        if not until or not most:
            return None
        return max(most - (self.night_energy if until == self.night_until else 0), 0)

    def is_limited_by_night(self, now: int) -> bool:
        """Return whether the power is limited now because of off hours."""
        return self.settings.off_hours.watts > 0 and self._night_until(now) > 0

    def used(self, since: int, until: int, energy: int) -> None:
        """Count `energy` Wh, used evenly between two instants, in the off hours that hold at the end."""
        if not self.settings.off_hours.energy or (night := self.night_at(until - 1)) is None:
            return
        self._begin_night(night[1])
        self.night_energy += energy if since >= night[0] else energy * (until - night[0]) // (until - since)

    def _begin_night(self, until: int) -> None:
        if until != self.night_until:
            self.night_until, self.night_energy, self.night_spent = until, 0, False

    def by_credit(self, now: int, balance: int) -> bool:
        """Return whether there is credit for the supply, or something that replaces it."""
        if not self.priced or not self.settings.credit_limit_cuts:
            return True
        lent, room = self.lent(now), balance + self.settings.credit_limit
        if balance + lent > 0 or room > 0:
            bridged = lent > 0 and balance + lent > 0
            return not self.cut_off or bridged or room >= self.settings.clearance
        return not self.cut_off and self._spared(now, room)

    def _spared(self, now: int, room: int) -> bool:
        """Return whether friendly hours keep the supply of someone who has used everything up."""
        most = self.settings.friendly.most
        return self.friendly(now) and (not most or room > -most)

    def wants(self, now: int, balance: int) -> bool | None:
        """Return where the switch belongs: closed (True), open (False), or where it stands (None)."""
        if self.opened or self.locks or self.unsafe or self._foreign_too_long(now) or self._off(now):
            return False
        if self.tripped:
            return self._wants_after_trip(now, balance)
        if not self.priced:
            return True if self.last_order is False else None
        return self.by_credit(now, balance)

    def _wants_after_trip(self, now: int, balance: int) -> bool | None:
        if now < self.tripped_at:
            # The journal is ahead of the time: nobody can tell how long ago that was.
            return None
        return now >= self.tripped_at + self.settings.power.reclose_after * SECOND and self.by_credit(now, balance)

    def _foreign_too_long(self, now: int) -> bool:
        lasts = self.settings.foreign_for
        return bool(self.foreign_since and lasts) and now >= self.foreign_since + lasts * SECOND

    @property
    def is_limited(self) -> bool:
        """Return whether there is any limit to the power."""
        return bool(self.limit or self.settings.power.watts or self.settings.off_hours.watts)

    def limit_at(self, now: int) -> int:
        """Return the most power (W) that may be drawn; 0 if there is no limit."""
        usual, night = self._usual_limit(now), self.settings.off_hours.watts
        return min(usual or night, night) if self.is_limited_by_night(now) else usual

    def _usual_limit(self, now: int) -> int:
        if self.limit and (not self.limit_until or now < self.limit_until):
            return self.limit
        watts = self.settings.power.watts
        return watts[self._wall(now).hour % len(watts)] if watts else 0

    def may(self, at: int, time: int, balance: int, low: bool, action: Action) -> bool:
        """Return whether an action can be done. `at`: the instant of its entry, which may be ahead of the `time`."""
        match action:
            case TakeEmergency():
                return bool(self.settings.emergency_credit) and not self.emergency_taken and (balance <= 0 or low)
            case Close(override):
                return self._may_close(at, balance, override)
            case Release():
                return "hold" in self.locks
            case Restore(amount, until):
                return until > min(at, time) if until else bool(amount)
        return True

    def _may_close(self, now: int, balance: int, override: bool) -> bool:
        if self.locks:
            return override
        return self.opened or self.by_credit(now, balance)

    # -- what an entry does ------------------------------------------------------------------------------------------

    def credited(self, before: int, amount: int) -> None:
        """Take up a credit of `amount` nano; `before` is the balance before it."""
        if before + amount > 0:
            self.emergency, self.emergency_taken = 0, False
            if self.grace != FOREVER:
                self.grace = 0
        elif self.emergency:
            repaid = min(-before, amount * self.settings.emergency_repayment // 100)
            self.emergency = max(self.emergency - repaid, 0)

    def acted(self, at: int, balance: int, action: Action) -> None:
        """Take up a person's action that took effect at an instant, with the balance before it."""
        if isinstance(action, Close | Restore):
            self._waive_off_hours(at)
        debt = max(-balance, 0)
        match action:
            case Open():
                self.opened = True
            case Close():
                self.opened, self.tripped, self.trips = False, False, 0
                self.locks.clear()
                self.unsafe.clear()
            case Hold():
                self.locks.add("hold")
            case Release():
                self.locks.discard("hold")
            case LimitPower(watts, until):
                self.limit, self.limit_until = watts, until
            case Restore(amount, until):
                self.grace, self.grace_until = amount + debt if amount else FOREVER, until or FOREVER
            case TakeEmergency():
                self.emergency, self.emergency_taken = self.settings.emergency_credit + debt, True
            case ClearTamper():
                self.locks.discard("tamper")

    def _waive_off_hours(self, at: int) -> None:
        if self.settings.off_hours.windows and (night := self.night_at(at)):
            self.waived_until = night[1]

    def switched(self, closed: bool, reason: str) -> None:
        """Note that the switch was told to move."""
        self.last_order = closed
        if closed:
            self.cut_off = self.tripped = False
        elif reason == CUT_OFF:
            self.cut_off = True

    def led_back(self, at: int) -> None:
        """Let the journal's time, which was ahead, go on from an earlier instant."""
        self.tripped_at, self.foreign_since = min(self.tripped_at, at), min(self.foreign_since, at)
        self.waived_until = self.night_until = 0

    def happened(self, at: int, code: str, detail: str) -> None:
        """Take up a journalled event."""
        if code == "allowance-spent":
            night = self.night_at(at)
            self._begin_night(night[1] if night else 0)
            self.night_spent, self.trips = True, 0
        elif code.endswith(TRIP):
            self._tripped_by(code.removesuffix(TRIP))
        elif code == "within-limits":
            self.unsafe.discard(detail)
        else:
            self._happened(at, code)

    def _tripped_by(self, kind: str) -> None:
        """Note that a limit of safety has opened the switch, until the values are right or until a person comes."""
        if any(each.waits for each in self.settings.limits if each.code == kind and each.trip):
            self.locks.add(kind)
            self.unsafe.discard(kind)
        else:
            self.unsafe.add(kind)

    def _happened(self, at: int, code: str) -> None:
        if code == "overload":
            self.trips = self.trips + 1 if at - self.tripped_at <= HOUR else 1
            self.tripped, self.tripped_at = True, at
        elif code in LOCKS:
            self.locks.add(LOCKS[code])
        elif code == "tamper" and self.settings.tamper_locks:
            self.locks.add("tamper")
        elif code in ("clock-unsure", "clock-set"):
            self.unsure = code == "clock-unsure"
        elif code == "foreign-meter":
            self.foreign_since = self.foreign_since or at
        elif code == "meter-back":
            self.foreign_since = 0
