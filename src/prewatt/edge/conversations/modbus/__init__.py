"""What is asked of meters that speak Modbus, and of relay modules beside them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from ...meters.modbus_model import ModbusModel
from ...meters.model import Decimals, find_model_file, read_model
from ...protocols.modbus_frames import Framing, Rtu, Tcp
from ...protocols.modbus_unit import Unit
from ..protocol import Access, AnswerTimes, MeterProtocol, OnBus
from .meter import ModbusMeter
from .relay import RelayAt, Relays
from .search import ModbusSearch


class ModbusAccess(Access, frozen=True):
    """Where a meter stands, and its relay.

    `address`: of the meter, as it is set at it. `relay_model`: the model of a relay module on the same bus that switches the
    flat, or the path of its file (`.toml`); empty: the meter's own relay. `relay_address`, `relay_channel`: of the module, and
    which of its relays, from 1. `relay_inverted`: the flat is supplied while that relay is at rest. `ratios`: those of the
    model that cannot be read, such as `current-ratio = "40"`. `echoes_transaction`: False behind a gateway that does not send
    the transaction number of Modbus TCP back.
    """

    relay_model: str = ""
    relay_address: str = ""
    relay_channel: Annotated[int, Meta(ge=1)] = 1
    relay_inverted: bool = False
    ratios: dict[str, Decimals] = {}
    echoes_transaction: bool = True


def _open(model: ModbusModel, access: ModbusAccess, bus: OnBus) -> ModbusMeter:
    packing = Tcp(access.echoes_transaction) if bus.framing == "tcp" else Rtu()
    ratios = {name: Fraction(ratio) for name, ratio in access.ratios.items()}
    relay = _relay(access, packing, bus) if access.relay_model else None
    return ModbusMeter(model, _number("address", access.address), packing, relay, ratios)


def _relay(access: ModbusAccess, packing: Framing, bus: OnBus) -> RelayAt:
    """Return the relay of a module, which all flats that it switches share."""
    is_path = access.relay_model.endswith(".toml")
    path = Path(access.relay_model) if is_path else find_model_file(access.relay_model)
    module = read_model(path, ModbusModel).relay
    if module is None:
        raise ValueError(f"relay_model: {access.relay_model} has no relay")
    number = _number("relay_address", access.relay_address)
    relays = bus.shared.setdefault(
        (path, number, access.echoes_transaction), Relays(module, Unit(packing, number), bus.clock)
    )
    return RelayAt(relays, access.relay_channel, access.relay_inverted)


def _number(field: str, text: str) -> int:
    """Return the address of a unit. Raises ValueError, which names the field."""
    if not text.isascii() or not text.isdecimal():
        raise ValueError(f"{field}: {text!r} is no number such as 1")
    return int(text)


PROTOCOL = MeterProtocol(ModbusModel, ModbusAccess, _open, ModbusSearch(), AnswerTimes(seeking_line_s=0.3), rank=2)
