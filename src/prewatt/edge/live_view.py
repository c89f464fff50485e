"""What a meter draws now, as the gateway's page shows it."""

from __future__ import annotations

from ..kernel.calendar import local, zone
from .html import Html, element
from .quantities import exact_kwh
from .site import View
from .texts import _


def live(view: View) -> Html:
    """Return when the meter was read, and the power that is drawn now."""
    zone_info, seen = zone(view.zone), view.seen
    if seen is None or seen.cause:
        silent = f"{_('The meter does not answer now.')} " if seen else ""
        as_of = _("As of %(at)s.") % {"at": f"{local(view.read_at, zone_info):{_('%d %b %H:%M')}}"}
        return element("p", silent + as_of, class_="quiet")
    power = f" · {exact_kwh(seen.power)} kW" if seen.power is not None else ""
    return element("p", f"{_('live')} {local(seen.at, zone_info):%H:%M:%S}{power}", class_="live")
