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
from ..devices import open_drivers
from ..drivers.interface import DriverError, MeterDriver
from ..settings import SettingsError
from .finding import Finding, Gateway, State, group_of

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
            yield _converter(f"bus {name}", port)
        elif "://" not in port:
            yield _adapter(gateway, f"bus {name}", Path(port))


def _converter(name: str, port: str) -> Finding:
    address = urlsplit(port)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), CONNECT_WITHIN):
            return Finding(name, State.OK, f"the converter {port} can be reached")
    except OSError as error:
        advice = "Look at its power, its network cable and its address. Some take one connection only"
        return Finding(name, State.BAD, f"the converter {port} can't be reached ({error})", advice)


def _adapter(gateway: Gateway, name: str, path: Path) -> Finding:
    if not path.exists():
        there = ", ".join(sorted(str(each) for each in BY_ID.glob("*"))) or "none"
        advice = f"Plug it in, or name another one in edge.toml. There are: {there}"
        return Finding(name, State.BAD, f"there is no adapter {path}", advice)
    if not gateway.agent.may_use(path):
        advice = f"usermod --append --groups {group_of(path)} {gateway.agent.name}, and start the agent anew"
        return Finding(name, State.BAD, f"{gateway.agent.name} may not use {path}", advice)
    users = _users(path)
    if users:
        advice = f"End it, and keep it from starting: it takes the meters' answers (systemctl disable --now {users[0]})"
        return Finding(name, State.BAD, f"{path} is used by {', '.join(users)}, too", advice)
    if path.name.startswith(("ttyUSB", "ttyACM")) and BY_ID.exists():
        same = next((each for each in BY_ID.glob("*") if each.resolve() == path.resolve()), None)
        if same:
            words = f"{path} is there; another adapter can get this name at the next start"
            return Finding(name, State.WARN, words, f'In edge.toml: port = "{same}"')
    return Finding(name, State.OK, f"{path} is there")


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
        words = "the running agent asks them: systemctl status prewatt names those that are silent"
        yield Finding("meters", State.SKIPPED, f"not asked; {words}")
        return
    try:
        drivers = open_drivers(gateway.settings, SystemClock().now)
    except (SettingsError, DriverError) as error:
        yield Finding("meters", State.BAD, str(error), f"Mend it in {gateway.config}")
        return
    serials = gateway.journal.serials
    answered, began = 0, time.monotonic()
    for meter in gateway.settings.meters:
        finding = _asked(f"meter {meter.unit or meter.name}", drivers[meter.name], serials.get(meter.name, meter.name))
        answered += finding is None
        if finding:
            yield finding
    if answered:
        words = f"{answered} of {len(gateway.settings.meters)} answer, in {time.monotonic() - began:.0f} s"
        yield Finding("meters", State.OK, words)


def _asked(name: str, driver: MeterDriver, serial: str) -> Finding | None:
    try:
        identity = driver.identify()
        driver.read_register()
    except DriverError as error:
        advice = (
            "Look at its wiring, address, baud rate and password. If others of the bus answer, at this meter's alone"
        )
        return Finding(name, State.BAD, f"{error.operation}: {error.cause}", advice)
    if not identity.may_be(serial):
        words = f"number {identity.serial} answers in the place of {serial}"
        return Finding(
            name,
            State.BAD,
            words,
            "If it was exchanged, record that (prewatt meter exchange); else look at its address",
        )
    return None


def check_bluetooth(gateway: Gateway) -> Iterator[Finding]:
    """Whether the adapter is there."""
    adapter = gateway.settings.bluetooth
    if not adapter:
        return
    if find_spec("bumble") is None:
        advice = "pip install 'prewatt[bluetooth]' into the release in use"
        yield Finding("bluetooth", State.BAD, "the part that speaks Bluetooth is not installed", advice)
        return
    kind, _, number = adapter.partition(":")
    if kind != "hci-socket":
        yield Finding("bluetooth", State.SKIPPED, f"{adapter}: only hci-socket is looked at")
    elif not Path(f"/sys/class/bluetooth/hci{number or 0}").exists():
        there = ", ".join(each.name for each in Path("/sys/class/bluetooth").glob("hci*")) or "none"
        yield Finding(
            "bluetooth", State.BAD, f"there is no adapter hci{number or 0}", f"Plug it in. There are: {there}"
        )
    else:
        yield Finding("bluetooth", State.OK, f"the adapter hci{number or 0} is there")
