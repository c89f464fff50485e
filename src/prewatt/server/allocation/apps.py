"""Django's registration of the allocation room."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """This application holds the tables of shared costs and their runs, under the label `allocation`."""

    name = "prewatt.server.allocation"
    label = "allocation"
    default_auto_field = "django.db.models.BigAutoField"
