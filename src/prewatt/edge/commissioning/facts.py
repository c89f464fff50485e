"""What a meter says, in one line for people."""

from __future__ import annotations

from ...kernel.units import exact_kwh
from ..texts import _
from .survey import FoundMeter
from .trying import Look


def facts(meter: FoundMeter) -> str:
    """Return in one line what a meter says: model, register, voltage, power, switch."""
    seen = meter.look
    if seen is None:
        return f"{meter.kind} · {meter.line} · {_('address')} {meter.address} {meter.words}".strip()
    return " · ".join((seen.model, *values(seen)))


def values(seen: Look) -> list[str]:
    """Return what a meter says by a model, each value with its unit."""
    return [
        f"{exact_kwh(seen.register)} kWh" if seen.register is not None else "",
        f"{seen.voltage / 1000:.1f} V" if seen.voltage is not None else "",
        f"{seen.power} W" if seen.power is not None else "",
        _switch(seen),
    ]


def _switch(seen: Look) -> str:
    if not seen.can_switch:
        return _("no switch")
    return {True: _("switch closed"), False: _("switch open"), None: _("switch unknown")}[seen.closed]
