from django.apps import AppConfig

# Listens to log-ins.
from . import refusals as refusals


class AccountsConfig(AppConfig):
    name = "prewatt.server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to changes of rows."""
        # It has a model of its own, which is there only now.
        from .auditing import listen

        listen()
