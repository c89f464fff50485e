"""The doctor's check of the head-end or the worker, by their signs of life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Max

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...server.core.time import system_now
from ...server.metering.models import SILENT_WORKER, Worker
from ...server.overview.models import Keeping
from ...terminal_texts import _
from .words import instant_in_utc, shown_in_utc

SILENT_TASKS = 120
"""Seconds without a sign of life after which the worker counts as stopped. It gives one every few seconds, except while
it is busy.
"""


def check_signs_of_life(_config: ServerConfig) -> Iterator[Finding]:
    """Yield whether the head-end takes in messages, and whether the worker does what is scheduled."""
    beat = Worker.objects.aggregate(last=Max("beat_at"))["last"]
    yield sign_of_life(_("head-end"), beat, SILENT_WORKER, "headend")
    kept = Keeping.objects.filter(pk=1, at__gt=0).values_list("at", flat=True).first()
    yield sign_of_life(_("worker"), None if kept is None else instant_in_utc(kept), SILENT_TASKS, "worker")


def sign_of_life(name: str, last: datetime | None, longest: int, process: str) -> Finding:
    """Return whether a process works, by its `last` sign of life; after `longest` seconds of silence it does not."""
    if last is not None and (instant_in_utc(system_now()) - last).total_seconds() <= longest:
        return Finding(name, State.OK, _("it works: last sign of life at %(at)s", at=shown_in_utc(last)))
    words = (
        _("it has never given a sign of life")
        if last is None
        else _("no sign of life since %(at)s", at=shown_in_utc(last))
    )
    return Finding(name, State.BAD, words, _("Start the server, and read run/%(process)s.log", process=process))
