"""The codes that carry credit to a meter when a person types them."""

from __future__ import annotations

from typing import Any

from ...kernel.units import TOKEN
from ...tokens import (
    CurrencyCredit,
    NumberError,
    Token,
)
from ..core.time import now
from ..metering.models import Meter
from .models import Code, TokenMeter
from .refusals import VendError
from .security import security_module
from .token_identifiers import next_tid


def codable(amount: int) -> int:
    """Return how much of an amount (nano) a code can carry exactly, nano. Only amounts with many digits
    lose something.
    """
    units = amount // TOKEN
    step = CurrencyCredit(0, units).resolution
    return units // step * step * TOKEN


def credit_code(meter: Meter, amount: int, by: Any = None) -> tuple[int, int, Code] | None:
    """Make the code that carries a credit of `amount` nano to a meter of our own. Returns (identifier, nano that it
    carries, code). None if the meter takes no codes, the key has no minutes left, or the amount is too small: no
    payment is refused for that.
    """
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    coded = codable(amount)
    if token_meter is None or not coded:
        return None
    try:
        tid = next_tid(token_meter)
    except VendError:
        return None
    return tid, coded, vend(token_meter, CurrencyCredit(tid, coded // TOKEN), Code.Kind.MONEY, by, coded)


def vend(token_meter: TokenMeter, token: Token, kind: Code.Kind, by: Any, amount: int = 0, detail: str = "") -> Code:
    """Make the code of a token. `amount`: what it carries, in the unit of its kind. `by`: the user; a person without a
    login is stored as None. Raises VendError if the token is not possible.
    """
    group = token_meter.group
    try:
        digits = security_module().encode(bytes(group.sealed), token_meter.key(), token)
    except NumberError as error:
        raise VendError(str(error)) from None
    tid = getattr(token, "tid", None)
    return Code.objects.create(
        token_meter=token_meter,
        tid=tid,
        kind=kind,
        digits=digits,
        amount=amount,
        detail=detail[:200],
        at=now(),
        by=None if isinstance(by, str) else by,
    )
