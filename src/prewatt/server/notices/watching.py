"""Looking for what somebody is to be told of. Each look finds by itself what is new; what it notes and what it tells are one
transaction, so that a look that is broken off is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.currencies import format_money
from ...kernel.entries import Event as JournalEvent
from ...kernel.entries import Relay, decode_entry
from ...kernel.events import EventKind, Group, group_of
from ...kernel.off_hours import OFF_HOURS
from ...kernel.state import EXHAUSTED, RECLOSED
from ...kernel.units import DAY, HOUR, MINUTE, exact_kwh, short_price
from ..billing.on_the_way import on_the_way
from ..billing.owed import owed
from ..core.addresses import public
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.terms_in_force import open_lowering, terms_of
from ..metering.accounts import account_of
from ..metering.apart import apart, gateway_of, meter_or_gateway_of
from ..metering.locking import for_update
from ..metering.models import Gateway, JournalEntry, Meter, alarms_of
from ..payments.models import Payment, TakenBack, Unexpected
from ..statements.statement import TOP_UPS, statement
from ..vending.models import Code
from ..vending.silences import SILENT
from .bills import tell_manager, tell_tenant
from .events import TOLD_BY_GROUP, Event
from .low import Credit
from .models import Notice, Recipient, Seen
from .recipients import add_tenants, to_be_told
from .telling import cross, home_zone, overtake, tell, untold, wall
from .unusual import WEEKS, judge, lowest_hour
from .words import LIMIT, OVERDUE, brief, in_words, to_do, told_of

IDLE = 10 * MINUTE
"""How long nothing is looked for where neither the meter nor a payment says anything new."""
AHEAD = 30 * DAY
"""How long before it holds a tariff is told of."""
MOST_AHEAD = 3
"""More tariffs ahead than these are dated prices, which nobody wants to read one by one."""
STATEMENT_AFTER = 6 * HOUR
STATEMENT_AT_LAST = 10 * DAY
"""After the month's end: when its statement is told of if the meter has reported all, and if not."""
BACK_AT = 100
"""Rows that are looked back at."""


def watch() -> None:
    """Look once for everybody who can be reached and for whom there may be something new: one tenant's odd data keeps nobody
    else from being told.
    """
    add_tenants()
    apart("notices", to_be_told(now() - IDLE), _look_for, _where)


@transaction.atomic
def _look_for(recipient: Recipient) -> None:
    mine = for_update(Recipient.objects).get(pk=recipient.pk)
    mine.organisation, mine.tenancy = recipient.organisation, recipient.tenancy
    if mine.tenancy is not None:
        _Tenant(mine, mine.tenancy).look()
    else:
        _Manager(mine).look()
    mine.looked = now()
    mine.save(update_fields=["looked"])


def _where(recipient: Recipient) -> Meter | Gateway | None:
    return (
        meter_or_gateway_of(recipient.tenancy) if recipient.tenancy is not None else gateway_of(recipient.organisation)
    )


