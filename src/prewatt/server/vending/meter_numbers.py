"""Gives meters their numbers and keys: a code of 20 digits is made for a number, and works at that meter alone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...tokens import (
    NumberError,
    account_number,
    luhn,
)
from ..metering.models import Meter
from .models import SupplyGroup, TokenMeter
from .own_supply_group import own_group
from .refusals import VendError

OWN = "99"
"""The manufacturer code of the numbers that prewatt gives to meters without one."""


def provision(meter: Meter) -> TokenMeter:
    """Give a meter of our own gateways a number and a key, so that codes can be typed for it."""
    body = f"{OWN}{meter.pk % 10**8:08}"
    organisation = meter.property.organisation
    return TokenMeter.objects.create(
        meter=meter,
        organisation=organisation,
        name=meter.name,
        pan=account_number(f"{body}{luhn(body)}"),
        group=own_group(organisation),
    )


def register(
    group: SupplyGroup, number: str, name: str, tariff_index: int = 1, counts_money: bool = False
) -> TokenMeter:
    """Register a keypad meter of another maker by the number printed on it. `counts_money`: its credit is money and not
    kWh. Raises VendError if the number is wrong or registered already.
    """
    try:
        pan = account_number(number)
        group.key_for(pan, tariff_index)
    except NumberError as error:
        raise VendError(str(error)) from None
    if TokenMeter.objects.filter(organisation=group.organisation, pan=pan).exists():
        raise VendError(_("Meter %(number)s is registered already: choose it from the list.") % {"number": number})
    return TokenMeter.objects.create(
        organisation=group.organisation,
        name=name[:64],
        pan=pan,
        group=group,
        tariff_index=tariff_index,
        counts_money=counts_money,
    )
