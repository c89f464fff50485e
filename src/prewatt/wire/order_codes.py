"""Which orders a code can carry, and what a code orders: the same for who makes it and for the gateway that reads it.

A code carries an order exactly as its command does. An end is therefore one that a code can carry, before it is ordered by
either: it is moved on to a full minute, and beside an amount to a full hour after the end of the code's minute, if that is
not far.
"""

from __future__ import annotations

from msgspec import Struct

from ..kernel.orders import Action, ClearTamper, Close, LimitPower, Release, Restore, SetPin, TakeEmergency
from ..kernel.units import DAY, HOUR, MINUTE, NANO
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
from .pins import keep_pin

FAR = 15 * MINUTE
"""By so much an end is moved on at most, so that a code can carry it beside an amount."""
PIN_LASTS = 31 * DAY
"""So long after it was made a PIN can be typed: whoever had the flat before has no use of an old one."""
CENT, MILLE = NANO // 100, NANO // 1000
_SWITCHING: dict[Switching, Action] = {
    Switching.CLOSE: Close(),
    Switching.CLOSE_OVER_A_LOCK: Close(override=True),
    Switching.TAKE_EMERGENCY: TakeEmergency(),
    Switching.RELEASE: Release(),
}


class Ordered(Struct, frozen=True):
    """What a code orders. `ends`: the instant from which on it is worth nothing; 0: as any code."""

    tid: int
    action: Action
    ends: int = 0


class NewPin(Struct, frozen=True):
    """A code that makes a PIN: `pin`, made at a `minute` since 1970. `ends`: the instant from which on it makes none."""

    tid: int
    pin: str
    minute: int
    ends: int

    def action(self, meter: str) -> SetPin:
        """What it does at a meter. It takes its time on purpose (`wire.pins`)."""
        return SetPin(keep_pin(self.pin, meter, self.minute))


def order_token(action: Action, base: BaseDate, tid: int) -> tuple[Action, Proprietary | Management]:
    """The token that carries an order, and the order as both the code and the command are to carry it. NotCarried if no
    code can.
    """
    for what, each in _SWITCHING.items():
        if action == each:
            return action, pack(Switch(tid, what))
    match action:
        case Restore(amount, until):
            begin = instant_of(base, tid)
            own = _restoration(amount, until, begin, tid)
            return _restored(own, begin), pack(own)
        case LimitPower(watts, 0) if carried(watts) == watts:
            return action, Management(Function.SET_POWER_LIMIT, tid, watts)
        case ClearTamper():
            return action, Management(Function.CLEAR_TAMPER, tid)
    raise NotCarried("action")


def _restoration(amount: int, until: int, begin: int, tid: int) -> RestoreTime | RestoreAmount | RestoreBoth:
    if not amount:
        return RestoreTime(tid, -(-(until - begin) // MINUTE))
    if not until:
        if amount % MILLE:
            raise NotCarried("amount")
        return RestoreAmount(tid, amount // MILLE)
    if amount % CENT:
        raise NotCarried("amount")
    # The order was given within the code's minute.
    hours = -(-(until - begin - MINUTE) // HOUR)
    made = RestoreBoth(tid, amount // CENT, hours)
    if _restored(made, begin).until - until > FAR:
        raise NotCarried("end")
    return made


def emergency_token(amount: int, days: int, tid: int) -> Proprietary:
    """The token of a code that is made in advance: `amount` nano are lent, within so many days. NotCarried if none can."""
    if amount % CENT:
        raise NotCarried("amount")
    return pack(EmergencyCode(tid, amount // CENT, days))


def pin_token(pin: str, tid: int) -> Proprietary:
    """The token that carries a PIN."""
    return pack(PinCode(tid, int(pin)))


def read(token: Proprietary, base: BaseDate) -> Ordered | NewPin:
    """What a token means. CodeError if it is none that is known."""
    own, begin = unpack(token), instant_of(base, token.tid)
    match own:
        case Switch(tid, what):
            return Ordered(tid, _SWITCHING[what])
        case PinCode(tid, pin):
            return NewPin(tid, f"{pin:06}", begin // MINUTE, begin + PIN_LASTS)
        case EmergencyCode(tid, _, days):
            return Ordered(tid, _restored(own, begin), begin + days * DAY)
        case _:
            return Ordered(own.tid, _restored(own, begin))


def _restored(own: RestoreTime | RestoreAmount | RestoreBoth | EmergencyCode, begin: int) -> Restore:
    match own:
        case RestoreTime(_, minutes):
            return Restore(0, begin + minutes * MINUTE)
        case RestoreAmount(_, thousandths):
            return Restore(thousandths * MILLE)
        case RestoreBoth(_, hundredths, hours):
            return Restore(hundredths * CENT, begin + MINUTE + hours * HOUR)
        case EmergencyCode(_, hundredths, _):
            return Restore(hundredths * CENT)
