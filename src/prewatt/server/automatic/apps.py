from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from ..payments.signals import agreement_changed, went_back


class AutomaticConfig(AppConfig):
    name = "prewatt.server.automatic"
    label = "automatic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what providers say of agreements, and of payments that are taken back."""
        agreement_changed.connect(_hear, dispatch_uid="automatic")
        went_back.connect(_pause, dispatch_uid="automatic")


# The libraries of all providers come with these, a third of the time in which a process starts: who hears nothing needs none.


def _hear(merchant: Any, report: Any, **_given: Any) -> None:
    from .agreeing import hear

    hear(merchant, report)


def _pause(payment: Any, why: Any, **_given: Any) -> None:
    from .charging import pause_if_taken_back

    pause_if_taken_back(payment, why)
