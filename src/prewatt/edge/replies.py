"""The sentences that people on site read."""

from __future__ import annotations

from ..kernel.account import Account
from ..kernel.currencies import format_with_code
from ..kernel.units import HOUR, MINUTE, SECOND
from .texts import _


def sentence(text: str) -> str:
    """Return an objection of the rules as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def please_wait(wait: int, locked: bool) -> str:
    """Return the sentence that no code is accepted for `wait` µs, because too many were wrong."""
    if locked:
        hours = -(-wait // HOUR)
        return _("Too many wrong codes. No code is accepted for %(hours)d hours, or until the manager unlocks it.") % {
            "hours": hours
        }
    if wait > MINUTE:
        return _("Too many wrong codes: please wait %(minutes)d minutes.") % {"minutes": -(-wait // MINUTE)}
    return _("Too many wrong codes: please wait %(seconds)d seconds.") % {"seconds": -(-wait // SECOND)}


def supplied(account: Account) -> str:
    """Return the sentence that says whether the supply is on after an order."""
    texts = {True: _("Done: the supply is on."), False: _("Done: the supply is off."), None: _("Done.")}
    return texts[account.closed]


def money(account: Account, nano: int) -> str:
    """Return an amount (nano) in the currency of the meter's tariff."""
    return format_with_code(nano, account.currency)
