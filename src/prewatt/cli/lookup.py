"""What people name on the command line (properties, units, who lives there), and what several groups say of it."""

from __future__ import annotations

from ..server.core.time import now
from ..server.estate.models import Property, Tenancy, Unit
from ..server.vending.models import Command
from ..server.vending.order_codes import why_no_code
from .command import CommandError

CONSOLE = "console"
"""Who did something, where it was done by a command and no login is known."""


def property_named(name: str) -> Property:
    """The property of a name, or the only one if the name is empty. CommandError lists the names if that is not one."""
    matching = Property.objects.filter(name=name) if name else Property.objects.all()
    if matching.count() == 1:
        return matching.select_related("organisation").get()
    known = ", ".join(Property.objects.values_list("name", flat=True)) or "none"
    raise CommandError(
        f"--property: {'choose one' if not name else f'{name!r} is not known'}. Known properties: {known}"
    )


def unit_named(property_: Property, name: str) -> Unit:
    """A property's unit. CommandError if there is none of that name."""
    unit = Unit.objects.filter(property=property_, name=name).first()
    if unit is None:
        raise CommandError(f"{property_.name} has no unit {name!r}")
    return unit


def tenancy_in(property_: Property, unit: str) -> Tenancy:
    """Who lives in a property's unit, or moves in next. CommandError if nobody does, or there is no such unit."""
    tenancies = unit_named(property_, unit).tenancies.not_over(now())
    tenancy: Tenancy | None = tenancies.select_related("unit__property__organisation").first()
    if tenancy is None:
        raise CommandError(f"nobody lives in {unit!r} of {property_.name}; a tenant is added by prewatt tenant move-in")
    return tenancy


def with_token(command: Command) -> str:
    """What is said of the token that does the same as a command, on lines of its own; or why there is none."""
    if not hasattr(command, "code"):
        return f"\n{why_no_code(command)}".rstrip()
    meter = command.meter
    place = f"meter {meter.hangs} ({meter.unit.name})" if meter.unit else f"meter {meter.hangs}"
    return f"\nAt once, by its code for {place}, at its keypad or at the page in the building:\n{command.code}"
