"""Gives tables and columns their names in the language of the page.

The names stand beside the models, not in them: a name is no change of the database, and needs no migration.
"""

from __future__ import annotations

from django.apps import apps
from django.utils.functional import Promise

from .column_names import COLUMNS
from .row_names import ROOMS, ROWS, SEVERAL


def name_all() -> None:
    """Name our rooms, models and columns, except columns that have a name of their own."""
    for label, name in ROOMS.items():
        apps.get_app_config(label).verbose_name = name
    for model in apps.get_models():
        if not model.__module__.startswith("prewatt."):
            continue
        label = model._meta.label
        model._meta.verbose_name = ROWS.get(label, model._meta.verbose_name)
        model._meta.verbose_name_plural = SEVERAL.get(label, model._meta.verbose_name_plural)
        for field in (*model._meta.concrete_fields, *model._meta.local_many_to_many):
            if field.name in COLUMNS and not isinstance(field.verbose_name, Promise):
                field.verbose_name = COLUMNS[field.name]
