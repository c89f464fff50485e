"""The form of a shared cost: what it is, and who bears it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....kernel.calendar import day_bounds, local_day, zone
from ....kernel.names import natural
from ...allocation.costs import lock, refuse_booked
from ...allocation.models import BASES, FixedWeight, SharedCost
from ...core.number_field import NumberField
from ...core.row_forms import RowForm
from ...estate.models import Property
from ...estate.typed_days import YEARS
from ...metering.models import Meter
from ...web.forms import key


class Checkboxes(forms.CheckboxSelectMultiple):
    """A choice of several rows. A value that can't be the key of a row selects none."""

    def value_from_datadict(self, *given: Any) -> Any:
        """Return the keys that were chosen, as text."""
        return [str(key(chosen)) for chosen in super().value_from_datadict(*given) or ()]


class SharedCostForm(RowForm):
    """A shared cost and its rule."""

    first = forms.DateField(label=_("from the day"), required=False, widget=forms.DateInput({"type": "date"}))

    class Meta:
        model = SharedCost
        fields = ("name", "part", "meters", *BASES, "vacancy", "schedule")
        labels = {"name": _("Name"), "part": _("Part")}
        field_classes = dict.fromkeys(BASES, NumberField)
        widgets = {"meters": Checkboxes()}

    def __init__(self, property_: Property, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.property = property_
        kept = self.instance if self.instance.pk else None
        if kept is not None and kept.since is not None:
            self.fields["first"].initial = local_day(kept.since, zone(property_.zone))
        self._offer("part", property_.parts.all(), [("", _("the whole building"))])
        self._offer(
            "meters", Meter.objects.filter(gateway__property=property_, role=Meter.Role.COMMON, archived_at=None), []
        )
        self.units = sorted(property_.units.in_use(), key=lambda unit: natural(unit.name))
        weights = {each.unit_id: each.weight for each in kept.weights.all()} if kept is not None else {}
        for unit in self.units:
            self.fields[f"weight_{unit.pk}"] = NumberField(
                label=unit.name,
                required=False,
                min_value=0,
                max_digits=10,
                decimal_places=3,
                initial=weights.get(unit.pk),
            )

    def _offer(self, name: str, rows: QuerySet[Any], before: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        field.choices = [
            *before,
            *((each.pk, each.name) for each in sorted(rows, key=lambda each: natural(each.name))),
        ]

    def clean(self) -> dict[str, Any]:
        """Return the values, with the first day as an instant."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first = values.get("first")
        if first is not None and first.year in YEARS:
            self.instance.since = day_bounds(first, zone(self.instance.property.zone))[0]
        elif values.get("schedule") != SharedCost.Schedule.NONE:
            self.add_error("first", _now("Enter the day from which this cost runs by itself."))
            self.instance.since = 0
        else:
            self.instance.since = None
        return values

    @transaction.atomic
    def save(self, commit: bool = True) -> SharedCost:
        """Store the cost with its fixed weights. Raises ValidationError if something of it was booked meanwhile."""
        if self.instance.pk:
            refuse_booked(lock(self.instance))
        cost: SharedCost = super().save(commit)
        # A unit that is archived keeps its weight until it comes back.
        cost.weights.filter(unit__in=self.units).delete()
        for unit in self.units:
            weight = self.cleaned_data.get(f"weight_{unit.pk}")
            if weight:
                FixedWeight.objects.create(shared_cost=cost, unit=unit, weight=weight)
        return cost
