"""Django's registration of the billing room."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """This application holds the tables of debts, payments of debts and bills, under the label `billing`."""

    name = "prewatt.server.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"
