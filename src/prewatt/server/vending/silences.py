"""Silences of gateways and meters: when they began, what they may cost by the usual use, and what had run up when they
ended.

A gateway without a network goes on by itself and cuts off by itself; a dead gateway lends without end. The server sees
no difference until the gateway is back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, Sum

from ...kernel.details import detail_sentence
from ...kernel.entries import Event, decode_entry
from ...kernel.events import EventKind
from ...kernel.forecast import WEEKS
from ...kernel.names import natural
from ...kernel.sentences import Moment, Sentence, sentence, several, stored
from ...kernel.units import DAY, HOUR, MINUTE
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..metering.alarms import raise_alarm, settle_alarms
from ..metering.apart import apart
from ..metering.locking import for_update
from ..metering.models import Gateway, JournalEntry, Meter, Silence, SilentMeter
from .models import Command

NOTHING = "nothing"
"""What a gateway says of a meter from which nothing came."""
SILENT = "silent"
"""The kind of the alarm for a silence."""
BACK_FOR = 10 * MINUTE
"""A gateway or meter that is back for this long (µs) is not silent any more, so that a connection that comes and goes
raises one alarm.
"""
COUNTED_IN = HOUR
"""The longest wait (µs) for the readings of a silence; then it is over without them."""
UNREAD = 20 * MINUTE
"""Only a meter that was not read for this long (µs) is checked, since most are read every quarter of an hour."""
NEVER = DAY
"""The time (µs) after which a gateway that never spoke raises an alarm, if somebody lives there."""
CLOCKS = 5 * MINUTE
"""The most (µs) that a gateway's clock may be behind the server's."""
EVENTS_BACK = 20
"""The number of earlier events that are checked."""


def look() -> None:
    """Store which gateways and meters are silent, which are back, and which silences are over."""
    at = now()
    known = Silence.objects.filter(over_at=None)
    gateways = Gateway.objects.filter(is_revoked=False, is_online=False).exclude(
        pk__in=known.filter(meter=None, line="").values("gateway")
    )
    apart("silence", gateways.select_related("property"), lambda each: _look_at_gateway(each, at), lambda each: each)
    in_trouble = Gateway.objects.filter(is_revoked=False, is_online=True).exclude(lines=[])
    apart("silence", in_trouble.select_related("property"), lambda each: _look_at_lines(each, at), lambda each: each)
    in_use = Meter.objects.filter(archived_at=None, unit__archived_at=None)
    unread = in_use.filter(Q(read_at=None) | Q(read_at__lt=at - UNREAD), gateway__is_online=True)
    meters = unread.exclude(pk__in=known.filter(meter__isnull=False).values("meter"))
    apart(
        "silence", meters.select_related("gateway__property"), lambda each: _look_at_meter(each, at), lambda each: each
    )
    apart(
        "silence",
        known.select_related("gateway__property", "meter"),
        lambda each: go_on(each, at),
        lambda each: each.meter or each.gateway,
    )


def silent_since(gateway: Gateway) -> int | None:
    """Return the instant from which a gateway is silent; None if it is not. A gateway that never spoke is silent since
    its meters were set up.
    """
    if gateway.is_online:
        return None
    if gateway.since is not None:
        return int(gateway.since)

    first_command = Command.objects.filter(meter__gateway=gateway).aggregate(first=Min("issued_at"))["first"]
    return None if first_command is None else int(first_command)


def step(property_: Property, never: bool) -> int:
    """Return the time (µs) after which a silence raises an alarm. `never`: the gateway never spoke."""
    return NEVER if never else int(property_.silence_minutes) * MINUTE


def _look_at_gateway(gateway: Gateway, at: int) -> None:
    since = silent_since(gateway)
    if since is None or at - since < step(gateway.property, gateway.since is None):
        return
    meters = list(gateway.meters.select_related("gateway__property").order_by("pk"))
    lived_in = Tenancy.objects.living(at).filter(unit__meter__gateway=gateway).exists()
    if gateway.since is None and not lived_in:
        return
    _begin(gateway, None, since, meters)


def _look_at_meter(meter: Meter, at: int) -> None:
    if _is_with_its_line(meter):
        return
    since, why = lost_since(meter)
    back_since = meter.gateway.since
    if since is None or (back_since is not None and at - back_since < BACK_FOR):
        # The gateway is just back, and will soon report on its meters.
        return
    if at - since >= step(meter.property, never=False):
        _begin(meter.gateway, meter, since, [meter], why=why)


def _look_at_lines(gateway: Gateway, at: int) -> None:
    """Look at the lines of a gateway that are in trouble as a whole: it tells of one, and not of each of its meters."""
    open_ = set(Silence.objects.filter(gateway=gateway, over_at=None).exclude(line="").values_list("line", flat=True))
    for line in gateway.lines:
        if line["name"] in open_ or at - line["since"] < step(gateway.property, never=False):
            continue
        rows = gateway.meters.filter(name__in=line["meters"]).select_related("gateway__property").order_by("pk")
        _begin(gateway, None, line["since"], list(rows), line["name"], _why(line))


def _why(line: Mapping[str, Any]) -> Sentence:
    """Return what is wrong with a line, and what to do, as the alarm says it."""
    match line["trouble"]:
        case "gone":
            return sentence(
                "Its port can't be used: %(why)s. Look whether the adapter or converter is plugged in and has power.",
                why=line["why"],
            )
        case "broken":
            return sentence(
                "The answers of its meters arrive damaged (%(port)s). Check the adapter and the wiring.",
                port=line["port"],
            )
        case _unknown:
            return sentence(
                "None of its meters answers (%(port)s). Look whether its cable is connected, and whether the meters have "
                "power.",
                port=line["port"],
            )


def _is_with_its_line(meter: Meter) -> bool:
    """Return whether a meter's whole line is silent, or was until just now: then that is told, and not the meter."""
    if any(meter.name in line["meters"] for line in meter.gateway.lines):
        return True
    return SilentMeter.objects.filter(meter=meter, silence__over_at=None).exclude(silence__line="").exists()


