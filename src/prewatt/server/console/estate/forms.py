"""The forms of what a landlord has: the organisation, properties, units, and meters that belong to no unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....kernel.currencies import NO_CURRENCY
from ....kernel.names import natural
from ...commissioning.fixed_place import is_fixed
from ...commissioning.usual_places import CURRENCIES, zones_by_region
from ...core.amounts import typed_price
from ...core.local_forms import money_with_code, town
from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...estate.models import Organisation, Part, Property, Unit
from ...estate.usual_limits import fit_limits
from ...metering.models import FUSE, LARGE_FUSE, Gateway, Meter
from ...vending.second_person import limit_of


class OrganisationForm(RowForm):
    """The landlord."""

    class Meta:
        model = Organisation
        fields = (
            "name",
            "address",
            "tax_id",
            "bank_account",
            "how_to_pay",
            "adjustment_limit",
            "refund_reminder",
            "refund_unclaimed",
        )
        field_classes = {"adjustment_limit": NumberField}
        widgets = {
            "address": forms.Textarea({"rows": 3}),
            "bank_account": forms.Textarea({"rows": 3}),
            "how_to_pay": forms.Textarea({"rows": 4}),
        }
        labels = {
            "name": _("Name, as tenants know it"),
            "address": _("Address"),
            "tax_id": _("Tax number"),
            "bank_account": _("Account for transfers"),
            "how_to_pay": _("How to pay, in your words"),
            "adjustment_limit": _("Credit by hand without a second person, at most"),
            "refund_reminder": _("Refunds: remind after, days"),
            "refund_unclaimed": _("Refunds: unclaimed after, days"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.instance
        currencies = sorted(set(owner.properties.values_list("currency", flat=True)))
        if len(currencies) > 1:
            limits = ", ".join(money_with_code(limit_of(owner, each), each) for each in currencies)
            field: Any = self.fields["adjustment_limit"]
            field.help_text = f"{field.help_text} {_now('In your currencies that is %(limits)s.') % {'limits': limits}}"


_REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}


class ZoneSelect(forms.Select):
    """A choice of time zones, each with the currency that is used there, which the page fills in."""

    currencies: dict[str, str] = {}

    def create_option(self, name, value, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Return an option, with the currency as data."""
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["data-currency"] = self.currencies.get(str(value), "")
        return option


