"""Meters on buses: a serial line, or a TCP connection. Which protocol a meter speaks, and where its values stand, is in
the file of its model (`edge.meters`), so a new model needs no Python.

In `edge.toml`:

    [drivers.bus.buses.cellar]
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A1-if00-port0"
    line = "2400 8E1"

    [drivers.bus.meters.000012345678]
    bus = "cellar"
    model = "dlt645-2007"
    address = "000012345678"

A flat with several meters, such as one a phase, has one meter that is made of parts (`edge.buses.joined`):

    [drivers.bus.meters."111+222+333"]
    parts = ["l1", "l2", "l3"]

    [drivers.bus.meters.l1]
    bus = "cellar"
    ...
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ..buses.bus import Bus, Timing
from ..buses.calls import CalledPort
from ..buses.joined import JoinedMeter
from ..buses.listening import LISTENING
from ..buses.meter_on_bus import MeterOnBus
from ..buses.patience import LONGEST
from ..buses.pause import silence_s
from ..buses.ports import LINE, Port, open_port
from ..conversations import find_protocol
from ..conversations.protocol import AnswerTimes, Conversations, Framing, MeterProtocol, OnBus
from ..converters import load_converter
from ..meters.model import find_model_file, protocol_of, read_model
from .interface import Driver, DriverSettings, MeterDriver

CALL = "call://"
"""How the port of a converter that calls begins."""
NETWORK_BAUD = 1_000_000
"""The speed that is reckoned with where no serial line is in between."""
Seconds = Annotated[float, Meta(gt=0, le=30)]


class BusSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one bus.

    `port`: the path of a serial adapter, `tcp://HOST:PORT`, or `call://ID` for a converter that calls and registers as ID;
    `converter` is its kind (`edge.converters`). `line`: baud, bits, parity and stop bits; behind a converter
    those of its serial side, by which the bus knows how long an answer takes. `framing`: `tcp` for what speaks its
    protocol's own form for TCP. The times are explained in `buses.bus.Timing`; without `answer_s` it is what the meters'
    protocols say (`conversations.protocol.AnswerTimes`), and a bus without `turnaround_s` learns how short it may be.
    """

    port: str
    converter: str = "text-line"
    line: Annotated[str, Meta(pattern=LINE.pattern)] = "2400 8E1"
    framing: Framing = "line"
    answer_s: Seconds | None = None
    pause_s: Seconds = 0.5
    turnaround_s: Annotated[float, Meta(ge=0, le=5)] | None = None
    rest_longest_s: Annotated[float, Meta(ge=0, le=3600)] = LONGEST

    def timing(self, protocols: Iterable[MeterProtocol[Any, Any]]) -> Timing:
        """Return the times of the bus, whose meters speak these protocols."""
        answer_s = self.answer_s or max(
            (each.answers.at(self.port) for each in protocols), default=AnswerTimes().at(self.port)
        )
        # What has a network of its own has no line behind it.
        baud = int(self.line.split()[0]) if self.framing == "line" else NETWORK_BAUD
        if self.turnaround_s is not None:
            return Timing(baud, answer_s, self.pause_s, self.turnaround_s, rest_longest_s=self.rest_longest_s)
        return Timing(
            baud, answer_s, self.pause_s, turnaround_least_s=silence_s(baud), rest_longest_s=self.rest_longest_s
        )


