"""Set-up pages of gateways, meters, alarms and refused messages."""

from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from ..commissioning.enrolment import new_code, until_when
from ..commissioning.installing import prepare
from ..core.natural_lists import NaturalAdmin, RowAdmin
from ..core.time import now
from ..metering.alarms import settle
from ..metering.models import OWN_RULES, Alarm, Gateway, Meter, Refusal
from ..vending.account_settings import send_settings_to


@admin.register(Gateway)
class GatewayAdmin(NaturalAdmin):
    """The set-up page of a gateway."""

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


@admin.register(Meter)
class MeterAdmin(NaturalAdmin):
    """The set-up page of a meter. A new meter gets its journal; a changed one is sent its rules."""

    list_display = ("name", "serial", "unit", "gateway", "seq", "late", "duplicates")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the meter. A new one gets its journal; if a rule has changed, the meter is told."""
        super().save_model(request, obj, form, change)
        if not change:
            prepare(obj)
        elif {*OWN_RULES, "power_highest"} & set(form.changed_data):
            send_settings_to(obj)

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return the fields that can't be changed once the meter has a journal."""
        # A journal belongs to one meter at one gateway: changing either would break its chain.
        return ("name", "unit", "gateway") if obj else ()


@admin.register(Alarm)
class AlarmAdmin(RowAdmin):
    """The set-up page of an alarm."""

    list_display = ("__str__", "kind", "is_resolved")
    list_filter = ("is_resolved", "kind")
    readonly_fields = ("meter", "gateway", "kind", "key", "data", "seq", "at", "sentence", "resolved_by", "resolved_at")
    exclude = ("text", "parts")

    def save_model(self, request, obj, form, change):  # type: ignore[no-untyped-def]
        """Save the alarm. If it is marked as resolved, it is noted who did that."""
        super().save_model(request, obj, form, change)
        if obj.is_resolved:
            settle(obj, request.user.get_username())


@admin.register(Refusal)
class RefusalAdmin(ModelAdmin):
    """The list of refused messages, which nobody can change."""

    list_display = ("gateway", "reason", "count", "text")

    def has_change_permission(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Return False: the list only shows."""
        return False

    def has_add_permission(self, request):  # type: ignore[no-untyped-def]
        """Return False: only the head-end adds to the list."""
        return False
