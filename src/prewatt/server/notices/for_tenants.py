"""What a tenant is told. Each look finds what is new since the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db.models import Q

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.currencies import format_money
from ...kernel.dark_facts import Facts
from ...kernel.entries import AnyEntry, Relay
from ...kernel.entries import Event as JournalEvent
from ...kernel.events import EventKind, Group, group_of
from ...kernel.off_hours import OFF_HOURS
from ...kernel.state import EXHAUSTED, RECLOSED
from ...kernel.units import DAY, HOUR, MINUTE, exact_kwh, short_price
from ..billing.on_the_way import on_the_way
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.terms_in_force import open_lowering, terms_of
from ..metering.accounts import account_of
from ..metering.models import Meter
from ..metering.power_facts import facts_of_meter
from ..metering.seen import seen
from ..payments.gifts import gift_in
from ..payments.models import Payment, TakenBack
from ..statements.statement import TOP_UPS, Statement, statement
from ..vending.models import Code, TokenMeter, TopUp
from .bills import tell_tenant
from .events import Event
from .journals import BACK_AT, LATE, is_on, journal, lowest_hours, newly_unusual, waits_for_button
from .low import Credit
from .models import Notice, Recipient
from .pages import CODE, OTHER, PAYMENT, SOLD, for_tenant
from .telling import overtake, tell, untold, wall
from .words import LIMIT, OVERDUE, advice_on, brief, dark_in_words, event_context, in_words

AHEAD = 30 * DAY
"""A tariff is told this long before it applies, µs."""
MOST_AHEAD = 3
"""If more tariffs than this are ahead, they are prices by date, and nobody wants to read them one by one."""
STATEMENT_AFTER = 6 * HOUR
STATEMENT_AT_LAST = 10 * DAY
"""How long after the month's end its statement is told, µs: the first if the meter has reported everything, the second if not."""


