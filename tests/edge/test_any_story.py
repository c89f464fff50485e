"""Any mixture of what can be wrong at a flat: afterwards what flowed is charged once, and who has paid has light.

Registers and voltages that lie, off hours, meters exchanged before or after anybody says so, clocks that step and drift,
losses of power with and without what was kept, receipts that come late, orders and settings: drawn at random by seed, with
the true energy and the true time beside it. The server takes in each entry (`home.Home`).
"""

import random

import pytest

from prewatt.edge.meter import Foreign, Observed
from prewatt.edge.timekeeping import NEAR, VOUCH_FOR, VOUCHES
from prewatt.kernel.account import Account
from prewatt.kernel.calendar import local_day, zone
from prewatt.kernel.entries import (
    FLAG_BETWEEN,
    ChangeSettings,
    Exchange,
    GrantCredit,
    LeadBack,
    Reading,
    Rebased,
    Refused,
    Settings,
    genesis,
)
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.plausible import RETURNED
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.safety import Limit
from prewatt.kernel.supply import Window
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND
from prewatt.wire.messages import Head, Receipt
from prewatt.wire.signing import seal
from tests.edge.home import BEGIN, SERVER, STANDING, Home

YEAR = 365 * DAY
VOLTAGES = (0, 190_000, 230_000, 252_000, 258_000, 258_000, 6_553_500)
NIGHT = Window(tuple(range(8)), 22 * 60, 7 * 60)
BERLIN = zone("Europe/Berlin")
EARLY = 140 * MINUTE
"""At a start a clock is believed that is ahead by hours: so much earlier a day may end."""
SPANS = (10 * SECOND, MINUTE, 7 * MINUTE, 15 * MINUTE, 40 * MINUTE, 3 * HOUR, 14 * HOUR)
LIES = ("zero", "bits", "jump", "fall", "jitter", "frozen", "noise", "flicker")
KINDS = (
    *LIES, "reset", "exchange", "foreign", "silent", "step", "drift", "reboot", "off", "restart", "receipt", "late", "lead",
    "settings", "pay",
)  # fmt: skip