class _Tenant:
    """What a tenant is told of."""

    def __init__(self, recipient: Recipient, tenancy: Tenancy) -> None:
        self.recipient, self.tenancy = recipient, tenancy
        self.property = tenancy.unit.property
        self.where = zone(self.property.zone)
        self.at = now()

    def look(self) -> None:
        tenancy = self.tenancy
        # Also who has moved out is told that a payment was taken back, and of the last bill.
        self._taken_back()
        tell_tenant(tenancy, self.at, self._tell, self.recipient)
        if tenancy.begins > self.at or (tenancy.ends is not None and tenancy.ends <= self.at):
            return
        meter = Meter.objects.select_related("gateway__property").filter(unit=tenancy.unit_id).first()
        self._top_ups(meter)
        self._shares()
        self._tariffs()
        self._statements()
        if meter is None:
            return
        waiting = on_the_way([meter.pk]).get(meter.pk, 0)
        self._journal(meter, waiting)
        if not Tenancy.objects.filter(unit=tenancy.unit_id, begins__lt=tenancy.begins, settled__isnull=True).exists():
            # Until the tenant before is settled the meter's balance is not this one's.
            Credit(self.recipient, tenancy, meter, waiting, self.at, self._tell).look(self._code)
        self._use(meter)

    def _money(self, nano: int) -> str:
        return format_money(nano, self.property.currency)

    def _tell(self, event: Event, key: str, **context: Any) -> Notice | None:
        common = {"unit": str(self.tenancy.unit), "currency": self.property.currency, "tenant": True}
        return tell(self.recipient, event, key, {**common, "link": public(reverse("tenancy")), **context})

    def _code(self) -> str:
        """A code that brings at once what is paid and not at the meter yet."""
        waits = {"command__state__in": ("queued", "sent"), "command__coded_seq__isnull": True}
        found = Code.objects.filter(command__top_up__tenancy=self.tenancy, **waits).first()
        return str(found) if found else ""

    # -- what was paid and charged -------------------------------------------------------------------------------------

    def _top_ups(self, meter: Meter | None) -> None:
        rows = self.tenancy.top_ups.filter(paid__gte=self.recipient.since).select_related("command__code")
        found = {f"top-up {each.credit_id}": each for each in rows.order_by("-pk")[:BACK_AT]}
        new = untold(self.recipient, found)
        for key, each in found.items():
            if key not in new:
                continue
            command = each.command
            reached = command.reached_at is not None
            code = getattr(command, "code", None)
            self._tell(
                Event.TOP_UP, key, amount=self._money(each.amount), at=wall(each.paid, self.where),
                share=self._money(each.shared) if each.shared else "",
                receipt=each.receipt, reached=reached, online=meter is not None and meter.gateway.online,
                code="" if reached or code is None or (meter is not None and meter.gateway.online) else str(code),
            )  # fmt: skip

    def _taken_back(self) -> None:
        mine = Q(top_up__tenancy=self.tenancy) | Q(top_up=None, payment__tenancy=self.tenancy)
        rows = TakenBack.objects.filter(
            mine, state=TakenBack.State.BOOKED, refund=None, booked__gte=self.recipient.since
        )
        found: dict[str, TakenBack] = {}
        for each in rows.order_by("-pk")[:BACK_AT]:
            found[f"taken-back {each.pk}"] = each
            if each.returned:
                found[f"taken-back {each.pk} returned {each.returned}"] = each
        for key in sorted(untold(self.recipient, found)):
            each, back = found[key], " returned " in key
            self._tell(
                Event.TAKEN_BACK, key, amount=self._money(each.returned if back else each.amount), back=back,
                cause=each.cause, at=wall(each.booked or each.at, self.where), day=f"{local_day(each.at, self.where)}",
                owed=self._money(each.amount - each.debited) if each.amount > each.debited else "",
                until=wall(each.grace_until, self.where) if each.grace_until else "",
                lost=self._money(each.debited) if each.debited else "",
            )  # fmt: skip

    def _shares(self) -> None:
        rows = self.tenancy.shares.filter(run__made__gte=self.recipient.since).select_related("run__shared_cost")
        found = {
            f"share {each.pk}{suffix}": each for each in rows.order_by("-pk")[:BACK_AT] for suffix in ("", " back")
        }
        new = untold(self.recipient, found)
        for key, each in found.items():
            run, back = each.run, key.endswith(" back")
            if key not in new or not each.amount or (back and run.reversed is None):
                continue
            told = {
                "name": run.shared_cost.name, "amount": self._money(abs(each.amount)),
                "first": f"{local_day(run.begins, self.where)}", "last": f"{local_day(run.ends - 1, self.where)}",
                "link": public(reverse("share", args=[self.tenancy.pk, each.pk])),
            }  # fmt: skip
            self._tell(Event.SHARED_COST, key, back=(each.amount > 0) == back, **told)

    def _tariffs(self) -> None:
        versions = self.property.tariff_versions.in_force(self.at)
        ahead = [each for each in versions if self.at < each.effective <= self.at + AHEAD]
        if len(ahead) > MOST_AHEAD:
            return
        for version in ahead:
            rates = version.tariff.kernel().rates
            prices = sorted({price for rate in rates for price in rate.prices})
            between = [prices[0]] if len(prices) == 1 else [prices[0], prices[-1]]
            self._tell(
                Event.TARIFF, f"tariff {version.pk}", at=wall(version.effective, self.where), name=version.tariff.name,
                prices=" – ".join(short_price(each) for each in between),
            )  # fmt: skip

    def _statements(self) -> None:
        first = local_day(self.at, self.where).replace(day=1)
        end = day_bounds(first, self.where)[0]
        last_month = (first - timedelta(days=1)).replace(day=1)
        begin = max(day_bounds(last_month, self.where)[0], self.tenancy.begins)
        key = f"statement {last_month:%Y-%m}"
        if self.at < end + STATEMENT_AFTER or begin >= end or self.recipient.since >= end:
            return
        if self.tenancy.bills.filter(ends__gt=begin).exists():
            # The bill tells more.
            return
        if Event.STATEMENT in self.recipient.muted or self.recipient.notices.filter(key=key).exists():
            return
        made = statement(self.tenancy, begin, end)
        if not made.complete and self.at < end + STATEMENT_AT_LAST:
            return
        charged = -sum(line.amount for line in made.lines if not line.included and line.section != TOP_UPS)
        self._tell(
            Event.STATEMENT, key, month=f"{last_month:%Y-%m}", energy=exact_kwh(made.energy), charge=self._money(charged),
            balance=self._money(made.closing),
            link=public(reverse("statement", args=[self.tenancy.pk])) + f"?month={last_month:%Y-%m}",
        )  # fmt: skip

    # -- what the meter did -------------------------------------------------------------------------------------------

    def _journal(self, meter: Meter, waiting: int) -> None:
        recipient = self.recipient
        if recipient.meter_id != meter.pk:
            # What was before is not told; nor what another meter did.
            recipient.meter, recipient.seen, recipient.closed = meter, meter.seq, meter.closed
        entries = journal(meter, recipient.seen)
        switched = [each for each in entries if isinstance(each, Relay) and each.reason != OFF_HOURS]
        if any(isinstance(each, Relay) and each.closed and each.reason == OFF_HOURS for each in entries):
            # Off by the clock, and on again: nobody needs to hear of either.
            recipient.closed = True
        tripped = set[int]()
        for event in entries:
            if isinstance(event, JournalEvent) and group_of(event.code) == Group.OVERLOAD and event.at > self.at - DAY:
                told = told_of(event, recipient.language)
                key = f"{event.code} {meter.pk} {event.at // HOUR}"
                if self._tell(Event.OVERLOAD, key, at=wall(event.at, self.where), **told):
                    tripped.add(event.at)
        if switched and switched[-1].closed != recipient.closed:
            # Off and on again while the network was gone: nobody needs to hear of it now.
            self._switched(meter, switched[-1], waiting, tripped)
        recipient.seen = meter.seq
        recipient.save(update_fields=["meter", "seen", "closed"])

    def _switched(self, meter: Meter, relay: Relay, waiting: int, tripped: Collection[int]) -> None:
        """The switch was moved. `tripped`: when what has just been told as an overload, or another limit, was."""
        recipient, key = self.recipient, f"relay {meter.pk} {relay.seq}"
        hears, locked = Event.OVERLOAD not in recipient.muted, relay.reason in account_of(meter).supply.locks
        told = {"at": wall(relay.at, self.where), "balance": self._money(meter.balance)}
        if relay.closed:
            unheard = overtake(recipient, Event.CUT_OFF)
            # What comes back a moment after an overload was told with that.
            if recipient.closed is False and not unheard and not (hears and relay.reason == RECLOSED):
                self._tell(Event.RESTORED, key, **told)
        else:
            overtake(recipient, Event.RESTORED)
            # Of a trip the overload has told, within the hour where it closes again by itself: one message, not two.
            if not (hears and (relay.at in tripped or (relay.reason == "overload" and not locked))):
                exhausted = relay.reason == EXHAUSTED
                waits, reason = waiting if exhausted else 0, self._reason(meter, relay)
                why = in_words(reason, recipient.language)
                self._tell(
                    Event.CUT_OFF, key, why=why, exhausted=exhausted,
                    waiting=self._money(waits) if waits else "", code=self._code() if waits else "",
                    brief=brief(reason, recipient.language, why),
                    **to_do(EventKind.LIMIT_LOCKED if locked else relay.reason, relay.reason, recipient.language), **told,
                )  # fmt: skip
        recipient.closed = relay.closed

    def _reason(self, meter: Meter, relay: Relay) -> str:
        """Why the switch was opened; where it is paid after use, no credit was used up."""
        if relay.reason != EXHAUSTED or not account_of(meter).settings.credit_limit:
            return relay.reason
        return OVERDUE if open_lowering(terms_of(self.tenancy.pk)) is not None else LIMIT

    def _use(self, meter: Meter) -> None:
        day = local_day(self.at, self.where) - timedelta(days=1)
        if self.recipient.day == day or self.at - day_bounds(day, self.where)[1] < HOUR:
            return
        found = newly_unusual(self.recipient, meter, lowest_hours(meter, day, self.where, self.tenancy.begins), day)
        if found is not None:
            self._tell(Event.UNUSUAL, f"unusual {meter.pk} {day}", day=f"{day}", now=found[0], usual=found[1])
        self.recipient.day = day
        self.recipient.save(update_fields=["day"])


