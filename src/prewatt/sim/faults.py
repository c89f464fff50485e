"""The fault simulator: the edge's and the head-end's rules, unchanged, on a virtual clock, network, disk and meter
bus, all from one seed.

The network loses, repeats, delays and so reorders messages, and is cut in one direction or both. The gateway loses
power, also in the middle of a write to its journal, which then ends in a torn entry. The head-end dies before and
after its commit. Meters fall silent. Meanwhile people consume and pay. After every step the invariants are checked
against a book that the simulator keeps by itself; at the end everything is healed, and both sides must be equal to the
unit.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import msgspec

from ..edge.agent import (
    Agent,
    Commit,
    Effect,
    Keep,
    Moment,
    MoveSwitch,
    ReadMeters,
    SendStatus,
    SendUpload,
)
from ..edge.codes import KeyState, load_key
from ..edge.guard import Tries
from ..edge.meter import Meter, MeterPolicy, Observed
from ..edge.shell import read_pieces
from ..edge.sync import SyncPolicy
from ..headend import ingest
from ..headend.dispatch import Dispatch, DispatchPolicy, Pending
from ..kernel import entries, recovery
from ..kernel.account import Account
from ..kernel.entries import (
    AnyOrder,
    ChangeSettings,
    ChangeTenancy,
    Command,
    Control,
    CreditApplied,
    CreditByCode,
    Debit,
    DebitApplied,
    GrantCredit,
    Reading,
    Recognised,
    Record,
    SetTariff,
    Settings,
    TariffApplied,
    decode_entry,
    genesis,
)
from ..kernel.supply import Action, Close, Hold, Open, Release, Restore, TakeEmergency
from ..kernel.tariff import DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers, all_year, flat_tariff
from ..kernel.units import DAY, HOUR, MINUTE, NANO, SECOND, TOKEN, exact_money
from ..tokens import BaseDate, CurrencyCredit, MeterKey, account_number, cipher, encode, luhn, tid_at
from ..wire import topics
from ..wire.messages import SignedCommand, Upload
from ..wire.signing import SigningKey, VerifyKey, seal, sign_command

START = 1_700_000_000 * SECOND
HEAL = 6 * HOUR
"""At the end, everything works for so long before the final comparison."""


class Broken(Exception):
    """An invariant does not hold. The message says which, when, and how to replay it."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How much goes wrong: chances per message, and mean times between faults (µs)."""

    loss: float = 0.05
    repeat: float = 0.05
    delay_longest: int = 20 * SECOND
    between_partitions: int = 12 * HOUR
    between_power_losses: int = 30 * HOUR
    between_headend_crashes: int = 18 * HOUR
    between_meter_silences: int = 24 * HOUR
    headend_dies: float = 0.002
    torn_write: float = 0.5
    """Chance that a loss of power strikes in the middle of the next write instead of between two."""


@dataclass(slots=True)
class VirtualMeter:
    """A meter on the virtual bus: a load that changes each hour, an exact register, a switch, and times of silence."""

    rng: random.Random
    closed: bool = True
    silent_until: int = 0
    _fine: int = 0
    _at: int = START
    _power: int = 500
    _next_change: int = START

    def settle(self, now: int) -> None:
        """Let energy flow until `now`."""
        while self._at < now:
            if self._at >= self._next_change:
                self._power = self.rng.choice((0, 60, 300, 300, 1200, 3000))
                self._next_change = self._at + HOUR
            until = min(now, self._next_change)
            if self.closed:
                self._fine += self._power * (until - self._at)
            self._at = until

    def register(self) -> int:
        return self._fine // HOUR


@dataclass(slots=True)
class Disk:
    """The gateway's flash: what of each journal is durable, and what is kept beside."""

    records: dict[str, list[Record]]
    epoch: int = 0
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Stored:
    """What the head-end's database holds of a meter."""

    account: bytes
    head: bytes
    bodies: list[bytes] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    signed: list[SignedCommand] = field(default_factory=list)
    applied: int = 0
    offset: int = 0


