"""A 20-digit code typed on site is decoded here for a meter of this gateway. Logic without I/O.

The gateway is the decoder of IEC 62055-41 for its meters: it holds their keys, accepts key changes, and leaves it to
the meter's account (`kernel.account`) to know which tokens were used.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from ..kernel.orders import ClearCredit, ClearTamper, LimitPower
from ..kernel.supply import WATTS_MAX
from ..kernel.units import DAY, TOKEN
from ..tokens import (
    Algorithm,
    BaseDate,
    BlockCipher,
    CodeError,
    CurrencyCredit,
    Function,
    KeySection,
    Management,
    MeterTest,
    NumberError,
    Proprietary,
    Service,
    cipher,
    decode,
    digits_of,
    instant_of,
    together,
)
from ..wire.order_codes import NewPin, Ordered, read
from .code_meanings import ChangeKey, Credit, Do, Meaning, Show
from .key_state import KeyState
from .texts import _

AWAY = 366 * DAY
"""A token's minute may be at most this far (µs) in the past or future. After a loss of power a gateway's clock may
stand where its journal ended, and a tenant who has paid since must not sit in the dark for that.
"""


class CodeRefused(ValueError):
    """The code changes nothing; the message, for people, says why. `guess`: the code may have been guessed."""

    def __init__(self, text: str, guess: bool = False) -> None:
        super().__init__(text)
        self.guess = guess


@lru_cache(maxsize=256)
def _cipher(algorithm: int, key: bytes) -> BlockCipher:
    return cipher(Algorithm(algorithm), key)


def money(token: CurrencyCredit) -> int:
    """Return the worth of a token for money, nano: the amount it was made for. A token carries the amount rounded up to
    its resolution, and vendors make tokens only for multiples of that.
    """
    return token.amount // token.resolution * token.resolution * TOKEN


def _management(token: Management) -> Do:
    match token.function:
        case Function.SET_POWER_LIMIT:
            return Do(token.tid, LimitPower(min(token.value, WATTS_MAX)))
        case Function.CLEAR_TAMPER:
            return Do(token.tid, ClearTamper())
        case Function.CLEAR_CREDIT:
            return Do(token.tid, ClearCredit())
    raise CodeRefused(_("This meter has no such function: its tariff comes from the server."))


def read_code(state: KeyState, now: int | None, text: str, currency: str, earliest: int = 0) -> Meaning:
    """Return what a code means to a meter with the key of `state`, whose money is in `currency`. `now`: the instant of typing
    (None: the time is unknown, but is at least `earliest`). Raises CodeRefused if the code means nothing.
    """
    try:
        token = decode(text, _cipher(state.algorithm, state.key))
    except CodeError as error:
        raise CodeRefused(_WORDS[error.reason](), guess=error.reason != "digits") from None
    if isinstance(token, MeterTest):
        return Show()
    if isinstance(token, KeySection):
        return _key_section(state, token, text)
    _check_tid(state, now, token.tid)
    if isinstance(token, Proprietary):
        return _own(state, earliest if now is None else now, token, currency)
    if isinstance(token, CurrencyCredit):
        if token.service != Service.ELECTRICITY or token.amount <= 0:
            raise CodeRefused(_("This code is not for electricity."))
        return Credit(token.tid, money(token))
    if isinstance(token, Management):
        return _management(token)
    raise CodeRefused(_("This code is for a meter that counts units; this one counts money."))


_WORDS = {
    "digits": lambda: _("A code has 20 digits. Please count again."),
    "check": lambda: _(
        "This code is not for this meter. Perhaps one digit is wrong, or the code is for another meter."
    ),
    "class": lambda: _(
        "This code is not for this meter. Perhaps one digit is wrong, or the code is for another meter."
    ),
}


def _own(state: KeyState, earliest: int, token: Proprietary, currency: str) -> Do | NewPin:
    try:
        meant = read(token, BaseDate(state.base), currency)
    except CodeError as error:
        raise CodeRefused(_WORDS[error.reason](), guess=True) from None
    if meant.ends and earliest >= meant.ends:
        raise CodeRefused(_("This code has expired and no longer works. Ask for a new one."))
    return Do(meant.tid, meant.action) if isinstance(meant, Ordered) else meant


def _check_tid(state: KeyState, now: int | None, tid: int) -> None:
    if tid >> 16 > state.expiry:
        raise CodeRefused(_("The meter's key has expired. Ask for the codes that change the key."))
    code_at = instant_of(BaseDate(state.base), tid)
    if now is not None and abs(code_at - now) > AWAY:
        raise CodeRefused(_("This code has expired: ask for a new one. What was paid is not lost."))


def _key_section(state: KeyState, section: KeySection, text: str) -> ChangeKey:
    typed = {**dict(state.sections), section.section: digits_of(text)}
    old = state.described()
    meter = _cipher(state.algorithm, state.key)
    parts = {}
    for number, code in typed.items():
        token = decode(code, meter)
        assert isinstance(token, KeySection)
        parts[number] = token
    try:
        whole = together(old, parts)
    except (NumberError, ValueError, KeyError):
        raise CodeRefused(_("These codes do not belong together, so the key stays. Type all of them again.")) from None
    if whole is None:
        return ChangeKey(replace(state, sections=tuple(sorted(typed.items()))), complete=False)
    new, key, rollover = whole
    return ChangeKey(
        KeyState(
            new.pan,
            new.supply_group,
            new.tariff_index,
            new.revision,
            new.key_type.value,
            new.expiry,
            new.base.value,
            new.dkga.value,
            new.algorithm.value,
            key,
        ),
        complete=True,
        rollover=rollover,
    )