def lost_since(meter: Meter) -> tuple[int | None, str]:
    """Return the instant from which a meter does not answer its gateway, by the journal, and why; None if it answers."""
    read = JournalEntry.objects.filter(meter=meter, register__isnull=False).aggregate(last=Max("seq"))["last"] or 0
    rows = JournalEntry.objects.filter(meter=meter, seq__gt=read, kind="event").order_by("-seq")
    lost, why = None, ""
    for body in rows.values_list("body", flat=True)[:EVENTS_BACK]:
        entry = decode_entry(bytes(body))
        if isinstance(entry, Event) and entry.code == EventKind.METER_BACK:
            break
        if isinstance(entry, Event) and entry.code == EventKind.METER_LOST:
            lost, why = entry.at, entry.detail
    return lost, why


@transaction.atomic
def _begin(
    gateway: Gateway, meter: Meter | None, since: int, meters: Sequence[Meter], line: str = "", why: str | Sentence = ""
) -> Silence:
    """Store a silence, and raise its alarm. `line`: the line that is silent; `why`: what its gateway says of it; of a line it
    is a whole sentence.
    """
    parts = stored(why) if isinstance(why, Sentence) else {}
    silence = Silence.objects.create(
        gateway=gateway, meter=meter, began_at=since, line=line, why=why[:400], why_parts=parts
    )
    for each in meters:
        used = usual_day(each)
        SilentMeter.objects.create(
            silence=silence,
            meter=each,
            seq=each.seq,
            balance=each.balance,
            closed=each.closed,
            read_at=each.read_at,
            day_energy=used[0] if used else None,
            day_charge=used[1] if used else None,
        )
    text = sentence(
        "%(who)s: nothing has been heard since %(at)s.",
        who=_who(silence, meters),
        at=Moment(since, gateway.property.zone),
    )
    if isinstance(why, Sentence):
        text = several([text, why])
    elif why and why != NOTHING:
        text = sentence("%(text)s Its gateway says: %(why)s.", text=text, why=detail_sentence(why))
    owner = {"meter": meter} if meter else {"gateway": gateway}
    raise_alarm(SILENT, text, since, key=str(silence.pk), data={"silence": silence.pk}, **owner)
    return silence


