"""The sentences of the rule `kernel.why_dark` that say how a flat's supply stands. Every page, message and program uses
them.

They are in two catalogues, the server's and the gateway's, which a test holds equal.
"""

from __future__ import annotations

from .account import Account
from .dark_facts import Cause, Facts, SwitchOrder
from .off_hours import OFF_HOURS
from .safety import KINDS
from .sentences import Energy, Money, Near, Number, Sentence, near, one_by_one, sentence, several
from .state import EXHAUSTED, FOREIGN
from .supply import LOCKS, Watts
from .switching import SwitchProgress
from .texts import gettext_noop as _
from .units import exact_kwh, rough_kwh

LOCKED = "-locked"
"""The suffix of a code whose lock a person must release: the same limit may also open the switch for a while."""
BECAUSE = {
    EXHAUSTED: _("the credit is used up"),
    "ordered": _("switched off by the manager"),
    "overload": _("too much power was drawn"),
    OFF_HOURS: _("these are off hours"),
    FOREIGN: _("a different meter answers in place of this one"),
    Cause.TOO_LITTLE: _("the credit is still too low to switch on again"),
    Cause.LIMIT: _("the limit of what may be owed is reached"),
    Cause.OVERDUE: _("a bill is overdue"),
    Cause.VACANT: _("nobody lives here, so there is no credit"),
    Cause.NOT_TOLD: _("the meter has not said why yet"),
    **{code: kind.words for code, kind in KINDS.items()},
    **{code + LOCKED: words for code, words in LOCKS.items()},
}
"""Why a switch is open, in a few words, by the code of the journal or by the cause."""

TITLES = {
    Cause.ON: _("The power is on"),
    Cause.LOW: _("The credit is low"),
    Cause.LENT: _("On emergency credit"),
    Cause.FRIENDLY: _("The credit is used up"),
    Cause.NO_VOLTAGE: _("No power reaches the meter"),
    Cause.METER_SILENT: _("The meter does not answer"),
    Cause.BUILDING_OFFLINE: _("The building is offline"),
    Cause.NOT_REPORTED: _("Not known yet"),
    Cause.SWITCHING_ON: _("Switching on"),
    Cause.WAITS_FOR_BUTTON: _("Press the button"),
    Cause.DOES_NOT_OBEY: _("The switch does not obey"),
    Cause.USED_UP: _("The credit is used up"),
    Cause.TOO_LITTLE: _("The credit is too low"),
    Cause.LIMIT: _("The limit is reached"),
    Cause.OVERDUE: _("A bill is overdue"),
    Cause.PAID: _("Paid, and on its way"),
    Cause.VACANT: _("Nobody lives here"),
    Cause.ORDERED: _("Switched off by the manager"),
    Cause.HOLD: _("Held off for work or safety"),
    Cause.OVERLOAD: _("Too much power at once"),
    Cause.OVERLOAD_LOCKED: _("Too much power, too often"),
    Cause.FORBIDDEN_LOAD: _("A forbidden device"),
    Cause.TAMPER: _("Tampering was noticed"),
    Cause.UNSAFE: _("Off for safety"),
    Cause.UNSAFE_LOCKED: _("Off for safety"),
    Cause.OFF_HOURS: _("Off hours"),
    Cause.FOREIGN: _("A different meter answers"),
    Cause.NOT_TOLD: _("Off, the reason is not known yet"),
}
"""The heading of each cause."""

OFF = _("The power is off: %(why)s.")


def title(cause: Cause) -> Sentence:
    """Return the heading of a cause."""
    return sentence(TITLES[cause])


def said(cause: Cause, facts: Facts) -> Sentence:
    """Return one or two sentences that say whether the power is on, and why not if it is off. If that is old, the
    sentences say so.
    """
    text = _said(cause, facts)
    if facts.closed is None:
        return text
    if facts.is_unheard:
        text = sentence("Last known: %(sentence)s", sentence=text)
    if facts.silent_since and not facts.is_far:
        at = near(facts.silent_since, facts.at, facts.zone)
        return several([sentence("The meter has not answered since %(at)s.", at=at), text])
    return text


def _said(cause: Cause, facts: Facts) -> Sentence:
    if facts.closed is None:
        return sentence("The meter has not reported yet.")
    if facts.closed and facts.progress not in (None, SwitchProgress.VERIFIED):
        return switching_on(facts.progress)
    if facts.closed:
        return sentence("The meter measures no voltage.") if cause == Cause.NO_VOLTAGE else _on(facts)
    if cause == Cause.SWITCHING_ON:
        return sentence("The power is off, and comes on in a moment.")
    parts = [sentence(OFF, why=because(cause, facts))]
    if after := _returns(cause, facts):
        parts.append(after)
    if facts.progress == SwitchProgress.FAILED:
        # Nobody may rely on it, when work is done at the wires.
        parts.append(sentence("But the meter has not switched off yet. The order is repeated every minute."))
    return several(parts)


def in_brief(code: str) -> Sentence:
    """Return a code's reason for an open switch, in a few words; the code itself if newer software wrote it."""
    return sentence(BECAUSE.get(code, code.removesuffix(LOCKED)))


def because(cause: Cause, facts: Facts) -> Sentence:
    """Return why the switch is open, in a few words within a sentence."""
    if facts.opened and not facts.locks:
        return _by_order(facts.order)
    if facts.locks:
        return one_by_one([in_brief(each + LOCKED) for each in facts.locks])
    if cause == Cause.UNSAFE:
        return one_by_one([in_brief(each) for each in facts.unsafe])
    if cause == Cause.OFF_HOURS and facts.has_allowance:
        return sentence("the allowance for these off hours is used up")
    if cause == Cause.PAID:
        return sentence(BECAUSE[EXHAUSTED])
    return sentence(BECAUSE[{Cause.FOREIGN: FOREIGN}.get(cause, cause)])


