"""The order that a form, a command or a program names."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...kernel.orders import (
    BY_MANAGER,
    Action,
    make_order,
    needs,
)
from ...kernel.supply import WATTS_MAX
from .controls import ControlError


def read_action(
    do: str, *, override: bool = False, watts: int | None = None, amount: int = 0, until: int = 0
) -> Action:
    """Return the action that a form, a command or a program names, with its values: `watts` in W, `amount` in nano,
    `until` an instant in µs. Raises ControlError if there is no such action.
    """
    kind = BY_MANAGER.get(do)
    if kind is None:
        raise ControlError(
            _("%(do)s is not a known order. Known orders: %(known)s.")
            % {"do": repr(do), "known": ", ".join(BY_MANAGER)}
        )
    if needs(kind, "watts") and (watts is None or not 0 <= watts <= WATTS_MAX):
        raise ControlError(
            _("Give the limit in W, from 0 (for the limit of the rules) to %(most)d.") % {"most": WATTS_MAX}
        )
    return make_order(kind, override=override, watts=watts or 0, amount=amount, until=until)
