"""The head-end's database, through the server's models: what it knows of gateways and meters, and the commit of a
batch.

The same code serves SQLite and PostgreSQL. Of two workers that took in the same entries the second one's transaction
fails as a whole: the key (meter, seq) is there once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection, transaction
from django.db.models import F

from ..kernel.account import Account
from ..kernel.entries import Command as KernelCommand
from ..kernel.entries import Reading, Relay, UnknownOrder, decode_command
from ..server.estate.models import Tenancy
from ..server.ledger.books import Charge, book_charges, book_cleared, book_emergency, revenue
from ..server.ledger.models import Account as LedgerAccount
from ..server.metering.models import (
    Alarm,
    Gateway,
    JournalEntry,
    Meter,
    Refusal,
    Worker,
)
from ..server.vending.models import OPEN, Command
from ..wire.messages import SignedCommand
from ..wire.signing import VerifyKey
from .dispatch import Pending
from .ingest import GatewayView, MeterPlan, MeterView, NewEntry, Plan

State = Command.State
REMEMBERED = 10_000
"""Most accounts kept in memory between batches; others are loaded when their meters speak."""


class OutrunError(Exception):
    """Another worker has taken these meters on meanwhile: the batch must be planned anew."""


class Store:
    """One worker's view of the database. It remembers accounts between batches, and believes them only while the
    database still has the same `seq`.
    """

    def __init__(self, shards: range) -> None:
        self._shards = shards
        self._meters: dict[str, Meter] = {}
        self._accounts: dict[str, Account] = {}

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
            found[row.name] = GatewayView(
                row.name, VerifyKey(bytes(row.public_key or b"")), frozenset(meters[row.pk]), (row.epoch, row.number)
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
        commands: dict[str, dict[int, KernelCommand | UnknownOrder]] = defaultdict(dict)
        ids = {meter.pk: name for name, meter in rows.items()}
        for meter_id, number, body in Command.objects.filter(meter__in=ids, state__in=OPEN).values_list(
            "meter_id", "number", "body"
        ):
            commands[ids[meter_id]][number] = decode_command(bytes(body))
        self._meters = rows
        views = {}
        for name, row in rows.items():
            account = self._accounts.pop(name, None)
            if account is None or account.seq != row.seq:
                account = Account.load(bytes(row.account))
            views[name] = MeterView(account, bytes(row.head), commands[name], row.offset)
        return views

    def pending(self) -> list[Pending]:
        """The open commands for gateways of this worker's shards that are online, in order."""
        rows = Command.objects.filter(
            state__in=OPEN, meter__gateway__online=True, meter__gateway__shard__in=self._shards
        ).order_by("meter_id", "number")
        fields = rows.values_list("meter__gateway__name", "meter__name", "number", "body", "signature")
        return [
            Pending(gateway, meter, number, SignedCommand(bytes(body), bytes(sign)))
            for gateway, meter, number, body, sign in fields
        ]

    # -- writing -----------------------------------------------------------------------------------------------------

    def commit(self, plan: Plan) -> None:
        """Store a batch, durably, or nothing of it. OutrunError if another worker came before."""
        with transaction.atomic():
            charges: list[Charge] = []
            for name, change in plan.meters.items():
                if change.entries or change.duplicates:
                    charges += self._store_meter(self._meters[name], change)
            JournalEntry.objects.bulk_create(
                _row(self._meters[name], new) for name, change in plan.meters.items() for new in change.entries
            )
            book_charges(charges)
            for status in plan.statuses.values():
                Meter.objects.filter(name=status.meter, told_seq__lte=status.seq).update(
                    told_seq=status.seq, told_at=status.at, told_balance=status.balance, told_closed=status.closed
                )
            for gateway, (epoch, number) in plan.heard.items():
                Gateway.objects.filter(name=gateway).update(epoch=epoch, number=number, heard=plan.now)
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

    def _store_meter(self, meter: Meter, change: MeterPlan) -> list[Charge]:
        account = change.account
        late = sum(new.late for new in change.entries)
        updated = Meter.objects.filter(pk=meter.pk, seq=meter.seq).update(
            seq=account.seq,
            head=change.head,
            account=account.dump(),
            offset=change.offset,
            at=account.at,
            balance=account.balance,
            register=account.register,
            read_at=account.read_at,
            closed=account.closed,
            low=account.is_low(),
            late=F("late") + late,
            duplicates=F("duplicates") + change.duplicates,
        )
        if not updated:
            raise OutrunError(meter.name)
        for applied in change.applied:
            Command.objects.filter(meter=meter, number=applied.number, state__in=OPEN).update(
                state=State.REJECTED if applied.reason else State.APPLIED,
                applied_seq=applied.seq,
                applied_at=applied.at,
                reason=applied.reason,
            )
        for coded in change.coded:
            Command.objects.filter(meter=meter, number=coded.number).update(coded_seq=coded.seq, coded_at=coded.at)
        for seq, at, amount in change.cleared:
            book_cleared(meter, self._tenancy(meter, at), amount, at, seq)
        if change.emergency:
            seq, at, lent = change.emergency
            book_emergency(meter, at, seq, lent)
        Alarm.objects.bulk_create(
            Alarm(meter=meter, seq=each.seq, at=each.at, text=each.text) for each in change.differences
        )
        return self._charges(meter, change)

    def _charges(self, meter: Meter, change: MeterPlan) -> list[Charge]:
        """The batch's charges, one sum for each tenancy they fall into."""
        if not change.charges:
            return []
        first, last = change.entries[0].seq, change.entries[-1].seq
        tenancies = list(Tenancy.objects.filter(unit=meter.unit).select_related("unit__property__organisation"))
        sums: dict[int | None, tuple[Tenancy | None, Counter[LedgerAccount.Kind], int]] = {}
        for reading in change.charges:
            tenancy = next((each for each in tenancies if each.holds(reading.at)), None)
            key = tenancy.pk if tenancy else None
            parts = sums[key][1] if key in sums else Counter()
            parts.update(revenue(reading))
            sums[key] = (tenancy, parts, reading.at)
        return [Charge(meter, tenancy, parts, at, first, last) for tenancy, parts, at in sums.values()]

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
