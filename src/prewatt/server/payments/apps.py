"""Django's registration of the payments room."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """This application holds the tables of payments, settlement files and bank lines, under the label `payments`."""

    name = "prewatt.server.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
