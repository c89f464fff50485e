from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from ..payments.signals import agreement_changed


class AutomaticConfig(AppConfig):
    name = "prewatt.server.automatic"
    label = "automatic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what providers say of agreements."""
        agreement_changed.connect(_hear, dispatch_uid="automatic")


def _hear(merchant: Any, report: Any, **_given: Any) -> None:
    # The libraries of all providers come with it, a third of the time in which a process starts: who hears nothing needs none.
    from .agreeing import hear

    hear(merchant, report)
