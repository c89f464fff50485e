"""The head-end's database in memory, and a worker's view of it with the methods of `headend.store.Store`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, field

from msgspec.structs import replace

from ...headend.batch import Applied, Beyond, GatewayView, MeterPlan, MeterView, Plan
from ...headend.dispatch import Pending
from ...headend.unlogged import UnloggedCommand
from ...kernel.account import Account
from ...kernel.entries import AnyOrder, Command, genesis
from ...kernel.naming import id_of, named
from ...wire.messages import MeterStatus, SignedCommand
from ...wire.signing import SigningKey, VerifyKey, sign_command


class Outrun(Exception):
    """Another worker has stored these meters, or what a gateway sent, in the meantime."""


class Refuses(Exception):
    """The database refuses, and nothing is stored."""


@dataclass(slots=True)
class Row:
    """A command of the credit log."""

    command: Command
    signed: SignedCommand


@dataclass(slots=True)
class Stored:
    """A meter's row, its journal and its credit log.

    `log` has the commands in the order of issue, `open` the open ones by number. `account` is the live account while
    `saved` is empty. `count` is the highest number. `taken` and `told_command` are the last commands that the journal
    and the last status show as taken up. `owed` is the nano that the ledger has of the meter's tenant.
    """

    gateway: str
    head: bytes
    account: Account = field(default_factory=Account)
    saved: bytes = b""
    bodies: list[bytes] = field(default_factory=list)
    log: list[AnyOrder] = field(default_factory=list)
    open: dict[int, Row] = field(default_factory=dict)
    aside: list[Row] = field(default_factory=list)
    count: int = 0
    taken: int = 0
    told_command: int = 0
    told_seq: int = 0
    offset: int = 0
    owed: int = 0
    booked: set[str] = field(default_factory=set)
    """Ids of credits and debits that the ledger has."""
    unlogged: set[str] = field(default_factory=set)
    """Ids of credits and debits that its journal showed and the log lacked."""
    codes: dict[int, int] = field(default_factory=dict)
    """Codes that its journal showed and the log lacked: nano by identifier. A person is told of each."""

    @property
    def seq(self) -> int:
        """Return the number of the last stored entry."""
        return len(self.bodies)

    @property
    def in_order(self) -> bool:
        """Return whether the open commands are the next ones that the meter takes up, without a gap."""
        base = max(self.taken, self.told_command)
        beyond = [number for number in sorted(self.open) if number > base]
        follow = beyond == list(range(base + 1, base + 1 + len(beyond)))
        return follow and not any(number <= self.taken for number in self.open)

    def copied(self) -> Stored:
        """Return a copy of the row as it is now."""
        mine = copy(self)
        mine.saved = self.saved or self.account.dump()
        for name in ("bodies", "log", "aside", "booked", "unlogged", "codes"):
            setattr(mine, name, copy(getattr(self, name)))
        mine.open = {number: copy(row) for number, row in self.open.items()}
        return mine


@dataclass(slots=True)
class Enrolled:
    """A gateway's row."""

    key: VerifyKey
    meters: frozenset[str]
    stamp: tuple[int, int] = (0, 0)
    online: bool = False
    sessions: tuple[str, ...] = ()
    adopted: int = 0


