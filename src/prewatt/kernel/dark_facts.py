"""The facts by which the rule `kernel.why_dark` tells why a flat is dark, and the names of its answers."""

from __future__ import annotations

from copy import copy
from enum import StrEnum

import msgspec

from .account import Account
from .currencies import MINOR_DIGITS, NO_CURRENCY, minor_unit
from .off_hours import OFF_HOURS
from .orders import TakeEmergency
from .settings import is_paid_after
from .state import FOREIGN
from .supply import Watts, is_friendly
from .switching import SwitchProgress
from .units import Instant, Nano, Wh


class Cause(StrEnum):
    """Why it is dark, or that it is not. Programs read these words."""

    ON = "on"
    LOW = "low"
    LENT = "emergency-credit"
    FRIENDLY = "friendly-hours"
    NO_VOLTAGE = "no-voltage"
    METER_SILENT = "meter-silent"
    BUILDING_OFFLINE = "building-offline"
    NOT_REPORTED = "not-reported"
    SWITCHING_ON = "switching-on"
    WAITS_FOR_BUTTON = "waits-for-button"
    DOES_NOT_OBEY = "does-not-obey"
    USED_UP = "exhausted"
    TOO_LITTLE = "too-little"
    LIMIT = "credit-limit"
    OVERDUE = "bill-overdue"
    PAID = "paid"
    VACANT = "vacant"
    ORDERED = "ordered"
    HOLD = "hold"
    OVERLOAD = "overload"
    OVERLOAD_LOCKED = "overload-locked"
    FORBIDDEN_LOAD = "forbidden-load"
    TAMPER = "tamper"
    UNSAFE = "safety"
    UNSAFE_LOCKED = "safety-locked"
    OFF_HOURS = "off-hours"
    FOREIGN = "another-meter"
    NOT_TOLD = "reason-unknown"


IS_ON = frozenset({Cause.ON, Cause.LOW, Cause.LENT, Cause.FRIENDLY})
"""The switch is on, as far as is known; if it is dark, the cause lies elsewhere."""
FOR_LACK = frozenset({Cause.USED_UP, Cause.TOO_LITTLE, Cause.LIMIT, Cause.OVERDUE, Cause.PAID, Cause.VACANT})
"""It is dark for lack of credit alone."""


class Do(StrEnum):
    """What somebody can do about it. Programs read these words; a page makes a link or a button of some."""

    TYPE_CODE = "type-code"
    PAY = "pay"
    TAKE_EMERGENCY = "take-emergency"
    WAIT = "wait"
    UNPLUG = "unplug"
    KEEP_SAFE = "keep-safe"
    PRESS_BUTTON = "press-button"
    LOOK_AT_FUSES = "look-at-fuses"
    ASK_NEIGHBOURS = "ask-neighbours"
    LOOK_AT_PAGE = "look-at-page"
    CALL = "call"


