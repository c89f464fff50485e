"""The exchange of a meter for another one: its preview, the order to the gateway, and its effects.

The journal keeps the name of its first meter and goes on, with credit, tariff and history. The use of the old meter up
to its end is charged with the new meter's first reading, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.details import detail_sentence
from ...kernel.entries import Event, Exchange, Exchanged, Reading, Rebased, decode_entry
from ...kernel.events import EventKind
from ...kernel.plausible import SLACK, most
from ...kernel.sentences import sentence
from ...kernel.units import REGISTER_MAX, parse_kwh
from ..core import local_forms
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
"""The word that a person types if the old meter's last register is unknown."""
UNKNOWN_END, REFUSED = "exchanged", "exchange-refused"
"""The kinds of alarms: nobody knows the end of the old meter; the gateway refused an exchange."""
LOOKED_AT = 500
"""The number of events in which the serial number of a foreign meter is looked for."""


@dataclass(frozen=True)
class Outlook:
    """The preview of an exchange. `register` (Wh): of the old meter at its last reading, at the instant `read_at`; None
    if it was never read. `rest`: Wh of the old meter that will be charged, `cost`: their price now, nano.
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
        """Return the serial number of the present meter."""
        return self.meter.hangs

    def in_words(self) -> str:
        """Return what will be charged for the old meter's rest, and what is unknown, for people."""
        if self.register is None:
            return _("The old meter was never read: counting begins with the new one.")
        last_register = {"kwh": local_forms.kwh(self.register)}
        if self.end == End.UNKNOWN:
            return (
                _(
                    "The old meter was last read at %(kwh)s kWh. What it used after that is not known, and not charged: you "
                    "will be asked what to charge for that time."
                )
                % last_register
            )
        if self.end == End.READ:
            return (
                _("The old meter was last read at %(kwh)s kWh. Nothing is charged for it after that.") % last_register
            )
        return _(
            "The old meter was last read at %(kwh)s kWh. What it used after that, %(rest)s kWh, is charged with the new "
            "one's first reading."
        ) % {**last_register, "rest": local_forms.kwh(self.rest)}


def last_read(meter: Meter) -> tuple[int, int, bool] | None:
    """Return (register in Wh, instant, whether it comes from an exchange after which nothing was read) of the present
    meter; None if it was never read.
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
    """Return the serial number of a foreign meter that answers in the place of this one; empty if none does."""
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
        raise ValidationError(
            {
                field: _("%(text)s kWh can't be the register of a meter: copy it from the meter's display.")
                % {"text": text.strip()}
            }
        )
    return register


def _check_serial(meter: Meter, serial: str) -> None:
    try:
        check_meter_name(serial)
    except ValidationError as error:
        raise ValidationError({"serial": error.messages}) from None
    if serial == meter.hangs:
        raise ValidationError(
            {
                "serial": _("%(serial)s is the meter that is here already: enter the number of the new one.")
                % {"serial": serial}
            }
        )
    other = _hanging(meter, serial)
    if other is None:
        coming = MeterExchange.objects.filter(serial=serial, command__state__in=OPEN).exclude(command__meter=meter)
        own = coming.filter(command__meter__gateway__property__organisation=meter.property.organisation_id)
        exchange_row = own.select_related("command__meter__unit").first()
        other = exchange_row.command.meter if exchange_row else None
    if other is not None:
        raise ValidationError(
            {
                "serial": _("%(serial)s is registered already, at %(where)s: check the number.")
                % {"serial": serial, "where": other}
            }
        )


def _hanging(meter: Meter, serial: str) -> Meter | None:
    """Return another meter with this serial number at the same landlord; None if there is none. Other landlords' meters
    do not count.
    """
    own_meters = Meter.objects.filter(gateway__property__organisation=meter.property.organisation_id).exclude(
        pk=meter.pk
    )
    return own_meters.filter(Q(name=serial) | Q(serial=serial)).select_related("unit").first()


def look(meter: Meter, serial: str, first: str, last: str = "") -> Outlook:
    """Return the preview of an exchange. `first`, `last`: registers in kWh, as decimals; `last` may be empty for the
    last reading, or "unknown". Raises ValidationError, which names the field.
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
    # The start of a meter that was never read is known from its exchange.
    ends, end = (register if unread else None), End.READ
    if last:
        typed = _kwh("last", last)
        if _says_more(typed, register, account):
            ends, end = typed, End.TYPED
    rest = 0 if ends is None else ends - base.register
    highest = most(account.settings.power_highest, at - base.at)
    if not 0 <= rest <= highest:
        text = _(
            "The old meter can't have ended at %(last)s kWh: at its last reading it was at %(kwh)s kWh, and at "
            "most %(most)s kWh can have flowed since. Check the number."
        )
        values = {
            "last": local_forms.kwh(ends or 0),
            "kwh": local_forms.kwh(register),
            "most": local_forms.kwh(highest),
        }
        raise ValidationError({"last": text % values})
    cost = account.rate(at, rest).charge - account.rate(at, 0).charge
    return Outlook(meter, serial, begins, ends, end, register, read_at, rest, cost)


