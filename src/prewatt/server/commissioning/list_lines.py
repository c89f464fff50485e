"""What each line of a list of flats would do at a property: add a flat or a meter, change what is there, or nothing. Nothing
is stored here: people see it before it is done (`additions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ...tables.problems import Problems
from ..core.errors import for_people
from ..core.local_forms import short_number
from ..core.time import now
from ..estate.models import Property, Tenancy, Unit
from ..metering.models import Meter
from ..notices.contact import NO_CONTACT
from ..notices.contacts import kept
from ..notices.models import Recipient
from .apartments import Apartment
from .gateway_places import Places
from .installing import InstallError
from .list_columns import CONTACT, title_of
from .list_rows import likeness


class Does(StrEnum):
    """What a line does: it adds a flat or a meter; it changes one; nothing, because all of it is there; nothing, because what
    it says can't be done by a list (`Line.why`).
    """

    ADDS = "adds"
    CHANGES = "changes"
    NOTHING = "nothing"
    LEFT = "left"


@dataclass(frozen=True)
class Change:
    """One thing that a line changes, as text: a column of the list, what is there, and what the list says."""

    column: str
    before: str
    after: str

    @property
    def title(self) -> str:
        """What people call the column."""
        return title_of(self.column)

    @property
    def before_on_page(self) -> str:
        """What is there, as the page's language writes it."""
        return self._on_page(self.before)

    @property
    def after_on_page(self) -> str:
        """What the list says, as the page's language writes it: 54,5 on a German page."""
        return self._on_page(self.after)

    def _on_page(self, text: str) -> str:
        return short_number(text) if self.column == "area" else text


LONGEST_PART = 50
"""The most characters of a part's name."""


