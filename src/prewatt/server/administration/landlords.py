"""Set-up pages of landlords."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import TabularInline

from ..accounts.memberships import Membership
from ..core.natural_lists import NaturalAdmin
from ..core.row_forms import RowForm
from ..estate.models import Organisation, Property
from .number_fields import NUMBERS


class MembershipInline(TabularInline):
    """Who has which role in an organisation."""

    model = Membership
    form = RowForm
    extra = 0

    def formfield_for_manytomany(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        """Return the field of properties, with those of the organisation alone."""
        kwargs["queryset"] = Property.objects.filter(organisation=request.resolver_match.kwargs.get("object_id"))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Organisation)
class OrganisationAdmin(NaturalAdmin):
    """The set-up page of a landlord."""

    formfield_overrides = NUMBERS
    inlines = (MembershipInline,)
