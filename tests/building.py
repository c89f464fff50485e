"""The building that tests of the server, the head-end and the pages start from: three flats in Berlin at a flat price."""

from prewatt.kernel.tariff import flat_tariff

ZONE = "Europe/Berlin"
PRICE = 200_000
"""Micro per kWh: 0.20."""
FLAT = flat_tariff("flat", "EUR", ZONE, PRICE)
PASSWORD = "correct horse"

NOON = 1_759_744_800 * 10**6
"""6 October 2025 in Berlin."""


class FixedClock:
    """A clock that stands where it is put."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


def set_up(clock, **changes):
    """Set the building up: three flats, the third one vacant, and what `set_up_building` returns of it. `changes` are parts of
    its plan that are to be otherwise. The clock is taken so that a test can't set it up at the machine's time.
    """
    # Django must be started before a model is imported, and conftest imports this module earlier.
    from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building

    plan = {
        "organisation": "Berg Homes",
        "name": "Linden 5",
        "zone": ZONE,
        "currency": "EUR",
        "tariff": FLAT,
        "apartments": [
            Apartment("Flat 1", "m1", "Anna"),
            Apartment("Flat 2", "m2", "Ben"),
            Apartment("Flat 3", "m3", ""),
        ],
        "gateway": "g1",
        "manager": "manager",
        "password": PASSWORD,
    }
    return set_up_building(BuildingPlan(**{**plan, **changes}))


def new_login(tenancy):
    """A login for a tenancy, with the password of all. Returns its name and password."""
    from django.contrib.auth import get_user_model

    from prewatt.server.accounts.names import free_name

    name = free_name(tenancy.unit.name)
    tenancy.people.add(get_user_model().objects.create_user(name, password=PASSWORD))
    return name, PASSWORD
