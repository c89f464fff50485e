"""What a person must do, apart from the places: it is found in each room, and stored as rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ..billing.models import Bill, WriteOff
from ..billing.open_debts import open_debts
from ..core.time import now
from ..correspondence.models import Report
from ..correspondence.reports import not_done
from ..estate.models import Organisation, Property, Tenancy
from ..metering.models import Alarm, Gateway, Silence
from ..notices.models import Channel
from ..notices.recipient_channels import that_send
from ..payments.findings import ACT
from ..payments.models import BankLine, Payment, SettlementLine, TakenBack, Unexpected
from ..payments.reconciliation import ReconciliationError, recent_days, reconcile
from ..payments.settlement import UNKNOWN
from ..payments.verdicts import Verdict
from ..statements.bills import open_bills
from ..vending.models import Adjustment, Refund
from ..vending.silences import SILENT
from .models import ToDo
from .places import touch

Kind = ToDo.Kind
COUNTED_ELSEWHERE = frozenset({Verdict.AT_BANK, Verdict.ALARM})
"""Findings of the reconciliation that are to be done as something else."""
OF_ROWS = ("property_id", "kind", "gateway_id", "silence_id", "alarm_id", "since", "count", "amount", "currency")


def keep_to_do(organisations: Iterable[Organisation], slow: bool = False) -> None:
    """Store what is to be done in organisations. `slow`: also find the kinds that take long, the reconciliation and
    overdue bills; otherwise their rows stay as they are.
    """
    for organisation in organisations:
        finders = [*QUICK, *(SLOW if slow else ())]
        kinds = {kind for kinds, _find in finders for kind in kinds}
        wanted = [row for _kinds, find in finders for row in find(organisation)]
        _keep(organisation, kinds, wanted)


def _keep(organisation: Organisation, kinds: Collection[ToDo.Kind], wanted: Iterable[ToDo]) -> None:
    """Make the rows of some kinds those that are wanted, and tell the pages if anything has changed."""
    known = {_said(row): row.pk for row in ToDo.objects.filter(organisation=organisation, kind__in=kinds)}
    new = [row for row in wanted if known.pop(_said(row), None) is None]
    if not known and not new:
        return
    with transaction.atomic():
        ToDo.objects.filter(pk__in=known.values()).delete()
        ToDo.objects.bulk_create(new)
    touch(Property.objects.filter(organisation=organisation).values_list("pk", flat=True))


def _said(row: ToDo) -> tuple[Any, ...]:
    return tuple(str(getattr(row, name)) for name in OF_ROWS)


def _sum(
    organisation: Organisation,
    kind: ToDo.Kind,
    rows: QuerySet[Any],
    since: str,
    currency: str = "",
    amount: str = "amount",
) -> Iterator[ToDo]:
    """Return one row for all rows of a kind, if there are some."""
    asked: dict[str, Any] = {"number": Count("pk"), "first": Min(since)}
    if currency:
        asked["money"] = Sum(amount)
    sums = rows.order_by().aggregate(**asked)
    if sums["number"]:
        yield ToDo(
            organisation=organisation,
            kind=kind,
            since=sums["first"],
            count=sums["number"],
            amount=sums.get("money"),
            currency=currency,
        )


def _gateways(organisation: Organisation) -> Iterator[ToDo]:
    # Of a gateway that is revoked nothing is expected, but by those whose flats hang at it.
    lived_in = Tenancy.objects.living(now()).filter(unit__meter__gateway=OuterRef("pk"))
    away = Gateway.objects.filter(
        Q(since__isnull=False, is_revoked=False) | Q(Exists(lived_in), is_revoked=True),
        property__organisation=organisation,
        is_online=False,
    )
    for gateway in away.annotate(units=Count("meters")):
        yield ToDo(
            organisation=organisation,
            property_id=gateway.property_id,
            kind=Kind.GATEWAY,
            gateway=gateway,
            since=gateway.since,
            count=gateway.units,
        )


def _silences(organisation: Organisation) -> Iterator[ToDo]:
    rows = Silence.objects.filter(
        ~Q(meter=None) | ~Q(line=""), gateway__property__organisation=organisation, over_at=None, back_at=None
    )
    for silence in rows.select_related("gateway").annotate(number=Count("meters")):
        yield ToDo(
            organisation=organisation,
            property_id=silence.gateway.property_id,
            kind=Kind.SILENCE,
            silence=silence,
            since=silence.began_at,
            count=silence.number,
        )


def _alarms(organisation: Organisation) -> Iterator[ToDo]:
    home = Coalesce("meter__gateway__property", "gateway__property")
    rows = Alarm.objects.filter(
        Q(meter__gateway__property__organisation=organisation) | Q(gateway__property__organisation=organisation),
        is_resolved=False,
    ).exclude(kind=SILENT)
    for pk, at, property_id in rows.annotate(home=home).values_list("pk", "at", "home"):
        yield ToDo(organisation=organisation, property_id=property_id, kind=Kind.ALARM, alarm_id=pk, since=at)


def _payments(organisation: Organisation) -> Iterator[ToDo]:
    """Money that came, and waits for a person to say what it is."""
    currency = organisation.currency
    held = Payment.objects.filter(merchant__organisation=organisation, state=Payment.State.HELD)
    yield from _sum(organisation, Kind.HELD, held, "made_at", currency)
    line = SettlementLine.objects.filter(merchant=OuterRef("merchant"))
    in_file = Exists(line.filter(back_id=OuterRef("back_id"))) | Exists(line.filter(line_id=OuterRef("back_id")))
    backs = TakenBack.objects.filter(organisation=organisation, within=None, closed_at=None).filter(
        ~Q(state=TakenBack.State.WAITING) | Q(payment__isnull=False) | in_file
    )
    yield from _sum(organisation, Kind.TAKEN_BACK, backs, "heard_at", currency)
    unexpected = Unexpected.objects.filter(merchant__organisation=organisation, is_resolved=False)
    yield from _sum(organisation, Kind.UNEXPECTED, unexpected, "at", currency)
    unexplained = SettlementLine.objects.filter(merchant__organisation=organisation, kind__in=UNKNOWN, means="")
    yield from _sum(organisation, Kind.UNEXPLAINED, unexplained, "at")
    bank = BankLine.objects.filter(organisation=organisation, state=BankLine.State.OPEN)
    yield from _sum(organisation, Kind.BANK, bank, "uploaded_at", currency)


def _second_person(organisation: Organisation) -> Iterator[ToDo]:
    """What waits for a second person to agree."""
    currency = organisation.currency
    adjustments = Adjustment.objects.filter(organisation=organisation, state=Adjustment.State.WAITING)
    yield from _sum(organisation, Kind.ADJUSTMENT, adjustments, "at", currency)
    home = "debt__tenancy__unit__property__organisation"
    write_offs = WriteOff.objects.filter(**{home: organisation}, state=WriteOff.State.WAITING)
    yield from _sum(organisation, Kind.WRITE_OFF, write_offs, "at", currency)


def _owed(organisation: Organisation) -> Iterator[ToDo]:
    """What tenants owe in addition to what their meters hold, and what is owed to them."""
    debts = list(open_debts(organisation).values_list("since", F("amount") - F("paid")))
    if debts:
        yield ToDo(
            organisation=organisation,
            kind=Kind.DEBT,
            since=debts[0][0],
            count=len(debts),
            amount=sum(left for _since, left in debts),
            currency=organisation.currency,
        )
    refunds = Refund.objects.filter(tenancy__unit__property__organisation=organisation, paid_at=None)
    owed = list(
        refunds.order_by("at").annotate(out=Coalesce(Sum("pay_outs__amount"), 0)).values_list("at", "amount", "out")
    )
    if owed:
        yield ToDo(
            organisation=organisation,
            kind=Kind.REFUND,
            since=owed[0][0],
            count=len(owed),
            amount=sum(amount - out for _at, amount, out in owed),
            currency=organisation.currency,
        )


def _unreached(organisation: Organisation) -> Iterator[ToDo]:
    """Tenants whom no notice reaches."""
    reached = that_send(Channel.objects.filter(recipient__tenancy=OuterRef("pk"), failing=""))
    rows = Tenancy.objects.not_over(now()).filter(unit__property__organisation=organisation).exclude(Exists(reached))
    for property_id, number in rows.order_by().values_list("unit__property").annotate(Count("pk")):
        yield ToDo(organisation=organisation, property_id=property_id, kind=Kind.UNREACHED, count=number)


def _reports(organisation: Organisation) -> Iterator[ToDo]:
    rows = not_done(Report.objects.filter(tenancy__unit__property__organisation=organisation))
    for property_id, number, first in (
        rows.order_by().values_list("tenancy__unit__property").annotate(Count("pk"), Min("made_at"))
    ):
        yield ToDo(organisation=organisation, property_id=property_id, kind=Kind.REPORT, count=number, since=first)


def _reconciliation(organisation: Organisation) -> Iterator[ToDo]:
    if not organisation.properties.exists():
        return
    try:
        findings = reconcile(organisation, *recent_days(organisation))
    except ReconciliationError:
        return
    number = sum(each.grade == ACT and each.verdict not in COUNTED_ELSEWHERE for each in findings)
    if number:
        yield ToDo(organisation=organisation, kind=Kind.RECONCILIATION, count=number)


def _bills(organisation: Organisation) -> Iterator[ToDo]:
    if not Bill.objects.filter(organisation=organisation, due_at__lte=now(), total__gt=0).exists():
        return
    late = [each for each in open_bills(organisation) if each.state == "overdue"]
    if late:
        yield ToDo(
            organisation=organisation,
            kind=Kind.BILL,
            since=min(each.bill.due_at for each in late),
            count=len(late),
            amount=sum(each.left for each in late),
            currency=organisation.currency,
        )


Finder = tuple[tuple[ToDo.Kind, ...], Callable[[Organisation], Iterable[ToDo]]]
QUICK: tuple[Finder, ...] = (
    ((Kind.GATEWAY,), _gateways),
    ((Kind.SILENCE,), _silences),
    ((Kind.ALARM,), _alarms),
    ((Kind.HELD, Kind.TAKEN_BACK, Kind.UNEXPECTED, Kind.UNEXPLAINED, Kind.BANK), _payments),
    ((Kind.ADJUSTMENT, Kind.WRITE_OFF), _second_person),
    ((Kind.DEBT, Kind.REFUND), _owed),
    ((Kind.UNREACHED,), _unreached),
    ((Kind.REPORT,), _reports),
)
"""The functions that find rows with a few queries, each with its kinds."""
SLOW: tuple[Finder, ...] = (((Kind.RECONCILIATION,), _reconciliation), ((Kind.BILL,), _bills))
