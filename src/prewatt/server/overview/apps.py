from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "prewatt.server.overview"
    label = "overview"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin to listen to what people change (`hearing`)."""
        # It hears of models, which are there only now.
        from . import hearing  # noqa: F401
