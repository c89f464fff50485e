"""How numbers are typed on set-up pages."""

from __future__ import annotations

from django.db import models
from unfold.widgets import UnfoldAdminTextInputWidget

from ..core.number_field import NumberField

NUMBERS = {models.DecimalField: {"form_class": NumberField, "widget": UnfoldAdminTextInputWidget}}
