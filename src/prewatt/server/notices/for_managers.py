"""What an organisation's manager is told. Each look finds what is new since the one before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import override

from ...kernel.calendar import day_bounds, local_day, zone
from ...kernel.currencies import format_money
from ...kernel.entries import Event as JournalEvent
from ...kernel.events import group_of
from ...kernel.units import DAY, HOUR
from ..billing.owed import owed
from ..core.time import now
from ..metering.models import Meter, alarms_of
from ..payments.models import Payment, TakenBack, Unexpected
from ..vending.silences import SILENT
from .bills import tell_manager
from .events import TOLD_BY_GROUP, Event
from .journals import BACK_AT, journal, lowest_hours, newly_unusual, waits_for_button
from .languages import language_of
from .models import Recipient, Seen
from .pages import METER, OTHER, for_office
from .telling import home_zone, tell, untold, wall
from .words import event_context


class ManagerLook:
    """One look for what an organisation's manager must be told."""

    def __init__(self, recipient: Recipient) -> None:
        self.recipient, self.organisation = recipient, recipient.organisation
        self.at = now()

    def look(self) -> None:
        """Put everything that is new into the manager's outbox."""
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
        if event is None or (event == Event.PRESS_BUTTON and not waits_for_button(meter)):
            return
        values = {
            "unit": str(meter.unit or meter),
            "at": wall(entry.at, zone(meter.property.zone)),
            "link": self._link(event, meter),
            **event_context(entry, self.recipient.language),
        }
        tell(self.recipient, event, f"{entry.code} {meter.pk} {entry.at // HOUR}", values)

    def _link(self, event: Event, meter: Meter) -> str:
        if not meter.unit_id:
            return for_office(event, self.organisation, OTHER, pk=meter.property.pk)
        return for_office(event, self.organisation, METER if event == Event.TROUBLE else "", pk=meter.unit_id)

    def _alarms(self) -> None:
        # What is silent is told of by itself (`silences`).
        rows = alarms_of(self.organisation).filter(at__gte=self.recipient.since).exclude(kind=SILENT)
        alarms = {f"alarm {alarm.pk}": alarm for alarm in rows.order_by("-pk")[:BACK_AT]}
        for key in untold(self.recipient, alarms):
            alarm = alarms[key]
            with override(language_of(self.recipient.language).words.locale):
                # The notice has its own full stop.
                sentence = alarm.sentence.rstrip(".。")
            values = {
                "unit": alarm.who,
                "at": wall(alarm.at, zone(alarm.property.zone)),
                "what": sentence,
                "link": for_office(Event.TROUBLE, self.organisation, pk=alarm.pk),
            }
            tell(self.recipient, Event.TROUBLE, key, values)

    def _money(self) -> None:
        held = Payment.objects.filter(
            merchant__organisation=self.organisation, state=Payment.State.HELD, confirmed_at__gte=self.recipient.since
        )
        waiting = {f"held {each.payment_id}": each for each in held.select_related("tenancy__unit__property")[:BACK_AT]}
        for key in untold(self.recipient, waiting):
            each = waiting[key]
            with override(language_of(self.recipient.language).words.locale):
                why = each.reason_in_words
            values = {
                "amount": format_money(each.amount, each.currency),
                "currency": each.currency,
                "who": str(each.tenancy),
                "why": why,
                "link": for_office(Event.HELD, self.organisation, row=each.payment_id),
            }
            tell(self.recipient, Event.HELD, key, values)
        rows = Unexpected.objects.filter(
            merchant__organisation=self.organisation, is_resolved=False, at__gte=self.recipient.since
        )
        unexpected = {
            f"unexpected {each.pk}": each for each in rows.select_related("merchant").order_by("-pk")[:BACK_AT]
        }
        for key in untold(self.recipient, unexpected):
            row = unexpected[key]
            with override(language_of(self.recipient.language).words.locale):
                why = row.reason_in_words
            values = {
                "amount": format_money(row.amount, row.currency),
                "currency": "",
                "who": str(row.merchant),
                "why": why,
                "link": for_office(Event.HELD, self.organisation, OTHER, row.pk),
            }
            tell(self.recipient, Event.HELD, key, values)

    def _owed(self) -> None:
        """Tell what the landlord has owed people for long: once, and once more when it counts as unclaimed."""
        for step, days in (
            ("owed", self.organisation.refund_reminder),
            ("unclaimed", self.organisation.refund_unclaimed),
        ):
            rows = owed(self.organisation).filter(at__lte=self.at - days * DAY)
            debts = {f"{step} {each.pk}": each for each in rows.order_by("-pk")[:BACK_AT]}
            for key in untold(self.recipient, debts):
                each = debts[key]
                property_ = each.tenancy.unit.property
                values = {
                    "who": each.who,
                    "unit": str(each.tenancy.unit),
                    "amount": format_money(each.left, property_.currency),
                    "currency": property_.currency,
                    "since": f"{local_day(each.at, zone(property_.zone))}",
                    "days": days,
                    "unclaimed": step == "unclaimed",
                    "link": for_office(Event.OWED, self.organisation, row=each.pk),
                }
                tell(self.recipient, Event.OWED, key, values)

    def _taken_back(self) -> None:
        """Tell what a person must decide. A dispute has to be answered within days, or the money is lost."""
        rows = TakenBack.objects.filter(
            organisation=self.organisation, closed_at=None, heard_at__gte=self.recipient.since, payment__isnull=False
        )
        rows_by_key = {
            f"taken-back {each.pk} {each.state}": each
            for each in rows.select_related(
                "payment__tenancy__unit__property", "top_up__tenancy__unit__property"
            ).order_by("-pk")[:BACK_AT]
        }
        for key in untold(self.recipient, rows_by_key):
            each = rows_by_key[key]
            values = {
                "amount": format_money(each.amount, each.currency),
                "currency": each.currency,
                "who": each.who,
                "cause": each.cause,
                "booked": each.booked_at is not None,
                "tenant": False,
                "link": for_office(Event.TAKEN_BACK, self.organisation, row=each.pk),
            }
            tell(self.recipient, Event.TAKEN_BACK, key, values)

    def _common(self, meters: Iterable[Meter]) -> None:
        zone_ = zone(home_zone(self.recipient))
        day = local_day(self.at, zone_) - timedelta(days=1)
        if self.recipient.day == day or self.at - day_bounds(day, zone_)[1] < HOUR:
            return
        for meter in meters:
            if meter.role != Meter.Role.COMMON:
                continue
            hours = newly_unusual(self.recipient, meter, lowest_hours(meter, day, zone_), day)
            if hours is not None:
                values = {
                    "property": str(meter.property),
                    "meter": meter.name,
                    "day": f"{day}",
                    "now": hours[0],
                    "usual": hours[1],
                    "link": for_office(Event.LEAK, self.organisation, pk=meter.property.pk),
                }
                tell(self.recipient, Event.LEAK, f"leak {meter.pk} {day}", values)
        self.recipient.day = day
        self.recipient.save(update_fields=["day"])