@dataclass(slots=True)
class Book:
    """What the simulator itself knows of a meter, from the durable entries alone."""

    credited: int = 0
    charged: int = 0
    first_register: int | None = None
    register: int = 0
    energy: int = 0
    credit_ids: set[str] = field(default_factory=set)
    prices: dict[str, set[int]] = field(default_factory=dict)
    typed: dict[int, int] = field(default_factory=dict)


class PowerLost(Exception):
    """The gateway's power went in the middle of a write."""


class World:
    """One seed's run."""

    def __init__(self, seed: int, days: int = 7, meters: int = 3, faults: Faults | None = None) -> None:
        self.seed, self.days = seed, days
        self.rng = random.Random(seed)
        self.faults = faults or Faults()
        self.now = START
        self.steps = 0
        self.end = START + days * DAY
        self.gateway = "g1"
        self.server_key = SigningKey.from_bytes(self.rng.randbytes(32))
        self.gateway_key = SigningKey.from_bytes(self.rng.randbytes(32))
        self.server_public = VerifyKey(self.server_key.public())
        self.gateway_public = VerifyKey(self.gateway_key.public())
        names = [f"m{number}" for number in range(1, meters + 1)]
        self.meters = {name: VirtualMeter(random.Random(self.rng.random())) for name in names}
        self.disk = Disk({name: [] for name in names})
        self.store = {name: Stored(Account().dump(), genesis(name)) for name in names}
        self.books = {name: Book() for name in names}
        self.stamp = (0, 0)
        self.paid: dict[str, tuple[str, int]] = {}
        self.keys = {name: _key(number, self.rng.randbytes(20)) for number, name in enumerate(names, 1)}
        self.codes: dict[tuple[str, int], tuple[str, int]] = {}
        self.typed = 0
        self.differences = 0
        self.refused: dict[str, int] = {}
        self.agent: Agent | None = None
        self.connected = False
        self.cut_up = self.cut_down = False
        self.power_fails_in_write = False
        self.acknowledge_first = False
        self.headend_up = True
        self.dispatch = Dispatch(0.0, DispatchPolicy(resend=60.0, silence=1500.0))
        self._session = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._tick_at = -1

    # -- time --------------------------------------------------------------------------------------------------------

    def at(self, when: int, action: Callable[[], None]) -> None:
        """Do something at an instant."""
        self._count += 1
        heapq.heappush(self._queue, (max(when, self.now), self._count, action))

    def moment(self) -> Moment:
        return Moment(self.now, self.now / 1e6)

    def run(self) -> World:
        """The whole story; raises Broken if an invariant fails at any step."""
        for name in self.meters:
            self.order(name, ChangeSettings(Settings(low_credit=2 * NANO, emergency_credit=NANO)))
            self.order(name, SetTariff(START, _two_rates(1)))
            self.pay(name)
        self.power_on()
        self._plan_people()
        self._plan_faults()
        self.at(START, self._dispatch)
        while self._queue and self._queue[0][0] <= self.end:
            self._step()
        self._heal()
        while self._queue and self._queue[0][0] <= self.end + HEAL:
            self._step()
        self._final()
        return self

    def _step(self) -> None:
        self.now, _, action = heapq.heappop(self._queue)
        self.steps += 1
        try:
            action()
        except AssertionError as error:
            self.broken(f"an assertion of the code itself failed: {error}")
        self._arm()
        self._check()

    def _arm(self) -> None:
        """See to it that the agent is woken when something is due."""
        if self.agent is None:
            return
        timer = self.agent.next_timer()
        due = min(self.agent.next_due(), int(timer * 1e6) + 1 if timer != float("inf") else 2**62)
        if due != self._tick_at:
            self._tick_at = due
            agent = self.agent
            self.at(due, lambda: self._tick(agent, due))

    def _tick(self, agent: Agent, due: int) -> None:
        # A later plan may have overtaken this one.
        if self.agent is agent and self._tick_at == due:
            self._tick_at = -1
            self.do(agent.tick(self.moment()))

    # -- the gateway -------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """The gateway starts, with what its flash holds."""
        self.disk.epoch += 1
        meters, repaired = [], set()
        for name, records in self.disk.records.items():
            whole_before = _whole(records)
            found = recovery.recover(genesis(name), 1, records)
            del records[found.whole :]
            if len(records) != whole_before:
                self.broken(f"meter {name}: {whole_before - len(records)} whole entries were dropped with the torn one")
            if found.torn:
                repaired.add(name)
            account = Account()
            for record in records:
                account.apply(decode_entry(record.body))
            policy = MeterPolicy(15 * MINUTE, MINUTE)
            meters.append(Meter(name, account, records[-1].hash if records else genesis(name), policy))
        keys = dict(self.keys)
        keys.update({name: load_key(body) for (name, what), body in self.disk.kept.items() if what == "key"})
        tries = {name: _TRIES.decode(body) for (name, what), body in self.disk.kept.items() if what == "tries"}
        policy_of_sync = SyncPolicy(heartbeat=600.0, patience=90.0)
        self.agent = Agent(self.gateway, self.disk.epoch, meters, self.server_public, policy_of_sync, keys, tries)
        self._tick_at = -1
        self.do(self.agent.start(self.moment(), repaired))
        self.at(self.now + self.rng.randrange(20 * SECOND), self._connect)

    def power_off(self) -> None:
        """The gateway's power goes; the apartments have theirs."""
        self.agent = None
        self.connected = False
        self.power_fails_in_write = False
        self.at(self.now + self.rng.randrange(1, 3 * HOUR), self.power_on)

    def do(self, effects: list[Effect]) -> None:
        """Carry out the agent's effects in order, as the shell does."""
        agent = self.agent
        waiting = list(effects)
        try:
            while waiting and agent is not None:
                waiting += self._do_one(agent, waiting.pop(0))
        except PowerLost:
            self.power_off()

    def _do_one(self, agent: Agent, effect: Effect) -> list[Effect]:
        match effect:
            case ReadMeters(names):
                return agent.on_observed(self.moment(), {name: self._read(name) for name in names})
            case Commit(records):
                self._write(records)
            case Keep(name, what, body):
                self.disk.kept[name, what] = body
            case MoveSwitch(name, closed):
                meter = self.meters[name]
                meter.settle(self.now)
                if meter.silent_until > self.now:
                    return agent.on_switch_failed(self.moment(), name, "no answer")
                supply = agent.meters[name].account.supply
                told = supply.opened or supply.locks
                if not closed and not told and self.books[name].credited > self.books[name].charged:
                    left = exact_money(self.books[name].credited - self.books[name].charged)
                    self.broken(f"meter {name}: cut off with a credit of {left}")
                meter.closed = closed
            case SendStatus(status):
                self._send_up(seal(self.gateway_key, status))
            case SendUpload(number, pieces):
                spans, late = read_pieces(self._journal_read, pieces)
                self._send_up(seal(self.gateway_key, Upload(self.gateway, agent.epoch, number, spans, late)))
        return []

    def _journal_read(self, meter: str, first: int, last: int) -> list[bytes]:
        return [record.body for record in self.disk.records[meter][first - 1 : last]]

    def _read(self, name: str) -> Observed | str:
        meter = self.meters[name]
        meter.settle(self.now)
        return "no answer" if meter.silent_until > self.now else Observed(meter.register(), meter.closed)

    def _write(self, records: list[tuple[str, Record]]) -> None:
        whole = len(records)
        if self.power_fails_in_write:
            whole = self.rng.randrange(len(records))
        for name, record in records[:whole]:
            self.disk.records[name].append(record)
            self._keep_book(name, record)
        if whole < len(records):
            name, record = records[whole]
            torn = record.body[: self.rng.randrange(len(record.body))]
            self.disk.records[name].append(Record(record.seq, torn, record.hash))
            raise PowerLost

    def _keep_book(self, name: str, record: Record) -> None:
        """Take a durable entry into the simulator's own book, and check it against that."""
        book, entry = self.books[name], decode_entry(record.body)
        if isinstance(entry, TariffApplied):
            for rate in entry.tariff.rates:
                book.prices.setdefault(rate.name, set()).update(rate.prices)
        elif isinstance(entry, CreditApplied):
            if entry.credit_id in book.credit_ids:
                self.broken(f"meter {name}: credit {entry.credit_id} applied twice")
            # What a code brought before is not to come again.
            before = book.typed.get(entry.tid, 0) if entry.tid is not None else 0
            if self.paid.get(entry.credit_id) != (name, entry.amount + before):
                self.broken(f"meter {name}: credit {entry.credit_id} of {entry.amount} was never paid")
            book.credit_ids.add(entry.credit_id)
            book.credited += entry.amount
        elif isinstance(entry, CreditByCode):
            if entry.tid in book.typed:
                self.broken(f"meter {name}: code {entry.tid} applied twice")
            credit_id, coded = self.codes.get((name, entry.tid), ("", 0))
            if not credit_id or credit_id in book.credit_ids or coded != entry.amount:
                self.broken(f"meter {name}: code {entry.tid} of {entry.amount} was never made, or its credit is there")
            book.typed[entry.tid] = entry.amount
            book.credited += entry.amount
        elif isinstance(entry, Recognised):
            credit_id, coded = self.codes[name, entry.tid]
            if book.typed.get(entry.tid) != coded or self.paid[credit_id] != (name, coded):
                self.broken(f"meter {name}: credit {credit_id} was recognised, and is not all there")
            book.credit_ids.add(credit_id)
        elif isinstance(entry, DebitApplied):
            if entry.debit_id in book.credit_ids:
                self.broken(f"meter {name}: debit {entry.debit_id} applied twice")
            if self.paid.get(entry.debit_id) != (name, -entry.amount):
                self.broken(f"meter {name}: debit {entry.debit_id} of {entry.amount} was never made")
            book.credit_ids.add(entry.debit_id)
            book.credited -= entry.amount
        elif isinstance(entry, Reading):
            self._keep_reading(name, book, entry)
        if entry.balance != book.credited - book.charged:
            self.broken(f"meter {name}, entry {entry.seq}: the balance {entry.balance} is not credits less charges")

    def _keep_reading(self, name: str, book: Book, entry: Reading) -> None:
        if entry.register != self.meters[name].register():
            self.broken(
                f"meter {name}, entry {entry.seq}: the register stands at {self.meters[name].register()}, not {entry.register}"
            )
        if book.first_register is None:
            book.first_register = entry.register
        book.energy += entry.energy
        book.charged += entry.charge
        book.register = entry.register
        for used in entry.used:
            if used.price not in book.prices.get(used.rate, {0}):
                self.broken(f"meter {name}, entry {entry.seq}: {used.price} was never a price of {used.rate}")
        priced = sum(used.energy * used.price for used in entry.used)
        priced += entry.fee + entry.standing + entry.minimum + entry.tax
        if entry.charge != priced:
            self.broken(
                f"meter {name}, entry {entry.seq}: charged {entry.charge}, the energy at its prices is {priced}"
            )
        if book.energy != entry.register - book.first_register:
            self.broken(
                f"meter {name}, entry {entry.seq}: {book.energy} Wh rated, {entry.register - book.first_register} Wh metered"
            )

    # -- the network -------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self.agent is None or self.connected:
            return
        if self.cut_up or self.cut_down:
            self.at(self.now + self.rng.randrange(1, 15 * SECOND), self._connect)
            return
        self.connected = True
        self._session += 1
        self.do(self.agent.on_connected(self.moment()))

    def _lose_connection(self) -> None:
        if self.connected:
            self.connected = False
            if self.agent is not None:
                self.agent.on_disconnected()
        self.at(self.now + self.rng.randrange(1, 15 * SECOND), self._connect)

    def _carry(self, cut: Callable[[], bool], deliver: Callable[[], None]) -> None:
        copies = 2 if self.rng.random() < self.faults.repeat else 1
        for _ in range(copies):
            if cut() or self.rng.random() < self.faults.loss:
                continue
            quick = self.rng.random() < 0.8
            delay = self.rng.randrange(1, SECOND if quick else self.faults.delay_longest + 1)
            self.at(self.now + delay, deliver)

    def _send_up(self, data: bytes) -> None:
        if self.connected:
            self._carry(lambda: self.cut_up, lambda: self._arrive_up(data))

    def _send_down(self, data: bytes) -> None:
        session = self._session
        self._carry(lambda: self.cut_down, lambda: self._arrive_down(session, data))

    def _arrive_down(self, session: int, data: bytes) -> None:
        if self.agent is not None and self.connected and session == self._session:
            self.do(self.agent.on_frame(self.moment(), data))

    def _partition(self) -> None:
        self.cut_up, self.cut_down = self.rng.choice(((True, True), (True, True), (True, False), (False, True)))
        # Both ends notice a dead line by its keepalive, not at once.
        self.at(self.now + self.rng.randrange(40 * SECOND), self._lose_connection)
        self.at(self.now + self.rng.choice((2 * MINUTE, HOUR, 8 * HOUR, 2 * DAY)), self._reunite)

    def _reunite(self) -> None:
        self.cut_up = self.cut_down = False

    # -- the head-end ------------------------------------------------------------------------------------------------

    def _views(self) -> dict[str, ingest.MeterView]:
        return {
            name: ingest.MeterView(
                Account.load(stored.account),
                stored.head,
                {command.number: command for command in stored.commands[stored.applied :]},
                stored.offset,
            )
            for name, stored in self.store.items()
        }

    def _arrive_up(self, data: bytes) -> None:
        if not self.headend_up:
            return
        gateways = {
            self.gateway: ingest.GatewayView(self.gateway, self.gateway_public, frozenset(self.meters), self.stamp)
        }
        batch = ingest.sort([(topics.up(self.gateway), data)], gateways)
        plan = ingest.plan(self.now, batch, self._views())
        die = self.rng.random() < self.faults.headend_dies
        if self.acknowledge_first:
            self._acknowledge(plan)
        if die and self.rng.random() < 0.5:
            self._headend_dies()
            return
        self._commit(plan)
        self.dispatch.heard(self.moment().mono, batch.messages)
        if die:
            self._headend_dies()
        elif not self.acknowledge_first:
            self._acknowledge(plan)

    def _acknowledge(self, plan: ingest.Plan) -> None:
        for receipt in plan.receipts:
            self._send_down(seal(self.server_key, receipt))

    def _commit(self, plan: ingest.Plan) -> None:
        for refusal in plan.refusals:
            self.refused[refusal.reason] = self.refused.get(refusal.reason, 0) + 1
        self.stamp = plan.heard.get(self.gateway, self.stamp)
        for name, change in plan.meters.items():
            stored = self.store[name]
            for new in change.entries:
                durable = self.disk.records[name]
                if new.seq > len(durable) or durable[new.seq - 1].body != new.body or new.seq != len(stored.bodies) + 1:
                    self.broken(f"meter {name}: entry {new.seq} at the head-end is not the one of the meter's journal")
                stored.bodies.append(new.body)
            stored.account, stored.head, stored.offset = change.account.dump(), change.head, change.offset
            stored.applied = max([stored.applied, *(applied.number for applied in change.applied)])
            for difference in change.differences:
                self.broken(f"meter {name}, entry {difference.seq}: {difference.text}")

    def _headend_dies(self) -> None:
        self.headend_up = False
        self.at(self.now + self.rng.randrange(1, 20 * MINUTE), self._headend_starts)

    def _headend_starts(self) -> None:
        if not self.headend_up:
            self.headend_up = True
            self.dispatch = Dispatch(self.now / 1e6, DispatchPolicy(resend=60.0, silence=1500.0))

    def _dispatch(self) -> None:
        self.at(self.now + 10 * SECOND if self._open_commands() else self.now + 2 * MINUTE, self._dispatch)
        if self.headend_up:
            for orders in self.dispatch.tick(self.now / 1e6, self._open_commands()).orders:
                self._send_down(seal(self.server_key, orders))

    def _open_commands(self) -> list[Pending]:
        return [
            Pending(self.gateway, name, command.number, signed)
            for name, stored in self.store.items()
            for command, signed in zip(stored.commands[stored.applied :], stored.signed[stored.applied :], strict=True)
        ]

    # -- people ------------------------------------------------------------------------------------------------------

    def order(self, name: str, order: AnyOrder) -> None:
        """Add a command to the credit log."""
        stored = self.store[name]
        command = Command(name, len(stored.commands) + 1, self.now, order)
        stored.commands.append(command)
        stored.signed.append(sign_command(self.server_key, command))

    def pay(self, name: str) -> None:
        """Somebody tops up."""
        credit_id, amount = f"c{len(self.paid) + 1}", self.rng.choice((1, 2, 5)) * NANO
        if self.rng.random() < 0.1:
            # A share of what was used in common.
            self.paid[credit_id] = (name, -(amount // 7))
            self.order(name, Debit(credit_id, amount // 7, "stairs"))
            return
        if self.rng.random() < 0.2:
            # So much that a code can't carry it to the last decimal.
            amount += self.rng.randrange(1, 10_000)
        self.paid[credit_id] = (name, amount)
        tid = tid_at(BaseDate.D2014, self.now)
        while (name, tid) in self.codes:
            tid += 1
        coded = amount // 10**7 * 10**7
        self.codes[name, tid] = (credit_id, coded)
        self.order(name, GrantCredit(credit_id, amount, tid=tid, coded=coded))
        while self.rng.random() < 0.4:
            # Mostly at once, and so before the command; in a partition, long before.
            when = self.now + self.rng.randrange(1, self.rng.choice((MINUTE, HOUR, 2 * DAY)))
            self.at(when, partial(self._type, self._mistaken(name), tid, coded, name))

    def _mistaken(self, name: str) -> str:
        """The meter at which a code is typed: mostly its own."""
        return self.rng.choice(list(self.meters)) if self.rng.random() < 0.1 else name

    def _type(self, name: str, tid: int, coded: int, belongs_to: str) -> None:
        """Somebody types a code, perhaps with a slip, perhaps at another meter, perhaps again."""
        if self.agent is None:
            return
        key = self.keys[belongs_to]
        digits = encode(CurrencyCredit(tid, coded // TOKEN), cipher(key.described().algorithm, key.key))
        if self.rng.random() < 0.1:
            place = self.rng.randrange(20)
            digits = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
        told, effects = self.agent.submit_code(self.moment(), name, digits, self.rng.choice(("page", "keypad")))
        self.typed += told.done
        self.do(effects)

    def _act(self, name: str) -> None:
        """Somebody does something on site, or orders it."""
        action: Action = self.rng.choice(
            (Open(), Close(), Hold(), Release(), TakeEmergency(), TakeEmergency(), Restore(NANO, self.now + 3 * HOUR))
        )
        if self.rng.random() < 0.4:
            self.order(name, Control(action, "manager", "because"))
        elif self.agent is not None:
            self.do(self.agent.act(self.moment(), name, action, "staff", "grant")[1])
        if isinstance(action, Open | Hold):
            undo = Close(override=True) if isinstance(action, Open) else Release()
            self.at(self.now + self.rng.randrange(1, 6 * HOUR), partial(self.order, name, Control(undo, "manager")))

    def _plan_people(self) -> None:
        for name in self.meters:
            when = START
            while (when := when + self.rng.randrange(HOUR, DAY)) < self.end:
                self.at(when, partial(self.pay, name))
            when = START
            while (when := when + self.rng.randrange(HOUR, 2 * DAY)) < self.end:
                self.at(when, partial(self._act, name))
            when = self.rng.randrange(START, self.end)
            tariff = self.rng.choice((_two_rates(2), flat_tariff("flat", "EUR", "Europe/Berlin", 250_000), _tiered()))
            self.at(when, partial(self.order, name, SetTariff(when + HOUR, tariff)))
            self.at(self.rng.randrange(START, self.end), partial(self.order, name, ChangeTenancy(when)))

    def _plan_faults(self) -> None:
        def every(mean: int, action: Callable[[], None]) -> None:
            when = START
            while (when := when + int(self.rng.expovariate(1 / mean)) + 1) < self.end:
                self.at(when, action)

        def lose_power() -> None:
            if self.rng.random() < self.faults.torn_write:
                self.power_fails_in_write = True
            elif self.agent is not None:
                self.power_off()

        def silence() -> None:
            meter = self.rng.choice(list(self.meters.values()))
            meter.silent_until = self.now + self.rng.randrange(3 * HOUR)

        every(self.faults.between_partitions, self._partition)
        every(self.faults.between_power_losses, lose_power)
        every(self.faults.between_headend_crashes, self._headend_dies)
        every(self.faults.between_meter_silences, silence)

    # -- what must hold ----------------------------------------------------------------------------------------------

    def broken(self, what: str) -> None:
        """Raise Broken."""
        hours = (self.now - START) / HOUR
        replay = f"prewatt sim --seed {self.seed} --days {self.days} --meters {len(self.meters)}"
        raise Broken(f"{what} (seed {self.seed}, step {self.steps}, hour {hours:.2f}). Replay: {replay}")

    def _check(self) -> None:
        for name, stored in self.store.items():
            durable = self.disk.records[name]
            if len(stored.bodies) > len(durable):
                self.broken(
                    f"meter {name}: the head-end has {len(stored.bodies)} entries, the meter's journal {len(durable)}"
                )
            if self.agent is not None and self.agent.sync.acked[name] > len(stored.bodies):
                self.broken(
                    f"meter {name}: entry {self.agent.sync.acked[name]} is acknowledged, {len(stored.bodies)} are stored"
                )

    def _heal(self) -> None:
        self.faults = Faults(loss=0, repeat=0, delay_longest=1, headend_dies=0)
        self.cut_up = self.cut_down = self.power_fails_in_write = False
        self._headend_starts()
        for meter in self.meters.values():
            meter.silent_until = 0

    def _final(self) -> None:
        for name, stored in self.store.items():
            book, account = self.books[name], Account.load(stored.account)
            if [record.body for record in self.disk.records[name]] != stored.bodies:
                self.broken(
                    f"meter {name}: {len(self.disk.records[name])} entries in its journal, {len(stored.bodies)} at the head-end"
                )
            if account.balance != book.credited - book.charged or stored.offset:
                self.broken(
                    f"meter {name}: balance {account.balance} at the head-end, {book.credited - book.charged} at the meter"
                )
            paid = {credit_id for credit_id, (meter, _) in self.paid.items() if meter == name}
            if book.credit_ids != paid:
                self.broken(f"meter {name}: {len(paid)} credits paid, {len(book.credit_ids)} applied")
            if stored.applied != len(stored.commands):
                self.broken(f"meter {name}: {len(stored.commands) - stored.applied} commands are still open")
            supply = account.supply
            told, lent = supply.opened or bool(supply.locks), account.allowance(self.now)
            if self.meters[name].closed != (book.credited + lent > book.charged and not told):
                self.broken(f"meter {name}: the switch stands wrong for a balance of {account.balance}")


_TRIES = msgspec.msgpack.Decoder(dict[str, Tries])


def _key(number: int, vending: bytes) -> KeyState:
    """The key of a meter, of a vending key of its own."""
    body = f"99{number:08}"
    key = MeterKey(account_number(f"{body}{luhn(body)}"), "000001")
    return KeyState(
        key.pan, key.supply_group, key.tariff_index, key.revision, key.key_type, key.expiry, key.base, key.dkga,
        key.algorithm, key.decoder_key(vending),
    )  # fmt: skip


def _whole(records: list[Record]) -> int:
    """How many records are whole, worked out without the code that is tried."""
    whole = 0
    for record in records:
        try:
            decode_entry(record.body)
        except entries.EntryError:
            break
        whole += 1
    return whole


def _tiered() -> Tariff:
    """All that a tariff can have, with numbers that leave remainders."""
    rates = (Rate("tiered", (93_001, 250_003)),)
    tax = Tax("VAT", 190_000, included=False)
    tiers = Tiers(Period.DAY, (3_001,))
    seasons = (all_year("tiered"),)
    return Tariff("tiered", "EUR", "Europe/Berlin", rates, seasons, (), tiers, NANO // 7, 10_007, tax, 9 * NANO)


def _two_rates(price: int) -> Tariff:
    night, day = f"night {price}", f"day {price}"
    every_day = DayType("every day", tuple(range(8)), (Switch(0, night), Switch(6 * 60, day), Switch(22 * 60, night)))
    rates = (Rate(night, (80_000 * price,)), Rate(day, (180_000 * price,)))
    return Tariff(f"two rates {price}", "EUR", "Europe/Berlin", rates, (Season("year", 1, 1, (every_day,)),))
