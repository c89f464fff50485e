"""Watches, in all tests, that rows are locked in the order of `prewatt.server.metering.locking`: within a transaction nobody
locks or changes a row of `ORDER` after a row of a later table in it, or of one that is not in it, nor a meter's after a later
meter's.

Of what is changed without being read first (`update`) only the table is known: it is left alone where a row of that table is
locked, or was made, already.
"""

import sys
import threading
from pathlib import Path

from django.core.signals import request_started
from django.db.models import Model, QuerySet
from django.db.transaction import Atomic

import prewatt

SOURCE = f"{Path(prewatt.__file__).parent}/"
ORDER = ["estate.organisation", "estate.property", "metering.gateway", "metering.meter"]
METER = ORDER.index("metering.meter")
ALONE = "accounts.apikey"
"""Its last use is written before a call begins, outside of any transaction but for those that tests put around calls."""


class LockOrder(threading.local):
    """A thread's transaction. `found`, of all threads: what was locked out of order."""

    found = []
    watching = False

    def __init__(self):
        self.depth, self.held = 0, {}

    def take(self, model, pk=None):
        name = model._meta.label_lower
        if not LockOrder.watching or not self.depth or name == ALONE or (name, pk) in self.held:
            return
        if pk is None and any(table == name for table, _pk in self.held):
            return
        rank = ORDER.index(name) if name in ORDER else len(ORDER)
        said = callers()
        for (table, other), (other_rank, there) in self.held.items():
            later = rank == other_rank == METER and None not in (pk, other) and other > pk
            if said and (other_rank > rank or later):
                self.found.append(f"{name} {pk} ({said}) after {table} {other} ({there})")
                break
        self.held[name, pk] = rank, said

    def made(self, row):
        """Nobody can wait for a row that is there for this transaction alone."""
        name = row._meta.label_lower
        self.held |= {(name, row.pk): (-1, ""), (name, None): (-1, "")}

    def begin(self):
        if not self.depth:
            self.held = {}
        self.depth += 1

    def end(self):
        self.depth = max(self.depth - 1, 0)


def callers():
    """The four innermost lines of ours that a call came by, as in `server/sales/top_ups.py:55 < …`. Frames alone: a traceback
    would read the source of each line, and each locked row asks.
    """
    frame, lines = sys._getframe(1), []
    while frame is not None and len(lines) < 4:
        path = frame.f_code.co_filename
        if path.startswith(SOURCE):
            lines.append(f"{path.removeprefix(SOURCE)}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(lines)


ORDERED = LockOrder()


def watched(original, told):
    """A method that tells `told` what it was called with and what it answered."""

    def wrapped(self, *given, **named):
        answer = original(self, *given, **named)
        told(self, answer, *given)
        return answer

    return wrapped


def fetching(original):
    def fetch_all(rows):
        fresh = rows._result_cache is None
        original(rows)
        if fresh and rows.query.select_for_update:
            for each in rows._result_cache:
                ORDERED.take(rows.model, each.pk)

    return fetch_all


def saving(original):
    def save_base(row, *given, **named):
        adding = row._state.adding
        original(row, *given, **named)
        if adding:
            ORDERED.made(row)

    return save_base


def entering(original):
    def enter(atomic):
        ORDERED.begin()
        return original(atomic)

    return enter


# Pages that are asked for one after the other have a transaction each, whatever a test wraps them in.
request_started.connect(lambda **_given: ORDERED.held.clear(), weak=False)
Atomic.__enter__ = entering(Atomic.__enter__)
Atomic.__exit__ = watched(Atomic.__exit__, lambda *_given: ORDERED.end())
QuerySet._fetch_all = fetching(QuerySet._fetch_all)
QuerySet.update = watched(QuerySet.update, lambda rows, changed: ORDERED.take(rows.model) if changed else None)
Model.save_base = saving(Model.save_base)
Model._do_update = watched(
    Model._do_update, lambda row, changed, _rows, _using, pk, *_more: ORDERED.take(type(row), pk) if changed else None
)


def start():
    ORDERED.depth, ORDERED.held = 0, {}
    ORDERED.found.clear()
    LockOrder.watching = True


def stop():
    LockOrder.watching = False
    return sorted(set(ORDERED.found))