def journal(meter: Meter, seen: int) -> list[Any]:
    """The switchings and events of a meter's journal after an entry."""
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=seen, seq__lte=meter.seq, kind__in=("relay", "event"))
    return [decode_entry(bytes(body)) for body in rows.order_by("seq").values_list("body", flat=True)]


def lowest_hours(meter: Meter, day: date, where: ZoneInfo, since: int = 0) -> dict[date, int]:
    """The lowest hour of a local day and of the four weeks before it, of the days that are known."""
    first = max(day_bounds(day - timedelta(weeks=WEEKS), where)[0], since)
    rows = list(
        JournalEntry.objects.filter(meter=meter, at__gt=first, at__lte=day_bounds(day, where)[1], energy__isnull=False)
        .order_by("seq")
        .values_list("at", "energy")
    )
    found = {}
    for number in range(7 * WEEKS + 1):
        each = day - timedelta(days=number)
        begin, end = day_bounds(each, where)
        lowest = lowest_hour(((at, energy or 0) for at, energy in rows), begin, end) if begin >= since else None
        if lowest is not None:
            found[each] = lowest
    return found


def newly_unusual(recipient: Recipient, meter: Meter, lowest: dict[date, int], day: date) -> tuple[int, int] | None:
    """(lowest hour of a day, the usual one) if the day is unusual and the days before it, as far as told, were not."""
    found = judge(lowest, day)
    number = cross(recipient, f"unusual {meter.pk}", found is not None, found is None and day in lowest)
    return found if number else None


