"""The amounts that codes of orders can carry, for people."""

from __future__ import annotations

from ...wire.order_codes import steps
from ..core import local_forms


def in_steps(currency: str) -> dict[str, str]:
    """Return the values for a sentence that says which amounts a code carries: the fields of `wire.order_codes.Steps`."""
    return {name: local_forms.exact_amount(step, currency) for name, step in steps(currency)._asdict().items()}
