"""This module reads and writes the head-end's database through the server's models: what is known of gateways and
meters, and the commit of a batch.

The same code serves SQLite and PostgreSQL. If two workers store the same entries, the second transaction fails as a
whole, because the key (meter, seq) exists already.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from ..kernel.account import Account
from ..kernel.entries import Command as KernelCommand
from ..kernel.entries import EntryError, UnknownOrder, decode_command
from ..kernel.sentences import sentence
from ..server.ledger.books import Charge, book_charges
from ..server.metering.alarms import raise_alarm, settle_of_meter
from ..server.metering.locking import for_update, lock_meters
from ..server.metering.looks import looked_at, show
from ..server.metering.models import (
    Alarm,
    Gateway,
    Meter,
    Refusal,
    Worker,
)
from ..server.sales import openings
from ..server.sales.following import follow
from ..server.vending import emergency_use
from ..server.vending.models import OPEN, Command
from ..wire.signing import VerifyKey
from . import batch, mending
from .alarms import Raised, each_once
from .batch import GatewayView, MeterView, Plan
from .dispatch import Pending
from .looking import Look
from .meter_rows import OutrunError, move_on, store_entries, store_meter, store_status, tenancies_of
from .outbox import Outbox
from .refusals import summed
from .revoking import Lacking

log = logging.getLogger("prewatt.headend")

KEPT_OFF = timedelta(minutes=1)
"""How long a gateway that floods is kept off. It is short, because the gateway may mean well, and its tenants pay."""
REMEMBERED = 10_000
"""The most accounts held in memory between batches; others are loaded when their meters speak."""


class Store:
    """One worker's view of the database. It keeps accounts between batches, and uses them only while the database still
    has the same `seq`.
    """

    def __init__(self, shards: range) -> None:
        self._shards = shards
        self._meters: dict[str, Meter] = {}
        self._accounts: dict[str, Account] = {}
        # Of the last message of each gateway, by its stamp. After a start none is known.
        self._marks: dict[str, dict[tuple[int, int], bytes]] = {}
        self._aside: dict[str, float] = {}
        self._failing: dict[str, float] = {}
        self._outbox = Outbox(shards)

    def forget(self) -> None:
        """Forget all accounts, because a commit has failed and they may be wrong."""
        self._accounts.clear()
        connection.close_if_unusable_or_obsolete()

    # -- reading -----------------------------------------------------------------------------------------------------

    def gateways(self, names: Iterable[str]) -> dict[str, GatewayView]:
        """Return the enrolled gateways among `names`."""
        views = {}
        meters: dict[int, set[str]] = defaultdict(set)
        rows = list(
            Gateway.objects.filter(
                name__in=set(names), public_key__isnull=False, is_revoked=False, shard__in=self._shards
            )
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
            views[row.name] = GatewayView(
                row.name,
                key,
                frozenset(meters[row.pk]),
                (row.epoch, row.number),
                sessions,
                row.adopted_at,
                row.lines,
                row.told_revocations,
                self._marks.get(row.name, {}).get((row.epoch, row.number), b""),
            )
        return views

    def online(self) -> list[str]:
        """Return the gateways of this worker's shards that are stored as online."""
        return list(Gateway.objects.filter(shard__in=self._shards, is_online=True).values_list("name", flat=True))

    def views(self, names: Iterable[str]) -> dict[str, MeterView]:
        """Return what `ingest.plan` needs to know of meters."""
        wanted = set(names)
        rows = {
            meter.name: meter
            for meter in Meter.objects.filter(name__in=wanted).select_related("gateway__property__organisation")
        }
        commands: dict[int, dict[int, KernelCommand | UnknownOrder]] = defaultdict(dict)
        opened = Command.objects.filter(meter__in=rows.values(), state__in=OPEN).select_related("meter__unit")
        for command in opened:
            commands[command.meter_id][command.number] = self._decoded(command)
        advance = emergency_use.orders(rows.values())
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
        """Return a meter's account; None if the meter is set aside, because its account can neither be read nor
        replayed.
        """
        try:
            return mending.load(row)
        except ValueError as error:
            if time.monotonic() < self._aside.get(row.name, 0.0):
                return None
            log.error("meter %s: its account can't be read (%s), it is replayed from its entries", row.name, error)
        account = mending.rebuild(row)
        if account is None:
            self._aside[row.name] = time.monotonic() + mending.AGAIN
        return account

    def _decoded(self, command: Command) -> KernelCommand | UnknownOrder:
        try:
            return decode_command(bytes(command.body))
        except EntryError:
            mending.mend_command(command)
            return decode_command(bytes(command.body))

    def pending(self) -> list[Pending]:
        """Return the open commands for online gateways of this worker's shards, in order."""
        return self._outbox.pending()

    def mark_sent(self, sent: Iterable[tuple[str, int]]) -> None:
        """Note that commands were sent."""
        self._outbox.mark_sent(sent)

    def looks(self) -> list[Look]:
        """Return the meters of this worker's gateways that somebody looks at."""
        return [Look(*each) for each in looked_at(self._shards)]

    def lacking_revocations(self) -> list[Lacking]:
        """Return the gateways of this worker that are online and have an older list of revoked grants than their property's."""
        rows = Gateway.objects.filter(
            is_online=True,
            is_revoked=False,
            shard__in=self._shards,
            told_revocations__gte=0,
            property__revocation_list__number__gt=F("told_revocations"),
        ).order_by("pk")
        fields = ("number", "body", "signature")
        return [
            Lacking(name, number, bytes(body), bytes(signature))
            for name, number, body, signature in rows.values_list(
                "name", *(f"property__revocation_list__{each}" for each in fields)
            )
        ]

    # -- writing -----------------------------------------------------------------------------------------------------

    def commit(self, plan: Plan) -> None:
        """Store the whole batch durably, or nothing. Raises OutrunError if another worker came before. A meter that
        cannot be stored is left out of the plan, and reported.
        """
        try:
            self._commit(plan)
        except (OperationalError, InterfaceError, OutrunError):
            # The database is in trouble, or another worker was faster. The batch comes again.
            raise
        except Exception:
            self._leave_out_what_fails(plan)
            self._commit(plan)
        for name, error in plan.broken.items():
            self._failing[name] = time.monotonic() + mending.AGAIN
            log.error("meter %s is set aside: %s", name, error)
        for name in self._failing.keys() & plan.meters.keys():
            del self._failing[name]
            settle_of_meter(self._meters[name], mending.SET_ASIDE)

    def _leave_out_what_fails(self, plan: Plan) -> None:
        """Try each meter of a plan alone, and leave out those that cannot be stored."""
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
            charged = (name for name, change in plan.meters.items() if change.charges or change.cleared)
            tenancies = tenancies_of(self._meters[name] for name in charged)
            moved = [
                (self._meters[name], change)
                for name, change in plan.meters.items()
                if change.entries or change.duplicates
            ]
            move_on(moved)
            for meter, change in moved:
                charges += store_meter(meter, change, tenancies.get(meter.unit_id, ()))
            store_entries((self._meters[name], new) for name, change in plan.meters.items() for new in change.entries)
            book_charges(charges)
            for name, status in plan.statuses.items():
                store_status(self._meters[name], status)
            if plan.live:
                show(plan.live)
            _store_gateways(plan)
            self._raise_and_end_alarms(plan)
            for name, change in plan.meters.items():
                follow(self._meters[name], (new.own for new in change.entries))
            _count_refusals(plan.now, plan.refusals)
        for name, change in plan.meters.items():
            self._accounts[name] = change.account
        for name, mark in plan.marks.items():
            self._marks[name] = {plan.heard[name]: mark}
        while len(self._accounts) > REMEMBERED:
            del self._accounts[next(iter(self._accounts))]

    def _lock(self, plan: Plan) -> None:
        """Lock all rows that the batch changes, in the common order."""
        gateways = {*plan.heard, *plan.sessions, *plan.adopting, *(name for name, _kind in plan.over)}
        gateways |= {alarm.gateway for alarm in plan.alarms if alarm.gateway}
        rows = for_update(Gateway.objects.filter(name__in=gateways).only("name", "epoch", "number")).order_by("pk")
        for row in rows:
            # If the stored stamp is later, older messages would be stored again, and two gateways with one name could no
            # longer be told apart.
            if row.name in plan.heard and plan.heard[row.name] <= (row.epoch, row.number):
                raise OutrunError(row.name)
        adopting = {state.meter for message in plan.states for state in message.states}
        meters = {*plan.meters, *plan.statuses, *adopting, *plan.beyond, *plan.broken}
        lock_meters(Meter.objects.filter(name__in=meters).only("pk"))

    def _raise_and_end_alarms(self, plan: Plan) -> None:
        """Raise the alarms of a batch, and end those that are over."""
        for alarm in each_once(plan.alarms):
            self._raise(alarm)
        for gateway, kind in plan.over:
            Alarm.objects.filter(gateway__name=gateway, kind=kind, is_resolved=False).update(is_resolved=True)
        for name, beyond in plan.beyond.items():
            openings.tell(self._meters[name], beyond.account, beyond.head)
        for name, error in plan.broken.items():
            mending.tell_of_meter(self._meters[name], error)

    def _raise(self, alarm: Raised) -> None:
        meter = self._meters[alarm.meter] if alarm.meter else None
        gateway = None if meter else Gateway.objects.get(name=alarm.gateway)
        if raise_alarm(alarm.kind, alarm.text, alarm.at, meter=meter, gateway=gateway, key=alarm.key, seq=alarm.seq):
            log.warning("alarm: %s", alarm.text)

    def beat(self, now: int, refusals: Iterable[batch.Refusal]) -> None:
        """Store a sign of life of this worker, and what it has refused. `now`: µs."""
        _count_refusals(now, refusals)
        Worker.objects.update_or_create(shards=f"{self._shards[0]}-{self._shards[-1]}")

    def keep_off(self, name: str, dropped: int, now: int) -> None:
        """Let the server's own broker keep a gateway off for `KEPT_OFF`, and raise an alarm. `dropped`: how many of its
        messages were dropped; `now`: µs.
        """
        at = timezone.now()
        gateway = Gateway.objects.get(name=name)
        if gateway.kept_off_until and gateway.kept_off_until > at + KEPT_OFF / 2:
            return
        Gateway.objects.filter(pk=gateway.pk).update(kept_off_until=at + KEPT_OFF)
        text = sentence(
            "gateway %(gateway)s sends far more messages than a gateway should: %(count)d were dropped unread, and "
            "each time the server refuses the gateway for %(seconds)d s. Its meters go on, and nothing is lost. If "
            "that does not end, its software is faulty or somebody has its keys: check the gateway, and enrol it again",
            gateway=name,
            count=dropped,
            seconds=KEPT_OFF.seconds,
        )
        if raise_alarm("flood", text, now, gateway=gateway):
            log.warning("alarm: %s", text)

    def set_presence(self, presence: Mapping[str, bool], now: int) -> None:
        """Store which gateways came or went."""
        for name, online in presence.items():
            Gateway.objects.filter(name=name).exclude(is_online=online, since__isnull=False).update(
                is_online=online, since=now
            )


