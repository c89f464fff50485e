"""This module finds what people name on the command line: properties, units and the tenants who live in them. It also
holds texts that several groups print.
"""

from __future__ import annotations

from ..server.core.time import now
from ..server.estate.models import Property, Tenancy, Unit
from ..server.vending.models import Command
from ..server.vending.order_codes import why_no_code
from ..terminal_texts import _
from .command import CommandError

CONSOLE = "console"
"""The name under which a command acts if it knows no login."""


def property_named(name: str) -> Property:
    """Return the property with a name, or the only one if the name is empty. Raises CommandError that lists the names
    if none, or more than one, fits.
    """
    matching = Property.objects.filter(name=name) if name else Property.objects.all()
    if matching.count() == 1:
        return matching.select_related("organisation").get()
    known = ", ".join(Property.objects.values_list("name", flat=True)) or _("none")
    if name:
        raise CommandError(
            _("--property: '%(name)s' is not known. Known properties: %(known)s", name=name, known=known)
        )
    raise CommandError(_("--property: choose one. Known properties: %(known)s", known=known))


def unit_named(property_: Property, name: str) -> Unit:
    """Return a property's unit. Raises CommandError if it has no unit of that name."""
    unit = Unit.objects.filter(property=property_, name=name).first()
    if unit is None:
        raise CommandError(
            _(
                "%(property)s has no unit '%(name)s'. The names of its units are on the page Units",
                property=property_.name,
                name=name,
            )
        )
    return unit


def tenancy_in(property_: Property, unit: str) -> Tenancy:
    """Return the tenancy of the person who lives in a unit, or moves in next. Raises CommandError if there is nobody,
    or no such unit.
    """
    tenancies = unit_named(property_, unit).tenancies.not_over(now())
    tenancy: Tenancy | None = tenancies.select_related("unit__property__organisation").first()
    if tenancy is None:
        raise CommandError(
            _(
                "nobody lives in '%(unit)s' of %(property)s. Add a tenant with prewatt tenant move-in",
                unit=unit,
                property=property_.name,
            )
        )
    return tenancy


def with_token(command: Command) -> str:
    """Return the lines about the token that does the same as a command, or the reason why there is none."""
    if not hasattr(command, "code"):
        return f"\n{why_no_code(command)}".rstrip()
    meter = command.meter
    place = f"{meter.hangs} ({meter.unit.name})" if meter.unit else meter.hangs
    words = _(
        "If you do not want to wait, type this code for meter %(meter)s at its keypad or on the page in the building:",
        meter=place,
    )
    return f"\n{words}\n{command.code}"
