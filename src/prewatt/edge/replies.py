"""The sentences that people on site read."""

from __future__ import annotations

from ..kernel.account import Account
from ..kernel.switching import SwitchProgress
from ..kernel.units import HOUR, MINUTE, SECOND
from .meter import Meter, Outcome
from .quantities import format_with_code
from .texts import _


def sentence(text: str) -> str:
    """Return an objection of the rules as a sentence."""
    words = _(text)
    return _("%(words)s.") % {"words": f"{words[:1].upper()}{words[1:]}"}


def please_wait(wait: int, locked: bool) -> str:
    """Return the sentence that no code is accepted for `wait` µs, because too many were wrong."""
    if locked:
        hours = -(-wait // HOUR)
        return _(
            "Too many wrong codes. No code is accepted for %(hours)d hours, or until the manager allows codes again."
        ) % {"hours": hours}
    if wait > MINUTE:
        return _("Too many wrong codes: please wait %(minutes)d minutes.") % {"minutes": -(-wait // MINUTE)}
    return _("Too many wrong codes: please wait %(seconds)d seconds.") % {"seconds": -(-wait // SECOND)}


def supplied(closed: bool | None, progress: SwitchProgress | None) -> str:
    """Return the sentence that says how far the last order to the switch is; empty if there was none. `closed`: whether
    the order was to close it. It never says that the supply is on before that was seen.
    """
    if closed is None:
        return ""
    if progress is None or progress == SwitchProgress.VERIFIED:
        return _("The supply is on.") if closed else _("The supply is off.")
    if closed:
        return {
            SwitchProgress.ASKED: _("The meter is told to switch on."),
            SwitchProgress.CONFIRMED: _("The meter was told to switch on, and has confirmed it."),
            SwitchProgress.WAITS_FOR_BUTTON: _("Press the button at the meter: the power is back at once."),
            SwitchProgress.FAILED: _(
                "The meter was told to switch on, but has not done it. It is told again every minute. If the meter has a "
                "button, press it."
            ),
        }[progress]
    if progress == SwitchProgress.FAILED:
        return _("The meter was told to switch off, but has not done it. It is told again every minute.")
    return _("The meter was told to switch off.")


def done(meter: Meter, outcome: Outcome) -> str:
    """Return the answer to an order with its `outcome`. If its switch moves, the sentence about the supply follows when that
    was seen.
    """
    if outcome.switch is not None:
        return _("Done.")
    return f"{_('Done.')} {supplied(meter.account.closed, meter.switching.progress)}".strip()


def money(account: Account, nano: int) -> str:
    """Return an amount (nano) in the currency of the meter's tariff."""
    return format_with_code(nano, account.currency)
