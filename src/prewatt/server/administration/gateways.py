"""Set-up pages of gateways."""

from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..commissioning.enrolment import new_code, until_when
from ..core.natural_lists import NaturalAdmin
from ..core.time import now
from ..metering.models import Gateway


@admin.register(Gateway)
class GatewayAdmin(NaturalAdmin):
    """The set-up page of a gateway."""

    # The gateway speaks under its name, and its meters are in that building.
    fixed = ("name", "property")
    list_display = ("name", "property", "is_online", "is_revoked")
    actions = ("make_code",)

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the gateway. If it is revoked, its farewell is not accepted any more, so it counts as offline from now
        on.
        """
        if obj.is_revoked and obj.is_online:
            obj.is_online, obj.since = False, now()
        super().save_model(request, obj, form, change)

    @admin.action(description=gettext_lazy("Make a one-time code for enrolment"), permissions=("change",))
    def make_code(self, request, queryset):  # type: ignore[no-untyped-def]
        """Make an enrolment code for each chosen gateway, and show it once."""
        for gateway in queryset:
            words = _("%(gateway)s: %(code)s") % {"gateway": gateway, "code": new_code(gateway)}
            messages.success(request, f"{words} {until_when(gateway)}")
