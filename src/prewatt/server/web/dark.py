"""Why it is dark in a flat, as pages, the API and notices say it: the facts of the database for the rule (`kernel.why_dark`), and
what it says in the language of who reads it, with links.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ...kernel.account import Account
from ...kernel.dark_facts import Cause, Do, Facts, SwitchOrder, facts_of
from ...kernel.entries import Controlled, OnSite, decode_entry
from ...kernel.orders import Hold, Open
from ...kernel.quantities import Quantity
from ...kernel.units import DAY, HOUR
from ...kernel.why_dark import Step, Why
from ..core.sentences import say
from ..estate.models import Property
from ..metering.models import JournalEntry, Meter
from ..metering.seen import Seen

VOLTAGES = (Quantity.VOLTAGE_L1, Quantity.VOLTAGE_L2, Quantity.VOLTAGE_L3)
DEAD = 50_000
"""Under this voltage (mV) no power reaches a meter."""
FRESH = HOUR
"""What a meter measured is of now for this long, µs."""
BACK = 366 * DAY
"""How far back an order is looked for that keeps the switch open, µs."""
LOOKED_AT = 50
"""The most orders that are looked at for it."""
AS_USUAL = frozenset({Cause.ON, Cause.LOW, Cause.LENT, Cause.FRIENDLY, Cause.BUILDING_OFFLINE, Cause.NOT_REPORTED})
"""Where nobody has to be told what to do before they ask: the power may well be on."""


@dataclass(frozen=True)
class ExplainedStep:
    """Something to do. `text` is the whole of it. A page shows the digits of a `code` large, after the text `before`. `link`: the
    address where it is done, empty if it is done by hand.
    """

    do: Do
    text: str
    before: str
    code: str
    link: str


@dataclass(frozen=True)
class Explained:
    """Why it is dark, in the language of the page. `is_dark`: it is, as far as is known, so that what to do is told without being
    asked. `tells_payment`: it says how what was paid reaches the meter.
    """

    cause: Cause
    title: str
    text: str
    steps: list[ExplainedStep]
    is_dark: bool
    tells_payment: bool


def explained(why: Why, facts: Facts, home: str = "") -> Explained:
    """Return what the rule says, in the language of the page. `home`: the address of the tenant's home, where they pay."""
    steps = [_step(each, facts, home) for each in why.steps]
    is_lacking = facts.closed is False and not facts.is_supplied
    tells_payment = why.cause == Cause.PAID or (is_lacking and bool(facts.paid))
    return Explained(why.cause, say(why.title), say(why.text), steps, why.cause not in AS_USUAL, tells_payment)


def _step(step: Step, facts: Facts, home: str) -> ExplainedStep:
    text = say(step.text)
    code = facts.code if step.do == Do.TYPE_CODE and facts.code in text else ""
    before = text.removesuffix(code).rstrip()
    return ExplainedStep(step.do, text, before, code, _link(step.do, facts, home))


def _link(do: Do, facts: Facts, home: str) -> str:
    if do in (Do.TYPE_CODE, Do.LOOK_AT_PAGE):
        return facts.site
    if do == Do.PAY:
        return f"{home}#pay"
    return home if do == Do.TAKE_EMERGENCY else ""


def facts_of_meter(meter: Meter, property_: Property, account: Account, latest: Seen, at: int) -> Facts:
    """Return what is known of a meter at an instant, but for what was paid. The meter's gateway is asked for, and only where
    somebody ordered it off, its journal.
    """
    facts = facts_of(account, at, latest.balance, latest.closed)
    return msgspec.structs.replace(
        facts,
        currency=property_.currency,
        zone=property_.zone,
        progress=latest.switching,
        order=_order(meter, at) if facts.opened or "hold" in facts.locks else None,
        is_offline=not meter.gateway.online,
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
