"""The effects of new journal entries outside of the account. It is called with each batch that is stored."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TypeAlias

from django.db import InterfaceError, OperationalError, transaction

from ...kernel.entries import AnyEntry, Exchanged, OnSite, Rebased, Refused, TimeLedBack
from ...kernel.plausible import RETURNED
from ...kernel.sentences import sentence
from ..metering.alarms import raise_alarm
from ..metering.models import Meter
from ..vending import emergency_use, exchanges
from ..vending.models import Command
from . import leading_back, questions

log = logging.getLogger("prewatt.headend")
_WithEffects: TypeAlias = Exchanged | OnSite | Rebased | TimeLedBack | Refused


def follow(meter: Meter, entries: Iterable[AnyEntry | None]) -> None:
    """Let the entries take effect: exchanges, registers that came back, time that was led back, codes that were made in
    advance. If an effect fails, an alarm says so, and the entries are stored all the same.
    """
    for entry in entries:
        if isinstance(entry, _WithEffects):
            _follow_safely(meter, entry)


def _follow_safely(meter: Meter, entry: _WithEffects) -> None:
    try:
        with transaction.atomic():
            _follow(meter, entry)
    except (OperationalError, InterfaceError):
        # The database failed; the batch is stored again later.
        raise
    except Exception as error:  # whatever it is, it is this entry's alone
        log.exception("meter %s, entry %d", meter.name, entry.seq)
        text = sentence(
            "Entry %(seq)d of meter %(meter)s is stored, but the work that follows from it failed (%(error)s). "
            "Everything else goes on.",
            seq=entry.seq,
            meter=meter,
            error=repr(error),
        )
        raise_alarm("not-followed", text, entry.at, meter=meter, key=str(entry.seq), seq=entry.seq)


def _follow(meter: Meter, entry: _WithEffects) -> None:
    if isinstance(entry, Exchanged):
        exchanges.take_up(meter, entry)
    elif isinstance(entry, OnSite):
        emergency_use.take_up(meter, entry)
    elif isinstance(entry, Rebased) and entry.cause == RETURNED:
        questions.came_back(meter, entry)
    elif isinstance(entry, TimeLedBack):
        leading_back.led_back(meter, entry)
    elif isinstance(entry, Refused):
        command = Command.objects.filter(meter=meter, number=entry.command, kind="exchange").first()
        if command is not None and hasattr(command, "exchange"):
            exchanges.refused(command, entry.seq, entry.at, entry.reason)
