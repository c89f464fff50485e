"""The list of refused messages."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from ..metering.models import Refusal


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
