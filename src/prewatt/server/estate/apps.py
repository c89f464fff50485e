from django.apps import AppConfig
from django.utils.translation import gettext

from ...tables.texts import translate_by


class EstateConfig(AppConfig):
    name = "prewatt.server.estate"
    label = "estate"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the texts of `prewatt.tables` translated into the language of the page."""
        translate_by(gettext)