class Database:
    """All that the head-end has stored. `ever` has each order that was signed, with its name, by meter and number;
    putting a copy back does not change it.
    """

    def __init__(self, key: SigningKey, gateways: dict[str, Enrolled]) -> None:
        self._key = key
        self.gateways = gateways
        self.meters = {
            name: Stored(each, genesis(name)) for each, row in gateways.items() for name in sorted(row.meters)
        }
        self.ever: dict[tuple[str, int], list[tuple[bytes, AnyOrder]]] = {}
        self.refused: dict[str, int] = {}
        self.alarms: list[tuple[str, int, str]] = []
        self.alarm_counts: dict[str, int] = {}
        """How often each kind of alarm was raised."""
        self.put_back_at = 0
        """When a copy was put back, 0 if never."""
        self.refuses = False
        self.beyond: dict[str, Beyond] = {}
        """By meter, the state that its gateway told, where nobody can give the head-end the entries before it."""

    @property
    def has_open(self) -> bool:
        """Return whether any command is not yet taken up."""
        return any(stored.open or stored.aside for stored in self.meters.values())

    def order(self, name: str, now: int, order: AnyOrder) -> None:
        """Add a command to the credit log."""
        stored = self.meters[name]
        stored.count += 1
        stored.log.append(order)
        stored.open[stored.count] = self._signed(named(name, stored.count, now, order))

    def _signed(self, command: Command) -> Row:
        self.ever.setdefault((command.meter, command.number), []).append((command.name, command.order))
        return Row(command, sign_command(self._key, command))

    def account(self, name: str) -> Account:
        """Return a meter's account as it is stored."""
        stored = self.meters[name]
        return Account.load(stored.saved) if stored.saved else stored.account

    def copy(self) -> dict[str, Stored]:
        """Return a copy of all stored meters as they are now."""
        return {name: stored.copied() for name, stored in self.meters.items()}

    def put_back(self, now: int, copied: dict[str, Stored], gateways: dict[str, Enrolled]) -> None:
        """Put a copy of the meters and of the gateways back, at the true instant `now`."""
        self.put_back_at = now
        self.meters = {name: stored.copied() for name, stored in copied.items()}
        for name, row in gateways.items():
            self.gateways[name] = deepcopy(row)

    def look_beyond(self, name: str, beyond: Beyond) -> None:
        """Take up the account of a meter whose next entries nobody can give to the head-end."""
        self.beyond[name] = beyond
        stored, account = self.meters[name], beyond.account
        stored.told_command, stored.told_seq = account.command, account.seq
        for number, row in list(stored.open.items()):
            known = id_of(row.command.order)
            if known and known not in account.credit_ids and number <= account.command:
                self.step_aside(stored, number)
        if stored.aside:
            self.renumber(stored)

    def go_on(self, name: str, beyond: Beyond, bodies: list[bytes], paid: Mapping[str, int]) -> list[AnyOrder]:
        """Let a meter's journal and its books go on from its gateway's state. `bodies`: the journal's entries. `paid`:
        nano by id. Returns the open orders that are dropped, because they were carried out, or may have been.
        """
        stored, account = self.meters[name], beyond.account
        stored.bodies, stored.account, stored.head, stored.offset = bodies, account, beyond.head, 0
        stored.saved = account.dump()
        stored.taken = account.command
        stored.booked |= account.credit_ids
        # What codes have brought is booked with the payments whose commands are yet to come.
        coming = sum(paid[known] for known in stored.booked - account.credit_ids)
        stored.owed = account.balance - sum(account.coded.values()) + coming
        dropped = []
        for number, row in list(stored.open.items()):
            known = id_of(row.command.order)
            if known in account.credit_ids or (not known and number <= account.command):
                del stored.open[number]
                dropped.append(row.command.order)
        self.renumber(stored)
        return dropped

    def step_aside(self, stored: Stored, number: int) -> None:
        """Set the open command of this number aside, if there is one, until it is numbered again."""
        row = stored.open.pop(number, None)
        if row is not None:
            stored.aside.append(row)

    def renumber(self, stored: Stored) -> None:
        """Give open commands new numbers, from the first one that the meter has not used. Commands that the meter may
        be taking up just now keep theirs.
        """
        base = max(stored.taken, stored.told_command)
        keep = {number: row for number, row in stored.open.items() if stored.taken < number <= base}
        moving = [row for number, row in sorted(stored.open.items()) if number not in keep] + stored.aside
        moving.sort(key=lambda row: (row.command.issued, row.command.number))
        stored.open, stored.aside = keep, []
        for number, row in enumerate(moving, base + 1):
            command = row.command
            if command.number != number:
                row = self._signed(replace(command, number=number))
            stored.open[number] = row
        stored.count = base + len(moving)


