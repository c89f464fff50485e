from django.apps import AppConfig


class AutomaticConfig(AppConfig):
    name = "prewatt.server.automatic"
    label = "automatic"
    default_auto_field = "django.db.models.BigAutoField"
