"""Puts notices into the outbox, each once, and keeps which thresholds are crossed."""

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
from .paces import paced
from .recipient_channels import that_send
from .roles import allowed_to
from .sending_templates import carrying
from .texts import render


def wall(at: int, zone_: ZoneInfo) -> str:
    """Return an instant on the local clock: `2025-10-06 12:00`."""
    return f"{local(at, zone_):%Y-%m-%d %H:%M}"


def tell(
    recipient: Recipient, event: Event, key: str, context: Mapping[str, Any], urgent: bool = False
) -> Notice | None:
    """Put a notice of an event into the outbox, once under its key. Returns None if the recipient was told already, or
    does not want to be told. Call it in the transaction that remembers that the event was seen. `urgent`: it is sent at
    once, also in quiet hours, and not together with others.
    """
    if event in recipient.muted or Notice.objects.filter(recipient=recipient, key=key).exists():
        return None
    at = now()
    room = recipient.tenancy.unit.name if recipient.tenancy is not None else ""
    zone_info = zone(home_zone(recipient))
    values = complete(context, room, wall(at, zone_info))
    words = render(event, recipient.language, values)
    due = at if urgent else after_quiet_hours(recipient, held_until(recipient, event, at))
    notice = Notice.objects.create(
        recipient=recipient,
        event=event,
        key=key,
        title=words.title,
        text=words.text,
        facts=facts_of(event, values, words),
        link=str(values.get("link") or ""),
        made_at=at,
        due_at=due,
    )
    channels = carrying(recipient, event, allowed_to(recipient, event, that_send(recipient.channels)))
    Delivery.objects.bulk_create(
        Delivery(notice=notice, channel=channel, next_try_at=at_last)
        # A code that brings light waits for no pace.
        for channel, at_last in paced(recipient, event, channels, due, zone_info, urgent or bool(values.get("code")))
    )
    return notice


def untold(recipient: Recipient, keys: Iterable[str]) -> set[str]:
    """Return those of some keys under which nothing was told yet. It takes one query for all."""
    wanted = set(keys)
    return wanted - set(recipient.notices.filter(key__in=wanted).values_list("key", flat=True)) if wanted else wanted


def after_quiet_hours(recipient: Recipient, at: int) -> int:
    """Return the instant `at`, or the end of the quiet hours that it lies in."""
    begin, end = recipient.quiet_from, recipient.quiet_until
    zone_info = zone(home_zone(recipient))
    moment = local(at, zone_info)
    quiet = begin <= moment.hour < end if begin < end else begin != end and (moment.hour >= begin or moment.hour < end)
    if not quiet:
        return at
    day = moment.date() if moment.hour < end else moment.date() + timedelta(days=1)
    return instant(datetime.combine(day, time(end), zone_info))


def home_zone(recipient: Recipient) -> str:
    """Return the name of the time zone that a recipient's hours are in."""
    home = recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation.home()
    return str(home.zone)


def cross(recipient: Recipient, step: str, reached: bool, left: bool, reckoned: bool = False) -> int:
    """Note whether a threshold is `reached`, or `left` with some distance; between the two nothing changes. Returns the
    number of the crossing if it has just been crossed, otherwise 0.

    `reckoned`: the value is an estimate. Once a measured value comes, the crossing either is confirmed, and is not told
    again, or is taken back.
    """
    crossing = Crossing.objects.filter(recipient=recipient, step=step).first()
    if reached and (crossing is None or not crossing.is_raised):
        crossing = crossing or Crossing(recipient=recipient, step=step)
        crossing.is_raised, crossing.count, crossing.is_reckoned = True, crossing.count + 1, reckoned
        crossing.save()
        return int(crossing.count)
    if crossing is not None and crossing.is_raised:
        known = crossing.is_reckoned and not reckoned
        crossing.is_raised, crossing.is_reckoned = (
            not left and (reached or not known),
            crossing.is_reckoned and reckoned,
        )
        crossing.save(update_fields=["is_raised", "is_reckoned"])
    return 0


def is_crossed(recipient: Recipient, step: str) -> bool:
    """Return whether a threshold is crossed."""
    return Crossing.objects.filter(recipient=recipient, step=step, is_raised=True).exists()


def overtake(recipient: Recipient, event: Event, of: str = "") -> int:
    """Cancel the notices of an event that is no longer true, if no try to send them was made yet. `of`: only notices whose
    keys begin with it. Returns how many deliveries were cancelled.
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
    Notice.objects.filter(pk__in=notices).exclude(deliveries__state=Delivery.State.SENT).update(is_overtaken=True)
    return stopped
