"""The second line: what a meter that can cut off by itself may supply without its gateway. Rules without I/O.

Such a meter has a prepaid balance or a limit of its own. While its gateway lives, this balance is filled up again and
again, so that it never counts. When no gateway speaks to the meter any more, the meter supplies what is left there, and
cuts off. There is always as much left as the tenant has paid for, plus what the settings allow. Energy is still counted
by the register.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, msgpack

from ..kernel.account import Account
from ..kernel.plausible import most
from ..kernel.rating import gross
from ..kernel.tariff import Tariff
from ..kernel.units import BALANCE_MAX, DAY, HOUR, INSTANT_MAX

MOST = 10**9
"""The most Wh that are ever put into a meter."""
UNKNOWN_DAY = 10_000
"""The usual use of a day (Wh), until a whole day was seen."""
RENEWED = DAY
"""A meter's own allowance is corrected at least this often (µs) if it differs."""


class Usual(Struct, frozen=True, array_like=True):
    """The usual use of a meter. `day`: Wh a day, from whole days that were seen; 0 if there was none. `since`,
    `register`: the instant (µs) and the register (Wh) at which the present day began. `serial`: the serial number of
    the meter at that time, empty for the first one.
    """

    since: int
    register: int
    day: int = 0
    serial: str = ""


def seen(usual: Usual | None, now: int, register: int, fuse: int, serial: str = "") -> Usual:
    """Return the usual use after a reading of the register (Wh) at `now` (µs). `serial`: that of the meter. Recent days
    count most. More than the fuse (W) lets through is not counted: the register has another base.
    """
    if usual is None or now < usual.since or register < usual.register or serial != usual.serial:
        return Usual(now, register, usual.day if usual else 0, serial)
    if register - usual.register > most(fuse, now - usual.since):
        return Usual(now, register, usual.day, serial)
    if now - usual.since < DAY:
        return usual
    day = (register - usual.register) * DAY // (now - usual.since)
    return Usual(now, register, (3 * usual.day + day) // 4 if usual.day else day, serial)


def dump_usual(usual: Usual) -> bytes:
    """Return the bytes that are stored beside the journal."""
    return msgpack.encode(usual)


def load_usual(kept: bytes) -> Usual:
    """Return what `dump_usual` wrote. Raises msgspec's errors for other bytes."""
    return msgpack.decode(kept, type=Usual)


def lowest_price(account: Account, now: int) -> int:
    """Return the lowest price of a kWh from now on, micro, over all present and coming tariffs; under 1 if a kWh may
    cost nothing.
    """
    ends = [each.effective for each in account.versions[1:]] + [INSTANT_MAX]
    coming = [each.calendar.tariff for each, end in zip(account.versions, ends, strict=True) if end > now]
    return min((_lowest(tariff, now) for tariff in coming), default=0)


def _lowest(tariff: Tariff, now: int) -> int:
    prices, dated = [price for rate in tariff.rates for price in rate.prices], tariff.dated
    if dated is not None:
        # An hour that was free is over.
        prices += dated.prices[max(now - dated.begin, 0) // dated.step :]
    return gross(min(prices), tariff)


def paid_for(account: Account, now: int) -> int:
    """Return the Wh that a tenant's credit, together with what is lent, buys at the lowest price."""
    if not account.settings.credit_limit_cuts:
        return MOST
    lent = account.allowance(now)
    price, fuse = lowest_price(account, now), account.settings.power_highest
    left = account.balance + lent
    if left <= 0:
        return 0
    energy = left // price + 1 if price > 0 else MOST
    if lent >= BALANCE_MAX:
        # Supplied until an instant, whatever is used: at most what the fuse lets through.
        energy = (account.supply.grace_until - now) * fuse // HOUR + 1
    return min(energy, MOST)


def beside(account: Account, usual: Usual | None) -> int:
    """Return the Wh that the settings allow beyond what is paid for; 0: there is no rule."""
    settings = account.settings
    day = usual.day if usual is not None and usual.day else UNKNOWN_DAY
    return min(max(settings.alone, settings.alone_days * day), MOST)


def has_rule(account: Account) -> bool:
    """Return whether the settings bound what a meter may supply without its gateway."""
    return account.priced and bool(account.settings.alone or account.settings.alone_days)


class Due(NamedTuple):
    """The allowance that a meter must be told: Wh that it may supply by itself, None: without a bound."""

    energy: int | None


class SecondLine(Struct):
    """The state of one meter's own allowance. `keeps`: whether the meter has one, None if unknown; `left`: the Wh that
    remain, None if there is no bound; `sure`: whether `left` is known: it was read or set, and nothing has changed it
    unseen since; `renewed`: when it was set last (µs).
    """

    usual: Usual | None = None
    keeps: bool | None = None
    left: int | None = None
    sure: bool = False
    renewed: int = 0

    def observe(self, now: int, account: Account, register: int, keeps: bool | None, left: int | None) -> bool:
        """Take up a reading of the meter. Returns whether the usual use has changed and must be stored."""
        if keeps is not None:
            self.keeps, self.left, self.sure = keeps, left, True
        if not account.settings.alone_days or account.doubt is not None:
            return False
        fuse = account.settings.power_highest
        before, self.usual = self.usual, seen(self.usual, now, register, fuse, account.serial)
        return self.usual != before

    def due_to_tell(self, now: int, account: Account, closes: bool = False) -> Due | None:
        """Return the allowance that the meter must be told now; None if its present one is enough. `closes`: its switch
        is about to be closed, and would open again if nothing were left: then no reading is waited for.
        """
        if not self.keeps or self._waits_for_reading(account, closes):
            return None
        if not has_rule(account):
            return None if self.left is None else Due(None)
        if account.closed is False:
            return None if self.left == 0 else Due(0)
        paid, more = paid_for(account, now), beside(account, self.usual)
        wanted = min(paid + more, MOST)
        return None if self._is_enough(now, paid, more, wanted) else Due(wanted)

    def _waits_for_reading(self, account: Account, closes: bool) -> bool:
        """Return whether the present allowance must be read before another is told; nobody waits where a rule bounds what is
        used behind a switch that is about to be closed.
        """
        return not self.sure and not (closes and has_rule(account))

    def _is_enough(self, now: int, paid: int, more: int, wanted: int) -> bool:
        """Return whether the present allowance does, where there should be `wanted`: what is `paid`, and `more` beside it."""
        if not self.sure:
            return False
        if self.left is None:
            # Some meters can't be told so much, and keep no bound instead: that is not told again and again.
            return wanted == MOST
        over = self.left - paid
        # While the gateway lives, credit and allowance fall together: what is beside stays about the same.
        near = more <= 2 * over <= 3 * more
        return self.left == wanted or (near and 0 <= now - self.renewed < RENEWED)

    def watched(self, account: Account) -> bool:
        """Return whether the meter must be asked for its allowance: there is a rule, or a bound may remain from an
        earlier one.
        """
        if self.keeps is False:
            return False
        return has_rule(account) or not self.sure or self.left is not None

    def due(self, now: int, account: Account) -> int:
        """Return the instant (µs) by which the meter must be read, so that it does not cut off while its gateway lives."""
        if not (self.keeps and self.sure) or self.left is None or account.closed is False:
            return INSTANT_MAX
        return now + self.left * HOUR // (2 * account.settings.power_highest)

    def told(self, now: int, energy: int | None) -> None:
        """Note that the meter was told an allowance of `energy` Wh; None: without a bound."""
        self.left, self.renewed, self.sure = energy, now, True

    def failed(self, keeps: bool) -> None:
        """Note that the meter did not accept the allowance, so that the present one is unknown. `keeps`: whether it can
        have one at all.
        """
        self.keeps, self.sure, self.left = (self.keeps if keeps else False), False, None