class BusDriverSettings(DriverSettings, frozen=True):
    """The settings of all meters on buses. `buses`: by names of your own. `meters`: by their names; each has its `bus`,
    its `model`, and what its protocol needs (`address` always), or else the names of its `parts`. `models`: a folder
    with models of your own; one of them is used instead of prewatt's model of the same name. `converters`: one with
    kinds of converters. `listen`: the host and port at which converters call; `certificate`: the file with key and
    certificate if they speak TLS.
    """

    buses: dict[str, BusSettings]
    meters: dict[str, dict[str, Any]]
    models: Path = Path("models")
    converters: Path = Path("converters")
    listen: str = ""
    certificate: Path | None = None

    @property
    def is_opened_alone(self) -> bool:
        """Return whether converters call here: they do so before the meters behind them are set up."""
        return bool(self.listen)

    @property
    def listen_address(self) -> tuple[str, int]:
        """Return the host and port at which converters call. Raises ValueError if `listen` is none."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"listen: {self.listen!r} is not a host and port such as 0.0.0.0:9100")
        return host.strip("[]"), int(port)


def open_buses(
    settings: BusDriverSettings, meters: Sequence[str], clock: Callable[[], int]
) -> Mapping[str, MeterDriver]:
    """Open the meters; those of one bus share it. Raises ValueError, which names the setting that is wrong."""
    checked = check_meters(settings, meters, clock)
    ports = _ports(settings)
    speaking = _speaking(settings, meters)
    buses = {name: Bus(ports[name], bus.timing(speaking[name]), name=name) for name, bus in settings.buses.items()}
    opened = {name: MeterOnBus(name, buses[bus], conversations) for name, (bus, conversations) in checked.items()}
    parts = _parts(settings, meters)
    return {
        name: JoinedMeter(name, [opened[part] for part in parts[name]]) if name in parts else opened[name]
        for name in meters
    }


def check_meters(
    settings: BusDriverSettings, meters: Sequence[str], clock: Callable[[], int]
) -> dict[str, tuple[str, Conversations]]:
    """Return the bus of each meter, and the conversations with it; for a meter of several, of each of its parts. No port is
    opened. Raises ValueError, which names the setting that is wrong.
    """
    lacking = [name for name in meters if name not in settings.meters]
    if lacking:
        raise ValueError(f"meters.{lacking[0]}: the section is missing")
    parts = _parts(settings, meters)
    single = [each for name in meters for each in parts.get(name, [name])]
    buses = {name: OnBus(bus.framing, clock) for name, bus in settings.buses.items()}
    checked = {}
    for name in single:
        try:
            checked[name] = _conversations(settings, dict(settings.meters[name]), buses)
        except ValueError as error:
            raise ValueError(f"meters.{name}: {error}") from None
    _no_place_twice(settings, single)
    return checked


def _counted_as(part: str, whole: Mapping[str, str], meters: Sequence[str]) -> str:
    """Return what else a part is, in words; empty if it is nothing yet. `whole`: the meters of the parts before."""
    if part in whole:
        return f"a part of {whole[part]}"
    return "a meter by itself" if part in meters else ""


def _parts(settings: BusDriverSettings, meters: Sequence[str]) -> dict[str, list[str]]:
    """Return the parts of the meters that have some. Raises ValueError if a part is none, or is used twice."""
    parts: dict[str, list[str]] = {}
    whole: dict[str, str] = {}
    for name in meters:
        section = settings.meters[name]
        if "parts" not in section:
            continue
        names = section["parts"]
        if len(section) > 1 or not isinstance(names, list) or len(names) < 2:
            raise ValueError(f'meters.{name}.parts: give only the names of two meters or more, such as ["l1", "l2"]')
        for part in names:
            if part not in settings.meters or "parts" in settings.meters[part]:
                raise ValueError(f"meters.{name}.parts: there is no section meters.{part} with a bus of its own")
            if other := _counted_as(part, whole, meters):
                raise ValueError(f"meters.{name}.parts: {part} is {other} already, and would be counted twice")
            whole[part] = name
        parts[name] = names
    return parts


def _ports(settings: BusDriverSettings) -> dict[str, Port]:
    """Return the ports of all buses, and begin to take calls if converters call."""
    ports: dict[str, Port] = {}
    called: dict[str, CalledPort] = {}
    for name, bus in settings.buses.items():
        try:
            if bus.port.startswith(CALL):
                ports[name] = _called_port(bus, called, settings.converters)
            else:
                ports[name] = open_port(bus.port, bus.line)
        except ValueError as error:
            raise ValueError(f"buses.{name}.{error}") from None
    if called and not settings.listen:
        raise ValueError('listen: the address at which converters call is missing, such as listen = "0.0.0.0:9100"')
    if settings.listen:
        # Each of several agents in one process has a thread, which bears the name of its gateway (`edge.hosting`).
        owner = threading.current_thread().name
        LISTENING.take(owner, settings.listen_address, called, settings.certificate)
    return ports


def _called_port(bus: BusSettings, called: dict[str, CalledPort], converters: Path) -> CalledPort:
    """Return the port of a bus whose converter calls, and add it to `called`."""
    caller = bus.port.removeprefix(CALL)
    if not caller or caller in called:
        raise ValueError(f"port: {bus.port!r} names no converter, or one that has a bus already")
    called[caller] = CalledPort(caller, load_converter(bus.converter, [converters]))
    return called[caller]


def _conversations(
    settings: BusDriverSettings, section: dict[str, Any], buses: Mapping[str, OnBus]
) -> tuple[str, Conversations]:
    """Return the bus of a meter, and the conversations with it."""
    bus, model_name = section.pop("bus", None), section.pop("model", None)
    if bus not in settings.buses:
        raise ValueError(f"bus: there is no bus {bus!r}; known: {', '.join(settings.buses) or 'none'}")
    if not isinstance(model_name, str):
        raise ValueError("model: it is missing")
    path = find_model_file(model_name, [settings.models])
    # What else stands beside a meter, such as a relay module, is a model too.
    for field in [field for field in section if field.endswith("_model") and section[field]]:
        section[field] = str(find_model_file(section[field], [settings.models]))
    protocol = find_protocol(protocol_of(path))
    access = msgspec.convert(section, protocol.access)
    return bus, protocol.open(read_model(path, protocol.model), access, buses[bus])


def _speaking(settings: BusDriverSettings, meters: Sequence[str]) -> dict[str, list[MeterProtocol[Any, Any]]]:
    """Return the protocols that are spoken on each bus."""
    parts = _parts(settings, meters)
    spoken: dict[str, set[str]] = {name: set() for name in settings.buses}
    for section in (settings.meters[each] for name in meters for each in parts.get(name, [name])):
        spoken[section["bus"]].add(protocol_of(find_model_file(section["model"], [settings.models])))
    return {bus: [find_protocol(name) for name in names] for bus, names in spoken.items()}


def _no_place_twice(settings: BusDriverSettings, meters: Sequence[str]) -> None:
    """Refuse two meters at one address of a bus, of which both would answer, and two flats behind one relay."""
    seen: dict[tuple[object, ...], str] = {}
    for name in meters:
        section = settings.meters[name]
        bus = section["bus"]
        protocol = protocol_of(find_model_file(section["model"], [settings.models]))
        places: list[tuple[str, tuple[object, ...]]] = [("address", (bus, protocol, _plain(section["address"])))]
        if section.get("relay_model"):
            relay = (bus, "relay", _plain(section.get("relay_address", "")), section.get("relay_channel", 1))
            places.append(("relay_channel", relay))
        for field, place in places:
            if place in seen:
                raise ValueError(f"meters.{name}.{field}: meter {seen[place]} has the same one on bus {bus}")
            seen[place] = name


def _plain(address: str) -> str:
    """Return an address without the zeros before it, which mean nothing."""
    return address.lstrip("0") or "0"


DRIVER = Driver(BusDriverSettings, open_buses)