class TenantLook:
    """One look for what a tenant must be told."""

    def __init__(self, recipient: Recipient, tenancy: Tenancy) -> None:
        self.recipient, self.tenancy = recipient, tenancy
        self.property = tenancy.unit.property
        self.zone = zone(self.property.zone)
        self.at = now()

    def look(self) -> None:
        """Put everything that is new into the tenant's outbox."""
        tenancy = self.tenancy
        # Also who has moved out is told that a payment was taken back, and of the last bill.
        self._taken_back()
        tell_tenant(tenancy, self.at, self._tell, self.recipient)
        if tenancy.begins > self.at or (tenancy.ends is not None and tenancy.ends <= self.at):
            return
        meter = Meter.objects.select_related("gateway__property").filter(unit=tenancy.unit_id).first()
        self._top_ups(meter)
        self._shares()
        self._tariffs(meter)
        self._statements()
        if meter is None:
            return
        waiting = on_the_way([meter.pk]).get(meter.pk, 0)
        self._journal(meter, waiting)
        if not Tenancy.objects.filter(
            unit=tenancy.unit_id, begins__lt=tenancy.begins, settled_at__isnull=True
        ).exists():
            # Until the tenant before is settled the meter's balance is not this one's.
            Credit(self.recipient, tenancy, meter, waiting, self.at, self._tell).look(self._code)
        self._use(meter)

    def _money(self, nano: int) -> str:
        return format_money(nano, self.property.currency)

    def _page(self, event: Event, case: str = "", **given: Any) -> str:
        return for_tenant(event, self.tenancy, case, **given)

    def _tell(self, event: Event, key: str, **context: Any) -> Notice | None:
        common = {"unit": str(self.tenancy.unit), "currency": self.property.currency, "tenant": True}
        if "link" not in context:
            common["link"] = self._page(event)
        return tell(self.recipient, event, key, {**common, **context})

    def _code(self) -> str:
        """Return a code that brings to the meter what is paid and has not reached it; empty if there is none."""
        waits = {"command__state__in": ("queued", "sent"), "command__coded_seq__isnull": True}
        code = Code.objects.filter(command__top_up__tenancy=self.tenancy, **waits).first()
        return str(code) if code else ""

    # -- what was paid and charged -------------------------------------------------------------------------------------

    def _top_ups(self, meter: Meter | None) -> None:
        rows = self.tenancy.top_ups.filter(paid_at__gte=self.recipient.since).select_related(
            "command__code", "entry__code", "payment__gift__link"
        )
        rows_by_key = {_top_up_key(each): each for each in rows.order_by("-pk")[:BACK_AT]}
        untold_keys = untold(self.recipient, rows_by_key)
        for key, each in rows_by_key.items():
            if key not in untold_keys:
                continue
            if each.command is None:
                self._sold(key, each)
            else:
                self._sent(
                    key, each, each.command.reached_at is not None, meter is not None and meter.gateway.is_online
                )

    def _sold(self, key: str, top_up: TopUp) -> None:
        """Tell of a payment for a keypad meter: its code alone brings it there."""
        code, giver = top_up.code, self._giver(top_up)
        self._tell(
            Event.TOP_UP,
            key,
            link=self._page(Event.TOP_UP)
            if code is None
            else self._page(Event.TOP_UP, SOLD, number=top_up.entry.number),
            amount=self._money(top_up.amount),
            at=wall(top_up.paid_at, self.zone),
            share="",
            receipt=top_up.receipt,
            **giver,
            reached=False,
            online=False,
            code=str(code or ""),
            keypad=True,
            energy="" if code is None else exact_kwh(top_up.entry.energy),
        )

    def _sent(self, key: str, top_up: TopUp, reached: bool, online: bool) -> None:
        """Tell of a payment that was sent to a meter. `reached`: it is there; `online`: the meter can be reached."""
        code, giver, payment = top_up.code, self._giver(top_up), getattr(top_up, "payment", None)
        self._tell(
            Event.TOP_UP,
            key,
            link=self._page(Event.TOP_UP)
            if payment is None
            else self._page(Event.TOP_UP, PAYMENT, payment_id=payment.payment_id),
            amount=self._money(top_up.amount),
            at=wall(top_up.paid_at, self.zone),
            share=self._money(top_up.shared) if top_up.shared else "",
            receipt=top_up.receipt,
            **giver,
            reached=reached,
            online=online,
            code="" if reached or online or code is None else str(code),
        )

    def _giver(self, top_up: TopUp) -> dict[str, Any]:
        """Return whether somebody else paid by a gift link, and the name that they left."""
        paid: Payment | None = getattr(top_up, "payment", None)
        gift = gift_in(paid, self.tenancy) if paid is not None else None
        return {"gift": gift is not None, "giver": gift.giver if gift is not None else ""}

    def _taken_back(self) -> None:
        of_tenancy = Q(top_up__tenancy=self.tenancy) | Q(top_up=None, payment__tenancy=self.tenancy)
        rows = TakenBack.objects.filter(
            of_tenancy, state=TakenBack.State.BOOKED, refund=None, booked_at__gte=self.recipient.since
        )
        rows_by_key = _taken_back_by_key(rows.order_by("-pk")[:BACK_AT])
        for key in sorted(untold(self.recipient, rows_by_key)):
            each, back = rows_by_key[key], " returned " in key
            pays = each.amount - each.debited or each.debited
            self._tell(
                Event.TAKEN_BACK,
                key,
                link=self._page(Event.TAKEN_BACK, OTHER)
                if back
                else self._page(Event.TAKEN_BACK, query=f"pay={self._money(pays)}"),
                amount=self._money(each.returned if back else each.amount),
                back=back,
                cause=each.cause,
                at=wall(each.booked_at or each.at, self.zone),
                day=f"{local_day(each.at, self.zone)}",
                owed=self._money(each.amount - each.debited) if each.amount > each.debited else "",
                until=wall(each.grace_until, self.zone) if each.grace_until else "",
                lost=self._money(each.debited) if each.debited else "",
            )

    def _shares(self) -> None:
        rows = self.tenancy.shares.filter(run__made_at__gte=self.recipient.since).select_related("run__shared_cost")
        rows_by_key = {
            f"share {each.pk}{suffix}": each for each in rows.order_by("-pk")[:BACK_AT] for suffix in ("", " back")
        }
        untold_keys = untold(self.recipient, rows_by_key)
        for key, each in rows_by_key.items():
            run, back = each.run, key.endswith(" back")
            if key not in untold_keys or not each.amount or (back and run.reversed_at is None):
                continue
            values = {
                "name": run.shared_cost.name,
                "amount": self._money(abs(each.amount)),
                "first": f"{local_day(run.begins, self.zone)}",
                "last": f"{local_day(run.ends - 1, self.zone)}",
            }
            given_back = (each.amount > 0) == back
            self._tell(
                Event.SHARED_COST, key, link=self._page(Event.SHARED_COST, share_pk=each.pk), back=given_back, **values
            )

    def _tariffs(self, meter: Meter | None) -> None:
        versions = self.property.tariff_versions.in_force(self.at)
        ahead = [each for each in versions if self.at < each.effective_at <= self.at + AHEAD]
        if len(ahead) > MOST_AHEAD:
            return
        for version in ahead:
            rates = version.tariff.kernel().rates
            prices = sorted({price for rate in rates for price in rate.prices})
            between = [prices[0]] if len(prices) == 1 else [prices[0], prices[-1]]
            self._tell(
                Event.TARIFF,
                f"tariff {version.pk}",
                link=self._page(Event.TARIFF, OTHER if meter is None else ""),
                at=wall(version.effective_at, self.zone),
                name=version.tariff.name,
                prices=" – ".join(short_price(each) for each in between),
            )

    def _statements(self) -> None:
        first = local_day(self.at, self.zone).replace(day=1)
        end = day_bounds(first, self.zone)[0]
        last_month = (first - timedelta(days=1)).replace(day=1)
        begin = max(day_bounds(last_month, self.zone)[0], self.tenancy.begins)
        key = f"statement {last_month:%Y-%m}"
        if self.at < end + STATEMENT_AFTER or begin >= end or self.recipient.since >= end:
            return
        if self.tenancy.bills.filter(ends__gt=begin).exists():
            # The bill tells more.
            return
        if Event.STATEMENT in self.recipient.muted or self.recipient.notices.filter(key=key).exists():
            return
        document = statement(self.tenancy, begin, end)
        if not document.complete and self.at < end + STATEMENT_AT_LAST:
            return
        self._tell(
            Event.STATEMENT,
            key,
            link=self._page(Event.STATEMENT, query=f"month={last_month:%Y-%m}"),
            month=f"{last_month:%Y-%m}",
            energy=exact_kwh(document.energy),
            charge=self._money(_charged(document)),
            balance=self._money(document.closing),
        )

    # -- what the meter did -------------------------------------------------------------------------------------------

    def _journal(self, meter: Meter, waiting: int) -> None:
        recipient = self.recipient
        if recipient.meter_id != meter.pk:
            # What was before is not told; nor what another meter did.
            recipient.meter, recipient.seen, recipient.closed = meter, meter.seq, meter.closed
        entries = journal(meter, recipient.seen)
        tripped = {event.at for event in entries if isinstance(event, JournalEvent) and self._overload(meter, event)}
        self._button(meter, entries)
        recipient.seen = meter.seq
        self._relays(meter, [each for each in entries if isinstance(each, Relay)], waiting, tripped)
        recipient.save(update_fields=["meter", "seen", "closed"])

    def _relays(self, meter: Meter, relays: Sequence[Relay], waiting: int, tripped: Collection[int]) -> None:
        """Tell how the switch stands at the end of its moves. `tripped`: see `_switched`."""
        recipient = self.recipient
        if any(each.closed and each.reason == OFF_HOURS for each in relays):
            # Off by the clock, and on again: nobody needs to hear of either.
            recipient.closed = True
        switched = [each for each in relays if each.reason != OFF_HOURS]
        if switched and switched[-1].closed != recipient.closed:
            # Off and on again while the network was gone: nobody needs to hear of it now.
            if switched[-1].closed and not is_on(meter, self.at - switched[-1].at):
                # That the power is back is told when it is.
                recipient.seen = switched[-1].seq - 1
            else:
                self._switched(meter, switched[-1], waiting, tripped)

    def _overload(self, meter: Meter, event: JournalEvent) -> bool:
        """Tell of a trip, by an overload or another limit, that is not older than a day. Returns whether it was told now."""
        if group_of(event.code) != Group.OVERLOAD or event.at <= self.at - DAY:
            return False
        values = event_context(event, self.recipient.language)
        key = f"{event.code} {meter.pk} {event.at // HOUR}"
        return bool(self._tell(Event.OVERLOAD, key, at=wall(event.at, self.zone), **values))

    def _button(self, meter: Meter, entries: Iterable[AnyEntry]) -> None:
        """Tell that the button at the meter has to be pressed, while it still has."""
        if not waits_for_button(meter):
            return
        for event in entries:
            if isinstance(event, JournalEvent) and group_of(event.code) == Group.BUTTON:
                self._tell(Event.PRESS_BUTTON, f"button {meter.pk} {event.seq}", at=wall(event.at, self.zone))

    def _switched(self, meter: Meter, relay: Relay, waiting: int, tripped: Collection[int]) -> None:
        """Tell that the switch was moved. `tripped` has the instants of trips that were just told as an overload or
        another limit.
        """
        recipient = self.recipient
        hears, locked = Event.OVERLOAD not in recipient.muted, relay.reason in account_of(meter).supply.locks
        if relay.closed:
            overtake(recipient, Event.PRESS_BUTTON)
            unheard = overtake(recipient, Event.CUT_OFF)
            # What comes back a moment after an overload was told with that.
            if recipient.closed is False and not unheard and not (hears and relay.reason == RECLOSED):
                self._tell(Event.RESTORED, _key(meter, relay), **self._at_switch(meter, relay))
        else:
            overtake(recipient, Event.RESTORED)
            overtake(recipient, Event.PRESS_BUTTON)
            # Of a trip the overload has told, within the hour where it closes again by itself: one message, not two.
            if not (hears and (relay.at in tripped or (relay.reason == "overload" and not locked))):
                self._cut_off(meter, relay, waiting, locked)
        recipient.closed = relay.closed

    def _cut_off(self, meter: Meter, relay: Relay, waiting: int, locked: bool) -> None:
        """Tell that the power is off, and what brings it back. `locked`: what switched off keeps the switch open."""
        language, exhausted = self.recipient.language, relay.reason == EXHAUSTED
        waits, reason = waiting if exhausted else 0, self._reason(meter, relay)
        why, code = in_words(reason, language), self._code() if waits else ""
        self._tell(
            Event.CUT_OFF,
            _key(meter, relay),
            **dark_in_words(self._facts(meter, relay, waiting, reason == OVERDUE), language),
            link=self._page(Event.CUT_OFF, CODE if code else "" if exhausted else OTHER),
            why=why,
            exhausted=exhausted,
            waiting=self._money(waits) if waits else "",
            code=code,
            brief=brief(reason, language, why),
            **advice_on(EventKind.LIMIT_LOCKED if locked else relay.reason, relay.reason, language),
            **self._at_switch(meter, relay),
        )

    def _facts(self, meter: Meter, relay: Relay, waiting: int, is_overdue: bool) -> Facts:
        """Return what is known of a meter whose switch has opened (`relay`); `waiting` (nano) is paid, and not there yet."""
        facts = facts_of_meter(meter, self.property, account_of(meter), seen(meter), self.at)
        return msgspec.structs.replace(
            facts,
            closed=False,
            progress=None,
            opened=facts.opened or relay.reason == "ordered",
            wants_closed=False,
            paid=waiting,
            code=self._code() if waiting else "",
            takes_codes=TokenMeter.objects.filter(meter=meter).exists(),
            is_overdue=is_overdue,
        )

    def _at_switch(self, meter: Meter, relay: Relay) -> dict[str, str]:
        # It may come on long after it was told to.
        at = self.at if relay.closed and self.at - relay.at > LATE else relay.at
        return {"at": wall(at, self.zone), "balance": self._money(meter.balance)}

    def _reason(self, meter: Meter, relay: Relay) -> str:
        """Return why the switch was opened. Where the tenant pays after use, it is not that credit was used up."""
        if relay.reason != EXHAUSTED or not account_of(meter).settings.credit_limit:
            return relay.reason
        return OVERDUE if open_lowering(terms_of(self.tenancy.pk)) is not None else LIMIT

    def _use(self, meter: Meter) -> None:
        day = local_day(self.at, self.zone) - timedelta(days=1)
        if self.recipient.day == day or self.at - day_bounds(day, self.zone)[1] < HOUR:
            return
        hours = newly_unusual(self.recipient, meter, lowest_hours(meter, day, self.zone, self.tenancy.begins), day)
        if hours is not None:
            self._tell(Event.UNUSUAL, f"unusual {meter.pk} {day}", day=f"{day}", now=hours[0], usual=hours[1])
        self.recipient.day = day
        self.recipient.save(update_fields=["day"])


def _charged(document: Statement) -> int:
    """Return what a statement charges (nano), without what was paid."""
    return -sum(line.amount for line in document.lines if not line.included and line.section != TOP_UPS)


def _key(meter: Meter, relay: Relay) -> str:
    return f"relay {meter.pk} {relay.seq}"


def _taken_back_by_key(rows: Iterable[TakenBack]) -> dict[str, TakenBack]:
    """Return payments that were taken back by the keys under which that is told, and what has come back of them."""
    rows_by_key: dict[str, TakenBack] = {}
    for each in rows:
        rows_by_key[f"taken-back {each.pk}"] = each
        if each.returned:
            rows_by_key[f"taken-back {each.pk} returned {each.returned}"] = each
    return rows_by_key


def _top_up_key(payment: TopUp) -> str:
    """Return the key under which a payment is told. One whose code was made later is told once more, with it."""
    is_later = payment.command is None and payment.code is not None and payment.code.at > payment.paid_at + MINUTE
    return f"top-up {payment.credit_id}{' code' if is_later else ''}"
