"""A meter is exchanged for another one: what is said of it, what follows, and the order to the gateway.

The journal keeps the name of its first meter and goes on; credit, tariff and history with it. What the old one used up to
its end is charged with the new one's first reading, once.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.entries import Event, Exchange, Exchanged, Reading, Rebased, decode_entry
from ...kernel.events import EventKind
from ...kernel.plausible import SLACK, most
from ...kernel.units import REGISTER_MAX, exact_kwh, parse_kwh
from ..core.fields import check_meter_name
from ..core.time import now
from ..metering.accounts import account_of
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update
from ..metering.models import Alarm, JournalEntry, Meter
from .credit_log import issue
from .models import OPEN, Command, MeterExchange

End = MeterExchange.End
UNKNOWN = "unknown"
"""Typed in the place of the old meter's last register."""
UNKNOWN_END, REFUSED = "exchanged", "exchange-refused"
"""Kinds of alarms: nobody knows where the old meter ended; the gateway refused an exchange."""
LOOKED_AT = 500
"""Events in which the serial number of a foreign meter is looked for."""


@dataclass(frozen=True)
class Outlook:
    """What an exchange comes to. `register`: of the old meter when it was `read_at` last, None if it never was. `rest`: Wh
    that will be charged for what it used after that, `cost` nano at the prices of now.
    """

    meter: Meter
    serial: str
    first: int
    last: int | None
    end: MeterExchange.End
    register: int | None
    read_at: int | None
    rest: int
    cost: int

    @property
    def old(self) -> str:
        """The serial number of what hangs there now."""
        return self.meter.hangs

    def in_words(self) -> str:
        """What will be charged for the old meter's rest, and what is not known."""
        if self.register is None:
            return _("The old meter was never read: counting begins with the new one.")
        read = {"kwh": exact_kwh(self.register)}
        if self.end == End.UNKNOWN:
            return (
                _("The old meter was last read at %(kwh)s kWh. What it used after that is not known, and not charged: you "
                  "will be asked what to charge for that time.") % read
            )  # fmt: skip
        if self.end == End.READ:
            return _("The old meter was last read at %(kwh)s kWh. Nothing is charged for it after that.") % read
        return _(
            "The old meter was last read at %(kwh)s kWh. What it used after that, %(rest)s kWh, is charged with the new "
            "one's first reading."
        ) % {**read, "rest": exact_kwh(self.rest)}


def last_read(meter: Meter) -> tuple[int, int, bool] | None:
    """(register in Wh, instant, whether by an exchange of which nothing was read yet) of what hangs there; None if it was
    never read.
    """
    rows = JournalEntry.objects.filter(
        Q(kind="reading", register__isnull=False) | Q(kind__in=("exchanged", "rebased")), meter=meter
    )
    row = rows.order_by("-seq").first()
    entry = decode_entry(bytes(row.body)) if row else None
    if isinstance(entry, Exchanged):
        return entry.first, entry.at, True
    return (max(entry.register, 0), entry.at, False) if isinstance(entry, Reading | Rebased) else None


def foreign_serial(meter: Meter) -> str:
    """The serial number of the meter that answers in the place of this one; empty if none does."""
    if not account_of(meter).foreign_since:
        return ""
    rows = JournalEntry.objects.filter(meter=meter, kind="event").order_by("-seq")
    for body in rows.values_list("body", flat=True)[:LOOKED_AT]:
        entry = decode_entry(bytes(body))
        if isinstance(entry, Event) and entry.code == EventKind.FOREIGN_METER:
            return entry.detail
    return ""


def _kwh(field: str, text: str) -> int:
    try:
        register = parse_kwh(text)
    except ValueError as error:
        raise ValidationError({field: str(error)}) from None
    if not 0 <= register <= REGISTER_MAX:
        raise ValidationError({field: _("%(text)s kWh is no register of a meter.") % {"text": text.strip()}})
    return register


def _check_serial(meter: Meter, serial: str) -> None:
    try:
        check_meter_name(serial)
    except ValidationError as error:
        raise ValidationError({"serial": error.messages}) from None
    if serial == meter.hangs:
        raise ValidationError({"serial": _("%(serial)s hangs here already.") % {"serial": serial}})
    other = _hanging(meter, serial)
    if other is None:
        coming = MeterExchange.objects.filter(serial=serial, command__state__in=OPEN).exclude(command__meter=meter)
        mine = coming.filter(command__meter__gateway__property__organisation=meter.property.organisation_id)
        found = mine.select_related("command__meter__unit").first()
        other = found.command.meter if found else None
    if other is not None:
        raise ValidationError(
            {"serial": _("%(serial)s is known already, at %(where)s.") % {"serial": serial, "where": other}}
        )


