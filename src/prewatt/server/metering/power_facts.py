"""What the database knows of a meter for the rule that says why it is dark (`kernel.why_dark`)."""

from __future__ import annotations

import msgspec

from ...kernel.account import Account
from ...kernel.dark_facts import Facts, SwitchOrder, facts_of
from ...kernel.entries import Controlled, OnSite, decode_entry
from ...kernel.orders import Hold, Open
from ...kernel.quantities import Quantity
from ...kernel.units import DAY, HOUR
from ..estate.models import Property
from .models import JournalEntry, Meter
from .seen import Seen

VOLTAGES = (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)
DEAD = 50_000
"""Under this voltage (mV) no power reaches a meter."""
FRESH = HOUR
"""How long (µs) a measured value counts as the present one."""
BACK = 366 * DAY
"""How far back (µs) the order is looked for that keeps the switch open."""
LOOKED_AT = 50
"""The most orders that this search reads."""


def facts_of_meter(meter: Meter, property_: Property, account: Account, latest: Seen, at: int) -> Facts:
    """Return what is known of a meter at an instant, except what was paid. The row of its gateway is read; its journal
    is read only if an order or a hold keeps the switch open.
    """
    facts = facts_of(account, at, latest.balance, latest.closed)
    return msgspec.structs.replace(
        facts,
        currency=property_.currency,
        zone=property_.zone,
        progress=latest.switching,
        order=_order(meter, at) if facts.opened or "hold" in facts.locks else None,
        is_offline=not meter.gateway.is_online,
        is_dead=_is_dead(meter, at),
        site=property_.site_page,
        contact=", ".join(filter(None, map(str.strip, property_.emergency_contact.splitlines()))),
    )


def not_own(facts: Facts) -> Facts:
    """Return the facts for somebody to whom the balance at the meter does not belong: no amount of it is told."""
    return msgspec.structs.replace(facts, room=None, lacks=0, lent=0, owed=None, may_owe=0)


def moneyless(facts: Facts) -> Facts:
    """Return the facts for somebody who may see no money."""
    return msgspec.structs.replace(not_own(facts), paid=0, code="", emergency=0)


def _order(meter: Meter, at: int) -> SwitchOrder | None:
    """Return the last order that a person gave to switch off."""
    rows = JournalEntry.objects.filter(meter=meter.pk, at__gte=at - BACK, kind__in=("controlled", "on-site"))
    for body in rows.order_by("-at", "-seq").values_list("body", flat=True)[:LOOKED_AT]:
        entry = decode_entry(bytes(body))
        if isinstance(entry, Controlled | OnSite) and isinstance(entry.action, Open | Hold):
            return SwitchOrder(entry.at, entry.reason, isinstance(entry, OnSite))
    return None


def _is_dead(meter: Meter, at: int) -> bool:
    """Return whether a meter has measured, not long ago, that no power reaches it."""
    if not meter.told_quantities or meter.told_at is None or meter.told_at < at - FRESH:
        return False
    voltages = [meter.told_quantities[each] for each in VOLTAGES if each in meter.told_quantities]
    return bool(voltages) and all(each < DEAD for each in voltages)
