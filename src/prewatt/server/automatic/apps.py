from django.apps import AppConfig


class AutomaticConfig(AppConfig):
    name = "prewatt.server.automatic"
    label = "automatic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what providers say of agreements."""
        # It has models, which are there only now.
        from .agreeing import listen

        listen()
