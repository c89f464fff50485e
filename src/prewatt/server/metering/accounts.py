"""A meter's account for pages and notices."""

from __future__ import annotations

from ...kernel.account import Account
from .models import Meter


def account_of(meter: Meter) -> Account:
    """A meter's account; where it can't be read, which is an alarm of its own, what the row tells: no prices, no locks."""
    try:
        return Account.load(bytes(meter.account))
    except ValueError:
        told = Account()
        told.seq, told.at, told.balance, told.credited = meter.seq, meter.at or 0, meter.balance, meter.balance
        told.register, told.read_at, told.closed = meter.register, meter.read_at or 0, meter.closed
        return told
