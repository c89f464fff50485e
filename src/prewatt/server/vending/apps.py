"""Django's registration of the vending room."""

from django.apps import AppConfig


class VendingConfig(AppConfig):
    """This application holds the tables of commands, codes, top-ups and refunds, under the label `vending`."""

    name = "prewatt.server.vending"
    label = "vending"
    default_auto_field = "django.db.models.BigAutoField"