class MemoryStore:
    """One worker's view of the database.

    With `copying`, accounts are kept as bytes. Otherwise the live accounts are given out. Whoever makes a plan that
    perhaps is not committed must say so first (`stale`).
    """

    def __init__(self, database: Database, copying: bool) -> None:
        self._database = database
        self._copying = copying
        self._seen: dict[str, int] = {}

    def gateways(self, names: Iterable[str]) -> dict[str, GatewayView]:
        """Return what `ingest.sort` needs to know of gateways."""
        rows = self._database.gateways
        return {
            name: GatewayView(
                name, rows[name].key, rows[name].meters, rows[name].stamp, rows[name].sessions, rows[name].adopted
            )
            for name in names
        }

    def online(self) -> list[str]:
        """Return the gateways that are online."""
        return [name for name, row in self._database.gateways.items() if row.online]

    def views(self, names: Iterable[str], stale: bool = False) -> dict[str, MeterView]:
        """Return what `ingest.plan` needs to know of meters. `stale`: the plan perhaps is not committed."""
        views = {}
        for name in names:
            stored = self._database.meters[name]
            if (self._copying or stale) and not stored.saved:
                stored.saved = stored.account.dump()
            account = Account.load(stored.saved) if stored.saved else stored.account
            self._seen[name] = stored.seq
            rows = stored.open | {-place: row for place, row in enumerate(stored.aside, 1)}
            views[name] = MeterView(
                account,
                stored.head,
                {number: row.command for number, row in rows.items()},
                stored.offset,
            )
        return views

    def pending(self) -> list[Pending]:
        """Return the open commands for online gateways, in order. Closes gaps in their numbers first."""
        pending = []
        for name, stored in self._database.meters.items():
            if not (stored.open or stored.aside) or not self._database.gateways[stored.gateway].online:
                continue
            if stored.aside or not stored.in_order:
                self._database.renumber(stored)
            pending += [
                Pending(stored.gateway, name, number, row.signed) for number, row in sorted(stored.open.items())
            ]
        return pending

    def commit(self, plan: Plan) -> None:
        """Store a batch, or nothing of it. Raises Outrun if another worker came first, Refuses if the database refuses."""
        if self._database.refuses:
            raise Refuses
        changes = {name: change for name, change in plan.meters.items() if change.entries or change.duplicates}
        self._give_way(plan, changes)
        for name, change in changes.items():
            self._store(name, change)
        for name, status in plan.statuses.items():
            self._store_status(name, status)
        for name, beyond in plan.beyond.items():
            self._database.look_beyond(name, beyond)
        self._store_gateways(plan)
        for alarm in plan.alarms:
            self._database.alarm_counts[alarm.kind] = self._database.alarm_counts.get(alarm.kind, 0) + 1
        for refusal in plan.refusals:
            self._database.refused[refusal.reason] = self._database.refused.get(refusal.reason, 0) + 1

    def _store_gateways(self, plan: Plan) -> None:
        for gateway, stamp in plan.heard.items():
            self._database.gateways[gateway].stamp = stamp
        for gateway, sessions in plan.sessions.items():
            self._database.gateways[gateway].sessions = sessions
        for gateway in plan.adopting:
            self._database.gateways[gateway].adopted = plan.now
        for given in (state for message in plan.states for state in message.states):
            # What it said of itself was of another journal.
            stored = self._database.meters[given.meter]
            stored.told_command, stored.told_seq = stored.taken, given.seq

    def _give_way(self, plan: Plan, changes: Iterable[str]) -> None:
        """Raise Outrun if another worker has stored these meters, or what a gateway sent, in the meantime."""
        for gateway, stamp in plan.heard.items():
            if stamp <= self._database.gateways[gateway].stamp:
                raise Outrun(gateway)
        for name in changes:
            if self._database.meters[name].seq != self._seen[name]:
                raise Outrun(name)

    def _store(self, name: str, change: MeterPlan) -> None:
        stored, database = self._database.meters[name], self._database
        stored.bodies += [new.body for new in change.entries]
        stored.account, stored.head, stored.offset = change.account, change.head, change.offset
        stored.saved = change.account.dump() if self._copying else b""
        stored.taken = change.account.command
        stored.count = max(stored.count, stored.taken)
        self._take_commands(stored, change)
        stored.owed -= sum(reading.charge for reading in change.charges)
        stored.owed -= sum(amount for _, _, amount in change.cleared)
        database.alarms += [(name, each.seq, each.text) for each in change.differences]

    def _take_commands(self, stored: Stored, change: MeterPlan) -> None:
        for applied in change.applied:
            self._close(stored, applied)
        for command in change.unlogged:
            self._note_unlogged(stored, command)
        if change.unlogged or any(applied.is_astray for applied in change.applied):
            self._database.renumber(stored)

    def _close(self, stored: Stored, applied: Applied) -> None:
        """Close a command that was taken up."""
        if applied.number in stored.open:
            del stored.open[applied.number]
        else:
            # A command that stood aside, and was taken up under the number that it had.
            stored.aside = [row for row in stored.aside if row.command.number != applied.taken]
        if applied.is_astray:
            self._database.step_aside(stored, applied.taken)

    def _note_unlogged(self, stored: Stored, command: UnloggedCommand) -> None:
        """Note a command that is at the meter, and that the database does not have."""
        stored.unlogged.add(command.credit_id)
        if command.number is not None:
            self._database.step_aside(stored, command.number)
        elif command.tid is not None:
            stored.codes[command.tid] = command.amount

    def _store_status(self, name: str, status: MeterStatus) -> None:
        stored = self._database.meters[name]
        most = stored.taken + max(status.seq - stored.seq, 0)
        stored.told_seq = status.seq
        stored.told_command = status.command if status.command <= most else stored.taken
        stored.count = max(stored.count, stored.told_command)

    def set_presence(self, presence: Mapping[str, bool]) -> None:
        """Store which gateways came or went."""
        for name, online in presence.items():
            self._database.gateways[name].online = online
