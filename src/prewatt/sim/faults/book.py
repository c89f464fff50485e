"""The oracle's book of one meter: kept from durable entries alone, each checked against what was truly paid, ordered,
metered and due at that hour.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING

from ...kernel import entries
from ...kernel.entries import (
    FLAG_BETWEEN,
    FLAG_HELD,
    AnyEntry,
    AnyOrder,
    ChangeSettings,
    ChangeTenancy,
    Control,
    Controlled,
    CreditApplied,
    CreditByCode,
    Debit,
    DebitApplied,
    Doubtful,
    Event,
    Exchange,
    Exchanged,
    GrantCredit,
    OnSite,
    Reading,
    Rebased,
    Recognised,
    Refused,
    Relay,
    SetTariff,
    SettingsApplied,
    TariffApplied,
    TenancyChanged,
)
from ...kernel.orders import ClearCredit
from ...kernel.plausible import BACKWARDS, RETURNED, UNCONFIRMED
from ...kernel.units import DAY, HOUR, exact_money
from .facts import Code, Seen, Since
from .meters import FUSE
from .prices import Pricer
from .supply import Supply

if TYPE_CHECKING:
    from .world import World

CLOCKS = ("clock-set", "clock-unsure", "clock-stepped")
"""Events after which instants of before can't be compared with those of after."""


