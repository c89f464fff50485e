"""What is asked of a bus to find the meters on it: a plan of probes, and what each probe asks. It owns no port.

The plan is made from the files of the models: each names the settings of the serial line that such meters have from the
factory. A bus whose meters are in service is never probed (`work`): other baud rates and questions to all would disturb
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..conversations import find_protocol
from ..conversations.dlms import WRAPPED_LONGEST
from ..conversations.protocol import Framing
from ..meters.dlms_model import DlmsModel
from ..meters.dlt645_model import Dlt645Model
from ..meters.model import Model, find_model_file, model_names, protocol_of, read_model
from ..protocols.dlms import search as dlms
from ..protocols.dlms.hdlc import client_address, server_address
from ..protocols.dlms.link import HdlcLink, Link
from ..protocols.dlms.wrapper import WrapperLink
from ..protocols.dlt645 import search as dlt645
from ..protocols.dlt645.codes import Edition
from ..protocols.dlt645.exchanges import Read
from ..protocols.dlt645.frame import WILD
from ..protocols.exchange import Conversation
from ..protocols.modbus import ReadRegisters
from ..protocols.modbus_frames import Framing as Packing
from ..protocols.modbus_frames import Function, Rtu, Tcp
from .listening import is_doubled

KINDS = ("dlt645-2007", "dlt645-1997", "modbus", "dlms")
"""What is looked for, in this order: a meter that speaks both editions, or two protocols, is found by the first."""
UNITS = range(1, 33)
"""The addresses of Modbus that are tried, if a person names no others."""
BEHIND: dict[Framing, str] = {"line": "2400 8E1", "tcp": "9600 8N1"}
"""Nobody knows how fast the line behind a converter is: it is given the time of a slow one."""
MOST_LINES = 4
"""So many settings of a serial line are tried for a kind."""


class Probe(NamedTuple):
    """One kind of meter, looked for with one setting of the line."""

    line: str
    framing: Framing
    kind: str

    @property
    def protocol(self) -> str:
        """Return the protocol of the kind."""
        return self.kind.split("-")[0]


class Sighting(NamedTuple):
    """An address at which something answers. `is_doubled`: several meters seem to answer there. `words`: what it says of
    itself.
    """

    address: str
    is_doubled: bool = False
    words: str = ""


def load_models(folders: Iterable[Path] = ()) -> dict[str, Model]:
    """Return all models by name. A file of the user that cannot be read, or whose protocol is unknown, is left out; the agent
    says what is wrong with it.
    """
    folders = list(folders)
    models: dict[str, Model] = {}
    for name in model_names(folders):
        with suppress(ValueError):
            path = find_model_file(name, folders)
            models[name] = read_model(path, find_protocol(protocol_of(path)).model)
    return models


def kind_of(model: Model) -> str:
    """Return which kind of probe finds a model."""
    if isinstance(model, Dlt645Model):
        return f"dlt645-{Edition(model.edition).value}"
    return str(model.__struct_config__.tag)


def plan(models: Iterable[Model], is_serial: bool, only: Sequence[str] = ()) -> list[Probe]:
    """Return the probes of a bus in their order: what takes a moment before what takes a minute, and the settings of the
    line first by which most models would be found. `only`: settings of the line that a person knows, in place of the models'.
    """
    if not is_serial:
        return _behind_network()
    if only:
        return [Probe(line, "line", kind) for kind in KINDS for line in only]
    weights: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for model in [each for each in models if kind_of(each) in weights]:
        for place, line in enumerate(model.serial_line.lines[:MOST_LINES]):
            weights[kind_of(model)][line] += MOST_LINES - place
    return [Probe(line, "line", kind) for kind in KINDS for line, _ in weights[kind].most_common(MOST_LINES)]


def _behind_network() -> list[Probe]:
    """Return the probes of a bus over TCP: as on a line, then in the protocols' own forms, which DL/T 645 has none of."""
    own = [kind for kind in KINDS if not kind.startswith("dlt645")]
    return [
        *(Probe(BEHIND["line"], "line", kind) for kind in KINDS),
        *(Probe(BEHIND["tcp"], "tcp", kind) for kind in own),
    ]


def still(probes: Iterable[Probe], lines: Collection[str]) -> list[Probe]:
    """Return the probes that are left to do on a bus where meters answered with `lines`: all meters of a bus are set alike."""
    return [probe for probe in probes if not lines or probe.line in lines]


def seek(probe: Probe, units: Iterable[int] = UNITS, models: Iterable[Model] = ()) -> Conversation[list[Sighting]]:
    """Return what answers to a probe. `units`: the addresses of Modbus to try. Raises WrongAnswer if a line is too disturbed
    to tell.
    """
    if probe.protocol == "dlt645":
        return (yield from _seek_dlt645(Edition(probe.kind.removeprefix("dlt645-"))))
    if probe.protocol == "modbus":
        return (yield from _seek_modbus(Tcp() if probe.framing == "tcp" else Rtu(), units))
    return (yield from _seek_dlms(probe.framing, [each for each in models if isinstance(each, DlmsModel)]))


def _seek_dlt645(edition: Edition) -> Conversation[list[Sighting]]:
    found = yield from dlt645.search(edition)
    sightings = [Sighting(address, is_doubled=True) for address in sorted(found.doubled)]
    for address in sorted(found.addresses - found.doubled):
        twice = False
        if address != WILD:
            twice = bool((yield from is_doubled(partial(Read, address, dlt645.ENERGY[edition], edition))))
        sightings.append(Sighting(address, twice))
    return sightings


def _seek_modbus(packing: Packing, units: Iterable[int]) -> Conversation[list[Sighting]]:
    """Ask each unit for a register of either kind. A refusal, too, says that somebody is there."""
    sightings = []
    for unit in units:
        for function in (Function.READ_INPUT_REGISTERS, Function.READ_HOLDING_REGISTERS):
            twice = yield from is_doubled(partial(ReadRegisters, packing, unit, function, 0, 2))
            if twice is not None:
                sightings.append(Sighting(str(unit), twice))
                break
    return sightings


def _seek_dlms(framing: Framing, models: Sequence[DlmsModel]) -> Conversation[list[Sighting]]:
    sightings: list[Sighting] = []
    forms = sorted({(model.address_bytes, model.logical) for model in models}, reverse=True)
    for address in dlms.USUAL_ADDRESSES:
        for address_bytes, logical in forms if framing == "line" else forms[:1]:
            found = yield from dlms.probe(_dlms_link(framing, address, address_bytes, logical))
            if found is not None:
                number = found.serial.decode("ascii", "replace").strip("\0 ")
                sightings.append(
                    Sighting(str(address), words=f"{found.name.decode('ascii', 'replace')} {number}".strip())
                )
                break
    return sightings


def _dlms_link(framing: Framing, address: int, address_bytes: Any, logical: int) -> Link:
    if framing == "tcp":
        return WrapperLink(dlms.PUBLIC_CLIENT, address, WRAPPED_LONGEST)
    upper, lower = (address, 0) if address_bytes == 1 else (logical, address)
    return HdlcLink(client_address(dlms.PUBLIC_CLIENT), server_address(upper, lower, address_bytes))


def answers_for_all(address: str) -> bool:
    """Return whether a meter of DL/T 645 answers only to the address that means all."""
    return address == WILD