class SwitchOrder(msgspec.Struct, frozen=True):
    """The order that a person gave to switch off: the instant, the reason that they typed, and whether they gave it on site."""

    at: Instant
    reason: str = ""
    on_site: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the instant `at`. Money is in nano, instants in µs; 0 and empty mean that there is nothing of the kind.

    The switch: `closed`, and how far its last order is (`progress`). What keeps it open: `locks`; a person (`opened`,
    by `order` if that is known); another meter in its place (`is_foreign`); limits of safety (`unsafe`); off hours
    until `off_until` (`has_allowance`: they have an allowance, which is used up); an overload (`is_tripped`) until
    `recloses_at`, where `limit` is the power that is allowed (W). `wants_closed`: none of these, and no lack of credit,
    keeps it open. `is_behind`: the meter has told how its switch stands, but its journal, which says why, is not here
    yet.

    The credit: `room` is what may be used (None: it is unknown, or another person's), `lacks` what must be paid for the
    power to return, `is_supplied` whether there is credit to supply on. `emergency`: the emergency credit that can be
    taken now. `lent`: what is left of the credit that was lent. If electricity is paid after use (`pays_after`), `owed`
    is the debt (None: it is another person's) and `may_owe` the most that may be owed. `warned_at`: when the reminder
    of low credit was sent; `energy`: the Wh that were left then.

    The rest: `paid` was paid at `paid_at` and has not reached the meter yet. `code`: the code that can be typed.
    `takes_codes`: payments have codes. `is_offline`: the building has no way to the server. `silent_since`: since when
    nobody hears from the meter. `is_dead`: the meter measures no voltage. `site`: the address of the page in the
    building; `is_at_door`: this page asks. `contact`: whom to call. `is_vacant`: nobody lives there.
    """

    at: Instant
    zone: str = "UTC"
    currency: str = NO_CURRENCY
    closed: bool | None = None
    progress: SwitchProgress | None = None
    locks: tuple[str, ...] = ()
    opened: bool = False
    order: SwitchOrder | None = None
    is_foreign: bool = False
    unsafe: tuple[str, ...] = ()
    off_until: Instant = 0
    has_allowance: bool = False
    is_tripped: bool = False
    recloses_at: Instant = 0
    limit: Watts = 0
    wants_closed: bool = False
    is_behind: bool = False
    room: Nano | None = None
    lacks: Nano = 0
    is_supplied: bool = True
    is_low: bool = False
    is_friendly: bool = False
    emergency: Nano = 0
    lent: Nano = 0
    pays_after: bool = False
    has_limit: bool = False
    owed: Nano | None = None
    may_owe: Nano = 0
    is_overdue: bool = False
    warned_at: Instant = 0
    energy: Wh = 0
    paid: Nano = 0
    paid_at: Instant = 0
    code: str = ""
    takes_codes: bool = True
    is_offline: bool = False
    silent_since: Instant = 0
    is_dead: bool = False
    site: str = ""
    is_at_door: bool = False
    contact: str = ""
    is_vacant: bool = False

    @property
    def is_far(self) -> bool:
        """Return whether nothing is heard here from the building. The building's own page always hears its meters."""
        return self.is_offline and not self.is_at_door

    @property
    def is_unheard(self) -> bool:
        """Return whether what is known of the switch is old."""
        return bool(self.is_far or self.silent_since)


def facts_of(account: Account, now: Instant, balance: Nano, closed: bool | None) -> Facts:
    """Return the facts that follow from a meter's account at `now`. `balance` (nano) and `closed` are the latest that
    the meter told; the account may be older.
    """
    latest = copy(account)
    latest.balance, latest.closed = balance, closed
    supply, settings, room = account.supply, account.settings, account.room(balance)
    hours, lent = settings.off_hours, account.lent(now)
    why, off_until = account.why_open(now), account.off_until(now)
    return Facts(
        at=now,
        zone=settings.zone,
        currency=account.currency,
        closed=closed,
        locks=supply.locks,
        opened=supply.opened,
        is_foreign=why == FOREIGN,
        unsafe=supply.unsafe,
        off_until=off_until if why == OFF_HOURS else 0,
        has_allowance=bool(hours.watts or hours.energy),
        is_tripped=supply.tripped and now < account.reclose_at(now),
        recloses_at=account.reclose_at(now) if supply.tripped else 0,
        limit=account.power_limit(now),
        wants_closed=bool(latest.wants_closed(now)),
        is_behind=account.closed != closed,
        room=room,
        lacks=_lacks(account, room),
        is_supplied=latest.supplied_by_credit(now),
        is_friendly=is_friendly(settings.friendly, settings.zone, now),
        emergency=0 if account.objection(now, TakeEmergency()) else settings.emergency_credit,
        lent=max(balance + lent, 0) if lent and room <= 0 else 0,
        pays_after=is_paid_after(settings),
        has_limit=settings.credit_limit > 0,
        owed=max(-balance, 0),
        may_owe=settings.credit_limit if settings.credit_limit_cuts else 0,
    )


def _lacks(account: Account, room: Nano) -> Nano:
    """Return what must be paid at least for the power to return, rounded up to what can be paid."""
    if not account.settings.credit_limit_cuts:
        return 0
    lacks = max(account.settings.clearance - room, 1 - room, 0)
    unit = minor_unit(account.currency) if account.currency in MINOR_DIGITS else 1
    return -(-lacks // unit) * unit