class Book:
    """Nano, Wh and µs. `command`: the number of the last command that the journal shows taken up."""

    def __init__(self, world: World, name: str, broken: Callable[[str], None]) -> None:
        self._world = world
        self.name = name
        self._broken = broken
        self.seq = 0
        self.at = 0
        self.command = 0
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
        self.clock_at = 0
        """When the journal last told of its clock, by the true time."""
        self.warned: set[tuple[str, int]] = set()
        """Steps of low credit that were told."""
        self.told: set[str] = set()
        """What was told of the register since it is wrong."""
        self.ids: set[str] = set()
        self.typed: dict[int, int] = {}
        self.refused: set[int] = set()
        self.done: set[int] = set()
        """Orders that were taken up, by their identity."""
        self.known: set[int] = set()
        """Codes whose command has come: they are worth nothing any more."""
        self.pricer = Pricer()
        self.supply = Supply()

    def copied(self) -> Book:
        """As it is now: another gateway may go on from here."""
        mine = copy(self)
        for each in ("told", "ids", "typed", "refused", "done", "known", "warned"):
            setattr(mine, each, copy(getattr(self, each)))
        mine.pricer, mine.supply = self.pricer.copied(), self.supply.copied()
        return mine

    def wrong(self, entry: AnyEntry, what: str) -> None:
        self._broken(f"meter {self.name}, entry {entry.seq}: {what}")

    def take(self, entry: AnyEntry, now: Seen) -> None:
        """A durable entry."""
        self._now = now
        since = self.read_at if isinstance(entry, Reading) and entry.flags & FLAG_BETWEEN else self.at
        if entry.seq != self.seq + 1 or entry.at < since:
            self.wrong(entry, f"follows entry {self.seq}")
        if isinstance(entry, Reading):
            self._take_reading(entry)
        elif isinstance(entry, entries.CommandEntry):
            self._take_command(entry)
        elif isinstance(entry, Doubtful):
            self._take_doubt(entry)
        elif isinstance(entry, Rebased):
            self._take_base(entry)
        elif isinstance(entry, CreditByCode):
            self._take_code(entry)
        elif isinstance(entry, OnSite):
            self._take_on_site(entry)
        elif isinstance(entry, Relay):
            # Where the journal is ahead of the time, the gateway decides by the time.
            instants = (entry.at, now.time)
            if all(self.supply.wants(at, self.balance) not in (None, entry.closed) for at in instants):
                left = exact_money(self.balance)
                self.wrong(entry, f"told to {'close' if entry.closed else 'open'} with a credit of {left}")
            self.supply.switched(entry.closed, entry.reason)
        elif isinstance(entry, Event):
            if entry.code == "overload-locked" and self.supply.trips <= self.supply.settings.power.recloses:
                self.wrong(entry, f"locked after {self.supply.trips} trips")
            if entry.code == "overload":
                # Where the journal is ahead of the time, the hour is the time's.
                limits = [self.supply.limit_at(at) for at in (entry.at, now.time)]
                if not any(limit and now.power > limit for limit in limits):
                    self.wrong(entry, f"trips for {now.power} W where the limit is {max(limits) or 'none'}")
            if entry.code in ("meter-lost", "meter-back"):
                self.lost = entry.code == "meter-lost"
            if entry.code in CLOCKS:
                self.clock_at = now.now
            self.told.add(entry.code)
            self.supply.happened(entry.at, entry.code)
        self.seq, self.at = entry.seq, entry.at
        if entry.balance != self.balance:
            self.wrong(entry, f"the balance is {self.balance}, not {entry.balance}")
        self._warn(isinstance(entry, Event) and entry.code == "low-credit")

    def _warn(self, told: bool) -> None:
        """Which steps of low credit are told, after an entry."""
        if told:
            self.warned |= self.to_warn()
        if not self.warned:
            return
        money, energy = self._steps()
        counts = any(kind == "energy" for kind, _ in self.warned)
        ahead = max(self.pricer.price_now(self.at), self.pricer.dearest(self.at)) if counts else 0
        worth = {**{("money", each): each for each in money}, **{("energy", each): each * ahead for each in energy}}
        self.warned = {
            each for each in self.warned if self._room > 0 and each in worth and self._room * 10 < worth[each] * 12
        }

    @property
    def _room(self) -> int:
        """What may be used before the credit, or the limit of what may be owed, is reached."""
        return self.balance + self.supply.settings.credit_limit

    def _steps(self) -> tuple[set[int], set[int]]:
        rules = self.supply.settings
        if not rules.credit_limit and not rules.credit_limit_cuts:
            return set(), set()
        return {rules.low_credit, *rules.low_steps} - {0}, {rules.low_credit_energy, *rules.low_energy_steps} - {0}

    def to_warn(self) -> set[tuple[str, int]]:
        """The steps that the balance is under and nobody was told of."""
        if not self.supply.priced or self._room <= 0:
            return set()
        price, (money, energy) = self.pricer.price_now(self.at), self._steps()
        under = {("money", each) for each in money if self._room < each}
        under |= {("energy", each) for each in energy if self._room < each * price}
        return under - self.warned

    def is_low(self) -> bool:
        """Whether the balance is under a highest step."""
        settings = self.supply.settings
        if not settings.credit_limit and not settings.credit_limit_cuts:
            return False
        if self._room < settings.low_credit:
            return True
        energy = settings.low_credit_energy
        return energy > 0 and self._room < energy * self.pricer.price_now(self.at)

    # -- commands ----------------------------------------------------------------------------------------------------

    def _take_command(self, entry: entries.CommandEntry) -> None:
        if entry.command != self.command + 1:
            self.wrong(entry, f"command {entry.command} is taken up after {self.command}")
        self.command = entry.command
        orders = self._world.database.ever.get((self.name, entry.command), [])
        # A number may have been given twice, by a server that was put back from a copy.
        order = next((each for name, each in orders if name == entry.of), None)
        if order is None:
            self.wrong(entry, f"shows a command {entry.command} that was never given")
            raise AssertionError
        self.done.add(id(order))
        match entry, order:
            case CreditApplied(), GrantCredit():
                self._credit(entry, order)
            case Recognised(), GrantCredit():
                if self.typed.get(entry.tid) != order.amount and order.credit_id not in self.ids:
                    self.wrong(entry, f"credit {order.credit_id} was recognised, and is not all there")
                if (entry.credit_id, entry.tid) != (order.credit_id, order.tid):
                    self.wrong(entry, f"credit {order.credit_id} was recognised as another one")
                self.ids.add(order.credit_id)
                self.known.add(entry.tid)
            case Recognised(), Control():
                if entry.tid not in self.typed or entry.tid != order.tid:
                    self.wrong(entry, "an order was recognised that no code had brought")
                self.known.add(entry.tid)
            case DebitApplied(), Debit():
                if entry.debit_id in self.ids:
                    self.wrong(entry, f"debit {entry.debit_id} is applied twice")
                if (entry.debit_id, entry.amount) != (order.debit_id, order.amount):
                    self.wrong(entry, f"debit {entry.debit_id} of {entry.amount} was never made")
                self.ids.add(entry.debit_id)
                self.balance -= entry.amount
            case TariffApplied(), SetTariff() if (entry.effective, entry.tariff) == (order.effective, order.tariff):
                self.supply.priced, self.changed_at = True, self._now.now
                self.pricer.set_tariff(order.effective, order.tariff)
            case TenancyChanged(), ChangeTenancy() if entry.effective == max(order.effective, self.read_at):
                self.pricer.restarts = [each for each in self.pricer.restarts if each != order.instead]
                if entry.effective not in self.pricer.restarts:
                    self.pricer.restarts.append(entry.effective)
            case SettingsApplied(), ChangeSettings() if entry.settings == order.settings:
                self.supply.settings = order.settings
            case Controlled(), Control() if entry.action == order.action:
                if not self._may(entry, order):
                    self.wrong(entry, f"{order.action} could not be done")
                self._act(entry)
                if entry.tid is not None:
                    self.known.add(entry.tid)
            case Exchanged(), Exchange() if (entry.serial, entry.first, entry.last) == (
                order.serial,
                order.first,
                order.last,
            ):
                self._exchange(entry)
            case Refused(), Exchange() if order.last is not None:
                # It was typed from the old one's face, and can't be.
                self.refused.add(id(order))
            case Refused(), GrantCredit() | Debit() if _id_of(order) in self.ids:
                pass
            case Refused(), Control():
                if self._may(entry, order):
                    self.wrong(entry, f"{order.action} was refused: {entry.reason}")
                if order.tid is not None and order.tid not in self.typed:
                    # Its code is worth nothing any more, either.
                    self.known.add(order.tid)
            case _:
                self.wrong(entry, f"{type(entry).__name__} is not what command {entry.command} orders")

    def _may(self, entry: AnyEntry, order: Control) -> bool:
        return self.supply.may(entry.at, self.balance, self.is_low(), order.action)

    def _credit(self, entry: CreditApplied, order: GrantCredit) -> None:
        if entry.credit_id in self.ids:
            self.wrong(entry, f"credit {entry.credit_id} is applied twice")
        # What a code brought before is not to come again.
        before = self.typed.get(order.tid, 0) if order.tid is not None else 0
        if (entry.credit_id, entry.amount) != (order.credit_id, order.amount - before):
            self.wrong(entry, f"credit {entry.credit_id} of {entry.amount} was never paid")
        self.ids.add(entry.credit_id)
        if order.tid is not None:
            self.known.add(order.tid)
        self.supply.credited(self.balance, entry.amount)
        self.balance += entry.amount

    def _act(self, entry: Controlled | OnSite) -> None:
        self.supply.acted(self.balance, entry.action)
        if isinstance(entry.action, ClearCredit):
            self.balance = min(self.balance, 0)

    # -- codes -------------------------------------------------------------------------------------------------------

    def code_used(self, tid: int) -> bool:
        return tid in self.typed or tid in self.known

    def _made(self, entry: AnyEntry, tid: int) -> Code:
        if self.code_used(tid):
            self.wrong(entry, f"code {tid} is applied twice, or its command has come before")
        code = self._world.codes.get((self.name, tid))
        if code is None:
            self.wrong(entry, f"code {tid} was never made")
            raise AssertionError
        return code

    def _take_code(self, entry: CreditByCode) -> None:
        code = self._made(entry, entry.tid)
        if not code.amount or code.amount != entry.amount:
            self.wrong(entry, f"code {entry.tid} of {entry.amount} was never made")
        self.typed[entry.tid] = entry.amount
        self.supply.credited(self.balance, entry.amount)
        self.balance += entry.amount

    def _take_on_site(self, entry: OnSite) -> None:
        if entry.tid is not None:
            if self._made(entry, entry.tid).amount:
                self.wrong(entry, f"code {entry.tid} is a credit")
            self.typed[entry.tid] = 0
        if not self.supply.may(entry.at, self.balance, self.is_low(), entry.action):
            self.wrong(entry, f"{entry.action} could not be done")
        self._act(entry)

    # -- readings ----------------------------------------------------------------------------------------------------

    def _take_reading(self, entry: Reading) -> None:
        meter = self._now
        if self.register is None:
            self.register, self.read_at = entry.register, entry.at
            # By a digit less, if it trembled just then.
            self._first = meter.energy - (meter.lied_at == meter.now)
        if entry.flags & FLAG_HELD:
            energy = 0
            if entry.register != self.register:
                self.wrong(entry, f"is held at {entry.register} and counts from {self.register}")
        else:
            energy = entry.register - self.register + entry.rolled
            if not entry.flags & FLAG_BETWEEN and entry.register != meter.shown:
                self.wrong(entry, f"the register showed {meter.shown}, not {entry.register}")
        if entry.rolled not in (0, meter.end) or energy < 0:
            self.wrong(entry, f"the register goes from {self.register} to {entry.register}, over {entry.rolled}")
        if self._awaits and meter.serial == self.serial:
            # It was announced before it was hung: what the old one went on to count is charged by nobody.
            self._awaits = False
            self._lost += max(meter.hung - self._read, 0)
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
        self.register, self.read_at, self.read_true = entry.register, entry.at, meter.now
        self._register_is_right(backwards=bool(entry.flags & FLAG_HELD))
        self.balance -= due.all
        self._energy += energy
        # A digit by which a register trembled when it was counted from anew is nobody's.
        if self._energy > meter.energy - self._first + self._bases:
            self.wrong(entry, f"{self._energy} Wh are charged, and {meter.energy - self._first} have flowed")
        self._read = meter.energy

    def _take_doubt(self, entry: Doubtful) -> None:
        meter = self._now
        # After a long silence even the truth waits for others that agree.
        much = entry.cause == UNCONFIRMED and abs(entry.register - (self.register or 0)) > FUSE
        if not meter.lied_at and not meter.serial and not meter.boots and not much:
            self.wrong(entry, f"a true register is doubted: {entry.register}, {entry.cause}")
        if entry.register != meter.shown:
            self.wrong(entry, f"the register showed {meter.shown}, not {entry.register}")
        if entry.cause == BACKWARDS:
            self.back_since = self.back_since if self.back_since.at else Since(entry.at, meter.now)
        else:
            self.doubted_since = self.doubted_since if self.doubted_since.at else Since(entry.at, meter.now)

    def _register_is_right(self, backwards: bool = False) -> None:
        self.doubted_since = Since()
        self.told.discard("register-doubtful")
        if not backwards:
            self.back_since = Since()
            self.told.discard("register-backwards")

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
        if not meter.lied_at and not meter.serial and not meter.boots:
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
        """Wh that flowed, that a register showed, and that nobody is charged for though they could have been."""
        meter, gateway = self._world.meters[self.name], self._world.gateway_of(self.name)
        if meter.serial and self._world.database.put_back_at:
            # The order that told of an exchange may be forgotten.
            return 0
        if self._bases and (meter.fell or gateway.booted_wrong):
            # Its base may have moved to and fro: what was lost with it depends on when it was read. After an error that
            # passes by itself nothing is.
            return 0
        return max(self._read - self._first - meter.lost - self._lost - self._energy, 0)


def _id_of(order: AnyOrder) -> str | None:
    return getattr(order, "credit_id", getattr(order, "debit_id", None))