@dataclass(frozen=True)
class Line:
    """What one line of a list does. `known`: the number of the unit that is there, or of a meter without a unit; 0 if
    it is new. `gateway`: the gateway of its meter, if that is new. `changes`: what changes of what is there, or what a new
    one has beside its unit, meter and tenant. `why`: why nothing is done, or something of the line is left, in words.
    """

    apartment: Apartment
    does: Does
    known: int = 0
    gateway: str = ""
    changes: tuple[Change, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Plan:
    """What a list would do: its lines in their order, and the new gateways, each with the number of its meters. `unnamed`: the flats
    that are there, but not in the list, if it names most of the flats.
    """

    lines: list[Line]
    gateways: dict[str, int]
    unnamed: tuple[str, ...] = ()

    def count(self, does: str) -> int:
        """Return how many lines do this (a value of `Does`)."""
        return sum(line.does == does for line in self.lines)

    @property
    def adds(self) -> int:
        """How many flats and meters are new."""
        return self.count(Does.ADDS)

    @property
    def changes(self) -> int:
        """How many flats and meters are changed."""
        return self.count(Does.CHANGES)

    @property
    def same(self) -> int:
        """How many lines change nothing, because all that they say is there."""
        return self.count(Does.NOTHING)

    @property
    def left(self) -> int:
        """How many lines are left out, with a reason."""
        return self.count(Does.LEFT)

    @property
    def does_something(self) -> bool:
        """Whether anything is to be stored."""
        return bool(self.adds or self.changes)

    @property
    def without_meter(self) -> int:
        """How many new flats have no meter yet."""
        return sum(line.does == Does.ADDS and not line.apartment.meter for line in self.lines)


def plan(
    property_: Property, apartments: Sequence[Apartment], usual: str = "", problems: Problems | None = None
) -> Plan:
    """Return what a list would do at a property. `usual`: the name of its first new gateway; empty: any that is free.
    `problems`: what was wrong with other lines of the list when it was read; `apartments` are the rest. A TableError names all
    lines that are wrong.
    """
    return _Planning(property_, usual, Problems() if problems is None else problems).plan(apartments)


class _Planning:
    """Compares a list with what is at a property."""

    def __init__(self, property_: Property, usual: str, problems: Problems) -> None:
        self._property = property_
        self._places = Places(property_, usual)
        self._problems = problems
        units = property_.units.select_related("meter__gateway").prefetch_related("parts") if property_.pk else ()
        self._units = {unit.name.casefold(): unit for unit in units}
        self._alike = {likeness(unit.name): unit.name for unit in self._units.values()}
        living = Tenancy.objects.filter(unit__in=self._units.values()).not_over(now()).order_by("-begins")
        self._living = {each.unit_id: each for each in living}
        self._recipients = {
            each.tenancy_id: each
            for each in Recipient.objects.filter(tenancy__in=self._living.values()).prefetch_related("channels")
        }
        rows = Meter.objects.filter(gateway__property__organisation=property_.organisation_id).select_related(
            "unit", "part", "gateway"
        )
        self._meters = {name.casefold(): meter for meter in rows for name in (meter.name, meter.hangs)}
        self._meters_alike = {likeness(name): name for name in self._meters}

    def plan(self, apartments: Sequence[Apartment]) -> Plan:
        """Return what all lines do. Raises TableError."""
        others = set(
            Meter.objects.filter(name__in=[each.meter for each in apartments if each.meter]).values_list(
                "name", flat=True
            )
        )
        lines = [self._line(each, others) for each in apartments]
        # Those that name their gateway come first: the others have the places that are left.
        by_name = sorted(range(len(lines)), key=lambda index: not apartments[index].gateway)
        for index in by_name:
            if self._has_new_meter(lines[index]):
                lines[index] = self._at_gateway(lines[index])
        try:
            self._places.check()
        except InstallError as error:
            self._problems.add(0, "", str(error))
        self._problems.check()
        return Plan(lines, dict(self._places.new), self._unnamed(apartments))

    def _unnamed(self, apartments: Sequence[Apartment]) -> tuple[str, ...]:
        """Return the flats in use that a list lacks, if it names most of them: one that was renamed would be there twice."""
        names = {each.unit.casefold() for each in apartments}
        flats = {name: unit.name for name, unit in self._units.items() if unit.archived_at is None}
        lacking = flats.keys() - names
        return tuple(sorted((flats[name] for name in lacking), key=natural)) if 2 * len(lacking) < len(flats) else ()

    def _wrong(self, each: Apartment, text: str) -> None:
        self._problems.add(each.line, name_of(each), text)

    @staticmethod
    def _has_new_meter(line: Line) -> bool:
        if line.does is Does.ADDS:
            return bool(line.apartment.meter)
        return any(change.column == "meter" for change in line.changes)

    def _at_gateway(self, line: Line) -> Line:
        wanted = line.apartment.gateway
        try:
            gateway = self._places.name(wanted) if wanted else self._places.any()
        except InstallError as error:
            self._wrong(line.apartment, str(error))
            return line
        return replace(line, gateway=gateway)

    def _line(self, each: Apartment, others: set[str]) -> Line:
        unit = self._units.get(each.unit.casefold()) if each.unit else None
        meter = self._meters.get(each.meter.casefold()) if each.meter else None
        self._check(each, meter is None)
        if meter is None and each.meter in others:
            self._wrong(each, _("this meter is known already, elsewhere on this server. Check its serial number"))
        self._check_twins(each, unit, meter)
        if each.role != Meter.Role.UNIT:
            return self._of_no_unit(each, meter)
        if unit is None:
            if meter is not None:
                self._wrong(each, _in_use(meter))
            return Line(each, Does.ADDS, changes=_stored(each))
        return self._of_unit(each, unit, meter)

    def _check_twins(self, each: Apartment, unit: Unit | None, meter: Meter | None) -> None:
        """Note a new flat or meter that is written a little differently from one that is there: it would be there twice."""
        text = _("%(name)s is there already as %(other)s, but for zeros, blanks or dots. Write it as it is there")
        pairs = [(each.unit, unit, self._alike), (each.meter, meter, self._meters_alike)]
        for name, known, alike in pairs:
            other = alike.get(likeness(name))
            if name and known is None and other is not None:
                self._wrong(each, text % {"name": name, "other": other})

    def _check(self, each: Apartment, is_new: bool) -> None:
        """Note what can't be stored of a line."""
        for part in each.parts:
            if len(part) > LONGEST_PART:
                self._wrong(each, _("the name of a part has at most %(most)d characters") % {"most": LONGEST_PART})
        try:
            if each.unit:
                # As the rules of the columns read it from text.
                Unit(name=each.unit, area=each.area, occupants=each.occupants).clean_fields(  # type: ignore[misc]
                    exclude=("property",)
                )
            more = each.more()
            if each.meter and is_new:
                Meter(name=each.meter, **more).clean_fields(exclude=("unit", "part", "gateway", "role"))
        except ValidationError as error:
            self._wrong(each, for_people(error))
        except ValueError as error:
            self._wrong(each, str(error))

    def _of_no_unit(self, each: Apartment, meter: Meter | None) -> Line:
        """Return what the line of a meter does that belongs to no unit."""
        if meter is None:
            return Line(each, Does.ADDS, changes=_stored(each))
        if meter.gateway.property_id != self._property.pk or meter.role != each.role:
            self._wrong(each, _in_use(meter))
        part = meter.part.name if meter.part else ""
        changes = [Change("parts", part, each.parts[0])] if each.parts and each.parts[0] != part else []
        changes += _fuse(each, meter)
        return Line(each, Does.CHANGES if changes else Does.NOTHING, meter.pk, changes=tuple(changes))

    def _of_unit(self, each: Apartment, unit: Unit, meter: Meter | None) -> Line:
        """Return what the line of a unit does that is there already."""
        own: Meter | None = getattr(unit, "meter", None)
        tenancy = self._living.get(unit.pk)
        why = self._why_left(each, unit, own, tenancy)
        if why:
            return Line(each, Does.LEFT, unit.pk, why=why)
        if meter is not None and meter != own:
            self._wrong(each, _in_use(meter))
        changes = [*_unit_changes(each, unit), *_meter_changes(each, own)]
        if tenancy is None and each.tenant:
            changes.append(Change("tenant", "", each.tenant))
        if tenancy is not None and each.contact:
            contact, recipient = self._contact_changes(each, tenancy), self._recipients.get(tenancy.pk)
            if contact and recipient is not None and recipient.changed_at is not None:
                why = _("The tenant has changed their contacts themselves, so they stay as they are.")
            else:
                changes += contact
        return Line(each, Does.CHANGES if changes else Does.NOTHING, unit.pk, changes=tuple(changes), why=why)

    def _contact_changes(self, each: Apartment, tenancy: Tenancy) -> list[Change]:
        """Return what a line says of how a tenant is reached that is not known yet."""
        recipient = self._recipients.get(tenancy.pk)
        before = kept(recipient) if recipient is not None else NO_CONTACT
        pairs = [(name, getattr(before, name), getattr(each.contact, name)) for name in CONTACT]
        return [Change(*pair) for pair in pairs if pair[2] and pair[1] != pair[2]]

    @staticmethod
    def _why_left(each: Apartment, unit: Unit, own: Meter | None, tenancy: Tenancy | None) -> str:
        """Return why the line of a known unit is left; empty if it is not. A list does not move people or exchange meters:
        one whose rows have slipped would do so to all.
        """
        if unit.archived_at is not None:
            return _("This unit is archived. Bring it back first.")
        if own is not None and each.meter and each.meter.casefold() not in (own.name.casefold(), own.hangs.casefold()):
            return _(
                "Meter %(meter)s is installed there. If it was exchanged, record the exchange on the unit's page."
            ) % {"meter": own.hangs}
        if own is not None and each.gateway and own.gateway.name != each.gateway:
            return _("The meter is connected to gateway %(gateway)s. A list does not change that.") % {
                "gateway": own.gateway.name
            }
        if tenancy is not None and each.tenant and _plain(tenancy.tenant) != _plain(each.tenant):
            return _("%(name)s lives there. Record the move on the unit's page.") % {"name": tenancy.tenant}
        return ""


def name_of(each: Apartment) -> str:
    """Return what a line is about, for people: its unit and its meter."""
    what = [_("unit %(unit)s") % {"unit": each.unit}] if each.unit else []
    what += [_("meter %(meter)s") % {"meter": each.meter}] if each.meter else []
    return ", ".join(what)


def _stored(each: Apartment) -> tuple[Change, ...]:
    """Return what a line has stored of a new unit or meter, beside its unit, meter and tenant."""
    values = {
        "area": each.area if "area" in each.given else "",
        "occupants": each.occupants if "occupants" in each.given else "",
        "parts": "; ".join(each.parts),
        "fuse": each.fuse,
        **{name: getattr(each.contact, name) for name in CONTACT},
    }
    return tuple(Change(column, "", value) for column, value in values.items() if value)


def _unit_changes(each: Apartment, unit: Unit) -> list[Change]:
    """Return what a line changes of a unit itself; only columns in which it says something count."""
    changes = []
    if "area" in each.given and Decimal(each.area) != unit.area:
        changes.append(Change("area", f"{unit.area.normalize():f}", each.area))
    if "occupants" in each.given and int(each.occupants) != unit.occupants:
        changes.append(Change("occupants", str(unit.occupants), each.occupants))
    parts = sorted((part.name for part in unit.parts.all()), key=natural)
    if each.parts and sorted(each.parts, key=natural) != parts:
        changes.append(Change("parts", "; ".join(parts), "; ".join(sorted(each.parts, key=natural))))
    return changes


def _meter_changes(each: Apartment, own: Meter | None) -> list[Change]:
    """Return what a line changes of a unit's `own` meter: it gets one if it has none."""
    if own is not None:
        return _fuse(each, own)
    return [Change("meter", "", each.meter)] if each.meter else []


def _fuse(each: Apartment, meter: Meter) -> list[Change]:
    before = str(meter.power_highest)
    return [Change("fuse", before, each.fuse)] if each.fuse and each.fuse != before else []


def _in_use(meter: Meter) -> str:
    return _("meter %(meter)s is installed at %(place)s already. Check both serial numbers") % {
        "meter": meter.hangs,
        "place": meter.unit or meter.gateway.property,
    }


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
