"""A flat with a keypad meter without communication, beside the three of the building."""

from msgspec.structs import replace

from prewatt.kernel.tariff import Tax
from prewatt.kernel.units import DAY, NANO
from tests.building import FLAT

KEY = bytes(range(20))
TAXED = replace(FLAT, name="taxed", standing=NANO // 2, fee=10_000, tax=Tax("VAT", 190_000, False))
"""0.20 and a fee of 0.01 a kWh, 0.50 a day, and 19 % on all of it."""


def keypad_flat(home, name="Attic", number="00000000018", tenant="Kim", begins=None):
    """Return the tenancy of a new flat with a keypad meter, where somebody has lived since yesterday."""
    from prewatt.server.core.time import now
    from prewatt.server.estate.models import Tenancy, Unit
    from prewatt.server.vending.keypad_places import place
    from prewatt.server.vending.meter_numbers import register
    from prewatt.server.vending.models import SupplyGroup, TokenMeter
    from prewatt.server.vending.supply_groups import add_group

    unit = Unit.objects.create(property=home, name=name)
    group = SupplyGroup.objects.filter(organisation=home.organisation, code="123456").first()
    group = group or add_group(home.organisation, "123456", KEY)
    place(register(group, number, f"keypad {name}"), unit)
    begins = now() - DAY if begins is None else begins
    TokenMeter.objects.filter(unit=unit).update(placed_at=begins)
    return Tenancy.objects.create(unit=unit, tenant=tenant, begins=begins)


def tariff_from(home, tariff, at):
    """Put a tariff in force at a property from an instant."""
    from prewatt.server.tariffs.models import TariffVersion
    from prewatt.server.tariffs.versions import keep

    return TariffVersion.objects.create(property=home, tariff=keep(home.organisation, tariff), effective_at=at)
