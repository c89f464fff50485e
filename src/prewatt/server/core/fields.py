"""Checks of columns, by the rules of the kernel."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.currencies import MINOR_DIGITS
from ...kernel.fields import DriverName, MeterName
from ...wire.topics import check_gateway


def check_zone(name: str) -> None:
    """Check an IANA time zone, for Django. Raises ValidationError."""
    try:
        zone(name)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def check_currency(code: str) -> None:
    """Check a currency whose minor unit is known, for Django. Raises ValidationError."""
    if not (len(code) == 3 and code.isascii() and code.isupper()):
        raise ValidationError(
            _("%(code)s is not a currency code of three capital letters such as EUR") % {"code": code}
        )
    if code not in MINOR_DIGITS:
        raise ValidationError(_("%(code)s is not a currency code of ISO 4217 such as EUR") % {"code": code})


RESERVED_NAMES = ("headend", "probe", "server", "prewatt")
"""Names by which people would take a gateway for a part of the server, in the broker's log and elsewhere."""


def check_gateway_name(name: str) -> None:
    """Check that a gateway's name can stand in a topic, and is no user of the broker's own, for Django. Raises
    ValidationError.
    """
    if name in RESERVED_NAMES:
        raise ValidationError(_("%(name)s is a name of the server's own. Choose another one.") % {"name": name})
    try:
        check_gateway(name)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def check_meter_name(name: str) -> None:
    """Check a serial number that the journal can carry, for Django. Raises ValidationError."""
    try:
        msgspec.convert(name, MeterName)
    except msgspec.ValidationError:
        raise ValidationError(
            _("%(name)s is not a serial number of 1 to 64 characters without slashes") % {"name": name}
        ) from None


def check_driver_name(name: str) -> None:
    """Check that a name can be a kind of meter, for Django. Its gateway knows which kinds there are. Raises ValidationError."""
    try:
        msgspec.convert(name, DriverName)
    except msgspec.ValidationError:
        raise ValidationError(
            _("%(name)s is not a kind of meter: up to 32 small letters, digits and _, such as recorded")
            % {"name": name}
        ) from None


def check_web_address(text: str) -> None:
    """Raise ValidationError for anything but the address of a page, also one in a building's own network."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        is_address = False
    if not is_address or any(sign.isspace() for sign in text):
        raise ValidationError(_("Type an address such as http://192.168.1.10:8080."))
