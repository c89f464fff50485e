"""This module reads the open commands of the credit log, in order and signed, so that they can be sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction

from ..server.metering.models import Meter
from ..server.vending.command_numbers import is_in_order, renumber
from ..server.vending.models import OPEN, Command
from ..wire.messages import SignedCommand
from . import mending
from .dispatch import Pending

log = logging.getLogger("prewatt.headend")

REMEMBERED = 10_000
"""The most commands of which the worker remembers that their signature is right."""


class _OpenCommand(NamedTuple):
    """A command that its meter has not answered. `taken`: the last command that the meter's journal shows as applied;
    `told_command`: the last one that the meter reports as applied.
    """

    pk: int
    gateway: str
    meter: str
    taken: int
    told_command: int
    number: int
    body: bytes
    signature: bytes


def _question(shards: range) -> tuple[str, Sequence[Any]]:
    """Return the SQL for the open commands of online gateways, with its parameters; its columns are `_OpenCommand`'s."""
    rows = Command.objects.filter(
        state__in=OPEN, meter__gateway__is_online=True, meter__gateway__shard__in=shards
    ).order_by("meter_id", "number")
    fields = rows.values_list(
        "pk",
        "meter__gateway__name",
        "meter__name",
        "meter__taken",
        "meter__told_command",
        "number",
        "body",
        "signature",
    )
    sql, parameters = fields.query.sql_with_params()
    return sql, parameters


class Outbox:
    """The commands for one worker's gateways. If something is wrong with a meter's commands, it is mended before they
    are sent. If that fails, it is reported, and all other commands are sent.
    """

    def __init__(self, shards: range) -> None:
        self._shards = shards
        self._unsent: dict[str, float] = {}
        self._signed: dict[tuple[bytes, bytes], None] = {}
        # It is asked ten times a second: to build the SQL each time takes longer than the answer.
        self._question = _question(shards)

    def pending(self) -> list[Pending]:
        """Return the open commands for online gateways of this worker's shards, in order."""
        rows = self._open_commands()
        astray = [
            meter
            for (meter, taken, told_command), of_meter in groupby(
                rows, key=lambda row: (row.meter, row.taken, row.told_command)
            )
            if not is_in_order([row.number for row in of_meter], taken, told_command)
        ]
        unread = [row.pk for row in rows if not self._is_signed(row)]
        if astray or unread:
            for command in Command.objects.filter(pk__in=unread).select_related("meter__unit"):
                self._alone(command.meter, partial(mending.mend_command, command))
            for meter in Meter.objects.filter(name__in=astray):
                self._alone(meter, partial(_renumber, meter))
            rows = self._open_commands()
        return [Pending(row.gateway, row.meter, row.number, SignedCommand(row.body, row.signature)) for row in rows]

    def mark_sent(self, sent: Iterable[tuple[str, int]]) -> None:
        """Note that commands were sent, by meter and number."""
        for meter, number in sent:
            rows = Command.objects.filter(meter__name=meter, number=number, state=Command.State.QUEUED)
            rows.update(state=Command.State.SENT)

    def _alone(self, meter: Meter, work: Callable[[], None]) -> None:
        """Bring a meter's commands into order. If that fails it is reported, and not tried again at once: all others go
        on.
        """
        if time.monotonic() < self._unsent.get(meter.name, 0.0):
            return
        try:
            with transaction.atomic():
                work()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # whatever it is, it is this meter's alone
            log.exception("meter %s", meter)
            self._unsent[meter.name] = time.monotonic() + mending.AGAIN
            mending.tell_of_commands(meter, error)

    def _open_commands(self) -> list[_OpenCommand]:
        with connection.cursor() as cursor:
            cursor.execute(*self._question)
            return [
                _OpenCommand(pk, gateway, meter, taken, told_command, number, bytes(body), bytes(signature))
                for pk, gateway, meter, taken, told_command, number, body, signature in cursor.fetchall()
            ]

    def _is_signed(self, row: _OpenCommand) -> bool:
        """Return whether a command's bytes are those that were signed. It is checked once, and again if the bytes
        change.
        """
        looked_at = (row.body, row.signature)
        if looked_at in self._signed:
            return True
        good = mending.is_signed(row.body, row.signature)
        if good:
            self._signed[looked_at] = None
            while len(self._signed) > REMEMBERED:
                del self._signed[next(iter(self._signed))]
        return good


def _renumber(meter: Meter) -> None:
    for command in renumber(meter):
        log.warning(
            "meter %s: command %s is now %d, as its number is used", meter, command.earlier_number, command.number
        )
