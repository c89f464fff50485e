"""Django's registration of the ledger room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """This application holds the accounts and the transfers, under the label `ledger`."""

    name = "prewatt.server.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
