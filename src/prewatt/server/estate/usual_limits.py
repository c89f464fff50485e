"""The limits that a new building and its landlord have until somebody sets others: they are of the size of the currency."""

from __future__ import annotations

from ...kernel.currencies import NO_CURRENCY, magnitude
from .models import Organisation, Property


def fit_limits(property_: Property, before: str = NO_CURRENCY) -> None:
    """Fit the limits that nobody has set to the currency of a property that is about to be stored: the most that one emergency
    code lends there, and what one person may give alone if it is the landlord's first building. `before`: the currency that
    the property had; `NO_CURRENCY` if it is new.
    """
    usual, old, new = Property(), magnitude(before), magnitude(property_.currency)
    if old == new:
        return
    if property_.emergency_code_amount == usual.emergency_code_amount * old:
        property_.emergency_code_amount = usual.emergency_code_amount * new
    if Property.objects.filter(organisation=property_.organisation_id).exclude(pk=property_.pk).exists():
        return
    # Until there is a building, nobody knows in which currency the usual limit is.
    limit = Organisation().adjustment_limit
    Organisation.objects.filter(pk=property_.organisation_id, adjustment_limit=limit * old).update(
        adjustment_limit=limit * new
    )
