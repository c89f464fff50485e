"""The worker is one process that does all scheduled work, on APScheduler. Each job runs once at a time and finds by
itself what is due, so a missed run is made up for. A second worker on the same database stands by until the first has
ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.blocking import BlockingScheduler
from django.db import DatabaseError, InterfaceError, close_old_connections

from ..server.accounts import sent_forms, throttles
from ..server.allocation.runs import run_what_is_due
from ..server.automatic.charging import charge_what_is_due
from ..server.billing.spreading import spread_what_ran_up
from ..server.core.time import now
from ..server.ledger import sums
from ..server.metering.balance import raise_alarms
from ..server.metering.revoking import renew_lists_of_the_future, revoke_what_nobody_may
from ..server.metering.similar_keeping import keep_similar_use
from ..server.notices.sending import send_what_is_due
from ..server.notices.silences import tell_of_silences
from ..server.notices.watching import watch
from ..server.overview.keeping import Keeper
from ..server.payments.polling import look_at_open_payments
from ..server.payments.settlement import book_what_was_missed, fetch_what_is_due
from ..server.payments.taken_back import take_up_what_waits
from ..server.privacy.keeping import forget_what_is_due
from ..server.sales.keypad_sales import charge_days_of_all
from ..server.statements.bills import make_bills
from ..server.statements.overdue import follow_up
from ..server.statements.terms import take_what_is_due
from ..server.tasks import left_tasks
from ..server.tenancies.moving import settle_what_is_due
from ..server.vending.account_settings import refresh_settings
from ..server.vending.silences import look as look_at_silences
from .standby import alone
from .tasks import Runners

log = logging.getLogger("prewatt.worker")
AT_ONCE, SHORTLY, OFTEN, STEADILY, SELDOM, DAILY = 1, 2, 10, 30, 600, 86_400
"""Seconds between two runs of a job."""


def charge_days() -> None:
    """Charge the days that have ended to the tenants of flats with a keypad meter, which no gateway charges."""
    charge_days_of_all()


def allocate() -> None:
    """Run the shared costs that are due."""
    runs, waiting = run_what_is_due()
    for run_ in runs:
        log.info("shared cost %s: run %d is booked", run_.shared_cost, run_.pk)
    for text in waiting:
        log.debug("waits: %s", text)


def close_accounts() -> None:
    """Settle the tenancies that have ended."""
    for tenancy in settle_what_is_due():
        log.info("settled: tenancy %d", tenancy.pk)


def change_terms() -> None:
    """Apply the terms of payment that are due."""
    for terms in take_what_is_due():
        log.info("terms of tenancy %d: %s", terms.tenancy_id, terms)


def bill() -> None:
    """Make the bills that are due, and take the agreed action on overdue ones."""
    for bill_ in make_bills():
        log.info("bill %s: tenancy %d", bill_, bill_.tenancy_id)
    for lowered in follow_up():
        log.info("the limit of tenancy %d is changed for a bill", lowered.terms.tenancy_id)


def look_at_balances() -> None:
    """Raise an alarm for each building whose energy losses are too large."""
    for text in raise_alarms():
        log.warning("%s", text)


def compare_flats() -> None:
    """Work out what similar flats use, once a day for each building."""
    for property_ in keep_similar_use(now()):
        log.debug("%s: what similar flats use is worked out", property_)


def close_books() -> None:
    """Sum the transfers since the last time, and store the sums."""
    log.debug("%d transfers are summed and kept", sums.close_books())


def renew_holidays() -> None:
    """Send the public holidays of further years to the meters."""
    for meter in refresh_settings():
        log.info("meter %s: settings sent again", meter)


def ask_about_payments() -> None:
    """Ask the providers about payments for which no callback has come."""
    for payment in look_at_open_payments():
        log.info("payment %s: %s, found by asking", payment, payment.state)


def top_up_automatically() -> None:
    """Make the payments that tenants have agreed to."""
    for payment in charge_what_is_due():
        log.info("payment %s: made automatically", payment)


def fetch_settlement_files() -> None:
    """Fetch the settlement files of past days, and credit payments that were missed."""
    for file in fetch_what_is_due():
        log.info("settlement file of %s is fetched", file)
    for payment in book_what_was_missed():
        log.info("payment %s was in a settlement file, and is booked now", payment)
    for payment in take_up_what_waits():
        log.info("the amount taken back of payment %s is booked now", payment)


def look_at_grants() -> None:
    """Revoke the grants of phones whose owners may no longer switch, and mend lists dated in the future."""
    if count := revoke_what_nobody_may():
        log.info("%d grants of phones are taken back", count)
    if count := renew_lists_of_the_future():
        log.warning("%d lists of grants had been signed while the clock was ahead: they are signed anew", count)


def forget_tries() -> None:
    """Delete the counts of wrong tries that are over, and what came of forms that were sent long ago."""
    log.debug("%d counts of tries are over", throttles.forget_old())
    log.debug("%d forms are forgotten", sent_forms.forget_old())


def look_for_notices() -> None:
    """Put the notices that are due in the outbox."""
    watch()


def look_for_silences() -> None:
    """Note which gateways and meters are silent or back, and tell managers."""
    look_at_silences()
    for debt in spread_what_ran_up():
        log.info("spread over the next payments: debt %d", debt.pk)
    tell_of_silences()


def forget() -> None:
    """Delete and erase personal data that were kept for long enough."""
    forget_what_is_due()


def send_notices() -> None:
    """Send the notices in the outbox, and try those again that could not be sent."""
    send_what_is_due()


def forget_tasks() -> None:
    """Delete what was made for people more than a day ago."""
    left_tasks.forget_old()


def _job(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        close_old_connections()
        try:
            work()
        except (DatabaseError, InterfaceError) as error:
            # Nothing is booked halfway, so the next run does it.
            log.warning("the database refused: %s", error)
        except Exception:
            # The other jobs go on, and so does the next run of this one.
            log.exception("%s", work.__name__)

    return run


def run() -> None:
    """Work until stopped. While another worker works, stand by."""
    with alone("worker"):
        log.info("at work")
        _work()


def _work() -> None:
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BlockingScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    left_tasks.cut_off(None)
    do_tasks = Runners().look_after
    keeper = Keeper()

    def keep_first_page() -> None:
        keeper.keep()

    jobs = (
        (do_tasks, AT_ONCE),
        (keep_first_page, SHORTLY),
        (allocate, OFTEN),
        (close_accounts, OFTEN),
        (change_terms, OFTEN),
        (ask_about_payments, OFTEN),
        (top_up_automatically, OFTEN),
        (look_for_notices, OFTEN),
        (send_notices, OFTEN),
        (look_for_silences, STEADILY),
        (bill, STEADILY),
        (charge_days, SELDOM),
        (fetch_settlement_files, SELDOM),
        (look_at_balances, SELDOM),
        (compare_flats, SELDOM),
        (forget_tasks, SELDOM),
        (close_books, SELDOM),
        (forget_tries, SELDOM),
        (look_at_grants, SELDOM),
        (renew_holidays, DAILY),
        (forget, DAILY),
    )
    for work, seconds in jobs:
        # The first run is at once, so that what was due while no worker ran is made up for.
        scheduler.add_job(_job(work), "interval", seconds=seconds, id=work.__name__, next_run_time=datetime.now(UTC))

    def on_job_done(event: JobExecutionEvent) -> None:
        if event.job_id == look_for_notices.__name__:
            # New notices do not wait for the next run.
            scheduler.modify_job(send_notices.__name__, next_run_time=datetime.now(UTC))

    scheduler.add_listener(on_job_done, EVENT_JOB_EXECUTED)
    scheduler.start()
