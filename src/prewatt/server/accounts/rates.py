"""How often a program may call: so many calls a minute with one key, over all processes of the server.

Each process counts by itself and adds its calls to the database a block at a time, so that a hundred calls cost one short
write. The limit is generous, and may be passed by a block for each process.
"""

from __future__ import annotations

import threading
import time

from django.db.models import F
from django.utils.crypto import salted_hmac

from .throttles import MINUTE, SECOND, Throttle

CALLS = 1200
"""Calls a minute with one key."""
BLOCK = 50
"""Calls that a process counts by itself before it tells the others."""
_lock = threading.Lock()
_here: dict[str, tuple[int, int, int]] = {}
"""By key: the minute, the calls of this process that are not in the database yet, and all calls known of."""


def waits_for_rate(key: str) -> float:
    """Count a call with a key. Returns how long (s) to wait if there were too many in this minute, otherwise 0."""
    at = time.time()
    minute = int(at // MINUTE)
    subject = salted_hmac("prewatt.rates", key, algorithm="sha256").hexdigest()
    with _lock:
        if len(_here) > 10_000:
            _here.clear()
        then, waiting, known = _here.get(subject, (minute, 0, 0))
        waiting, known = (waiting + 1, known + 1) if then == minute else (1, 1)
        full = waiting >= BLOCK and known <= CALLS + BLOCK
        _here[subject] = minute, 0 if full else waiting, known
    if full:
        known = _added(subject, minute, waiting)
        with _lock:
            then, since, _before = _here.get(subject, (minute, 0, 0))
            if then == minute:
                _here[subject] = minute, since, known + since
    return (minute + 1) * MINUTE - at if known > CALLS else 0


def _added(subject: str, minute: int, calls: int) -> int:
    """Add calls to those of all processes in this minute, and return how many they are now."""
    begins = minute * MINUTE * SECOND
    ends = begins + 2 * MINUTE * SECOND
    row = Throttle.objects.filter(subject=subject)
    fresh = {"wrong": calls, "last_at": begins, "until": begins, "ends": ends}
    if not row.filter(last_at=begins).update(wrong=F("wrong") + calls) and not row.update(**fresh):
        # Of two processes that begin a key's count at the same moment one does.
        Throttle.objects.bulk_create([Throttle(subject=subject, **fresh)], ignore_conflicts=True)
    return row.values_list("wrong", flat=True).first() or calls
