"""Set-up pages of alarms."""

from django.contrib import admin

from ..core.natural_lists import RowAdmin
from ..metering.alarms import settle
from ..metering.models import Alarm


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
