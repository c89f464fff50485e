"""Putting a notice into the outbox, once; and what has been crossed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...kernel.calendar import local, zone
from ...kernel.units import instant
from ..core.time import now
from .digests import held_until
from .events import Event
from .facts import complete, facts_of
from .models import Crossing, Delivery, Notice, Recipient
from .recipients import that_send
from .sending_templates import carrying
from .texts import render


def wall(at: int, where: ZoneInfo) -> str:
    """An instant on the local clock: 2025-10-06 12:00"""
    return f"{local(at, where):%Y-%m-%d %H:%M}"


def tell(
    recipient: Recipient, event: Event, key: str, context: Mapping[str, Any], urgent: bool = False
) -> Notice | None:
    """Tell somebody of an event, once under its key; None if they were told, or don't want to be. To be called within the
    transaction that remembers that the event was seen. `urgent`: at once, in quiet hours too, and beside others of its kind.
    """
    if event in recipient.muted or Notice.objects.filter(recipient=recipient, key=key).exists():
        return None
    at = now()
    room = recipient.tenancy.unit.name if recipient.tenancy is not None else ""
    told = complete(context, room, wall(at, zone(home_zone(recipient))))
    words = render(event, recipient.language, told)
    due = at if urgent else after_quiet_hours(recipient, held_until(recipient, event, at))
    made = Notice.objects.create(
        recipient=recipient, event=event, key=key, title=words.title, text=words.text,
        facts=facts_of(event, told, words), made_at=at, due_at=due,
    )  # fmt: skip
    Delivery.objects.bulk_create(
        Delivery(notice=made, channel=channel, next_try_at=due)
        for channel in carrying(recipient, event, that_send(recipient.channels))
    )
    return made


def untold(recipient: Recipient, keys: Iterable[str]) -> set[str]:
    """Those of some keys under which nothing was told yet: one question for all."""
    wanted = set(keys)
    return wanted - set(recipient.notices.filter(key__in=wanted).values_list("key", flat=True)) if wanted else wanted


def after_quiet_hours(recipient: Recipient, at: int) -> int:
    """`at`, or the end of the quiet hours that it lies in."""
    begin, end = recipient.quiet_from, recipient.quiet_until
    where = zone(home_zone(recipient))
    moment = local(at, where)
    quiet = begin <= moment.hour < end if begin < end else begin != end and (moment.hour >= begin or moment.hour < end)
    if not quiet:
        return at
    day = moment.date() if moment.hour < end else moment.date() + timedelta(days=1)
    return instant(datetime.combine(day, time(end), where))


def home_zone(recipient: Recipient) -> str:
    """The zone that somebody's hours are in."""
    home = recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation.home()
    return str(home.zone)


def cross(recipient: Recipient, step: str, reached: bool, left: bool, reckoned: bool = False) -> int:
    """Note whether a threshold is `reached`, or `left` with some distance; between the two nothing changes. The number of
    the crossing if it has just been crossed, else 0. `reckoned`: nobody has seen it. Once somebody has, it was crossed and is
    not told again, or it was not, and is taken back.
    """
    found = Crossing.objects.filter(recipient=recipient, step=step).first()
    if reached and (found is None or not found.raised):
        found = found or Crossing(recipient=recipient, step=step)
        found.raised, found.count, found.reckoned = True, found.count + 1, reckoned
        found.save()
        return int(found.count)
    if found is not None and found.raised:
        known = found.reckoned and not reckoned
        found.raised, found.reckoned = not left and (reached or not known), found.reckoned and reckoned
        found.save(update_fields=["raised", "reckoned"])
    return 0


def is_crossed(recipient: Recipient, step: str) -> bool:
    """Whether a threshold is crossed."""
    return Crossing.objects.filter(recipient=recipient, step=step, raised=True).exists()


def overtake(recipient: Recipient, event: Event, of: str = "") -> int:
    """What was to be said of an event holds no more: what is not sent yet is not sent. How many were so. `of`: only what
    has a key that begins so.
    """
    rows = Delivery.objects.filter(
        notice__recipient=recipient,
        notice__event=event,
        notice__key__startswith=of,
        state=Delivery.State.WAITING,
        tries=0,
    )
    notices = set(rows.values_list("notice", flat=True))
    stopped = rows.update(state=Delivery.State.OVERTAKEN, next_try_at=None)
    Notice.objects.filter(pk__in=notices).exclude(deliveries__state=Delivery.State.SENT).update(overtaken=True)
    return stopped
