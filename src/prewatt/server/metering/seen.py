"""How a meter stands by the latest that is known: its journal here, or what it reported itself if that is later."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.account import Account
from ...kernel.dark_facts import Cause
from ...kernel.dark_words import LOCKED
from ...kernel.state import EXHAUSTED
from ...kernel.switching import SwitchProgress, progress_of
from ..estate.low_steps import is_low as is_under_a_step
from ..estate.models import Property
from .models import Meter

LIMIT = Cause.LIMIT.value
"""Why it is off: what may be owed is used up."""


@dataclass(frozen=True)
class Seen:
    """The latest state of a meter that is known: its `balance` (nano), whether its switch is `closed` (None if that is
    not known), and how far the last order to the switch is (None if its gateway does not say). `is_told`: the meter has
    reported this itself, and its journal is not here yet.
    """

    balance: int
    closed: bool | None
    switching: SwitchProgress | None
    is_told: bool


def seen(meter: Meter) -> Seen:
    """Return the latest that is known of a meter."""
    is_told = meter.told_seq > meter.seq and meter.told_balance is not None
    closed = meter.told_closed if is_told else meter.closed
    progress = progress_of(meter.told_switch)
    # What was reported is of another order: the journal has a newer one.
    switching = SwitchProgress.ASKED if progress is not None and meter.told_closed != closed else progress
    return Seen(int(meter.told_balance or 0) if is_told else meter.balance, closed, switching, is_told)


def is_low(meter: Meter, property_: Property, account: Account, at: int) -> bool:
    """Return whether a meter's credit is low: its journal says so, or it has a credit limit and what is left down to
    the limit is under one of the property's highest steps.
    """
    latest, settings = seen(meter), account.settings
    if meter.is_low and not latest.is_told:
        return True
    bounded = settings.credit_limit or settings.credit_limit_cuts
    return bool(bounded) and is_under_a_step(property_, account.room(latest.balance), account.price(at))


def why_off(account: Account, at: int) -> str:
    """Return the word for what keeps a switch open, as `kernel.dark_words.in_brief` knows it: a lock with its suffix, `ordered`, a
    limit of safety, `off-hours`, `overload`, `exhausted`, or `credit-limit` if what may be owed is used up.
    """
    why = account.why_open(at)
    if account.supply.locks:
        return why + LOCKED
    return LIMIT if why == EXHAUSTED and account.settings.credit_limit else why
