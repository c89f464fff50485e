"""The doctor's check of the adapter for Bluetooth."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ...findings import Finding, State
from ..texts import _
from .finding import Gateway


def check_bluetooth(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the adapter is there."""
    adapter = gateway.settings.bluetooth
    if not adapter:
        return
    if find_spec("bumble") is None:
        advice = _("pip install 'prewatt[bluetooth]' into the release in use")
        yield Finding(_("bluetooth"), State.BAD, _("the part that speaks Bluetooth is not installed"), advice)
        return
    kind, _colon, number = adapter.partition(":")
    if kind != "hci-socket":
        yield Finding(
            _("bluetooth"),
            State.SKIPPED,
            _("%(adapter)s: only adapters of the kind hci-socket are checked") % {"adapter": adapter},
        )
    elif not Path(f"/sys/class/bluetooth/hci{number or 0}").exists():
        there = ", ".join(each.name for each in Path("/sys/class/bluetooth").glob("hci*")) or _("none")
        yield Finding(
            _("bluetooth"),
            State.BAD,
            _("there is no adapter %(adapter)s") % {"adapter": f"hci{number or 0}"},
            _("Plug it in. Adapters found: %(there)s") % {"there": there},
        )
    else:
        yield Finding(
            _("bluetooth"), State.OK, _("the adapter %(adapter)s is there") % {"adapter": f"hci{number or 0}"}
        )
