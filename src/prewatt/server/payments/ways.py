"""The ways in which a tenancy can pay by phone: what its landlord's merchant accounts and their providers say of themselves."""

from __future__ import annotations

from typing import NamedTuple

from ..estate.models import Tenancy
from .models import Merchant, Payment
from .providers import PROVIDERS
from .providers.methods import Method, browsers_of


class Way(NamedTuple):
    """A method of a merchant account's provider. `name`: the method's, within the provider."""

    merchant: Merchant
    name: str
    method: Method

    @property
    def value(self) -> str:
        """What names it in a form."""
        return f"{self.merchant.pk}:{self.name}"


def takes(merchant: Merchant, currency: str) -> bool:
    """Whether payments in a currency can go to a merchant account."""
    provider = PROVIDERS.get(merchant.provider)
    return provider is not None and (not provider.currencies or currency in provider.currencies)


def merchants_for(tenancy: Tenancy) -> list[Merchant]:
    """The merchant accounts that a tenancy's payments can go to."""
    property_ = tenancy.unit.property
    merchants = Merchant.objects.filter(organisation=property_.organisation_id, enabled=True)
    return [each for each in merchants if takes(each, property_.currency)]


def ways_for(tenancy: Tenancy) -> list[Way]:
    """Every way in which a tenancy can pay, whatever it is paid with."""
    return [
        Way(merchant, name, method)
        for merchant in merchants_for(tenancy)
        for name, method in PROVIDERS[merchant.provider].methods.items()
    ]


def ways_in_browser(tenancy: Tenancy, user_agent: str) -> list[Way]:
    """The ways to pay that work in the browser that calls itself so."""
    browsers = browsers_of(user_agent)
    return [way for way in ways_for(tenancy) if way.method.fits & browsers]


def way_named(tenancy: Tenancy, value: str) -> Way | None:
    """The way that a form names; None if the tenancy can't pay so."""
    return next((way for way in ways_for(tenancy) if way.value == value), None)


def method_of(payment: Payment) -> Method | None:
    """How a payment is paid; None where that is not known: it came to be known by its provider's word alone."""
    return PROVIDERS[payment.merchant.provider].methods.get(payment.method)
