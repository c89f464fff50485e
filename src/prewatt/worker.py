"""The worker: one process that does what is scheduled, on APScheduler. Each job runs once at a time, and finds by itself
what is due, so one that was missed is made up for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.blocking import BlockingScheduler
from django.db import DatabaseError, InterfaceError, close_old_connections

from .server.allocation.runs import run_what_is_due
from .server.billing.tenancies import settle_what_is_due
from .server.metering.balance import raise_alarms
from .server.metering.services import refresh_settings

log = logging.getLogger("prewatt.worker")
OFTEN, SELDOM, DAILY = 10, 600, 86_400
"""Seconds between two looks."""


def allocate() -> None:
    """Run the shared costs that are due."""
    made, waiting = run_what_is_due()
    for each in made:
        log.info("shared cost %s: run %d is booked", each.shared_cost, each.pk)
    for text in waiting:
        log.debug("waits: %s", text)


def close_accounts() -> None:
    """Settle the tenancies that have ended."""
    for tenancy in settle_what_is_due():
        log.info("settled: %s", tenancy)


def look_at_balances() -> None:
    """Raise an alarm where too much energy is not accounted for."""
    for text in raise_alarms():
        log.warning("%s", text)


def renew_holidays() -> None:
    """Send the public holidays of the years that have come into sight."""
    for meter in refresh_settings():
        log.info("meter %s: settings sent anew", meter)


def _job(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        close_old_connections()
        try:
            work()
        except (DatabaseError, InterfaceError) as error:
            # Nothing is booked by halves: the next look does it.
            log.warning("the database refused: %s", error)

    return run


def run() -> None:
    """Work until stopped."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BlockingScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    jobs = ((allocate, OFTEN), (close_accounts, OFTEN), (look_at_balances, SELDOM), (renew_holidays, DAILY))
    for work, seconds in jobs:
        # The first look is at once: what was due while nobody worked is made up for.
        scheduler.add_job(_job(work), "interval", seconds=seconds, id=work.__name__, next_run_time=datetime.now(UTC))
    scheduler.start()
