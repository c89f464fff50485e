"""Columns that validate as the kernel does."""

from __future__ import annotations

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.currencies import MINOR_DIGITS
from ...kernel.fields import DriverName, MeterName
from ...wire.topics import check_gateway


def check_zone(name: str) -> None:
    """Django validator: an IANA zone."""
    try:
        zone(name)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def check_currency(code: str) -> None:
    """Django validator: a currency whose minor unit is known."""
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        raise ValidationError(_("%(code)s is not a code of three capitals such as EUR") % {"code": code})
    if code not in MINOR_DIGITS:
        raise ValidationError(_("%(code)s is not a currency code of ISO 4217 such as EUR") % {"code": code})


def check_gateway_name(name: str) -> None:
    """Django validator: can stand in a topic."""
    try:
        check_gateway(name)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def check_meter_name(name: str) -> None:
    """Django validator: a serial number the journal can carry."""
    try:
        msgspec.convert(name, MeterName)
    except msgspec.ValidationError:
        raise ValidationError(_("%(name)s is not of 1 to 64 characters without slashes") % {"name": name}) from None


def check_driver_name(name: str) -> None:
    """Django validator: can be a kind of meter. Which there are, its gateway knows."""
    try:
        msgspec.convert(name, DriverName)
    except msgspec.ValidationError:
        raise ValidationError(
            _("%(name)s is not a kind of meter: up to 32 small letters, digits and _, such as recorded")
            % {"name": name}
        ) from None
