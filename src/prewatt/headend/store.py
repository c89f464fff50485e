"""The head-end's database, through the server's models: what it knows of gateways and meters, and the commit of a
batch.

The same code serves SQLite and PostgreSQL. Of two workers that took in the same entries the second one's transaction
fails as a whole: the key (meter, seq) is there once.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import groupby
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from ..kernel.account import Account
from ..kernel.entries import Command as KernelCommand
from ..kernel.entries import EntryError, Reading, Relay, UnknownOrder, decode_command
from ..server.estate.models import Tenancy
from ..server.ledger.books import Charge, book_charges, book_emergency, book_restored
from ..server.ledger.charges import charges_of
from ..server.locking import for_update, lock_meters
from ..server.metering.accounts import kept
from ..server.metering.alarms import raise_alarm, settle_of_meter
from ..server.metering.looks import looked_at, show
from ..server.metering.models import (
    Alarm,
    Gateway,
    JournalEntry,
    Meter,
    Refusal,
    Worker,
)
from ..server.vending import emergency_codes, openings
from ..server.vending.credit_log import is_in_order, renumber, sign_anew, step_aside
from ..server.vending.following import follow
from ..server.vending.found import is_known
from ..server.vending.found import keep as keep_found
from ..server.vending.models import OPEN, Command
from ..server.vending.owed import owe_cleared
from ..wire.messages import MeterStatus, SignedCommand
from ..wire.signing import VerifyKey
from . import mending
from .alarms import Raised, each_once
from .dispatch import Pending
from .ingest import GatewayView, MeterPlan, MeterView, NewEntry, Plan
from .looking import Look

log = logging.getLogger("prewatt.headend")

State = Command.State
REMEMBERED = 10_000
"""Most accounts kept in memory between batches; others are loaded when their meters speak."""


AGAIN = 600.0
"""Seconds after which a meter that is set aside is tried again."""


class OutrunError(Exception):
    """Another worker has taken these meters, or what a gateway sent, on meanwhile: the batch must be planned anew."""


class _OpenCommand(NamedTuple):
    pk: int
    gateway: str
    meter: str
    taken: int
    told: int
    number: int
    body: bytes
    signature: bytes


class Store:
    """One worker's view of the database. It remembers accounts between batches, and believes them only while the
    database still has the same `seq`.
    """

    def __init__(self, shards: range) -> None:
        self._shards = shards
        self._meters: dict[str, Meter] = {}
        self._accounts: dict[str, Account] = {}
        self._aside: dict[str, float] = {}
        self._failing: dict[str, float] = {}
        self._unsent: dict[str, float] = {}
        self._signed: dict[tuple[bytes, bytes], None] = {}

    def forget(self) -> None:
        """After a failed commit: nothing that is remembered can be relied on."""
        self._accounts.clear()
        connection.close_if_unusable_or_obsolete()

    # -- reading -----------------------------------------------------------------------------------------------------

    def gateways(self, names: Iterable[str]) -> dict[str, GatewayView]:
        """The enrolled gateways among `names`."""
        found = {}
        meters: dict[int, set[str]] = defaultdict(set)
        rows = list(
            Gateway.objects.filter(name__in=set(names), public_key__isnull=False, revoked=False, shard__in=self._shards)
        )
        for gateway_id, name in Meter.objects.filter(gateway__in=rows).values_list("gateway_id", "name"):
            meters[gateway_id].add(name)
        for row in rows:
            try:
                key = VerifyKey(bytes(row.public_key or b""))
                sessions = tuple(str(each) for each in row.sessions)
            except (ValueError, TypeError) as error:
                mending.tell_of_gateway(row, error)
                continue
            found[row.name] = GatewayView(
                row.name, key, frozenset(meters[row.pk]), (row.epoch, row.number), sessions, row.adopted
            )
        return found

    def online(self) -> list[str]:
        """The gateways of this worker's shards that were online last."""
        return list(Gateway.objects.filter(shard__in=self._shards, online=True).values_list("name", flat=True))

    def views(self, names: Iterable[str]) -> dict[str, MeterView]:
        """What `ingest.plan` needs to know of meters."""
        wanted = set(names)
        rows = {
            meter.name: meter
            for meter in Meter.objects.filter(name__in=wanted).select_related("gateway__property__organisation")
        }
        commands: dict[int, dict[int, KernelCommand | UnknownOrder]] = defaultdict(dict)
        opened = Command.objects.filter(meter__in=rows.values(), state__in=OPEN).select_related("meter__unit")
        for command in opened:
            commands[command.meter_id][command.number] = self._decoded(command)
        advance = emergency_codes.orders(rows.values())
        self._meters = rows
        views = {}
        for name, row in rows.items():
            account = self._accounts.pop(name, None)
            if account is None or (account.seq, account.balance) != (row.seq, row.balance):
                account = self._loaded(row)
            if account is not None and time.monotonic() >= self._failing.get(name, 0.0):
                views[name] = MeterView(account, bytes(row.head), commands[row.pk], row.offset, advance.get(row.pk, {}))
        return views

    def _loaded(self, row: Meter) -> Account | None:
        """A meter's account; None if it is set aside, as it can neither be read nor replayed."""
        try:
            return mending.load(row)
        except ValueError as error:
            if time.monotonic() < self._aside.get(row.name, 0.0):
                return None
            log.error("meter %s: its account can't be read (%s), it is replayed from its entries", row.name, error)
        account = mending.rebuild(row)
        if account is None:
            self._aside[row.name] = time.monotonic() + AGAIN
        return account

    def _decoded(self, command: Command) -> KernelCommand | UnknownOrder:
        try:
            return decode_command(bytes(command.body))
        except EntryError:
            mending.mend_command(command)
            return decode_command(bytes(command.body))

    def pending(self) -> list[Pending]:
        """The open commands for gateways of this worker's shards that are online, in order."""
        rows = self._open_commands()
        astray = [
            meter
            for (meter, taken, told), mine in groupby(rows, key=lambda row: (row.meter, row.taken, row.told))
            if not is_in_order([row.number for row in mine], taken, told)
        ]
        unread = [row.pk for row in rows if not self._is_signed(row)]
        for command in Command.objects.filter(pk__in=unread).select_related("meter__unit"):
            self._alone(command.meter, partial(mending.mend_command, command))
        for meter in Meter.objects.filter(name__in=astray):
            self._alone(meter, partial(_renumber, meter))
        if astray or unread:
            rows = self._open_commands()
        return [Pending(row.gateway, row.meter, row.number, SignedCommand(row.body, row.signature)) for row in rows]

    def looks(self) -> list[Look]:
        """The meters of this worker's gateways that somebody looks at."""
        return [Look(*each) for each in looked_at(self._shards)]

    def _alone(self, meter: Meter, work: Callable[[], None]) -> None:
        """Bring a meter's commands in order; if that fails it is told, and not tried again at once: all others go on."""
        if time.monotonic() < self._unsent.get(meter.name, 0.0):
            return
        try:
            with transaction.atomic():
                work()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # whatever it is, it is this meter's alone
            log.exception("meter %s", meter)
            self._unsent[meter.name] = time.monotonic() + AGAIN
            mending.tell_of_commands(meter, error)

    def _open_commands(self) -> list[_OpenCommand]:
        rows = Command.objects.filter(
            state__in=OPEN, meter__gateway__online=True, meter__gateway__shard__in=self._shards
        ).order_by("meter_id", "number")
        fields = rows.values_list(
            "pk",
            "meter__gateway__name",
            "meter__name",
            "meter__taken",
            "meter__told_command",
            "number",
            "body",
            "signature",
        )
        return [
            _OpenCommand(pk, gateway, meter, taken, told, number, bytes(body), bytes(signature))
            for pk, gateway, meter, taken, told, number, body, signature in fields
        ]

    def _is_signed(self, row: _OpenCommand) -> bool:
        """Whether a command's bytes are those that were signed; looked at once, and again if they are others."""
        looked_at = (row.body, row.signature)
        if looked_at in self._signed:
            return True
        good = mending.is_signed(row.body, row.signature)
        if good:
            self._signed[looked_at] = None
            while len(self._signed) > REMEMBERED:
                del self._signed[next(iter(self._signed))]
        return good

    # -- writing -----------------------------------------------------------------------------------------------------

    def commit(self, plan: Plan) -> None:
        """Store a batch, durably, or nothing of it. OutrunError if another worker came before. A meter of which nothing can
        be stored is left out of the plan, and told.
        """
        try:
            self._commit(plan)
        except (OperationalError, InterfaceError, OutrunError):
            # The database's trouble, or another worker's luck: it comes again.
            raise
        except Exception:
            self._leave_out_what_fails(plan)
            self._commit(plan)
        for name, error in plan.broken.items():
            self._failing[name] = time.monotonic() + AGAIN
            log.error("meter %s is set aside: %s", name, error)
        for name in self._failing.keys() & plan.meters.keys():
            del self._failing[name]
            settle_of_meter(self._meters[name], mending.SET_ASIDE)

    def _leave_out_what_fails(self, plan: Plan) -> None:
        """Try each meter of a plan alone, and leave out those that can't be stored."""
        for name, change in list(plan.meters.items()):
            alarms = [alarm for alarm in plan.alarms if alarm.meter == name]
            try:
                with transaction.atomic():
                    self._commit(Plan(plan.now, meters={name: change}, alarms=alarms))
                    transaction.set_rollback(True)
            except (OperationalError, InterfaceError, OutrunError):
                raise
            except Exception as error:  # whatever it is, it is this meter's alone
                log.exception("meter %s", name)
                plan.leave_out(name, error)

    def _commit(self, plan: Plan) -> None:
        with transaction.atomic():
            self._lock(plan)
            charges: list[Charge] = []
            for name, change in plan.meters.items():
                if change.entries or change.duplicates:
                    charges += self._store_meter(self._meters[name], change)
            JournalEntry.objects.bulk_create(
                _row(self._meters[name], new) for name, change in plan.meters.items() for new in change.entries
            )
            book_charges(charges)
            for status in plan.statuses.values():
                self._store_status(status)
            if plan.live:
                show(plan.live)
            for gateway, (epoch, number) in plan.heard.items():
                Gateway.objects.filter(name=gateway).update(epoch=epoch, number=number, heard=plan.now)
            for gateway, sessions in plan.sessions.items():
                Gateway.objects.filter(name=gateway).update(sessions=list(sessions))
            Gateway.objects.filter(name__in=plan.adopting).update(adopted=plan.now)
            for given in (state for message in plan.states for state in message.states):
                # What it said of itself was of another journal.
                Meter.objects.filter(name=given.meter).update(told_seq=given.seq, told_command=F("taken"))
            for alarm in each_once(plan.alarms):
                self._raise(alarm)
            for gateway, kind in plan.over:
                Alarm.objects.filter(gateway__name=gateway, kind=kind, settled=False).update(settled=True)
            for name, beyond in plan.beyond.items():
                openings.tell(self._meters[name], beyond.account, beyond.head)
            for name, error in plan.broken.items():
                mending.tell_of_meter(self._meters[name], error)
            for name, change in plan.meters.items():
                follow(self._meters[name], (new.own for new in change.entries))
            for refusal in plan.refusals:
                row, fresh = Refusal.objects.get_or_create(
                    gateway=refusal.gateway,
                    reason=refusal.reason,
                    defaults={"count": 1, "first": plan.now, "last": plan.now, "text": refusal.text},
                )
                if not fresh:
                    Refusal.objects.filter(pk=row.pk).update(count=F("count") + 1, last=plan.now)
        for name, change in plan.meters.items():
            self._accounts[name] = change.account
        while len(self._accounts) > REMEMBERED:
            del self._accounts[next(iter(self._accounts))]

    def _lock(self, plan: Plan) -> None:
        """Lock all that the batch changes, in the order in which all do."""
        gateways = {*plan.heard, *plan.sessions, *plan.adopting, *(name for name, _kind in plan.over)}
        rows = for_update(Gateway.objects.filter(name__in=gateways).only("name", "epoch", "number")).order_by("pk")
        for row in rows:
            # Behind what is stored, older messages would be taken in anew, and two gateways of one name be told apart no more.
            if row.name in plan.heard and plan.heard[row.name] <= (row.epoch, row.number):
                raise OutrunError(row.name)
        told = {given.meter for message in plan.states for given in message.states}
        meters = {*plan.meters, *plan.statuses, *told, *plan.beyond, *plan.broken}
        lock_meters(Meter.objects.filter(name__in=meters).only("pk"))

    def _store_status(self, status: MeterStatus) -> None:
        meter = self._meters[status.meter]
        # Each command that was taken up is an entry: what says more can't be.
        most = meter.taken + max(status.seq - meter.seq, 0)
        told = status.command if status.command <= most else meter.taken
        Meter.objects.filter(pk=meter.pk, told_seq__lte=status.seq).update(
            told_seq=status.seq, told_at=status.at, told_balance=status.balance, told_closed=status.closed,
            told_command=told, commands=Greatest(F("commands"), told), told_quantities=status.quantities,
        )  # fmt: skip

    def _raise(self, alarm: Raised) -> None:
        meter = self._meters[alarm.meter] if alarm.meter else None
        gateway = None if meter else Gateway.objects.get(name=alarm.gateway)
        if raise_alarm(alarm.kind, alarm.text, alarm.at, meter=meter, gateway=gateway, key=alarm.key, seq=alarm.seq):
            log.warning("alarm: %s", alarm.text)

    def _store_meter(self, meter: Meter, change: MeterPlan) -> list[Charge]:
        account = change.account
        late = sum(new.late for new in change.entries)
        updated = Meter.objects.filter(pk=meter.pk, seq=meter.seq).update(
            seq=account.seq,
            **kept(account, change.head),
            offset=change.offset,
            at=account.at,
            balance=account.balance,
            register=account.shown,
            read_at=account.read_at,
            closed=account.closed,
            low=account.is_low(),
            taken=account.command,
            commands=Greatest(F("commands"), account.command),
            late=F("late") + late,
            duplicates=F("duplicates") + change.duplicates,
        )
        if not updated:
            raise OutrunError(meter.name)
        for coded in change.coded:
            Command.objects.filter(meter=meter, number=coded.number).update(coded_seq=coded.seq, coded_at=coded.at)
        astray = [applied for applied in change.applied if applied.taken != applied.number]
        for applied in change.applied:
            rows = Command.objects.filter(meter=meter, number=applied.number, state__in=OPEN)
            moved = rows.first() if applied in astray else None
            rows.update(
                state=State.REJECTED if applied.reason else State.APPLIED,
                applied_seq=applied.seq,
                applied_at=applied.at,
                reason=applied.reason,
            )
            if applied.tid is not None:
                is_known(meter, applied.tid)
            if moved is not None:
                # The meter took it up under the number that it had before.
                step_aside(meter, applied.taken)
                if not Command.objects.filter(meter=meter, number=applied.taken).exists():
                    sign_anew(moved, applied.taken)
        for found in change.found:
            if found.number is not None:
                step_aside(meter, found.number)
            keep_found(
                meter, seq=found.seq, at=found.at, number=found.number, order=found.order, amount=found.amount,
                tid=found.tid, name=found.name,
            )  # fmt: skip
        if astray or change.found:
            renumber(meter)
        for seq, at, amount in change.cleared:
            owe_cleared(meter, self._tenancy(meter, at), amount, at, seq)
        if change.emergency:
            seq, at, lent = change.emergency
            book_emergency(meter, at, seq, lent)
        for seq, at, lent, memo in change.restored:
            book_restored(meter, at, seq, lent, memo)
        Alarm.objects.bulk_create(
            (
                Alarm(meter=meter, kind="difference", key=str(each.seq), seq=each.seq, at=each.at, text=each.text)
                for each in change.differences
            ),
            ignore_conflicts=True,
        )
        return self._charges(meter, change)

    def _charges(self, meter: Meter, change: MeterPlan) -> list[Charge]:
        """The batch's charges."""
        if not change.charges:
            return []
        tenancies = list(Tenancy.objects.filter(unit=meter.unit).select_related("unit__property__organisation"))
        return charges_of(meter, tenancies, change.charges)

    def _tenancy(self, meter: Meter, at: int) -> Tenancy | None:
        tenancies = Tenancy.objects.filter(unit=meter.unit).select_related("unit__property__organisation")
        return next((each for each in tenancies if each.holds(at)), None)

    def mark_sent(self, sent: Iterable[tuple[str, int]]) -> None:
        """Commands were sent."""
        for meter, number in sent:
            Command.objects.filter(meter__name=meter, number=number, state=State.QUEUED).update(state=State.SENT)

    def beat(self) -> None:
        """Show that this worker lives."""
        Worker.objects.update_or_create(shards=f"{self._shards[0]}-{self._shards[-1]}")

    def set_presence(self, presence: Mapping[str, bool], now: int) -> None:
        """Gateways came or went."""
        for name, online in presence.items():
            Gateway.objects.filter(name=name).exclude(online=online, since__isnull=False).update(
                online=online, since=now
            )


def _renumber(meter: Meter) -> None:
    for command in renumber(meter):
        log.warning("meter %s: command %s is now %d, as its number is used", meter, command.was, command.number)


def _row(meter: Meter, new: NewEntry) -> JournalEntry:
    entry = new.entry
    row = JournalEntry(
        meter=meter,
        seq=new.seq,
        at=entry.at,
        kind=str(entry.__struct_config__.tag),
        balance=entry.balance,
        late=new.late,
        body=new.body,
        hash=new.hash,
    )
    if isinstance(new.own, Reading):
        row.register, row.energy, row.charge = new.own.register, new.own.energy, new.own.charge
    elif isinstance(entry, Relay):
        row.closed = entry.closed
    return row
