"""The ways in which a tenancy can pay online, as its landlord's merchant accounts and their providers describe them."""

from __future__ import annotations

from typing import NamedTuple

from ..estate.models import Tenancy
from .models import Merchant, Payment
from .providers import PROVIDERS
from .providers.methods import Method, browsers_of


class Way(NamedTuple):
    """A payment method of a merchant account. `name`: the method's name at the provider."""

    merchant: Merchant
    name: str
    method: Method

    @property
    def value(self) -> str:
        """Return the name of the way in a form."""
        return f"{self.merchant.pk}:{self.name}"


def takes(merchant: Merchant, currency: str) -> bool:
    """Return whether a merchant account takes payments in a currency."""
    provider = PROVIDERS.get(merchant.provider)
    return provider is not None and (not provider.currencies or currency in provider.currencies)


def merchants_for(tenancy: Tenancy) -> list[Merchant]:
    """Return the merchant accounts that a tenancy's payments can go to."""
    property_ = tenancy.unit.property
    merchants = Merchant.objects.filter(organisation=property_.organisation_id, is_enabled=True)
    return [each for each in merchants if takes(each, property_.currency)]


def saves(merchant: Merchant) -> bool:
    """Return whether a merchant account takes payments without the payer, after the payer has agreed once."""
    return PROVIDERS[merchant.provider].saves(merchant.settings)


def ways_for(tenancy: Tenancy) -> list[Way]:
    """Return every way in which a tenancy can pay, in any browser."""
    return [
        Way(merchant, name, method)
        for merchant in merchants_for(tenancy)
        for name, method in PROVIDERS[merchant.provider].methods.items()
        if method.fits
    ]


def ways_in_browser(tenancy: Tenancy, user_agent: str) -> list[Way]:
    """Return the ways to pay that work in the browser with this user agent."""
    browsers = browsers_of(user_agent)
    return [way for way in ways_for(tenancy) if way.method.fits & browsers]


def way_named(tenancy: Tenancy, value: str) -> Way | None:
    """Return the way with a form's name; None if the tenancy cannot pay in that way."""
    return next((way for way in ways_for(tenancy) if way.value == value), None)


def method_of(payment: Payment) -> Method | None:
    """Return the method of a payment; None if it is unknown, because only the provider has reported the payment."""
    return PROVIDERS[payment.merchant.provider].methods.get(payment.method)