def _who(silence: Silence, meters: Sequence[Meter]) -> str | Sentence:
    """Return who is silent: a flat, a gateway, or a line with its flats."""
    if silence.meter:
        return str(silence.meter.unit or silence.meter)
    name = silence.gateway.name
    if not silence.line:
        return sentence("Gateway %(name)s", name=name)
    units = sorted((str(each.unit.name if each.unit else each) for each in meters), key=natural)
    flats = ", ".join(units)
    return sentence("Gateway %(name)s, line %(line)s (%(flats)s)", name=name, line=silence.line, flats=flats)


def usual_day(meter: Meter) -> tuple[int, int] | None:
    """Return the average use of a day as (Wh, nano), by the four weeks before the last reading; None if less
    than a day is known.
    """
    if meter.read_at is None:
        return None
    since = meter.read_at - WEEKS * 7 * DAY
    rows = JournalEntry.objects.filter(meter=meter, register__isnull=False, at__gte=since, seq__lte=meter.seq)
    known = rows.aggregate(first=Min("at"), last=Max("at"))
    if known["first"] is None or (lasted := known["last"] - known["first"]) < DAY:
        return None
    used = rows.filter(at__gt=known["first"]).aggregate(energy=Sum("energy"), charge=Sum("charge"))
    return int(used["energy"] or 0) * DAY // lasted, int(used["charge"] or 0) * DAY // lasted


# -- back ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def go_on(silence: Silence, at: int) -> None:
    """Update a silence: whether it is back, what had run up, and whether it is over."""
    row = for_update(Silence.objects.select_related("gateway__property", "meter")).get(pk=silence.pk)
    if row.over_at is not None:
        return
    back = _back(row)
    if back is None:
        _is_silent(row, at)
    elif row.back_at is None:
        row.back_at = back
    if row.back_at is not None and row.over_at is None:
        _count(row)
        waits = row.meters.filter(counted_at=None).exists()
        if at - row.back_at >= (COUNTED_IN if waits else BACK_FOR):
            row.over_at = at
    row.save(update_fields=["back_at", "over_at", "is_back_told"])
    if row.over_at is not None:
        settle_alarms(SILENT, str(row.pk))


def _is_silent(row: Silence, at: int) -> None:
    """Update a silence that goes on, or has begun again. If its gateway is revoked, nobody waits for it: it is over."""
    if row.gateway.is_revoked:
        row.back_at = row.over_at = at
        row.is_back_told = True
    elif row.back_at is not None:
        row.back_at = None
        row.meters.update(counted_at=None, was_checked_for_spread=False)


def _back(row: Silence) -> int | None:
    """Return the instant from which the gateway or the meter speaks again; None if it does not."""
    gateway = row.gateway
    if row.line:
        return None if _is_line_silent(gateway, row.line) else int(row.back_at or now())
    if row.meter is None:
        return int(gateway.since or now()) if gateway.is_online else None
    return _meter_back(row, row.meter)


def _meter_back(row: Silence, meter: Meter) -> int | None:
    if meter.read_at is not None and meter.read_at > row.began_at and lost_since(meter)[0] is None:
        return int(row.back_at or meter.read_at)
    return None


def _is_line_silent(gateway: Gateway, name: str) -> bool:
    """Return whether nothing is heard of a line's meters: its gateway is away, or says so of the line."""
    return not gateway.is_online or any(line["name"] == name for line in gateway.lines)


def _count(row: Silence) -> None:
    """Store what ran up at each meter that was read after its return."""
    back = row.back_at or row.began_at
    since = max(row.began_at, back - CLOCKS)
    waiting = row.meters.filter(counted_at=None, meter__seq__gt=F("seq"), meter__read_at__gt=since)
    for each in waiting.select_related("meter"):
        meter = each.meter
        rows = JournalEntry.objects.filter(meter=meter, seq__gt=each.seq, seq__lte=meter.seq, register__isnull=False)
        sums = rows.aggregate(energy=Sum("energy"), charge=Sum("charge"))
        read = rows.filter(at__gt=row.began_at + HOUR, at__lt=back - HOUR).aggregate(number=Count("seq"))
        each.energy, each.charge = int(sums["energy"] or 0), int(sums["charge"] or 0)
        each.counted_at, each.stands, each.was_read_meanwhile = meter.read_at, meter.balance, bool(read["number"])
        each.save(update_fields=["counted_at", "energy", "charge", "stands", "was_read_meanwhile"])
