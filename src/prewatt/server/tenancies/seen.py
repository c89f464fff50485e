"""What whoever corrects a move has seen of it: if it is something else by now, nothing is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from ...kernel.units import exact_instant, exact_money
from ..core.errors import Refused, label
from ..estate.models import Tenancy
from ..metering.models import Meter

Seen = Mapping[str, Any]
"""Some of the values of `seen_of`, by their names."""
CORRECTABLE = ("begins", "ends", "tenant", "deposit")
LAST_READING = "last_reading"


def correctable(tenancy: Tenancy) -> Seen:
    """Return the values of a tenancy that can be corrected: instants in µs, the deposit in nano."""
    return {name: getattr(tenancy, name) for name in CORRECTABLE}


def seen_of(tenancy: Tenancy, meter: Meter | None) -> Seen:
    """Return what a correction of a tenancy rests on: what can be corrected, and the instant (µs) of the last reading of the
    flat's meter; None if there is none.
    """
    return {**correctable(tenancy), LAST_READING: None if meter is None else meter.read_at}


def in_documents(seen: Seen) -> dict[str, str | None]:
    """Return values of `seen_of` as the API writes them."""
    return {name: _written(name, value) for name, value in seen.items()}


def _written(name: str, value: Any) -> str | None:
    if value is None or name == "tenant":
        return None if value is None else str(value)
    return exact_money(value) if name == "deposit" else exact_instant(value)


def changed_meanwhile(values: Seen | None = None) -> Refused:
    """Return the error that tells somebody that the move which they correct is not as they have seen it any more. `values`: what is
    another, as it is now.
    """
    said = [_("Somebody else has changed this move since you opened the page. Look at it again.")]
    for name, text in in_documents(values or {}).items():
        said.append(_("%(name)s: now %(value)s.") % {"name": label(name), "value": text or "–"})
    return Refused(" ".join(said), is_conflict=True)


def check_seen(seen: Seen, tenancy: Tenancy, meter: Meter | None) -> None:
    """Raise Refused if any of the values that somebody has seen is another by now."""
    present = seen_of(tenancy, meter)
    others = {name: present[name] for name, value in seen.items() if present[name] != value}
    if others:
        raise changed_meanwhile(others)
