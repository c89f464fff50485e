"""The recipients of notices: tenants, or the manager of an organisation."""

from __future__ import annotations

from ..core.phone_numbers import country_at
from ..core.time import now
from ..estate.models import Organisation, Property, Tenancy
from .languages import language_of_country, spoken
from .models import Recipient


def recipient_of(tenancy: Tenancy) -> Recipient:
    """Return the tenant of a tenancy as a recipient; create it if there is none. Until the tenant chooses, the language
    is the usual one at the building.
    """
    home = tenancy.unit.property
    return Recipient.objects.get_or_create(
        tenancy=tenancy, defaults={"organisation": home.organisation, "since": now(), "language": _usual_at(home)}
    )[0]


def add_tenants() -> None:
    """Create a recipient for each tenancy that has not ended. Its tenant can be told even if they never opened a page,
    because the landlord may know their number.
    """
    for tenancy in (
        Tenancy.objects.not_over(now()).filter(recipient=None).select_related("unit__property__organisation")
    ):
        recipient_of(tenancy)


def manager_of(organisation: Organisation) -> Recipient:
    """Return an organisation's manager as a recipient; create it if there is none. Until the manager chooses, the language
    is the usual one at the first building.
    """
    return Recipient.objects.get_or_create(
        organisation=organisation,
        tenancy=None,
        defaults={"since": now(), "language": _usual_at(organisation.home())},
    )[0]


def _usual_at(home: Property) -> str:
    """Return the code of the language of notices at a building until somebody chooses: that of the country if there is one,
    else that in which whoever acts now reads pages and commands.
    """
    return language_of_country(country_at(home.zone, home.currency)) or spoken()


def country_of(recipient: Recipient) -> str:
    """Return the country whose phone numbers a recipient types, such as `DE`, by the building; empty if it is not
    known.
    """
    home = recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation.home()
    return country_at(home.zone, home.currency)


def currency_of(recipient: Recipient) -> str:
    """Return the currency of the amounts of a recipient: that of the building; for a manager that of all buildings
    (`NO_CURRENCY` if there are several).
    """
    return str((recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation).currency)