class Flat(Home):
    """A home that draws `power` (W). What its meter shows is `offset` Wh more than what has flowed since the beginning,
    up to the counter's `end`; or what `lie` makes of that.
    """

    def __init__(self, rng, register, credit, end):
        self.rng, self.end, self.offset, self.hung = rng, end, register, "m1"
        self.power = self.flow = self.drift = self.drifted = self.reads = 0
        self.lie, self.silent = None, False
        # Whether the server's clock was right all the time, and whether any energy was given up by what a person said.
        self.server_right, self.given_up, self.mistyped = True, False, False
        super().__init__(register, credit)

    @property
    def flowed(self):
        return self.flow // HOUR

    def shown(self):
        right = self.offset + self.flowed
        return right % self.end if self.end else right

    def read(self):
        self.reads += 1
        if self.silent:
            seen = "no answer"
        elif self.hung != self.meter.serial:
            seen = Foreign(self.hung)
        else:
            told = {Quantity.VOLTAGE_L1: self.rng.choice(VOLTAGES)} if self.account.settings.limits else {}
            shown = self.lie(self.shown()) if self.lie else self.shown()
            seen = Observed(shown, self.closed, end=self.end, quantities=told)
        self.do(self.agent.on_observed(self.moment, {"m1": seen}))

    def go(self, span):
        """Time passes, and nobody reads the meter."""
        self.passed += span
        self.flow += self.closed * self.power * span
        self.drifted += span * self.drift
        self.wrong += self.drifted // 1_000_000
        self.drifted %= 1_000_000

    def live(self, span):
        end, before = self.passed + span, self.reads
        while (due := max(self.agent.next_due() + self.booted, self.passed)) <= end:
            self.go(due - self.passed)
            self.do(self.agent.tick(self.moment)[:-1])
            self.read()
            assert self.reads - before <= span // (10 * SECOND) + 5, "read in a busy loop"
        self.go(end - self.passed)

    def standing(self):
        return sum(entry.standing for entry in self.entries if isinstance(entry, Reading))

    def days(self, early=0):
        """Days that have ended."""
        return local_day(BEGIN + self.passed + early, BERLIN).toordinal() - local_day(BEGIN, BERLIN).toordinal()

    # -- what happens ------------------------------------------------------------------------------------------------

    def act(self, kind, span):
        rng = self.rng
        if kind in LIES:
            self.tell_lies(kind, span)
        elif kind == "reset" and self.shown() > 100_000:
            # By less it may have run back.
            self.offset, self.given_up = -self.flowed, True
            self.live(span)
        elif kind == "exchange":
            self.exchange(span)
        elif kind == "foreign":
            was, self.hung = self.hung, "stranger"
            self.read()
            self.live(span)
            self.hung = was
            self.live(rng.choice([MINUTE, HOUR]))
        elif kind == "silent":
            self.silent = True
            self.live(span * rng.choice([1, 1, 10]))
            self.silent = False
            self.live(rng.choice([MINUTE, HOUR]))
        elif kind == "step":
            steps = (MINUTE, -MINUTE, 5 * MINUTE, HOUR, -HOUR, DAY, YEAR, -YEAR, -BEGIN - self.passed, 300 * YEAR)
            self.wrong = rng.choice([0, 0, 0, *steps])
            self.live(span)
        elif kind == "drift":
            self.drift = rng.choice([50, -50, 5000, -5000])
            self.live(span)
            self.drift = 0
        elif kind in ("reboot", "off", "restart"):
            self.stop(kind, span)
        elif kind == "receipt":
            self.connect()
            self.live(span)
        elif kind == "wrong server":
            self.server_right = False
            for _ in range(rng.choice([1, 4])):
                self.connect(rng.choice([0, 3 * MINUTE, -3 * MINUTE, HOUR, -HOUR, YEAR, -YEAR]))
                self.live(rng.choice([SECOND, MINUTE, HOUR]))
        elif kind == "late":
            self.receive_late()
            self.live(span)
        else:
            self.order_any(kind)
            self.live(span)

    def tell_lies(self, kind, span):
        rng, now = self.rng, self.shown()
        if kind in ("fall", "flicker") and now < 1_000_000:
            return
        jump, bits = rng.choice([3 * 10**8, 10**9]), rng.choice([2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, -5])
        self.lie = {
            "zero": lambda right: 0,
            "bits": lambda right: bits,
            "jump": lambda right: right + jump,
            "fall": lambda right: max(right - jump, 0),
            "jitter": lambda right: right - rng.randrange(12),
            "frozen": lambda right: now,
            "noise": lambda right: rng.randrange(10**12),
            "flicker": lambda right: rng.choice([right, 0]),
        }[kind]
        if rng.random() < 0.5:
            self.live(rng.choice([0, 10 * SECOND, MINUTE]))
            self.read()
        else:
            self.live(span)
        self.lie = None
        self.live(rng.choice([MINUTE, HOUR]))
        self.read()

    def exchange(self, span):
        """Nobody draws power while it is done, so that what the old one showed last is known."""
        rng, serial, power = self.rng, f"n{len(self.log)}", self.power
        first, typed_wrong = rng.choice([0, 70, 5000, 3_000_000]), rng.choice([0, 0, 0, 4_000_000])
        known, after = rng.random() < 0.7, rng.random() < 0.5
        last = self.shown() if known else None
        self.given_up |= not known or typed_wrong > 0
        self.mistyped |= typed_wrong > 0
        self.power = 0
        if after:
            self.silent = rng.random() < 0.5
            self.live(rng.choice([MINUTE, HOUR, 12 * DAY]))
            self.silent = False
            self.hung, self.offset = serial, first - self.flowed
            self.live(rng.choice([0, MINUTE, HOUR, DAY]))
        self.order(Exchange(serial, first + typed_wrong, last))
        if not after and not isinstance(self.entries[-1], Refused):
            self.live(rng.choice([0, MINUTE, HOUR, 12 * DAY]))
            self.hung, self.offset = serial, first - self.flowed
        self.power = power
        if self.meter.serial != self.hung:
            self.order(Exchange(self.hung, self.shown()))
            self.given_up = True
        self.live(span)

    def stop(self, kind, span):
        rng = self.rng
        if kind == "restart":
            self.go(rng.choice([SECOND, MINUTE, HOUR, 2 * DAY]))
        else:
            self.go(20 * SECOND + (span * rng.choice([1, 1, 20]) if kind == "off" else 0))
            if rng.random() < 0.3:
                self.kept.pop("anchor", None)
        self.start(boot=kind != "restart")
        self.live(rng.choice([MINUTE, HOUR]))

    def receive_late(self):
        """A receipt that was held back, or comes twice, or answers nothing that is known."""
        rng = self.rng
        self.do(self.agent.on_connected(self.moment))
        asked, at = self.asked, BEGIN + self.passed
        self.agent.on_disconnected()
        self.live(rng.choice([SECOND, HOUR, DAY]))
        for answers in rng.choice([(asked,), (asked, asked), (0,), (asked + 1,)]):
            receipt = Receipt("g1", (Head("m1", 0, genesis("m1")),), 1, answers, at)
            self.do(self.agent.on_frame(self.moment, seal(SERVER, receipt)))
            self.live(rng.choice([SECOND, HOUR]))

    def order_any(self, kind):
        rng = self.rng
        if kind == "lead":
            waited = rng.choice([0, 0, SECOND, HOUR, 2 * DAY])
            self.order(LeadBack(), max(BEGIN + self.passed - waited, 0))
        elif kind == "settings":
            settings = Settings(
                power_highest=rng.choice([10_000, 15_000, 60_000]),
                doubtful_readings=rng.choice([2, 5, 10]),
                foreign_for=rng.choice([0, 0, 3600]),
                low_credit=rng.choice([0, NANO]),
                zone="Europe/Berlin",
                limits=rng.choice([(), (), (), (Limit("over-voltage", 253_000, 5, trip=True),)]),
                off_hours=OffHours(rng.choice([(), (NIGHT,)]), (), 0, rng.choice([0, 500])),
            )
            self.order(ChangeSettings(settings))
        elif kind == "pay":
            self.order(GrantCredit(f"p{len(self.log)}", rng.choice([1, 10**6, NANO, 50 * NANO])))

    # -- what must hold ----------------------------------------------------------------------------------------------

    def check(self):
        if self.account.wants_closed(self.agent.now(self.moment)):
            assert self.closed, "dark, and there is credit"
        if self.server_right:
            assert self.energy() <= self.flowed or self.mistyped, "more is charged than has flowed"
            assert self.standing() <= self.days(EARLY) * STANDING, "days are charged that nobody saw"

    def heal(self):
        self.wrong, self.power = 0, 200
        self.connect()
        # What a server that was wrong by years made of the registers is put right by people.
        owed = 0 if self.server_right else max(-self.account.balance, 0)
        self.order(GrantCredit("healing", 2000 * NANO + owed))
        self.order(ChangeSettings(Settings(zone="Europe/Berlin")))
        self.connect()
        if self.account.at > BEGIN + self.passed + EARLY:
            assert not self.server_right, "the journal is ahead, and nobody had said so"
            self.order(LeadBack())
            self.connect()
        self.live(MINUTE)
        assert self.closed, "dark, and all is well"
        for _ in range(VOUCHES):
            # A server that was wrong before is believed once it and the clock have agreed for a while.
            self.live(VOUCH_FOR // (VOUCHES - 1))
            self.connect()
        self.live(2 * HOUR)
        # Back from a time that a server vouched for goes nobody without an order.
        ahead = not self.server_right and self.agent.now(self.moment) > BEGIN + self.passed + NEAR
        assert not (self.account.doubt or self.account.foreign_since) and (ahead or not self.account.unsure)
        charged, flowed = self.energy(), self.flowed
        self.live(DAY)
        self.go(15 * MINUTE)
        self.read()
        assert abs(self.energy() - charged - (self.flowed - flowed)) <= 60
        assert self.energy() <= self.flowed or self.mistyped or not self.server_right
        given_up = self.given_up or any(isinstance(e, Rebased) and e.cause != RETURNED for e in self.entries)
        assert given_up or self.energy() == self.flowed, "energy is lost, and nobody is told"
        assert self.agent.now(self.moment) - BEGIN - self.passed > -5 * MINUTE, (
            "behind the time, though all agree on it"
        )
        if self.server_right:
            assert self.agent.now(self.moment) - BEGIN - self.passed < 5 * MINUTE
            assert self.days() * STANDING <= self.standing() <= self.days(EARLY) * STANDING
        assert Account.load(self.account.dump()).dump() == self.account.dump()


def play(seed, more=()):
    rng = random.Random(seed)
    # Some stories have few kinds of trouble, some many.
    kinds = [kind for kind in KINDS if rng.random() < 0.4] + list(more) or ["pay"]
    register, end = rng.choice([0, 200, 900_000, 5_000_000, 99_900_000]), rng.choice([0, 0, 10**8])
    flat = Flat(rng, register, rng.choice([1, 1000, 1000]) * NANO, end)
    for _ in range(40):
        flat.power = rng.choice([0, 0, 50, 300, 1000, 8000])
        began, entries = flat.passed, len(flat.entries)
        flat.act(rng.choice(kinds), rng.choice(SPANS))
        # The parts of a reading, where the server says that a year has passed, are few.
        made = [each for each in flat.entries[entries:] if not getattr(each, "flags", 0) & FLAG_BETWEEN]
        assert len(made) <= 30 + 40 * (flat.passed - began) // HOUR, "the journal is flooded"
        flat.check()
    flat.heal()


@pytest.mark.parametrize("seed", range(30))
def test_whatever_was_wrong_what_flowed_is_charged_once_and_who_has_paid_has_light(seed):
    play(seed)


@pytest.mark.parametrize("seed", range(15))
def test_whatever_the_server_tells_of_the_time_no_energy_is_lost_and_who_has_paid_has_light(seed):
    play(seed, more=("wrong server",))