def _store_gateways(plan: Plan) -> None:
    for gateway, (epoch, number) in plan.heard.items():
        Gateway.objects.filter(name=gateway).update(epoch=epoch, number=number, heard_at=plan.now)
    for gateway, sessions in plan.sessions.items():
        Gateway.objects.filter(name=gateway).update(sessions=list(sessions))
    for gateway, lines in plan.lines.items():
        Gateway.objects.filter(name=gateway).update(lines=lines)
    for gateway, number in plan.revocations.items():
        Gateway.objects.filter(name=gateway).update(told_revocations=number)
    Gateway.objects.filter(name__in=plan.adopting).update(adopted_at=plan.now)
    for given in (state for message in plan.states for state in message.states):
        # What it said of itself was of another journal.
        Meter.objects.filter(name=given.meter).update(told_seq=given.seq, told_command=F("taken"))


def _count_refusals(at: int, refusals: Iterable[batch.Refusal]) -> None:
    """Add what was refused until `at` (µs) to the counts by sender and reason."""
    for refusal in summed(refusals):
        of = {"gateway": refusal.gateway, "reason": refusal.reason}
        if not Refusal.objects.filter(**of).update(count=F("count") + refusal.count, last_at=at):
            row = {"count": refusal.count, "first_at": at, "last_at": at, "text": refusal.text}
            Refusal.objects.get_or_create(**of, defaults=row)
