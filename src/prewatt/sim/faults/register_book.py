"""The oracle's book of one meter's register: what was charged of the energy that has flowed, and what may be doubted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...kernel.entries import FLAG_BETWEEN, FLAG_HELD, AnyEntry, Doubtful, Exchanged, Reading, Rebased
from ...kernel.plausible import BACKWARDS, FALLEN, RETURNED, UNCONFIRMED
from ...kernel.units import DAY, HOUR
from .facts import Seen, Since
from .meters import FUSE
from .prices import Pricer
from .supply import Supply

if TYPE_CHECKING:
    from .world import World


class RegisterBook:
    """The book of a register.

    Energy counts from `register` (Wh), at `read_at` by the journal and `read_true` by the true time. `back_since` and
    `doubted_since` say since when it is wrong.
    """

    _now: Seen

    def __init__(self, world: World, name: str, broken: Callable[[str], None]) -> None:
        self._world = world
        self.name = name
        self._broken = broken
        self.balance = 0
        self.register: int | None = None
        self.read_at = 0
        self.read_true = 0
        self.serial = ""
        self.changed_at = 0
        self._first = self._energy = self._read = 0
        self._lost = 0
        self._bases = self._erred_at = self._erred_boots = 0
        self._awaits = False
        self.lost = False
        self.doubted_since = self.back_since = Since()
        self.reported_codes: set[str] = set()
        """Codes of the events so far. Those about the register are removed when it is right again."""
        self.pricer = Pricer()
        self.supply = Supply()

    @property
    def unread(self) -> int:
        """Return the Wh that have flowed since the last reading."""
        return self._world.meters[self.name].energy - self._read

    def wrong(self, entry: AnyEntry, what: str) -> None:
        """Report that an entry is wrong. Raises Broken."""
        self._broken(f"meter {self.name}, entry {entry.seq}: {what}")

    def _take_reading(self, entry: Reading) -> None:
        meter = self._now
        if self.register is None:
            self.register, self.read_at = entry.register, entry.at
            # By a digit less, if it trembled just then.
            self._first = meter.energy - (meter.lied_at == meter.now)
        energy = self._counted(entry, self.register)
        if entry.rolled not in (0, meter.end) or energy < 0:
            self.wrong(entry, f"the register goes from {self.register} to {entry.register}, over {entry.rolled}")
        if self._awaits and meter.serial == self.serial:
            # It was announced before it was hung: what the old one went on to count is charged by nobody.
            self._awaits = False
            self._lost += max(meter.hung - self._read, 0)
        charge = self._check_charge(entry, energy)
        self.supply.used(self.read_at, entry.at, energy)
        self.register, self.read_at, self.read_true = entry.register, entry.at, meter.now
        self._register_is_right(backwards=bool(entry.flags & FLAG_HELD))
        self.balance -= charge
        self._energy += energy
        # A digit by which a register trembled when it was counted from again is nobody's.
        if self._energy > meter.energy - self._first + self._bases:
            self.wrong(entry, f"{self._energy} Wh are charged, and {meter.energy - self._first} have flowed")
        self._read = meter.energy

    def _counted(self, entry: Reading, register: int) -> int:
        """Return the Wh since a register, as an entry tells them."""
        if entry.flags & FLAG_HELD:
            if entry.register != register:
                self.wrong(entry, f"is held at {entry.register} and counts from {register}")
            return 0
        if not entry.flags & FLAG_BETWEEN and entry.register != self._now.shown:
            self.wrong(entry, f"the register showed {self._now.shown}, not {entry.register}")
        return entry.register - register + entry.rolled

    def _check_charge(self, entry: Reading, energy: int) -> int:
        """Check everything that an entry charges for its Wh."""
        due = self.pricer.charge(self.read_at, entry.at, energy)
        used = {(each.rate, each.tier, each.price): each.energy for each in entry.used}
        if used != due.used or len(used) != len(entry.used):
            self.wrong(entry, f"{energy} Wh are rated as {used}, and it was {due.used}")
        beside = (entry.fee, entry.standing, entry.minimum, entry.tax, entry.tax_included)
        if beside != (due.fee, due.standing, due.minimum, due.tax, due.tax_included):
            for what in ("fee", "standing", "minimum", "tax", "tax_included"):
                if getattr(entry, what) != getattr(due, what):
                    self.wrong(entry, f"{what}: {getattr(entry, what)} instead of {getattr(due, what)}")
        if entry.charge != due.all:
            self.wrong(entry, f"charged {entry.charge} instead of {due.all}")
        return due.all

    def _take_doubt(self, entry: Doubtful) -> None:
        meter = self._now
        # After a long silence even the truth waits for others that agree.
        much = entry.cause == UNCONFIRMED and abs(entry.register - (self.register or 0)) > FUSE
        if not meter.can_err and not much:
            self.wrong(entry, f"a true register is doubted: {entry.register}, {entry.cause}")
        if entry.register != meter.shown:
            self.wrong(entry, f"the register showed {meter.shown}, not {entry.register}")
        if entry.cause == BACKWARDS:
            self.back_since = self.back_since if self.back_since.at else Since(entry.at, meter.now)
        else:
            self.doubted_since = self.doubted_since if self.doubted_since.at else Since(entry.at, meter.now)

    def _register_is_right(self, backwards: bool = False) -> None:
        self.doubted_since = Since()
        self.reported_codes.discard("register-doubtful")
        if not backwards:
            self.back_since = Since()
            self.reported_codes.discard("register-backwards")

    def _is_led_back(self, at: int) -> None:
        """Forget what was measured by a time that was ahead."""
        self._register_is_right(backwards=True)
        self._erred_at = 0
        if self.back_since.at > at:
            self.back_since = Since(at, self.back_since.true)
            self.reported_codes.discard("register-backwards")

    def _take_base(self, entry: Rebased) -> None:
        meter = self._now
        if entry.was != self.register:
            self.wrong(entry, f"counts from {self.register}, not from {entry.was}")
        passed = meter.honest and self._erred_at and meter.now - self._erred_at < DAY - HOUR
        if passed and entry.cause != RETURNED and meter.boots == self._erred_boots:
            self.wrong(entry, "an error has passed, and what flowed meanwhile is lost")
        self._erred_at = 0 if meter.honest or entry.cause == RETURNED else meter.now
        self._erred_boots = meter.boots
        self._bases += 1
        if entry.cause == FALLEN and meter.end and self.supply.unsure:
            # A counter that came over its end in an unknown time looks like an error: a person is asked.
            self._lost += meter.energy - self._read
        if not meter.can_err:
            self.wrong(entry, "a true register is not counted from any more")
        self.register = entry.register
        self._register_is_right()

    def _exchange(self, entry: Exchanged) -> None:
        meter = self._now
        self.serial, self.supply.foreign_since = entry.serial, 0
        if self.register is not None:
            self.register = entry.first - (max(entry.last - self.register, 0) if entry.last is not None else 0)
        # What the old one showed at its end may be typed to the kilowatt-hour, or not at all.
        self._lost += meter.energy - self._read if entry.last is None else 1000
        self._awaits = meter.serial != entry.serial
        self._register_is_right()
        self.changed_at = meter.now

    def unaccounted(self) -> int:
        """Return the Wh that flowed, that a register showed, and that could be charged but were not; 0 where nobody can
        tell.
        """
        meter, gateway = self._world.meters[self.name], self._world.gateway_of(self.name)
        if meter.serial and self._world.database.put_back_at:
            # The order that told of an exchange may be forgotten.
            return 0
        if self._bases and (meter.fell or gateway.booted_wrong):
            # Its base may have moved to and fro: what was lost with it depends on when it was read. After an error that
            # passes by itself nothing is.
            return 0
        return max(self._read - self._first - meter.lost - self._lost - self._energy, 0)
