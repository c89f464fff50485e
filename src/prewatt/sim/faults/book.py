"""The oracle's book of one meter. It is kept from durable entries alone. Each entry is checked against what was truly
paid, ordered, metered and due at that hour.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING

from ...kernel import entries
from ...kernel.entries import (
    FLAG_BETWEEN,
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
    LeadBack,
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
    TimeLedBack,
)
from ...kernel.orders import ClearCredit
from ...kernel.units import exact_money
from .facts import Code, Seen
from .register_book import RegisterBook

if TYPE_CHECKING:
    from .world import World

CLOCKS = ("clock-set", "clock-unsure", "clock-stepped")
"""Clock events. Instants before such an event can't be compared with instants after it."""


class Book(RegisterBook):
    """The book of one meter, in nano, Wh and µs. `command` is the number of the last command that the journal shows as
    taken up.
    """

    def __init__(self, world: World, name: str, broken: Callable[[str], None]) -> None:
        super().__init__(world, name, broken)
        self.seq = 0
        self.at = 0
        self.command = 0
        self.lost = False
        self.clock_at = 0
        """The true time (µs) of the journal's last clock event; 0 if there was none."""
        self.lessened_at = 0
        """The true time (µs) at which an order last reduced what may be used."""
        self.warned: set[tuple[str, int]] = set()
        """Steps of low credit that were told."""
        self.ids: set[str] = set()
        self.typed: dict[int, int] = {}
        self.refused: set[int] = set()
        self.done: set[int] = set()
        """Orders that were taken up, by their identity."""
        self.known: set[int] = set()
        """Codes whose command has come: they are worth nothing any more."""

    def copied(self) -> Book:
        """Return a copy of the book as it is now, because another gateway may go on from here."""
        mine = copy(self)
        for each in ("reported_codes", "ids", "typed", "refused", "done", "known", "warned"):
            setattr(mine, each, copy(getattr(self, each)))
        mine.pricer, mine.supply = self.pricer.copied(), self.supply.copied()
        return mine

    def take(self, entry: AnyEntry, now: Seen) -> None:
        """Take up a durable entry, and check it against the true state `now`. Raises Broken if it is wrong."""
        self._now = now
        since = self.read_at if isinstance(entry, Reading) and entry.flags & FLAG_BETWEEN else self.at
        if entry.seq != self.seq + 1 or (entry.at < since and not isinstance(entry, TimeLedBack)):
            self.wrong(entry, f"follows entry {self.seq}")
        self._take_by_kind(entry)
        self.seq, self.at = entry.seq, entry.at
        self.supply.at = self.at
        if entry.balance != self.balance:
            self.wrong(entry, f"the balance is {self.balance}, not {entry.balance}")
        self._warn(isinstance(entry, Event) and entry.code == "low-credit")

    def _take_by_kind(self, entry: AnyEntry) -> None:
        match entry:
            case Reading():
                self._take_reading(entry)
            case Doubtful():
                self._take_doubt(entry)
            case Rebased():
                self._take_base(entry)
            case CreditByCode():
                self._take_code(entry)
            case OnSite():
                self._take_on_site(entry)
            case Relay():
                self._take_relay(entry)
            case Event():
                self._take_event(entry)
            case _:
                self._take_command(entry)

    def _take_relay(self, entry: Relay) -> None:
        # Where the journal is ahead of the time, the gateway decides by the time.
        instants = (entry.at, self._now.time)
        if all(self.supply.wants(at, self.balance) not in (None, entry.closed) for at in instants):
            left = exact_money(self.balance)
            self.wrong(entry, f"told to {'close' if entry.closed else 'open'} with a credit of {left}")
        self.supply.switched(entry.closed, entry.reason)

    def _take_event(self, entry: Event) -> None:
        too_often = self.supply.trips > self.supply.settings.power.recloses
        if entry.code in ("overload-locked", "allowance-spent") and not too_often:
            self.wrong(entry, f"locked after {self.supply.trips} trips")
        if entry.code == "overload":
            self._check_trip(entry)
        if entry.code in ("meter-lost", "meter-back"):
            self.lost = entry.code == "meter-lost"
        if entry.code in CLOCKS:
            self.clock_at = self._now.now
        self.reported_codes.add(entry.code)
        self.supply.happened(entry.at, entry.code, entry.detail)

    def _check_trip(self, entry: Event) -> None:
        # Where the journal is ahead of the time, the hour is the time's.
        power, limits = self._now.power, [self.supply.limit_at(at) for at in (entry.at, self._now.time)]
        if not any(limit and power > limit for limit in limits):
            self.wrong(entry, f"trips for {power} W where the limit is {max(limits) or 'none'}")

    def _warn(self, is_warning: bool) -> None:
        """Work out after an entry which steps of low credit were told."""
        if is_warning:
            self.warned |= self.to_warn()
        if not self.warned:
            return
        worth = self._worth_of_steps()
        self.warned = {
            each for each in self.warned if self._room > 0 and each in worth and self._room * 10 < worth[each] * 12
        }

    def _worth_of_steps(self) -> dict[tuple[str, int], int]:
        """Return the nano of each step, those of energy at the highest price ahead, if one of these was told."""
        money, energy = self._steps()
        counts = any(kind == "energy" for kind, _ in self.warned)
        ahead = max(self.pricer.price_now(self.at), self.pricer.dearest(self.at)) if counts else 0
        return {**{("money", each): each for each in money}, **{("energy", each): each * ahead for each in energy}}

    @property
    def _room(self) -> int:
        """Return how much (nano) may be used until the credit, or the limit of the debt, is reached."""
        return self.balance + self.supply.settings.credit_limit

    def _steps(self) -> tuple[set[int], set[int]]:
        rules = self.supply.settings
        if not rules.credit_limit and not rules.credit_limit_cuts:
            return set(), set()
        return {rules.low_credit, *rules.low_steps} - {0}, {rules.low_credit_energy, *rules.low_energy_steps} - {0}

    def to_warn(self) -> set[tuple[str, int]]:
        """Return ("money", nano) or ("energy", Wh) of each low-credit step that is passed and was not told yet."""
        if not self.supply.priced or self._room <= 0:
            return set()
        price, (money, energy) = self.pricer.price_now(self.at), self._steps()
        under = {("money", each) for each in money if self._room < each}
        under |= {("energy", each) for each in energy if self._room < each * price}
        return under - self.warned

    def is_low(self) -> bool:
        """Return whether the balance is under the highest low-credit step, of money or of energy."""
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
        taken = (
            self._take_refusal(entry, order)
            if isinstance(entry, Refused)
            else self._take_money(entry, order) or self._take_rule(entry, order) or self._take_act(entry, order)
        )
        if not taken:
            self.wrong(entry, f"{type(entry).__name__} is not what command {entry.command} orders")

    def _take_money(self, entry: entries.CommandEntry, order: AnyOrder) -> bool:
        """Take up a credit or debit. Returns whether the entry is one."""
        match entry, order:
            case CreditApplied(), GrantCredit():
                self._credit(entry, order)
            case Recognised(), GrantCredit():
                self._recognise(entry, order)
            case DebitApplied(), Debit():
                if entry.debit_id in self.ids:
                    self.wrong(entry, f"debit {entry.debit_id} is applied twice")
                if (entry.debit_id, entry.amount) != (order.debit_id, order.amount):
                    self.wrong(entry, f"debit {entry.debit_id} of {entry.amount} was never made")
                self.ids.add(entry.debit_id)
                self.balance -= entry.amount
                self.lessened_at = self._now.now
            case _:
                return False
        return True

    def _take_rule(self, entry: entries.CommandEntry, order: AnyOrder) -> bool:
        """Take up a new rule: prices, tenancies, settings, the time. Returns whether the entry is one, as it was
        ordered.
        """
        match entry, order:
            case TariffApplied(), SetTariff() if (entry.effective, entry.tariff) == (order.effective, order.tariff):
                self.supply.priced, self.changed_at = True, self._now.now
                self.pricer.set_tariff(order.effective, order.tariff, self.read_at)
            case TenancyChanged(), ChangeTenancy() if entry.effective == max(order.effective, self.read_at):
                self.pricer.restarts = [each for each in self.pricer.restarts if each != order.instead]
                if entry.effective not in self.pricer.restarts:
                    self.pricer.restarts.append(entry.effective)
            case SettingsApplied(), ChangeSettings() if entry.settings == order.settings:
                self.supply.set_settings(order.settings)
                self.lessened_at = self._now.now
            case TimeLedBack(), LeadBack():
                self._lead_back(entry)
            case _:
                return False
        return True

    def _take_act(self, entry: entries.CommandEntry, order: AnyOrder) -> bool:
        """Take up an action at the meter. Returns whether the entry is one, as it was ordered."""
        match entry, order:
            case Recognised(), Control():
                if entry.tid not in self.typed or entry.tid != order.tid:
                    self.wrong(entry, "an order was recognised that no code had brought")
                self.known.add(entry.tid)
            case Controlled(), Control() if entry.action == order.action:
                if not self._may(entry, order):
                    self.wrong(entry, f"{order.action} could not be done")
                self._act(entry)
                if entry.tid is not None:
                    self.known.add(entry.tid)
            case Exchanged(), Exchange():
                if (entry.serial, entry.first, entry.last) != (order.serial, order.first, order.last):
                    return False
                self._exchange(entry)
            case _:
                return False
        return True

    def _take_refusal(self, entry: Refused, order: AnyOrder) -> bool:
        """Return whether an order that was refused may have been refused."""
        match order:
            case LeadBack():
                # It may have come to where the journal stands, by the gateway's time or the server's.
                if self.at > max(self._now.time, self._now.now):
                    self.wrong(entry, "a journal that is ahead of the time was not led back")
            case Exchange() if order.last is not None:
                # It was typed from the old one's face, and can't be.
                self.refused.add(id(order))
            case GrantCredit() | Debit() if _id_of(order) in self.ids:
                pass
            case Control():
                if self._may(entry, order):
                    self.wrong(entry, f"{order.action} was refused: {entry.reason}")
                if order.tid is not None and order.tid not in self.typed:
                    # Its code is worth nothing any more, either.
                    self.known.add(order.tid)
            case _:
                return False
        return True

    def _recognise(self, entry: Recognised, order: GrantCredit) -> None:
        if self.typed.get(entry.tid) != order.amount and order.credit_id not in self.ids:
            self.wrong(entry, f"credit {order.credit_id} was recognised, and is not all there")
        if (entry.credit_id, entry.tid) != (order.credit_id, order.tid):
            self.wrong(entry, f"credit {order.credit_id} was recognised as another one")
        self.ids.add(order.credit_id)
        self.known.add(entry.tid)

    def _may(self, entry: AnyEntry, order: Control) -> bool:
        return self.supply.may(entry.at, self._now.time, self.balance, self.is_low(), order.action)

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

    def _lead_back(self, entry: TimeLedBack) -> None:
        """Let the journal's time, which was ahead, go on from an earlier instant."""
        if not entry.at < entry.was == self.at or entry.at > max(self._now.time, self._now.now):
            self.wrong(entry, f"led back from {entry.was} to {entry.at}, and it stood at {self.at}")
        self.read_at = min(self.read_at, entry.at)
        self.supply.led_back(entry.at)
        self.pricer.led_back(entry.at)
        self._is_led_back(entry.at)

    def _act(self, entry: Controlled | OnSite) -> None:
        self.supply.acted(entry.at, self.balance, entry.action)
        if isinstance(entry.action, ClearCredit):
            self.balance, self.lessened_at = min(self.balance, 0), self._now.now

    # -- codes -------------------------------------------------------------------------------------------------------

    def code_used(self, tid: int) -> bool:
        """Return whether a code was typed, or its command has come, so that it can't be used any more."""
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
        if not self.supply.may(entry.at, self._now.time, self.balance, self.is_low(), entry.action):
            self.wrong(entry, f"{entry.action} could not be done")
        self._act(entry)


def _id_of(order: AnyOrder) -> str | None:
    return getattr(order, "credit_id", getattr(order, "debit_id", None))
