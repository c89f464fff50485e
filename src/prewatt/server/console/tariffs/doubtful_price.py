"""Asks about a price of a kWh that electricity costs nowhere: hundredths that were typed as whole units, or thousands with a point."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ....kernel.limits import likely_price
from ....kernel.units import Micro
from ...core.local_forms import money_with_code, price, sign
from ...web.sure import Act

SHOWN_WH = 10_000
"""The energy whose cost the question names, Wh."""


def question_about(prices: Iterable[Micro], currency: str, back: str) -> Act | None:
    """Return what a person is asked before prices of a kWh (micro) hold; None if each may be right. `back`: the page with the
    form.
    """
    for each in prices:
        meant = likely_price(each, currency)
        if meant is not None:
            shown = {"price": f"{price(each)} {sign(currency)}"}
            return Act(
                f"price {each}",
                _("%(price)s per kWh: is that right?") % shown,
                (
                    _("%(kwh)s kWh would cost %(amount)s.")
                    % {"kwh": SHOWN_WH // 1_000, "amount": money_with_code(each * SHOWN_WH, currency)},
                    _("Electricity hardly costs that anywhere. Perhaps you mean %(price)s per kWh.")
                    % {"price": f"{price(meant)} {sign(currency)}"},
                ),
                _("Yes, %(price)s per kWh") % shown,
                back,
            )
    return None
