from django.apps import AppConfig

from .naming import name_all


class AdministrationConfig(AppConfig):
    name = "prewatt.server.administration"
    label = "administration"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name our tables and columns in the language of the page."""
        name_all()
