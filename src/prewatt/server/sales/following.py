"""What follows, outside of the account, from a meter's new journal entries: called with each batch that is stored."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from ...kernel.entries import AnyEntry, Exchanged, OnSite, Rebased, Refused, TimeLedBack
from ...kernel.plausible import RETURNED
from ..metering.alarms import raise_alarm
from ..metering.models import Meter
from ..vending import emergency_codes, exchanges
from ..vending.models import Command
from . import leading_back, questions

log = logging.getLogger("prewatt.headend")


def follow(meter: Meter, entries: Iterable[AnyEntry | None]) -> None:
    """Let what the entries show take effect: exchanges, registers that came back, time that was led back, codes that were made in
    advance. What fails is told: the entries are stored all the same.
    """
    for entry in entries:
        if isinstance(entry, Exchanged | OnSite | Rebased | TimeLedBack | Refused):
            try:
                with transaction.atomic():
                    _follow(meter, entry)
            except (OperationalError, InterfaceError):
                # The database's trouble, and over when the batch is stored anew.
                raise
            except Exception as error:  # whatever it is, it is this entry's alone
                log.exception("meter %s, entry %d", meter.name, entry.seq)
                text = _(
                    "What follows from entry %(seq)d of meter %(meter)s was not done (%(error)r). All else goes on."
                )
                said = text % {"seq": entry.seq, "meter": meter, "error": error}
                raise_alarm("not-followed", said, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq)


def _follow(meter: Meter, entry: Exchanged | OnSite | Rebased | TimeLedBack | Refused) -> None:
    if isinstance(entry, Exchanged):
        exchanges.take_up(meter, entry)
    elif isinstance(entry, OnSite):
        emergency_codes.take_up(meter, entry)
    elif isinstance(entry, Rebased) and entry.cause == RETURNED:
        questions.came_back(meter, entry)
    elif isinstance(entry, TimeLedBack):
        leading_back.led_back(meter, entry)
    elif isinstance(entry, Refused):
        command = Command.objects.filter(meter=meter, number=entry.command, kind="exchange").first()
        if command is not None and hasattr(command, "exchange"):
            exchanges.refused(command, entry.seq, entry.at, entry.reason)
