"""Models of meters that speak DLMS/COSEM. Scalers and units are not in them: each meter tells its own."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ...kernel.quantities import Quantity
from ..protocols.dlms.axdr import obis
from .model import BASE_UNITS, Decimals, Model

Obis = Annotated[str, Meta(pattern=r"^[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\*[0-9]{1,3}$")]
"""An OBIS code such as `1-0:1.8.0*255`: the logical name of an object."""


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """The meter's clock (class 8). `deviation_reversed`: it writes its deviation from UTC with the other sign. By the
    standard's sign it is -60 in Berlin in winter. `deviation_if_not_given`: the minutes (of the standard's sign) of a
    meter that gives none.
    """

    obis: Obis = "0-0:1.0.0*255"
    deviation_reversed: bool = False
    deviation_if_not_given: Annotated[int, Meta(ge=-840, le=840)] | None = None


class Monitor(Struct, frozen=True, forbid_unknown_fields=True):
    """A register monitor (class 21) that is nobody else's, so that prewatt may take it: the meter opens its switch by
    itself when its energy register passes a threshold. `script_table`, `script`: what it does then (class 9), which has to
    be a remote disconnection.
    """

    obis: Obis
    script_table: Obis = "0-0:10.0.106*255"
    script: Annotated[int, Meta(ge=1, le=0xFFFF)] = 1


class Scale(Struct, frozen=True, forbid_unknown_fields=True):
    """The number in a register times `scale` is its value in `unit`."""

    unit: str
    scale: Decimals = "1"


class Push(Struct, frozen=True, forbid_unknown_fields=True):
    """A meter that sends its values by itself, and is not asked. `every_s`: how often it does at least, all of them.
    `scales`: of the registers, as it does not send them.
    """

    every_s: Annotated[int, Meta(ge=1, le=60)]
    scales: dict[Obis, Scale]


class DlmsModel(Model, frozen=True, tag="dlms"):
    """A model of meter that speaks DLMS/COSEM.

    `authentication`: how a client that may switch shows who it is: `none`, `lls` (a password), `hls-gmac` (two keys).
    `client`: its address. `logical`: the address of the logical device that holds the objects. `address_bytes`: of the
    meter's HDLC address; with 1 it is the logical device's alone. `information`: the longest information field of HDLC that
    is proposed. `inactivity_s`: the seconds after which the meter ends an association by itself.

    `energy`: the import register (class 3) that is billed; `rates`: its parts by rate. `power`, `power_export`, `reactive`:
    registers of W and var. `quantities`: registers of the others by name. `serial`: the number on its face (class 1),
    written in the code page `text`. `disconnect`: the disconnect control (class 70); empty: it has no switch. `counter`:
    the invocation counter (class 1) of this client, that `counter_client` may read without a password. `own_prepaid`: it
    may open its switch by a balance of its own, and nobody knows how that is seen. `monitor`: what lets it open its switch
    without its gateway; None: nothing. `push`: it sends its values by itself; None: it is asked.
    """

    authentication: Literal["none", "lls", "hls-gmac"] = "lls"
    client: Annotated[int, Meta(ge=1, le=127)] = 1
    logical: Annotated[int, Meta(ge=1, le=0x3FFF)] = 1
    address_bytes: Literal[1, 2, 4] = 4
    information: Annotated[int, Meta(ge=32, le=2000)] = 128
    inactivity_s: Annotated[int, Meta(ge=5, le=3600)] = 120
    energy: Obis = "1-0:1.8.0*255"
    rates: tuple[Obis, ...] = ()
    power: Obis | Literal[""] = ""
    power_export: Obis | Literal[""] = ""
    reactive: Obis | Literal[""] = ""
    quantities: dict[Quantity, Obis] = {}
    serial: Obis = "0-0:96.1.0*255"
    text: str = "ascii"
    clock: Clock | None = None
    disconnect: Obis | Literal[""] = ""
    general_ciphering: bool = False
    counter: Obis | Literal[""] = ""
    counter_client: Annotated[int, Meta(ge=1, le=127)] = 16
    own_prepaid: bool = False
    monitor: Monitor | None = None
    push: Push | None = None

    def __post_init__(self) -> None:
        if self.authentication == "hls-gmac" and not self.counter:
            raise ValueError("counter: it is missing; high level security begins with what the meter has counted")
        if self.monitor is not None and not self.disconnect:
            raise ValueError("monitor: it opens the switch, and there is no disconnect control")
        if self.push is not None:
            self._check_push(self.push)
        self._check_names()
        if not 1 <= self.logical <= (0x7F if self.address_bytes < 4 else 0x3FFF):
            raise ValueError(f"logical: {self.logical} does not fit an address of {self.address_bytes} bytes")
        try:
            "".encode(self.text)
        except LookupError:
            raise ValueError(f"text: {self.text!r} is no code page such as ascii or cp1251") from None

    @property
    def can_switch(self) -> bool:
        return bool(self.disconnect)

    def _check_names(self) -> None:
        """Raise ValueError for a name of an object that is no OBIS code."""
        own = (self.energy, *self.rates, self.power, self.power_export, self.reactive, self.serial, self.disconnect)
        clock = self.clock.obis if self.clock else ""
        monitor = (self.monitor.obis, self.monitor.script_table) if self.monitor else ()
        for name in filter(None, (*own, *self.quantities.values(), self.counter, clock, *monitor)):
            obis(name)

    def _check_push(self, push: Push) -> None:
        if self.disconnect or self.clock or self.authentication != "none":
            raise ValueError(
                "push: a meter that sends by itself is not asked, so it can have no switch, no clock and no password"
            )
        if self.energy not in push.scales:
            raise ValueError(f"push: scales: {self.energy} is missing, which is billed")
        for name, scale in push.scales.items():
            obis(name)
            if scale.unit not in BASE_UNITS:
                raise ValueError(f"push: scales: {name}: unit: {scale.unit!r} is unknown")
