"""How often an event is told by a channel: each time at once, together once a day or a week, or never. A tap in a message changes it
for this kind of message and this channel alone (`taps.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from ...kernel.calendar import local
from ...kernel.units import DAY, HOUR, instant
from ..core.time import now
from .events import ALWAYS_TOLD, MUST_BE_TOLD, Event
from .models import Channel, Delivery, Pace, Recipient
from .recipient_channels import that_send

NEVER, DAILY, WEEKLY = 0, 1, 7
USUAL_HOUR = 18
"""The hour that is offered first."""


def must_be_told(recipient: Recipient, event: Event | str) -> bool:
    """Return whether a recipient must be told of an event, so that a tap can't end it everywhere."""
    return event in (MUST_BE_TOLD if recipient.tenancy_id is not None else ALWAYS_TOLD)


def can_change(event: Event | str) -> bool:
    """Return whether the pace of an event can be changed at all."""
    return event not in ALWAYS_TOLD


def can_stop(channel: Channel, event: Event | str) -> bool:
    """Return whether an event can be stopped on a channel. If it must be told, it can be stopped only if another channel of the
    same person, or of all, still carries it.
    """
    if not can_change(event):
        return False
    if not must_be_told(channel.recipient, event):
        return True
    others = that_send(channel.recipient.channels).exclude(pk=channel.pk).filter(Q(user=None) | Q(user=channel.user_id))
    return others.exclude(paces__in=Pace.objects.filter(event=event, days=NEVER)).exists()


@transaction.atomic
def set_pace(channel: Channel, event: Event | str, days: int, hour: int, zone: ZoneInfo) -> bool:
    """Set how often an event is told by a channel, also for notices that wait. Returns False, and sets nothing, if it is not allowed."""
    if not can_change(event) or (days == NEVER and not can_stop(channel, event)):
        return False
    pace, _is_new = Pace.objects.update_or_create(channel=channel, event=event, defaults={"days": days, "hour": hour})
    waiting = Delivery.objects.filter(channel=channel, notice__event=event, state=Delivery.State.WAITING, tries=0)
    if days == NEVER:
        waiting.update(state=Delivery.State.OVERTAKEN, next_try_at=None)
    else:
        waiting.update(next_try_at=due_by(pace, now(), zone))
    return True


def at_once(channel: Channel, event: Event | str) -> None:
    """Delete the pace of an event on a channel: from now on each notice of it is sent at once."""
    Pace.objects.filter(channel=channel, event=event).delete()


def paced(
    recipient: Recipient, event: Event, channels: Sequence[Channel], due: int, zone: ZoneInfo, urgent: bool = False
) -> list[tuple[Channel, int]]:
    """Return those of some channels by which an event is told, each with the instant at which it is due. `urgent`: nothing waits. If
    the event must be told and all channels have stopped it, because the one that still carried it is gone, all are returned.
    """
    paces = {each.channel_id: each for each in Pace.objects.filter(channel__in=channels, event=event)}
    left = [each for each in channels if each.pk not in paces or paces[each.pk].days != NEVER]
    if not left and must_be_told(recipient, event):
        return [(each, due) for each in channels]
    return [(each, due if urgent or each.pk not in paces else due_by(paces[each.pk], due, zone)) for each in left]


def due_by(pace: Pace, at: int, zone: ZoneInfo) -> int:
    """Return the first instant from `at` on at which messages are due by a pace."""
    sent = Delivery.objects.filter(channel=pace.channel_id, notice__event=pace.event, state=Delivery.State.SENT)
    last = sent.order_by("-sent_at").values_list("sent_at", flat=True).first()
    # An hour less than whole days: one that was sent a little late does not move the next by a day.
    earliest = at if last is None else max(at, int(last) + pace.days * DAY - HOUR)
    day = local(earliest, zone).date()
    return next(
        begin
        for begin in (_at(day, pace.hour, zone), _at(day + timedelta(days=1), pace.hour, zone), earliest + DAY)
        if begin >= earliest
    )


def _at(day: date, hour: int, zone: ZoneInfo) -> int:
    return instant(datetime.combine(day, time(hour), zone))