def _says_more(typed: int, register: int, account: Account) -> bool:
    """Return whether a typed last register says more than the last reading, Wh: it is above it, or so far below that the
    reading is wrong.
    """
    return typed > register or (typed < register - SLACK and not account.back_since)


@transaction.atomic
def exchange(meter: Meter, serial: str, first: str, last: str, by: str) -> MeterExchange:
    """Order an exchange. A repeated call returns the same exchange. Raises ValidationError as `look` does, or if
    another exchange is on its way.
    """
    row = for_update(Meter.objects).select_related("gateway__property", "unit").get(pk=meter.pk)
    outlook = look(row, serial, first, last)
    waiting = MeterExchange.objects.filter(command__meter=row, command__state__in=OPEN).first()
    if waiting is not None:
        same = attrgetter("serial", "first", "last", "end")
        if same(waiting) == same(outlook):
            return waiting
        text = _("An exchange for %(serial)s is on its way already: wait until it is done.")
        raise ValidationError({"serial": text % {"serial": waiting.serial}})
    command = issue(row, Exchange(outlook.serial, outlook.first, outlook.last))
    return MeterExchange.objects.create(
        command=command,
        old=outlook.old,
        serial=outlook.serial,
        first=outlook.first,
        last=outlook.last,
        end=outlook.end,
        by=by[:150],
    )


def waiting_exchange(meter: Meter) -> MeterExchange | None:
    """Return the exchange that is on its way to the gateway; None if there is none."""
    return MeterExchange.objects.filter(command__meter=meter, command__state__in=OPEN).first()


# -- what the journal shows -----------------------------------------------------------------------------------------------


def take_up(meter: Meter, entry: Exchanged) -> None:
    """Update the meter's row after the journal shows an exchange, and ask a person for what is unknown."""
    if _hanging(meter, entry.serial) is not None:
        text = sentence(
            "Meter %(serial)s was installed here, and is registered at another place too: find out which of "
            "the two is right.",
            serial=entry.serial,
        )
        raise_alarm("serial-twice", text, entry.at, meter=meter, seq=entry.seq)
    else:
        Meter.objects.filter(pk=meter.pk).update(serial="" if entry.serial == meter.name else entry.serial)
    Alarm.objects.filter(meter=meter, kind=EventKind.FOREIGN_METER, is_resolved=False).update(is_resolved=True)
    ordered = MeterExchange.objects.filter(command__meter=meter, command__number=entry.command).first()
    if entry.last is None and meter.read_at is not None and (ordered is None or ordered.end == End.UNKNOWN):
        text = sentence(
            "Meter %(serial)s was installed here, and nobody knows the last register of the old one: its use "
            "after its last reading is not charged. Say what is to be charged for that time.",
            serial=entry.serial,
        )
        raise_alarm(UNKNOWN_END, text, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq)


def refused(command: Command, seq: int, at: int, reason: str) -> None:
    """Raise an alarm because the gateway refused an exchange: a person must enter it again."""
    text = sentence(
        "The gateway refused the exchange for meter %(serial)s: %(reason)s. Check the registers, and enter it again.",
        serial=command.exchange.serial,
        reason=detail_sentence(reason),
    )
    raise_alarm(REFUSED, text, at, meter=command.meter, key=str(command.number), seq=seq)
