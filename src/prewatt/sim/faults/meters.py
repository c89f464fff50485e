"""Meters on the virtual bus. Each has a load that changes every hour, exact energy, a register that may lie, a switch
that may not obey, and times of silence.
"""

from __future__ import annotations

from random import Random

from ...kernel.units import HOUR

LOADS = (0, 60, 300, 300, 1200, 3000)
"""W."""
FUSE = 4000
"""W."""
VOLTS = 230_000
"""mV."""
FAR = 20_000_000
"""Wh: more than the fuse lets through in the longest time that a gateway may have been off."""
FAR_UNTOLD = 1_000_000_000
"""Wh: the same where nobody has told the gateway how large the fuse is."""


class Meter:
    """One meter, and those that are hung in its place later. `energy` is the Wh that have truly flowed through all of
    them.

    `shown` is the register that was read last. `lost` are Wh that flowed but that no register shows. `lied_at` is when
    a reading last differed from an honest register.
    """

    def __init__(self, begin: int, rng: Random) -> None:
        self.closed = True
        self.silent_since = self.silent_until = 0
        self.deaf_until = 0
        """The switch does not obey, and says so."""
        self.deceives_until = 0
        """The switch does not obey, and says that it has."""
        self.tampered = False
        self.serial = ""
        """The serial number of the meter that hangs here now; empty for the first one."""
        self.end = rng.choice((0, 0, 100_000_000))
        self.shown = 0
        self.hung = 0
        """Wh that had flowed when the last meter was hung."""
        self.hung_at = 0
        self.lost = 0
        self.fell = False
        self.hears = False
        """Whether its switch obeys while it does not answer."""
        self.lied_at = 0
        self.lie: int | None = None
        """A register that it shows instead of its own."""
        self.lie_until = 0
        self.error: int | None = None
        """A register that it shows once, when it is read next."""
        self.still_until = 0
        self.backwards_until = 0
        self.jitter_until = 0
        self.volts = VOLTS
        self.volts_since = begin
        self.volts_error: int | None = None
        """A voltage that it shows once, when it is read next."""
        self._rng = rng
        self._fine = 0
        self._at = begin
        self._power = 500
        self.power_since = begin
        """The instant since which it draws its present power."""
        self.next_change = begin
        """The instant at which its load may change next."""
        self._begin = rng.choice(
            (0, 50_000_000 + rng.randrange(10_000_000), self.end and self.end - rng.randrange(20_000))
        )
        """What the register showed when nothing had flowed through it."""

    def settle(self, now: int) -> None:
        """Let energy flow until `now`."""
        while self._at < now:
            if self._at >= self.next_change:
                self._power, self.power_since = self._rng.choice(LOADS), self._at
                self.next_change = self._at + HOUR
            until = min(now, self.next_change)
            if self.closed:
                before = self._fine // HOUR
                self._fine += self._power * (until - self._at)
                flowed = self._fine // HOUR - before
                if self._at < self.still_until:
                    self.lost += flowed
                elif self._at < self.backwards_until:
                    self.lost += 2 * flowed
            self._at = until

    @property
    def energy(self) -> int:
        """Return the Wh that have flowed so far, whatever the register shows."""
        return self._fine // HOUR

    @property
    def counted(self) -> int:
        """Return the Wh that registers show, of those that flowed."""
        return self.energy - self.lost

    @property
    def power(self) -> int:
        """Return the power (W) that is drawn now."""
        return self._power if self.closed else 0

    def register(self) -> int:
        """Return what an honest register would show, Wh."""
        shows = self._begin + self._fine // HOUR - self.lost
        return shows % self.end if self.end else max(shows, 0)

    def read(self, now: int) -> int:
        """Read the meter. Returns what it shows."""
        self.settle(now)
        shows = self.register()
        if now < self.lie_until and self.lie is not None:
            shows = self.lie
        elif self.error is not None:
            shows, self.error = self.error, None
        elif now < self.jitter_until and self._rng.random() < 0.3:
            shows = max(shows - 1, 0)
        if shows != self.register() or now < self.backwards_until:
            self.lied_at = now
        self.shown = shows
        return shows

    def read_volts(self) -> int:
        """Read the voltage (mV). Returns what the meter shows."""
        shows, self.volts_error = self.volts if self.volts_error is None else self.volts_error, None
        return shows

    def set_volts(self, now: int, volts: int) -> None:
        """Let the grid have another voltage (mV)."""
        self.volts, self.volts_since = volts, now

    def switch(self, now: int, closed: bool) -> None:
        """Move the switch."""
        if closed != self.closed:
            self.closed, self.power_since = closed, now

    def falls_to(self, now: int, register: int) -> None:
        """Set the register to another value, from which it counts on."""
        self.settle(now)
        self.fell = True
        self._begin += register - self.register()
        self.lied_at = now

    def exchange(self, now: int, serial: str, first: int) -> int:
        """Hang another meter here. Returns the last register of the old one."""
        self.settle(now)
        last = self.register()
        self._begin = first - self.counted
        self.serial, self.end, self.lie_until, self.error, self.tampered = serial, 0, 0, None, False
        self.still_until = self.backwards_until = self.jitter_until = 0
        self.switch(now, True)
        self.lied_at = self.hung_at = now
        self.hung = self.energy
        return last

    def heal(self, now: int) -> None:
        """Mend everything about the meter."""
        self.settle(now)
        self.set_volts(now, VOLTS)
        for name in ("silent", "deaf", "deceives", "lie", "still", "backwards", "jitter"):
            until = f"{name}_until"
            setattr(self, until, min(getattr(self, until), now))

    def answers_since(self, now: int) -> int:
        """Return since when it has given answers that can be believed."""
        last = max(self.silent_until, self.lie_until, self.jitter_until, self.backwards_until, self.lied_at)
        return min(last, now)

    def wayward(self, now: int) -> bool:
        """Return whether its switch can't be moved, or can't be relied on."""
        return self.silent_until > now or self.deaf_until > now or self.deceives_until > now

    def silent(self, now: int) -> bool:
        """Return whether the meter does not answer at an instant."""
        return self.silent_until > now
