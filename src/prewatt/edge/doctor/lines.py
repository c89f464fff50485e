"""The doctor's checks of adapters and meters."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ...clock import SystemClock
from ...findings import Finding, State
from ..devices import open_drivers
from ..drivers.interface import DriverError, MeterDriver
from ..settings import SettingsError
from ..texts import _
from .finding import Gateway, group_of

BY_ID = Path("/dev/serial/by-id")
CONNECT_WITHIN = 5.0


def _ports(gateway: Gateway) -> dict[str, str]:
    """Return the port of each bus."""
    # Only this kind of meters has buses, and its libraries are loaded only where it is used.
    buses = getattr(gateway.settings.drivers.get("bus"), "buses", {})
    return {name: bus.port for name, bus in buses.items()}


def check_ports(gateway: Gateway) -> Iterator[Finding]:
    """Whether each adapter or converter is there, and can be used."""
    for name, port in _ports(gateway).items():
        if port.startswith("tcp://"):
            yield _converter(_("bus %(name)s") % {"name": name}, port)
        elif "://" not in port:
            yield _adapter(gateway, _("bus %(name)s") % {"name": name}, Path(port))


def _converter(name: str, port: str) -> Finding:
    address = urlsplit(port)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), CONNECT_WITHIN):
            return Finding(name, State.OK, _("the converter %(port)s can be reached") % {"port": port})
    except OSError as error:
        advice = _("Look at its power, its network cable and its address. Some take one connection only")
        return Finding(
            name,
            State.BAD,
            _("the converter %(port)s can't be reached (%(error)s)") % {"port": port, "error": error},
            advice,
        )


def _adapter(gateway: Gateway, name: str, path: Path) -> Finding:
    if not path.exists():
        there = ", ".join(sorted(str(each) for each in BY_ID.glob("*"))) or _("none")
        advice = _("Plug it in, or name another one in edge.toml. There are: %(there)s") % {"there": there}
        return Finding(name, State.BAD, _("there is no adapter %(path)s") % {"path": path}, advice)
    if not gateway.agent.may_use(path):
        advice = _("usermod --append --groups %(group)s %(agent)s, and start the agent anew") % {
            "group": group_of(path),
            "agent": gateway.agent.name,
        }
        return Finding(
            name, State.BAD, _("%(agent)s may not use %(path)s") % {"agent": gateway.agent.name, "path": path}, advice
        )
    users = _users(path)
    if users:
        advice = _(
            "End it, and keep it from starting: it takes the meters' answers (systemctl disable --now %(program)s)"
        ) % {"program": users[0]}
        return Finding(
            name,
            State.BAD,
            _("%(path)s is used by %(programs)s, too") % {"path": path, "programs": ", ".join(users)},
            advice,
        )
    if path.name.startswith(("ttyUSB", "ttyACM")) and BY_ID.exists():
        same = next((each for each in BY_ID.glob("*") if each.resolve() == path.resolve()), None)
        if same:
            words = _("%(path)s is there; another adapter can get this name at the next start") % {"path": path}
            return Finding(name, State.WARN, words, _("In edge.toml: %(line)s") % {"line": f'port = "{same}"'})
    return Finding(name, State.OK, _("%(path)s is there") % {"path": path})


def _users(path: Path) -> list[str]:
    """Return the names of programs that have a device open, beside prewatt's own. Without root others' are not seen."""
    device, users = path.stat().st_rdev, set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if int(process.name) == os.getpid() or any(b"prewatt" in word for word in words):
                continue
            if any(each.stat().st_rdev == device for each in (process / "fd").iterdir() if _is_device(each)):
                users.add((process / "comm").read_text().strip())
        except OSError:
            continue
    return sorted(users)


def _is_device(link: Path) -> bool:
    return str(link.readlink()).startswith("/dev/")


def check_meters(gateway: Gateway) -> Iterator[Finding]:
    """Whether each meter answers, asked once, and is the one that it should be."""
    if gateway.is_running:
        words = _("not asked; the running agent asks them: systemctl status prewatt names those that are silent")
        yield Finding(_("meters"), State.SKIPPED, words)
        return
    try:
        drivers = open_drivers(gateway.settings, SystemClock().now)
    except (SettingsError, DriverError) as error:
        yield Finding(_("meters"), State.BAD, str(error), _("Mend it in %(config)s") % {"config": gateway.config})
        return
    serials = gateway.journal.serials
    answered, began = 0, time.monotonic()
    for meter in gateway.settings.meters:
        finding = _asked(
            _("meter %(name)s") % {"name": meter.unit or meter.name},
            drivers[meter.name],
            serials.get(meter.name, meter.name),
        )
        answered += finding is None
        if finding:
            yield finding
    if answered:
        words = _("%(answered)s of %(count)s answer, in %(seconds)s s") % {
            "answered": answered,
            "count": len(gateway.settings.meters),
            "seconds": f"{time.monotonic() - began:.0f}",
        }
        yield Finding(_("meters"), State.OK, words)


def _asked(name: str, driver: MeterDriver, serial: str) -> Finding | None:
    try:
        identity = driver.identify()
        driver.read_register()
    except DriverError as error:
        advice = _(
            "Look at its wiring, address, baud rate and password. If others of the bus answer, at this meter's alone"
        )
        return Finding(name, State.BAD, f"{error.operation}: {error.cause}", advice)
    if not identity.may_be(serial):
        words = _("number %(serial)s answers in the place of %(expected)s") % {
            "serial": identity.serial,
            "expected": serial,
        }
        return Finding(
            name,
            State.BAD,
            words,
            _("If it was exchanged, record that (prewatt meter exchange); else look at its address"),
        )
    return None


def check_bluetooth(gateway: Gateway) -> Iterator[Finding]:
    """Whether the adapter is there."""
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
            _("bluetooth"), State.SKIPPED, _("%(adapter)s: only hci-socket is looked at") % {"adapter": adapter}
        )
    elif not Path(f"/sys/class/bluetooth/hci{number or 0}").exists():
        there = ", ".join(each.name for each in Path("/sys/class/bluetooth").glob("hci*")) or _("none")
        yield Finding(
            _("bluetooth"),
            State.BAD,
            _("there is no adapter %(adapter)s") % {"adapter": f"hci{number or 0}"},
            _("Plug it in. There are: %(there)s") % {"there": there},
        )
    else:
        yield Finding(
            _("bluetooth"), State.OK, _("the adapter %(adapter)s is there") % {"adapter": f"hci{number or 0}"}
        )
