from django.apps import AppConfig


class VendingConfig(AppConfig):
    name = "prewatt.server.vending"
    label = "vending"
    default_auto_field = "django.db.models.BigAutoField"
