"""The settings of a meter's account: the server's credit log sets them, and the rules of register and supply follow
them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .off_hours import OffHours
from .safety import Limit
from .supply import FriendlyHours, PowerLimit, Zone
from .units import BALANCE_MAX, INT64_MAX

_Natural = Annotated[int, Meta(ge=0, le=INT64_MAX)]
_Steps = Annotated[tuple[Annotated[int, Meta(gt=0, le=INT64_MAX)], ...], Meta(max_length=20)]


class Settings(Struct, frozen=True):
    """The settings of an account.

    `low_credit` (nano) and `low_credit_energy` (Wh at the present price): the landlord's highest steps; under either
    the credit is low, and 0 switches a step off. `low_steps`, `low_energy_steps`: more steps, the landlord's lower ones
    and the tenant's own. A warning is due at each step (`kernel.low`). `clearance` (nano): after a cut-off the supply
    returns when the balance is over zero and not under this amount.

    `emergency_credit` (nano): what the tenant may take alone, once, when the credit is low or used up; 0: nothing.
    `emergency_repayment`: the percentage of a top-up that repays it first. `zone`: the time zone of the hours in
    `friendly` and `power`. `tamper_locks`: whether tampering opens the switch until a person has been there. `pin`: the
    hash of the flat's PIN (`wire.pins`), empty without a PIN.

    `power_highest` (W): what the main fuse lets through. No register moves faster, and the meter is read again before
    its credit could be used up at that power. `doubtful_readings`: how many readings must agree before a register that
    could not be true becomes a new base. `foreign_for` (s): how long the supply goes on while another meter answers in
    the place of this one; 0: without end.

    `alone` (Wh) and `alone_days` (days of usual use): what a meter that can cut off by itself may supply beyond the
    credit while no gateway speaks to it, the larger of the two; both 0: without end (`edge.allowance`).

    `credit_limit` (nano): how far the balance may go under zero where electricity is paid after use; 0: it is paid
    before use. `credit_limit_cuts`: whether the supply ends at that limit; if not, lack of credit never ends it.

    DLMS/COSEM: `low_credit` is the account's `low_credit_threshold` (class 111, attribute 16), `clearance` its
    `clearance_threshold` (7), `credit_limit` the `limit` of a credit (class 112, attribute 6), `emergency_credit` the
    `preset_credit_amount` (9) of the emergency credit.
    """

    low_credit: _Natural = 0
    low_credit_energy: _Natural = 0
    clearance: _Natural = 0
    emergency_credit: _Natural = 0
    emergency_repayment: Annotated[int, Meta(ge=1, le=100)] = 100
    zone: Zone = "UTC"
    friendly: FriendlyHours = FriendlyHours()
    power: PowerLimit = PowerLimit()
    tamper_locks: bool = False
    pin: Annotated[str, Meta(max_length=200)] = ""
    power_highest: Annotated[int, Meta(ge=100, le=1_000_000)] = 15_000
    doubtful_readings: Annotated[int, Meta(ge=1, le=1000)] = 5
    foreign_for: _Natural = 0
    limits: Annotated[tuple[Limit, ...], Meta(max_length=20)] = ()
    off_hours: OffHours = OffHours()
    low_steps: _Steps = ()
    low_energy_steps: _Steps = ()
    alone: _Natural = 0
    alone_days: Annotated[int, Meta(ge=0, le=366)] = 0
    credit_limit: Annotated[int, Meta(ge=0, le=BALANCE_MAX)] = 0
    credit_limit_cuts: bool = True


def is_paid_after(settings: Settings) -> bool:
    """Return whether electricity is paid after use, so that a balance under zero is normal."""
    return settings.credit_limit > 0 or not settings.credit_limit_cuts


UNTOLD = Settings(power_highest=1_000_000)
"""The settings until a meter receives its own. Its fuse is unknown and may be that of a whole building, so it is taken
as large.
"""
