"""Django's registration of the tariffs room."""

from django.apps import AppConfig


class TariffsConfig(AppConfig):
    """This application holds the tables of tariffs and their versions, under the label `tariffs`."""

    name = "prewatt.server.tariffs"
    label = "tariffs"
    default_auto_field = "django.db.models.BigAutoField"
