"""The page that a gateway serves in its building; addresses as QR codes, on papers."""

from __future__ import annotations

from urllib.parse import quote

import segno

from ..estate.models import Property
from ..metering.models import Meter


def flat_page(property_: Property, meter: Meter | None) -> str:
    """Return the address of the building's own page, opened at the flat of `meter`; empty if nobody has typed that address."""
    if not property_.site_page:
        return ""
    place = f"?meter={quote(meter.name, safe='')}" if meter is not None else ""
    return f"{property_.site_page.rstrip('/')}/{place}"


def qr_of(address: str) -> str:
    """Return an address as a QR code, SVG, as large as its place on the paper; empty if the address is empty."""
    return svg_of(segno.make(address, error="m")) if address else ""


def svg_of(code: segno.QRCode) -> str:
    """Return a QR code as SVG, as large as its place on the paper: with a size of its own it would be cut where that is
    smaller.
    """
    return str(code.svg_inline(border=1, omitsize=True))
