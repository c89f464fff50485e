from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "prewatt.server.metering"
    label = "metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to changes of roles and logins."""
        # It has models of its own, which are there only now.
        from .revoking import listen

        listen()