class PropertyForm(RowForm):
    """A building. The address of its page and the contact for emergencies can be typed once it is there. Its time zone
    and currency can't be changed once there are meters, a price or a deposit, because journals and books are written by them.
    """

    class Meta:
        model = Property
        fields = ("name", "zone", "currency", "site_page", "emergency_contact")
        labels = {
            "name": _("Name or address"),
            "zone": _("Time zone"),
            "currency": _("Currency"),
            "site_page": _("Address of the page in the building"),
            "emergency_contact": _("In an emergency"),
        }
        widgets = {
            "zone": ZoneSelect(),
            "currency": forms.Select(),
            "site_page": forms.TextInput({"inputmode": "url", "autocomplete": "off"}),
            "emergency_contact": forms.Textarea({"rows": 3}),
        }

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.organisation = organisation
        self._currency_before = self.instance.currency or NO_CURRENCY
        if not self.instance.pk:
            # Nobody knows them before there is a gateway.
            del self.fields["site_page"], self.fields["emergency_contact"]
        if self.instance.pk and is_fixed(self.instance):
            self._keep_place()
        else:
            self._offer_places()

    def _keep_place(self) -> None:
        kept = {"zone": self.instance.zone, "currency": self.instance.currency}
        for name, value in kept.items():
            field: Any = self.fields[name]
            field.widget.choices = [(value, town(value) if name == "zone" else value)]
            field.disabled = True
            field.help_text = _("Meters and books use it, so it can't be changed.")

    def _offer_places(self) -> None:
        regions = zones_by_region()
        widget: Any = self.fields["zone"].widget
        widget.currencies = {zone: currency for zones in regions.values() for zone, currency in zones}
        known: list[tuple[str, Any]] = [
            (str(_REGIONS.get(region, region)), [(zone, town(zone)) for zone, _currency in zones])
            for region, zones in regions.items()
        ]
        own = self.instance.zone
        others = [("", "")] if not own else [] if own in widget.currencies else [(own, own)]
        widget.choices = [*others, *known]
        currency: Any = self.fields["currency"].widget
        currency.choices = [("", ""), *((code, code) for code in CURRENCIES)]
        self.fields["zone"].help_text = _(
            "Choose the city in the building's time zone: its clock decides when days and tariffs begin."
        )

    def clean_site_page(self) -> str:
        """Return the address, with `http://` before it if it was typed without a scheme."""
        address = str(self.cleaned_data["site_page"]).strip()
        return f"http://{address}" if address and "://" not in address else address

    @transaction.atomic
    def save(self, commit: bool = True) -> Property:
        """Store the property. Limits that nobody has set are of the size of its currency."""
        fit_limits(self.instance, self._currency_before)
        stored: Property = super().save(commit)
        return stored

    def clean_name(self) -> str:
        """Return the name. Raises ValidationError if another building of this landlord has it."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        others = Property.objects.filter(organisation=self.instance.organisation, name=name).exclude(
            pk=self.instance.pk
        )
        if others.exists():
            raise forms.ValidationError(_now("Another building has this name."))
        return name


class PartsField(forms.CharField):
    """The names of parts of a building, with semicolons between them."""

    def clean(self, value: Any) -> list[str]:
        """Return the names. Raises ValidationError if one is too long."""
        names = [" ".join(name.split()) for name in str(value or "").replace("；", ";").split(";")]
        if any(len(name) > 50 for name in names):
            raise forms.ValidationError(_now("The name of a part has at most 50 characters."))
        return list(dict.fromkeys(filter(None, names)))


class UnitForm(RowForm):
    """A flat: its name, its bases of shared costs, and what is known of its meter."""

    parts = PartsField(
        label=_("Parts of the building"),
        required=False,
        help_text=_("Such as Stairs A; Ground floor. Costs can be shared within a part."),
    )
    meter = forms.CharField(
        label=_("Number on the meter"),
        required=False,
        max_length=64,
        help_text=_("Leave it empty if you don't know it: the gateway finds the meter."),
    )
    fuse = forms.IntegerField(
        label=_("Main fuse, W"),
        min_value=100,
        max_value=1_000_000,
        initial=FUSE,
        help_text=_("The most power that can flow here. Readings of a meter that counts faster are not accepted."),
    )

    class Meta:
        model = Unit
        fields = ("name", "floor", "area", "occupants")
        field_classes = {"area": NumberField}
        labels = {"name": _("Name"), "area": _("Floor area, m²"), "occupants": _("People who live there")}
        help_texts = {"name": _("The gateway's own page shows a new name only after the gateway is set up again.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own: Meter | None = getattr(self.instance, "meter", None)
        names = sorted((part.name for part in self.instance.parts.all()), key=natural)
        self.fields["parts"].initial = "; ".join(names)
        if self.own is not None:
            self.fields["fuse"].initial = self.own.power_highest
            self.fields["meter"].initial = self.own.hangs
            self.fields["meter"].disabled = True
            self.fields["meter"].help_text = _("If the meter was exchanged, record this on the flat's page.")

    def clean_name(self) -> str:
        """Return the name. Raises ValidationError if another flat here has it, in any letters."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        others = Unit.objects.filter(property=self.instance.property_id).exclude(pk=self.instance.pk)
        if any(each.casefold() == name.casefold() for each in others.values_list("name", flat=True)):
            raise forms.ValidationError(_now("Another flat here has this name."))
        return name


class MeterForm(RowForm):
    """A meter of what is used in common, or of the whole building."""

    part = forms.CharField(
        label=_("Part of the building"),
        required=False,
        max_length=50,
        help_text=_("Such as Stairs A. Empty: the whole building."),
    )

    class Meta:
        model = Meter
        fields = ("name", "role", "gateway", "power_highest")
        labels = {
            "name": _("Number on the meter"),
            "role": _("This meter measures"),
            "gateway": _("Gateway"),
            "power_highest": _("Main fuse, W"),
        }

    def __init__(self, property_: Property, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        role.choices = [(each.value, each.label) for each in (Meter.Role.COMMON, Meter.Role.MAIN)]
        role.initial = Meter.Role.COMMON
        gateway: Any = self.fields["gateway"]
        gateway.queryset = Gateway.objects.filter(property=property_, is_revoked=False).order_by("pk")
        gateway.empty_label = None
        self.fields["power_highest"].initial = LARGE_FUSE
        if self.instance.pk:
            # A journal belongs to one meter at one gateway.
            for name in ("name", "gateway"):
                self.fields[name].disabled = True
            self.fields["part"].initial = self.instance.part.name if self.instance.part else ""

    def part_of(self, property_: Property) -> Part | None:
        """Return the part of the building that was typed, a new one if there was none; None for the whole building."""
        name = " ".join(self.cleaned_data["part"].split())
        return Part.objects.get_or_create(property=property_, name=name)[0] if name else None


class PriceForm(forms.Form):
    """One price per kWh at all times."""

    price = forms.CharField(max_length=30)

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency
        self.fields["price"].label = _("Price per kWh, %(currency)s") % {"currency": currency}
        self.fields["price"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.32"}

    def clean_price(self) -> int:
        """Return the price, micro. Raises ValidationError if it is no price."""
        try:
            price = typed_price(self.cleaned_data["price"], "price", self._currency)
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from None
        if price < 0:
            raise forms.ValidationError(_now("A price can't be below zero."))
        return price
