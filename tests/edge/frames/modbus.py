"""Compares what a file of register maps and captured frames of Modbus says with what is decoded and encoded here.

Each capture is a frame, or what arrived in place of one (`transport`: `stream`). All that the file says of it and that can
be computed from the bytes is compared; what else it says is left to people.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from prewatt.edge.meters.modbus_model import WIDTHS, ModbusModel, Register
from prewatt.edge.meters.model import find_model_file, model_names, read_model
from prewatt.edge.protocols.errors import NoAnswer, Refused
from prewatt.edge.protocols.modbus import (
    Question,
    ReadBits,
    ReadRegisters,
    error_name,
    write_coil,
    write_register,
    write_registers,
)
from prewatt.edge.protocols.modbus_frames import (
    FUNCTIONS,
    READS,
    REFUSED,
    Frame,
    FrameStream,
    Framing,
    Function,
    Rtu,
    Side,
    Tcp,
    crc,
)

NUMBERS = ("unit", "function", "address", "count", "byte_count", "exception", "transaction")


def check(document: dict[str, Any]) -> list[str]:
    """Return a line for each disagreement with a file of the form of `modbus_maps.json`."""
    lines = []
    for index, capture in enumerate(_dicts(document.get("captures"))):
        lines += [f"{capture.get('id', f'capture {index}')}: {line}" for line in _of_capture(capture)]
    for meter in _dicts(document.get("meters")):
        lines += [f"{meter.get('id')}: {line}" for line in _of_meter(meter)]
    return lines


def _dicts(listed: Any) -> list[dict[str, Any]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def number(stated: Any) -> int | None:
    """Return a number that stands as such, or as text such as `0x0C`; None if it is none."""
    if isinstance(stated, str):
        with contextlib.suppress(ValueError):
            return int(stated, 0)
    return stated if isinstance(stated, int) else None


def _of_capture(capture: dict[str, Any]) -> list[str]:
    try:
        data = bytes.fromhex(str(capture["hex"]))
    except (KeyError, ValueError):
        return []
    transport = capture.get("transport")
    if transport == "stream":
        return list(_of_stream(capture, data))
    framing: Framing = Tcp() if transport == "tcp" else Rtu()
    side = Side.QUESTION if capture.get("kind") == "request" else Side.ANSWER
    found = fields(framing, side, data)
    lines = [
        f"{key}: {found[key]}, but it says {capture[key]}"
        for key in NUMBERS
        if key in capture and key in found and number(capture[key]) not in (found[key], None)
    ]
    if "registers_hex" in capture and str(capture["registers_hex"]).upper() != found.get("registers_hex"):
        lines.append(f"registers: {found.get('registers_hex')}, but it says {capture['registers_hex']}")
    meaning = set(str(capture.get("exception_meaning", "")).lower().replace(",", "").split())
    if meaning and "exception" in found and not meaning & set(error_name(found["exception"]).replace(",", "").split()):
        lines.append(f"exception: {error_name(found['exception'])}, but it says {capture['exception_meaning']}")
    intact = all(capture.get(key, True) is True for key in ("crc_ok", "length_ok", "valid_frame"))
    if intact and capture.get("problem"):
        # Its checksum is right, and something else is not that only people can judge.
        return lines
    return lines + list(_of_frame(framing, side, data, intact))


def _of_frame(framing: Framing, side: Side, data: bytes, intact: bool) -> Iterator[str]:
    """Compare one frame: whether it is taken, whether it is encoded byte for byte, and what its question makes of it."""
    if (_outer(framing, data)) is not intact:
        yield "it is refused, but it says that it is intact" if intact else "it is taken, but it says that it is broken"
        return
    frame = framing.read(data, 0, side)
    whole = isinstance(frame, Frame) and len(frame.pdu) + framing.beside == len(data)
    if not intact:
        if whole:
            yield "its frame is taken, but it says that it is broken"
        return
    if not isinstance(frame, Frame) or not whole:
        if fields(framing, side, data).get("function", 0) & ~REFUSED in FUNCTIONS:
            yield "its frame is not found"
        return
    if framing.pack(frame.unit, frame.pdu, frame.transaction) != data:
        yield "its frame is encoded in other bytes"
    question = _question(framing, frame)
    if question is None:
        return
    if side is Side.QUESTION:
        if question.request != data:
            yield f"the question is encoded as {question.request.hex().upper()}"
        return
    try:
        if question.feed(data) is None:
            yield f"its question does not take the answer: {question.seen()}"
    except (Refused, NoAnswer) as error:
        code = error.code if isinstance(error, Refused) else frame.pdu[1]
        if not frame.function & REFUSED or code != frame.pdu[1]:
            yield f"its question takes it for {error}"


def _outer(framing: Framing, data: bytes) -> bool:
    """Return whether checksum or length are right, whatever the function."""
    if isinstance(framing, Rtu):
        return len(data) > 3 and crc(data[:-2]) == data[-2:]
    return len(data) > 7 and not any(data[2:4]) and int.from_bytes(data[4:6], "big") == len(data) - 6


def fields(framing: Framing, side: Side, data: bytes) -> dict[str, Any]:
    """Return what the bytes of a frame say, by the names of the file, whether it is intact or not."""
    tcp = isinstance(framing, Tcp)
    body = data[6:] if tcp else data[:-2]
    found: dict[str, Any] = {}
    if tcp and len(data) > 1:
        found["transaction"] = int.from_bytes(data[:2], "big")
    if len(body) < 2:
        return found
    found |= {"unit": body[0], "function": body[1]}
    function, rest = body[1], body[2:]
    if function & REFUSED:
        return found | ({"exception": rest[0]} if rest else {})
    if function in READS and side is Side.ANSWER:
        if rest:
            found |= {"byte_count": rest[0]} | ({"registers_hex": rest[1:].hex().upper()} if function > 2 else {})
        return found
    if function in FUNCTIONS and len(rest) >= 4:
        found["address"] = int.from_bytes(rest[:2], "big")
        if function not in (Function.WRITE_COIL, Function.WRITE_REGISTER):
            found["count"] = int.from_bytes(rest[2:4], "big")
        if function in (Function.WRITE_COILS, Function.WRITE_REGISTERS) and side is Side.QUESTION and len(rest) > 4:
            found["byte_count"] = rest[4]
        if function == Function.WRITE_REGISTERS and side is Side.QUESTION:
            found["registers_hex"] = rest[5:].hex().upper()
        if function == Function.WRITE_REGISTER:
            found["registers_hex"] = rest[2:4].hex().upper()
    return found


def _question(framing: Framing, frame: Frame) -> Question[Any] | None:
    """Return the question that a frame is, or one that it answers; None if no such question is asked here."""
    function, rest, at = frame.function & ~REFUSED, frame.pdu[1:], frame.transaction
    first, second = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big")
    with contextlib.suppress(ValueError):
        if function in READS:
            if frame.side is Side.ANSWER:
                bits = function < Function.READ_HOLDING_REGISTERS
                first, second = 0, 1 if frame.function & REFUSED else rest[0] * 8 if bits else rest[0] // 2
            read = ReadBits if function < Function.READ_HOLDING_REGISTERS else ReadRegisters
            return read(framing, frame.unit, function, first, second, at)
        if function == Function.WRITE_COIL and second in (0, 0xFF00):
            return write_coil(framing, frame.unit, first, second > 0, at)
        if function == Function.WRITE_REGISTER:
            return write_register(framing, frame.unit, first, second, at)
        if function == Function.WRITE_REGISTERS:
            values = [0] * second
            if frame.side is Side.QUESTION:
                values = [int.from_bytes(rest[i : i + 2], "big") for i in range(5, len(rest), 2)]
            return write_registers(framing, frame.unit, first, values, at)
    return None


def _of_stream(capture: dict[str, Any], data: bytes) -> Iterator[str]:
    """Compare what arrived in place of a frame, or around one."""
    answers = FrameStream(Rtu(), (Side.ANSWER,)).feed(data)
    valid = capture.get("valid_frame")
    # The echo of a write of one value is the same bytes as its confirmation.
    if valid is False and any(
        frame.function not in (Function.WRITE_COIL, Function.WRITE_REGISTER) for frame in answers
    ):
        yield "an answer is taken out of it, but it says that there is none"
    if valid is True:
        stated = [
            frame
            for frame in answers
            if number(capture.get("unit", frame.unit)) == frame.unit
            and number(capture.get("function", frame.function)) == frame.function
            and str(capture.get("registers_hex", "")).upper() in frame.pdu.hex().upper()
        ]
        if not stated:
            yield "the answer that it says is there is not found"


def _of_meter(meter: dict[str, Any]) -> Iterator[str]:
    """Compare a map with the model of the same name, and see that each of its registers can be read."""
    registers = _dicts(meter.get("registers"))
    for each in registers:
        name, kind = each.get("quantity"), str(each.get("type"))
        address = number(each.get("address"))
        if address is None or not 0 <= address <= 0xFFFF:
            yield f"{name}: address {each.get('address')!r} is none"
        if kind in WIDTHS and number(each.get("registers", WIDTHS[kind])) != WIDTHS[kind]:
            yield f"{name}: {kind} has {WIDTHS[kind]} registers, but it says {each.get('registers')}"
        with contextlib.suppress(InvalidOperation):
            Decimal(str(each.get("scale", "1")).split()[0])
    if meter.get("id") in model_names():
        model = read_model(find_model_file(str(meter["id"])), ModbusModel)
        stated = {(number(each.get("function")), number(each.get("address"))): each for each in registers}
        low_first = "low word first" in str(meter.get("word_order", "")).lower()
        if meter.get("word_order") and low_first is not (model.word_order == "low first"):
            yield f"word order: {model.word_order}, but it says {meter['word_order']}"
        for name, register in model.registers.items():
            if (register.function, register.address) in stated:
                yield from _of_register(name, register, stated[register.function, register.address])


def _of_register(name: str, register: Register, stated: dict[str, Any]) -> Iterator[str]:
    """Compare a register of a model with what the file says of it."""
    # One source lists a type without a sign, and adds that users see negative values in it.
    signless = "two's complement" in str(stated.get("note")) and register.type == str(stated.get("type"))[1:]
    if str(stated.get("type")) in WIDTHS and stated["type"] != register.type and not signless:
        yield f"{name}: read as {register.type}, but it says {stated['type']}"
    scale = str(stated.get("scale", "1")).split()[0]
    if Decimal(scale) != Decimal(register.scale):
        yield f"{name}: scale {register.scale}, but it says {stated.get('scale')}"
    if stated.get("unit", register.unit) != register.unit:
        yield f"{name}: unit {register.unit!r}, but it says {stated['unit']!r}"