def _hanging(meter: Meter, serial: str) -> Meter | None:
    """Where else at the same landlord's a meter of this serial number hangs. What others have is their own business."""
    mine = Meter.objects.filter(gateway__property__organisation=meter.property.organisation_id).exclude(pk=meter.pk)
    return mine.filter(Q(name=serial) | Q(serial=serial)).select_related("unit").first()


def look(meter: Meter, serial: str, first: str, last: str = "") -> Outlook:
    """What an exchange would come to: registers in kWh, as decimals; `last` empty for as it was last read, or "unknown".
    ValidationError says by its field what can't be.
    """
    serial, last = serial.strip(), last.strip()
    _check_serial(meter, serial)
    begins = _kwh("first", first)
    account, at = account_of(meter), now()
    read, base = last_read(meter), account.base
    if read is None or base is None:
        return Outlook(meter, serial, begins, None, End.READ, None, None, 0, 0)
    register, read_at, unread = read
    if last.casefold() == UNKNOWN:
        return Outlook(meter, serial, begins, None, End.UNKNOWN, register, read_at, 0, 0)
    # Of a meter of which nothing was read yet it is known where it began.
    ends, end = (register if unread else None), End.READ
    if last:
        typed = _kwh("last", last)
        if typed > register or (typed < register - SLACK and not account.back_since):
            ends, end = typed, End.TYPED
    rest = 0 if ends is None else ends - base.register
    highest = most(account.settings.power_highest, at - base.at)
    if not 0 <= rest <= highest:
        text = _(
            "The old meter can't have ended at %(last)s kWh: it stood at %(kwh)s kWh when it was last read, and at most "
            "%(most)s kWh can have flowed since."
        )
        said = {"last": exact_kwh(ends or 0), "kwh": exact_kwh(register), "most": exact_kwh(highest)}
        raise ValidationError({"last": text % said})
    cost = account.rate(at, rest).charge - account.rate(at, 0).charge
    return Outlook(meter, serial, begins, ends, end, register, read_at, rest, cost)


@transaction.atomic
def exchange(meter: Meter, serial: str, first: str, last: str, by: str) -> MeterExchange:
    """Order an exchange. Asked twice, it is one. ValidationError as `look`."""
    row = for_update(Meter.objects).select_related("gateway__property", "unit").get(pk=meter.pk)
    found = look(row, serial, first, last)
    waiting = MeterExchange.objects.filter(command__meter=row, command__state__in=OPEN).first()
    if waiting is not None:
        if (waiting.serial, waiting.first, waiting.last, waiting.end) == (
            found.serial, found.first, found.last, found.end,
        ):  # fmt: skip
            return waiting
        text = _("The exchange for %(serial)s is on its way already.")
        raise ValidationError({"serial": text % {"serial": waiting.serial}})
    command = issue(row, Exchange(found.serial, found.first, found.last))
    return MeterExchange.objects.create(
        command=command,
        old=found.old,
        serial=found.serial,
        first=found.first,
        last=found.last,
        end=found.end,
        by=by[:150],
    )


def waiting_exchange(meter: Meter) -> MeterExchange | None:
    """The exchange that is on its way to the gateway."""
    return MeterExchange.objects.filter(command__meter=meter, command__state__in=OPEN).first()


# -- what the journal shows -----------------------------------------------------------------------------------------------


def take_up(meter: Meter, entry: Exchanged) -> None:
    """The journal shows an exchange: the meter's row follows it, and a person is asked what is not known."""
    if _hanging(meter, entry.serial) is not None:
        text = _("Meter %(serial)s was hung here, and is known elsewhere too: look which of the two it is.")
        raise_alarm("serial-twice", text % {"serial": entry.serial}, entry.at, meter=meter, seq=entry.seq)
    else:
        Meter.objects.filter(pk=meter.pk).update(serial="" if entry.serial == meter.name else entry.serial)
    Alarm.objects.filter(meter=meter, kind=EventKind.FOREIGN_METER, is_resolved=False).update(is_resolved=True)
    ordered = MeterExchange.objects.filter(command__meter=meter, command__number=entry.command).first()
    if entry.last is None and meter.read_at is not None and (ordered is None or ordered.end == End.UNKNOWN):
        text = _(
            "Meter %(serial)s was hung here, and nobody knows where the old one ended: what that used after it was last "
            "read is not charged. Say what is to be charged for that time."
        )
        raise_alarm(
            UNKNOWN_END, text % {"serial": entry.serial}, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq
        )


def refused(command: Command, seq: int, at: int, reason: str) -> None:
    """The gateway refused an exchange: somebody has to enter it anew."""
    text = _("The exchange for meter %(serial)s was refused: %(reason)s. Look at its registers, and enter it anew.")
    said = text % {"serial": command.exchange.serial, "reason": reason}
    raise_alarm(REFUSED, said, at, meter=command.meter, key=str(command.number), seq=seq)