def _by_order(order: SwitchOrder | None) -> Sentence:
    if order is not None and order.on_site:
        return sentence("switched off in the building by the staff")
    return sentence(BECAUSE["ordered"])


def ordered(facts: Facts) -> Sentence | None:
    """Return when a person ordered the power off, and the reason given; None if no such order is known here."""
    order = facts.order
    if order is None:
        return None
    at = near(order.at, facts.at, facts.zone)
    if order.reason:
        return sentence("The order came at %(at)s. The reason: %(reason)s.", at=at, reason=order.reason.rstrip(".。 "))
    return sentence("The order came at %(at)s.", at=at)


def _returns(cause: Cause, facts: Facts) -> Sentence | None:
    """Return what brings the power back by itself; None if nothing does."""
    if cause == Cause.PAID:
        money = Money(facts.paid, facts.currency)
        if facts.paid_at:
            since = near(facts.paid_at, facts.at, facts.zone)
            return sentence("%(amount)s is paid, and on its way to the meter since %(at)s.", amount=money, at=since)
        return sentence("%(amount)s is paid, and on its way to the meter.", amount=money)
    if cause == Cause.USED_UP:
        return sentence("It returns by itself after a top-up.")
    if cause in (Cause.TOO_LITTLE, Cause.LIMIT, Cause.OVERDUE):
        return sentence("The power returns by itself after a payment.")
    if cause in (Cause.ORDERED, Cause.HOLD):
        return ordered(facts)
    if not facts.is_supplied:
        return None
    at = {Cause.OFF_HOURS: facts.off_until, Cause.OVERLOAD: facts.recloses_at}.get(cause, 0)
    if at:
        return sentence("The power returns by itself at %(at)s.", at=near(at, facts.at, facts.zone))
    if cause == Cause.UNSAFE:
        return sentence("The power returns by itself when this has been normal for a while.")
    return None


def switching_on(progress: SwitchProgress | None) -> Sentence:
    """Return how far an order to switch on is, as long as no reading has shown that it is done."""
    if progress == SwitchProgress.WAITS_FOR_BUTTON:
        return sentence("Press the button at the meter: the power is back at once.")
    if progress == SwitchProgress.FAILED:
        return sentence(
            "The meter was told to switch on, but has not done it. It is told again every minute, and the manager knows. "
            "If the meter has a button, press it."
        )
    if progress == SwitchProgress.CONFIRMED:
        return sentence(
            "The meter was told to switch on, and has confirmed it. It has not shown yet that the power is on."
        )
    return sentence("The meter is told to switch on. It has not answered yet.")


def _on(facts: Facts) -> Sentence:
    currency = facts.currency
    if facts.is_vacant:
        return sentence("The power is on. Nobody lives here: the landlord pays what is used.")
    if facts.lent:
        return sentence("The power is on, on emergency credit: %(left)s left.", left=Money(facts.lent, currency))
    if facts.pays_after:
        return _paid_after(facts)
    if facts.room is not None and facts.room <= 0 and facts.is_friendly:
        return sentence("The power is on, although the credit is used up: it stays on in these hours. Pay soon.")
    if facts.warned_at:
        return sentence(
            "The power is on. The credit is running low. At %(at)s about %(left)s kWh were left.",
            at=Near(facts.warned_at, facts.zone, with_day=True),
            left=Number(rough_kwh(facts.energy)),
        )
    if facts.is_low:
        return sentence("The power is on. The credit is running low.")
    return sentence("The power is on.")


def _paid_after(facts: Facts) -> Sentence:
    """Return what is owed where electricity is paid after use, and how large the debt may become."""
    currency = facts.currency
    if facts.is_low and facts.room is not None:
        return sentence(
            "The power is on. You can use only %(room)s more until the limit. Pay soon.",
            room=Money(max(facts.room, 0), currency),
        )
    if facts.owed is None:
        return sentence("The power is on. You pay after use.")
    owed = Money(facts.owed, currency)
    if not facts.may_owe:
        return sentence("The power is on. You pay after use. You owe %(owed)s now.", owed=owed)
    return sentence(
        "The power is on. You pay after use. You owe %(owed)s now, and may owe at most %(limit)s.",
        owed=owed,
        limit=Money(facts.may_owe, currency),
    )


def kilowatts(watts: Watts) -> Number:
    """Return a power in kW, with at least one decimal."""
    whole, _point, decimals = exact_kwh(watts).partition(".")
    return Number(f"{whole}.{decimals.rstrip('0') or '0'}")


def tonight(account: Account, now: int) -> Sentence | None:
    """Return what the present off hours allow; None if there are none, or the power is off."""
    zone_name, hours = account.settings.zone, account.settings.off_hours
    if account.closed is False:
        return None
    if until := account.waived_until(now):
        return sentence(
            "These are off hours, but the manager has switched on until %(at)s.", at=near(until, now, zone_name)
        )
    night, left = account.night(now), account.night_left(now)
    if night is None:
        return None
    at = near(night.until, now, zone_name)
    watts = sentence("at most %(watts)d W at a time", watts=hours.watts)
    if left is None:
        return sentence("Off hours until %(at)s: %(allowed)s.", at=at, allowed=watts)
    energy = sentence("%(left)s of %(most)s kWh are left", left=Energy(left), most=Energy(hours.energy))
    if not hours.watts:
        return sentence("Off hours until %(at)s: %(allowed)s.", at=at, allowed=energy)
    return sentence("Off hours until %(at)s: %(watts)s, %(energy)s.", at=at, watts=watts, energy=energy)
