"""The state of a meter's account, and what follows from it: what a kWh costs, where the switch belongs, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from .currencies import NO_CURRENCY
from .entries import Reading
from .low import Reach, Step, newly_under, next_reach, steps_of
from .off_hours import OFF_HOURS, next_off_change, night_at, night_before
from .plausible import Base, Doubt, Former
from .rating import Counters, Rated, gross, rate_interval
from .settings import UNTOLD, Settings
from .supply import FriendlyHours, Night, SupplyState, Watts, is_friendly, next_friendly_change
from .tariff import Stretch, Version, stretch_at, stretches, version_at
from .units import BALANCE_MAX, DAY, INSTANT_MAX, MINUTE, SECOND, Instant, Micro, Nano, Wh

EXHAUSTED = "exhausted"
"""The reason of a relay entry that cuts off because the credit is used up."""
RECLOSED = "reclosed"
"""The reason of a relay entry that closes again after an overload."""
FOREIGN = "foreign"
"""The reason of a relay entry that cuts off because another meter has been in the place of this one for too long."""
AHEAD = 10 * MINUTE
"""If the journal is ahead of the time by more than this (µs), one of the two is wrong."""


class State:
    """State of one meter's account.

    `balance == credited - charged - debited` at all times (nano). Energy counts from `register` (Wh; None before the
    first reading; under zero if the register was worked out after an exchange). It is charged up to the instant
    `read_at` (0 before the first reading). `moving_since`: the register may have moved since then. `serial`: the serial
    number of the meter that measures here; empty if the journal is named after that meter. `closed`: whether the
    journal last told the switch to close; None if it never told it anything. `command` is the number of the last
    command taken up; `seq` and `at` are those of the last entry. `credit_ids` holds the ids of debits too. `restarts`:
    instants, not before the last reading, at which the tenancy changes. `supply`: what keeps the switch open or closed
    beside the credit.

    `tids`: the identifiers of tokens whose effect is here, whether by the token or by its command. No token up to
    `tid_floor` is accepted any more. `coded`: the nano that tokens brought whose commands have not come yet.

    `doubt`: the last register that was read, if it can't be true; else None. `formers`: the earlier bases to which the
    register may return, the oldest first. `back_since`: when the register was first seen under its base, 0 if it is
    not; `under`: where it stood there last. `moved_at`: when it last moved. `foreign_since`: since when another meter
    answers in this one's place, 0 if none does. `unsure`: whether it is unknown how long the gateway was off before the
    instant `unsure_at`.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.at = 0
        self.balance = 0
        self.register: int | None = None
        self.read_at = 0
        self.moving_since = 0
        self.serial = ""
        self.command = 0
        self.closed: bool | None = None
        self.warned: tuple[Step, ...] = ()
        self.warned_at = 0
        self.settings: Settings = UNTOLD
        self.versions: tuple[Version, ...] = ()
        self.credit_ids: set[str] = set()
        self.credited = 0
        self.charged = 0
        self.debited = 0
        self.counters = Counters()
        self.restarts: tuple[int, ...] = ()
        self.supply = SupplyState()
        self.coded: dict[int, int] = {}
        self.tids: tuple[int, ...] = ()
        self.tid_floor = -1
        self.doubt: Doubt | None = None
        self.formers: tuple[Former, ...] = ()
        self.back_since = 0
        self.under: Base | None = None
        self.moved_at = 0
        self.foreign_since = 0
        self.unsure = False
        self.unsure_at = 0
        self._rated: tuple[tuple[int, int, int], Rated] | None = None

    def change(self, **changes: object) -> None:
        """Set fields of `supply` by their names."""
        self.supply = msgspec.structs.replace(self.supply, **changes)

    def rate(self, at: Instant, energy: Wh) -> Rated:
        """Return the cost of the time and the energy (Wh) from the last reading up to an instant."""
        key = (self.seq, at, energy)
        if self._rated is None or self._rated[0] != key:
            begin = at if self.register is None else self.read_at
            self._rated = (key, rate_interval(self.versions, begin, at, energy, self.counters, self.restarts))
        return self._rated[1]

    def counters_after(self, reading: Reading) -> Counters:
        """Return the counters of tiers and minimum after a reading that is not journalled."""
        return self.rate(reading.at, reading.energy).counters

    @property
    def shown(self) -> Wh | None:
        """Return the register (Wh) as the meter shows it; None before the first reading, or under zero."""
        return self.register if self.register is not None and self.register >= 0 else None

    @property
    def base(self) -> Base | None:
        """Return the base from which energy counts; None before the first reading."""
        return None if self.register is None else Base(self.register, self.moving_since)

    def code_used(self, tid: int) -> bool:
        """Return whether a token counts as used: its effect is here, or it is too old to tell."""
        return tid <= self.tid_floor or tid in self.tids or tid in self.coded

    @property
    def priced(self) -> bool:
        """Return whether any tariff was ever set. Before that the switch is left alone."""
        return bool(self.versions)

    @property
    def currency(self) -> str:
        """Return the currency of the balance, by the last tariff; `NO_CURRENCY` before the first tariff."""
        return self.versions[-1].calendar.tariff.currency if self.versions else NO_CURRENCY

    def stretch(self, now: Instant) -> Stretch:
        """Return the stretch of the rate that holds at `now`."""
        return stretch_at(self.versions, now)

    def price(self, now: Instant, counters: Counters | None = None) -> Micro:
        """Return the price of the next kWh at `now`, micro, with fee and tax. `counters`: after an unjournalled
        reading.
        """
        return self._prices(now, counters or self.counters)[0][0]

    def _prices(self, now: Instant, counters: Counters) -> list[tuple[int, int | None]]:
        """Return the prices of a kWh at `now` (micro) from its tier up, and for how many Wh (None: without end)."""
        stretch, version = self.stretch(now), version_at(self.versions, now)
        if version is None:
            return [(0, None)]
        tariff = version.calendar.tariff
        if tariff.tiers is None:
            return [(gross(stretch.prices[0], tariff), None)]
        prices = [gross(each, tariff) for each in stretch.prices]
        counted = counters.counted(tariff.tiers.per)
        before = counted.get(stretch.rate, 0) if tariff.tiers.by_rate else sum(counted.values())
        rooms = [end - max(before, begin) for begin, end in pairwise((0, *stretch.upto))]
        return [part for part in zip(prices, [*rooms, None], strict=True) if part[1] is None or part[1] > 0]

    def _dearest(self, now: Instant) -> Micro:
        """Return the highest price of a kWh (micro) within a day from `now`, in the present tier."""
        tier = len(self._prices(now, self.counters))
        highest = 0
        for begin, stretch in stretches(self.versions, now, now + DAY):
            version = version_at(self.versions, begin)
            if version is not None:
                # Counted from the last: of another tariff's tiers there may be fewer.
                price = stretch.prices[-min(tier, len(stretch.prices))]
                highest = max(highest, gross(price, version.calendar.tariff))
        return highest

    def highest_price(self, now: Instant) -> Micro:
        """Return the highest price of a kWh at `now`, micro, over all tiers."""
        version = version_at(self.versions, now)
        return gross(max(self.stretch(now).prices), version.calendar.tariff) if version else 0

    def next_boundary(self) -> Instant:
        """Return the first instant after the last reading at which the rate or the tenancy changes."""
        return min([self.stretch(self.read_at).end, *(each for each in self.restarts if each > self.read_at)])

    def room(self, balance: Nano) -> Nano:
        """Return how much (nano) may be used from a balance down to the credit limit."""
        return balance + self.settings.credit_limit

    def _steps(self) -> tuple[Step, ...]:
        """Return the steps of the low-credit warning; nothing if the room has no end."""
        return steps_of(self.settings)

    def _untold(self) -> Sequence[Step]:
        """Return the steps of which nobody was told."""
        steps, warned = self._steps(), self.warned
        return [each for each in steps if each not in warned] if warned else steps

    def is_low(self) -> bool:
        """Return whether the room is under one of the landlord's highest steps."""
        settings, room = self.settings, self.room(self.balance)
        energy = settings.low_credit_energy
        low = room < settings.low_credit or (energy > 0 and room < energy * self.price(self.at))
        return low and bool(settings.credit_limit or settings.credit_limit_cuts)

    def to_warn(self, now: Instant, balance: Nano, counters: Counters | None = None) -> list[Step]:
        """Return the steps whose warning is due for a balance (nano), the lowest first. `counters`: see `price`."""
        untold = self._untold()
        return newly_under(untold, self.room(balance), self.price(now, counters)) if untold and self.priced else []

    def next_step(self, now: Instant, balance: Nano, counters: Counters | None = None) -> Reach | None:
        """Return how far the next warning of low credit is, at the prices of `now`; None if no warning is left to give."""
        untold = self._untold()
        return next_reach(untold, self.room(balance), self._prices(now, counters or self.counters)) if untold else None

    def _warned_after(self, is_warning: bool) -> tuple[Step, ...]:
        """Return the steps not to be warned of again after an entry. `is_warning`: whether it warns of those it is under."""
        room = self.room(self.balance)
        if room <= 0 or not (is_warning or self.warned):
            # After it was used up all begins again.
            return ()
        price, steps = self.price(self.at), self._steps()
        kept = [
            each
            for each in steps
            if (is_warning and each.is_over(room, price))
            or (each in self.warned and not self.may_be_told_again(each, self.at, self.balance))
        ]
        return tuple(kept)

    def may_be_told_again(self, step: Step, now: Instant, balance: Nano) -> bool:
        """Return whether a balance (nano) is so far above a step at `now` that its warning may come again."""
        # A night's cheap hours are no top-up.
        room = self.room(balance)
        return step.is_left(room, self.price(now)) and (not step.of_energy or step.is_left(room, self._dearest(now)))

    def allowance(self, now: Instant) -> Nano:
        """Return how far (nano) the balance may go under zero at `now`: by the credit limit, or by `lent`."""
        return max(self.settings.credit_limit, self.lent(now))

    def lent(self, now: Instant) -> Nano:
        """Return how far (nano) the balance may go under zero at `now` by emergency credit or a restoration."""
        supply = self.supply
        return max(supply.emergency, supply.grace if now < supply.grace_until else 0)

    def left(self, now: Instant, balance: Nano) -> Nano:
        """Return the nano that may be used from a balance until the switch must open, or only friendly hours keep it
        closed; `BALANCE_MAX` if there is no bound.
        """
        if not self.settings.credit_limit_cuts:
            return BALANCE_MAX
        lent = balance + self.allowance(now)
        friendly = self.settings.friendly
        if lent > 0 or self.supply.cut_off or not is_friendly(friendly, self.settings.zone, now):
            return max(lent, 0)
        return max(self.room(balance) + friendly.most, 0) if friendly.most else BALANCE_MAX

    @property
    def emergency_out(self) -> Nano:
        """Return the emergency credit that was taken and is not repaid, nano."""
        supply = self.supply
        return min(supply.emergency, self.settings.emergency_credit) if supply.emergency_taken else 0

    def supplied_by_credit(self, now: Instant) -> bool:
        """Return whether there is credit at `now` to supply on, or something that replaces it."""
        if not self.settings.credit_limit_cuts:
            return True
        room = self.room(self.balance)
        if not self.priced or self.balance > -self.allowance(now):
            # After a cut-off a little credit is not enough, but what was lent to bridge it is.
            lent = self.lent(now)
            enough = room >= self.settings.clearance or (lent > 0 and self.balance > -lent)
            return not self.priced or not self.supply.cut_off or enough
        friendly = self.settings.friendly
        if self.supply.cut_off or (friendly.most and room <= -friendly.most):
            return False
        return is_friendly(friendly, self.settings.zone, now)

    def wants_closed(self, now: Instant, tripped: Instant = 0) -> bool | None:
        """Return whether the switch must be closed at `now`; None if it may stay as it is. `tripped`: the instant of the
        last trip on the gateway's own clock. It counts if the journal is ahead of the time.
        """
        supply = self.supply
        if supply.opened or supply.locks or supply.unsafe or now >= self._foreign_until() or self.off_until(now):
            return False
        if supply.tripped:
            return now >= self.reclose_at(now, tripped) and self.supplied_by_credit(now)
        if not self.priced:
            return True if self.closed is False else None
        return self.supplied_by_credit(now)

    def reclose_at(self, now: Instant, tripped: Instant = 0) -> Instant:
        """Return the instant at which a tripped switch may close again by itself. `tripped`: see `wants_closed`."""
        since = self.supply.tripped_at
        return (since if since <= now else tripped) + self.settings.power.reclose_after * SECOND

    def why_open(self, now: Instant, tripped: Instant = 0) -> str:
        """Return the reason for which the switch must be open at `now`, as the journal writes it."""
        supply = self.supply
        if supply.locks:
            return supply.locks[0]
        if supply.opened:
            return "ordered"
        if now >= self._foreign_until():
            return FOREIGN
        if supply.unsafe:
            return supply.unsafe[0]
        if self.off_until(now):
            return OFF_HOURS
        if supply.tripped and now < self.reclose_at(now, tripped):
            return "overload"
        return EXHAUSTED

    def why_closed(self) -> str:
        """Return the reason for which the switch must close again, as the journal writes it."""
        return RECLOSED if self.supply.tripped else OFF_HOURS if self.supply.off_hours else "credit"

    def _foreign_until(self) -> Instant:
        """Return the instant until which the supply goes on with another meter in this one's place."""
        lasts = self.settings.foreign_for
        return self.foreign_since + lasts * SECOND if self.foreign_since and lasts else INSTANT_MAX

    def night(self, now: Instant) -> Night | None:
        """Return the off hours that hold at `now`; None if none do, somebody switched on, or the time is unsure."""
        night = self._night(now)
        return None if night is None or night.waived else night

    def _night(self, now: Instant) -> Night | None:
        hours, known = self.settings.off_hours, self.supply.night
        if not hours.windows or self.unsure or now < self.at - AHEAD:
            return None
        span = night_at(hours, self.settings.zone, now)
        return None if span is None else known if known.until == span.end else Night(span.end)

    def waived_until(self, now: Instant) -> Instant:
        """Return until when off hours do not hold because a person switched on in them; 0 if nobody did."""
        night = self._night(now)
        return night.until if night is not None and night.waived else 0

    def off_until(self, now: Instant) -> Instant:
        """Return until when off hours keep the switch open; 0 if they do not."""
        night, hours = self.night(now), self.settings.off_hours
        if night is None:
            return 0
        used = night.energy >= hours.energy if hours.energy else not hours.watts
        return night.until if night.spent or used else 0

    def night_left(self, now: Instant, energy: Wh = 0) -> Wh | None:
        """Return the Wh that off hours still allow after `energy` Wh more; None if they set no bound, or none hold."""
        night, most = self.night(now), self.settings.off_hours.energy
        if night is None or not most:
            return None
        after = self.night_after(now, energy)
        return max(most - (after.energy if after.until == night.until else 0), 0)

    def next_night(self) -> Instant:
        """Return the first instant after the last reading at which off hours with an allowance begin or end."""
        hours = self.settings.off_hours
        return (
            next_off_change(hours, self.settings.zone, self.read_at) if hours.windows and hours.energy else INSTANT_MAX
        )

    def night_after(self, at: Instant, energy: Wh) -> Night:
        """Return the state of the off hours after `energy` Wh more. The part used before they began is left out."""
        hours, known = self.settings.off_hours, self.supply.night
        span = night_before(hours, self.settings.zone, at) if hours.energy else None
        if span is None:
            return known
        passed, share = at - self.read_at, energy
        if self.register is not None and self.read_at < span.begin:
            share = energy * (at - span.begin) // passed
        night = known if known.until == span.end else Night(span.end)
        return msgspec.structs.replace(night, energy=night.energy + share)

    def power_limit(self, now: Instant) -> Watts:
        """Return the highest power allowed at `now`, W; 0: no limit."""
        usual, night = self.usual_limit(now), self.settings.off_hours.watts
        return min(usual or night, night) if night and self.night(now) is not None else usual

    def usual_limit(self, now: Instant) -> Watts:
        """Return the highest power allowed at `now`, W, without regard to off hours; 0: no limit."""
        supply, settings = self.supply, self.settings
        if supply.limit and (not supply.limit_until or now < supply.limit_until):
            return supply.limit
        return settings.power.at(now, settings.zone)

    @property
    def watched(self) -> bool:
        """Return whether a rule of this meter needs to know the power."""
        settings = self.settings
        limited = self.supply.limit or any(settings.power.watts) or settings.power.step or settings.off_hours.watts
        return bool(limited or any(each.code == "low-power-factor" for each in settings.limits))

    def next_supply_change(self, now: Instant, tripped: Instant = 0) -> Instant:
        """Return an instant after `now`. Before it, only the balance or a person changes how the switch must be."""
        supply, settings = self.supply, self.settings
        changes = [
            self.reclose_at(now, tripped) if supply.tripped else 0,
            supply.grace_until,
            supply.limit_until,
            self._foreign_until(),
            settings.power.next_change(now, settings.zone),
        ]
        if settings.friendly != FriendlyHours():
            changes.append(next_friendly_change(settings.friendly, settings.zone, now))
        if settings.off_hours.windows:
            # They hold again once the time has come near enough to a journal that is ahead of it.
            changes += (next_off_change(settings.off_hours, settings.zone, now), self.at - AHEAD)
        return min((each for each in changes if each > now), default=INSTANT_MAX)