class _Manager:
    """What an organisation's manager is told of."""

    def __init__(self, recipient: Recipient) -> None:
        self.recipient, self.organisation = recipient, recipient.organisation
        self.at = now()

    def look(self) -> None:
        meters = list(
            Meter.objects.filter(gateway__property__organisation=self.organisation).select_related(
                "gateway__property", "unit__property"
            )
        )
        self._journals(meters)
        self._alarms()
        self._money()
        self._taken_back()
        self._owed()
        tell_manager(self.recipient, self.organisation, self.at)
        self._common(meters)

    def _journals(self, meters: Iterable[Meter]) -> None:
        seen = {row.meter_id: row for row in self.recipient.seen_meters.all()}
        for meter in meters:
            row = seen.get(meter.pk)
            if row is None:
                Seen.objects.create(recipient=self.recipient, meter=meter, seq=meter.seq)
                continue
            if row.seq >= meter.seq:
                continue
            for entry in journal(meter, row.seq):
                if isinstance(entry, JournalEvent) and entry.at > self.at - DAY:
                    self._event(meter, entry)
            row.seq = meter.seq
            row.save(update_fields=["seq"])

    def _event(self, meter: Meter, entry: JournalEvent) -> None:
        event = TOLD_BY_GROUP.get(group_of(entry.code))
        if event is None:
            return
        told = {
            "unit": str(meter.unit or meter), "at": wall(entry.at, zone(meter.property.zone)), "link": self._link(meter),
            **told_of(entry, self.recipient.language),
        }  # fmt: skip
        tell(self.recipient, event, f"{entry.code} {meter.pk} {entry.at // HOUR}", told)

    def _link(self, meter: Meter | None) -> str:
        if meter is not None and meter.unit_id:
            return public(reverse("unit", args=[meter.unit_id]))
        return public(reverse("properties"))

    def _alarms(self) -> None:
        # What is silent is told of by itself (`silences`).
        rows = alarms_of(self.organisation).filter(at__gte=self.recipient.since).exclude(kind=SILENT)
        found = {f"alarm {alarm.pk}": alarm for alarm in rows.order_by("-pk")[:BACK_AT]}
        for key in untold(self.recipient, found):
            alarm = found[key]
            told = {
                "unit": alarm.who, "at": wall(alarm.at, zone(alarm.property.zone)), "what": alarm.text,
                "link": public(reverse("alarm", args=[alarm.pk])),
            }  # fmt: skip
            tell(self.recipient, Event.TROUBLE, key, told)

    def _money(self) -> None:
        link = public(reverse("payments"))
        held = Payment.objects.filter(
            merchant__organisation=self.organisation, state=Payment.State.HELD, confirmed__gte=self.recipient.since
        )
        waiting = {f"held {each.payment_id}": each for each in held.select_related("tenancy__unit__property")[:BACK_AT]}
        for key in untold(self.recipient, waiting):
            each = waiting[key]
            told = {
                "amount": format_money(each.amount, each.currency), "currency": each.currency, "who": str(each.tenancy),
                "why": each.reason, "link": link,
            }  # fmt: skip
            tell(self.recipient, Event.HELD, key, told)
        rows = Unexpected.objects.filter(
            merchant__organisation=self.organisation, settled=False, at__gte=self.recipient.since
        )
        strange = {f"unexpected {each.pk}": each for each in rows.select_related("merchant").order_by("-pk")[:BACK_AT]}
        for key in untold(self.recipient, strange):
            found = strange[key]
            with override("zh-hans" if self.recipient.language == "zh" else "en"):
                why = _(found.reason)
            told = {
                "amount": format_money(found.amount, found.currency), "currency": "", "who": str(found.merchant), "why": why, "link": link,
            }  # fmt: skip
            tell(self.recipient, Event.HELD, key, told)

    def _owed(self) -> None:
        """What is owed to people for long is told once, and once more when it is unclaimed; it stays owed."""
        for step, days in (
            ("owed", self.organisation.refund_reminder),
            ("unclaimed", self.organisation.refund_unclaimed),
        ):
            rows = owed(self.organisation).filter(at__lte=self.at - days * DAY)
            found = {f"{step} {each.pk}": each for each in rows.order_by("-pk")[:BACK_AT]}
            for key in untold(self.recipient, found):
                each = found[key]
                where = each.tenancy.unit.property
                told = {
                    "who": each.who, "unit": str(each.tenancy.unit), "amount": format_money(each.left, where.currency),
                    "currency": where.currency, "since": f"{local_day(each.at, zone(where.zone))}", "days": days,
                    "unclaimed": step == "unclaimed", "link": public(reverse("books")),
                }  # fmt: skip
                tell(self.recipient, Event.OWED, key, told)

    def _taken_back(self) -> None:
        """What a person has to see to: a dispute is answered in days, or is lost."""
        rows = TakenBack.objects.filter(
            organisation=self.organisation, closed=None, heard__gte=self.recipient.since, payment__isnull=False
        )
        found = {f"taken-back {each.pk} {each.state}": each for each in rows.select_related(
            "payment__tenancy__unit__property", "top_up__tenancy__unit__property"
        ).order_by("-pk")[:BACK_AT]}  # fmt: skip
        for key in untold(self.recipient, found):
            each = found[key]
            told = {
                "amount": format_money(each.amount, each.currency), "currency": each.currency,
                "who": each.who, "cause": each.cause, "booked": each.booked is not None, "tenant": False,
                "link": public(reverse("payments")),
            }  # fmt: skip
            tell(self.recipient, Event.TAKEN_BACK, key, told)

    def _common(self, meters: Iterable[Meter]) -> None:
        where = zone(home_zone(self.recipient))
        day = local_day(self.at, where) - timedelta(days=1)
        if self.recipient.day == day or self.at - day_bounds(day, where)[1] < HOUR:
            return
        for meter in meters:
            if meter.role != Meter.Role.COMMON:
                continue
            found = newly_unusual(self.recipient, meter, lowest_hours(meter, day, where), day)
            if found is not None:
                told = {
                    "property": str(meter.property), "meter": meter.name, "day": f"{day}", "now": found[0], "usual": found[1],
                }  # fmt: skip
                tell(self.recipient, Event.LEAK, f"leak {meter.pk} {day}", told)
        self.recipient.day = day
        self.recipient.save(update_fields=["day"])
