"""This module says which orders a token can carry, and what a token orders. The vendor and the gateway use the same
rules.

A token carries exactly the order that its command carries. So the end of an order is rounded beforehand, for both, to
one that a token can carry: to the next full minute, and beside an amount to a full hour after the end of the token's
minute, if that is not far.

Amounts in a token count in the currency's `magnitude`: 5.00 is five euros, and 50,000 dong.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from ..kernel.currencies import magnitude
from ..kernel.orders import Action, ClearTamper, Close, LimitPower, Release, Restore, SetPin, TakeEmergency
from ..kernel.units import DAY, HOUR, MINUTE, NANO, Nano
from ..tokens import (
    BaseDate,
    EmergencyCode,
    Function,
    Management,
    NotCarried,
    PinCode,
    Proprietary,
    RestoreAmount,
    RestoreBoth,
    RestoreTime,
    Switch,
    Switching,
    carried,
    instant_of,
    pack,
    unpack,
)
from ..tokens.own import FINE, HUNDREDTHS, THOUSANDTHS
from .pins import keep_pin

FAR = 15 * MINUTE
"""An end is moved by at most this time (µs), so that a token can carry it beside an amount."""
PIN_LASTS = 31 * DAY
"""How long (µs) a PIN can be typed after it was made, so that an old PIN is of no use to a former tenant."""
_SWITCHING: dict[Switching, Action] = {
    Switching.CLOSE: Close(),
    Switching.CLOSE_OVER_A_LOCK: Close(override=True),
    Switching.TAKE_EMERGENCY: TakeEmergency(),
    Switching.RELEASE: Release(),
}


class Ordered(Struct, frozen=True):
    """The order of a token. From the instant `ends` on the token is worth nothing; 0: no end but that of all tokens."""

    tid: int
    action: Action
    ends: int = 0


class NewPin(Struct, frozen=True):
    """A token that sets a PIN: `pin`, made at a `minute` since 1970. From the instant `ends` on it sets none."""

    tid: int
    pin: str
    minute: int
    ends: int

    def action(self, meter: str) -> SetPin:
        """Return the order for a meter. It takes time on purpose (`wire.pins`)."""
        return SetPin(keep_pin(self.pin, meter, self.minute))


def order_token(action: Action, base: BaseDate, tid: int, currency: str) -> tuple[Action, Proprietary | Management]:
    """Return the order as both the token and the command carry it, and the token. `currency`: the one of the meter. Raises
    NotCarried if no token can carry it.
    """
    for what, each in _SWITCHING.items():
        if action == each:
            return action, pack(Switch(tid, what))
    match action:
        case Restore(amount, until):
            begin = instant_of(base, tid)
            unit = _unit(currency)
            own = _restoration(amount, until, begin, tid, unit)
            return _restored(own, begin, unit), pack(own)
        case LimitPower(watts, 0) if carried(watts) == watts:
            return action, Management(Function.SET_POWER_LIMIT, tid, watts)
        case ClearTamper():
            return action, Management(Function.CLEAR_TAMPER, tid)
    raise NotCarried("action")


class Steps(NamedTuple):
    """The amounts that tokens of a currency carry, nano: multiples of `alone`; with an end, and in tokens made in advance,
    multiples of `fine` up to `upto`, and of `coarse` above.
    """

    alone: Nano
    fine: Nano
    upto: Nano
    coarse: Nano


def steps(currency: str) -> Steps:
    """Return the amounts that tokens carry in a currency."""
    unit = _unit(currency)
    return Steps(unit // THOUSANDTHS, unit // HUNDREDTHS, FINE * unit, unit)


def _unit(currency: str) -> Nano:
    """Return what an amount of 1 in a token is worth, nano."""
    return NANO * magnitude(currency)


def _restoration(
    amount: int, until: int, begin: int, tid: int, unit: Nano
) -> RestoreTime | RestoreAmount | RestoreBoth:
    mille, cent = unit // THOUSANDTHS, unit // HUNDREDTHS
    if not amount:
        return RestoreTime(tid, -(-(until - begin) // MINUTE))
    if not until:
        if amount % mille:
            raise NotCarried("amount")
        return RestoreAmount(tid, amount // mille)
    if amount % cent:
        raise NotCarried("amount")
    # The order was given within the code's minute.
    hours = -(-(until - begin - MINUTE) // HOUR)
    restoration = RestoreBoth(tid, amount // cent, hours)
    if _restored(restoration, begin, unit).until - until > FAR:
        raise NotCarried("end")
    return restoration


def emergency_token(amount: int, days: int, tid: int, currency: str) -> Proprietary:
    """Return a token that is made in advance: it lends `amount` nano in the meter's `currency`, within `days` days. Raises
    NotCarried if no token can carry it.
    """
    cent = _unit(currency) // HUNDREDTHS
    if amount % cent:
        raise NotCarried("amount")
    return pack(EmergencyCode(tid, amount // cent, days))


def pin_token(pin: str, tid: int) -> Proprietary:
    """Return the token that carries a PIN."""
    return pack(PinCode(tid, int(pin)))


def read(token: Proprietary, base: BaseDate, currency: str) -> Ordered | NewPin:
    """Return what a token means to a meter whose money is in `currency`. Raises CodeError if it is unknown."""
    own, begin, unit = unpack(token), instant_of(base, token.tid), _unit(currency)
    match own:
        case Switch(tid, what):
            return Ordered(tid, _SWITCHING[what])
        case PinCode(tid, pin):
            return NewPin(tid, f"{pin:06}", begin // MINUTE, begin + PIN_LASTS)
        case EmergencyCode(tid, _, days):
            return Ordered(tid, _restored(own, begin, unit), begin + days * DAY)
        case _:
            return Ordered(own.tid, _restored(own, begin, unit))


def _restored(own: RestoreTime | RestoreAmount | RestoreBoth | EmergencyCode, begin: int, unit: Nano) -> Restore:
    match own:
        case RestoreTime(_, minutes):
            return Restore(0, begin + minutes * MINUTE)
        case RestoreAmount(_, thousandths):
            return Restore(thousandths * unit // THOUSANDTHS)
        case RestoreBoth(_, hundredths, hours):
            return Restore(hundredths * unit // HUNDREDTHS, begin + MINUTE + hours * HOUR)
        case EmergencyCode(_, hundredths, _):
            return Restore(hundredths * unit // HUNDREDTHS)
