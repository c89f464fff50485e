"""Emergency codes for many flats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ..accounts.rights import Right
from ..core.amounts import typed_money, typed_whole
from ..core.local_forms import money_with_code
from ..estate.models import Property
from ..estate.supply_rules import MOST_CODE_DAYS
from ..vending.emergency_bounds import EmergencyError, check_terms
from ..vending.emergency_codes import check_meter, make
from .acts import Act, Planned
from .flats import Batch, CantBe, Flat


class EmergencyCodes(Act):
    """One emergency code for each flat, as far as the property's rules and what one person may give alone allow."""

    do = "codes"
    right = Right.CODES

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the amount (nano) that each code lends, and for how many days it holds."""
        amount = typed_money(given.get("lends", ""), "lends", property_.currency)
        days = typed_whole(given.get("days", ""), "days", 1, MOST_CODE_DAYS)
        try:
            check_terms(property_, amount, days)
        except EmergencyError as error:
            # The amount of a payment is in the same form.
            raise EmergencyError(str(error), "lends" if error.field == "amount" else error.field) from None
        return {"amount": amount, "days": days}

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:
        """Return how much the flat's code will lend."""
        if flat.meter is None:
            raise CantBe(_("This flat has no meter."))
        check_meter(flat.meter, batch.values["amount"], batch.by, before)
        values = {"days": batch.values["days"]}
        values["amount"] = money_with_code(batch.values["amount"], batch.property_.currency)
        return Planned(_("A code that lends %(amount)s once, for %(days)d days.") % values)

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:
        """Make the code of one flat. It stands on the sheet of emergency codes."""
        (flat,) = flats
        if flat.meter is None:
            raise CantBe(_("This flat has no meter."))
        make(batch.property_, [flat.meter], batch.values["amount"], batch.values["days"], batch.by)
        return _("A code is made. It is on the sheet of emergency codes.")
