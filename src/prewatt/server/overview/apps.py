from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "prewatt.server.overview"
    label = "overview"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what people change."""
        from . import hearing  # noqa: F401
