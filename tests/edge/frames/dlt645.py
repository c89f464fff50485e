"""Says whether every frame of a file such as `tests/edge/protocols/vectors/dlt645.json` is as the file states.

What a file says in words that are not ours (names of functions, errors and items) is compared only where we have words
for the same thing; numbers and bytes always.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prewatt.edge.protocols.dlt645.bcd import from_bcd, from_digits
from prewatt.edge.protocols.dlt645.bcd_times import from_clock, from_date, from_time
from prewatt.edge.protocols.dlt645.codes import Command, Edition, Function, OldFunction
from prewatt.edge.protocols.dlt645.errors import error_names
from prewatt.edge.protocols.dlt645.exchanges import Access, Control, Order, Read, ReadAddress, SetTime, Write
from prewatt.edge.protocols.dlt645.frame import BROADCAST, WAKE, WILD, DamagedFrame, Frame, FrameParser, decode_frame
from prewatt.edge.protocols.errors import ProtocolError
from prewatt.edge.protocols.exchange import Exchange
from prewatt.kernel.quantities import decimal
from prewatt.sim.meters.dlt645_items import item
from tests.edge.frames.status_word import status

Case = dict[str, Any]

FUNCTIONS = {
    "2007": {
        0x08: "broadcast time",
        Function.READ: "read data",
        Function.READ_FOLLOWING: "read following data",
        Function.READ_ADDRESS: "read address",
        Function.WRITE: "write data",
        Function.WRITE_ADDRESS: "write address",
        Function.CHANGE_BAUD: "change baud rate",
        Function.CONTROL: "trip/close/alarm/hold",
    },
    "1997": {
        OldFunction.READ: "read data",
        OldFunction.READ_FOLLOWING: "read following data",
        OldFunction.READ_AGAIN: "re-read data",
        OldFunction.WRITE: "write data",
    },
}
VENDOR = {5, 6, 7}
"""Functions of 1997 that makers use for themselves: their answers are read by nobody else."""
MEANINGS = {
    Command.TRIP: "trip (open the relay)",
    Command.PERMIT_CLOSE: "close permitted (tenant presses the button)",
    Command.CLOSE: "close at once",
}
PREPAID = ("not prepaid", "prepaid by energy", "prepaid by money", "no meaning")
IMPOSSIBLE = "not a possible time in the order ss mm hh DD MM YY"


def check(document: dict[str, Any]) -> list[str]:
    """Return a line for each thing that the file states and that we see otherwise; empty if all is as stated."""
    cases = document.get("cases")
    if not isinstance(cases, list):
        return ["the file has no list `cases`"]
    lines = []
    for number, case in enumerate(cases):
        name = case.get("id", f"case {number}") if isinstance(case, dict) else f"case {number}"
        try:
            lines += [f"{name}: {line}" for line in _case(case)]
        except Exception as error:
            lines.append(f"{name}: can't be checked ({type(error).__name__}: {error})")
    return lines


def _case(case: Case) -> Iterator[str]:
    raw = bytes.fromhex(case["hex"])
    wake = len(raw) - len(raw.lstrip(bytes((WAKE,))))
    yield from _differs("wake_bytes", case, wake)
    yield from _stream(raw, case)
    if case.get("kind") == "stream":
        yield from _differs("valid_frame", case, False)
        return
    body = raw[wake:]
    try:
        frame = decode_frame(body)
        yield from _differs("valid_frame", case, True)
        if frame.encode(wake) != raw:
            yield f"hex: encoded as {frame.encode(wake).hex().upper()}"
        yield from _asked(frame, case, body)
    except DamagedFrame as error:
        yield from _differs("valid_frame", case, False)
        if str(case.get("problem", "")).split(":")[0] in {"checksum", "end byte is not 16"}:
            yield from _differs("problem", case, str(error))
        if len(body) < 10:
            return
        frame = Frame(
            body[6:0:-1].hex().upper(), body[8], bytes(each - 0x33 & 0xFF for each in body[10 : 10 + body[9]])
        )
    yield from _fields(frame, case)


def _stream(raw: bytes, case: Case) -> Iterator[str]:
    """The whole frames in the bytes, fed at once and one by one."""
    stated = case.get("frames_inside")
    if stated is None:
        stated = [case["hex"][2 * case.get("wake_bytes", 0) :]] if case.get("valid_frame") else []
    for pieces in ([raw], [raw[at : at + 1] for at in range(len(raw))]):
        parser = FrameParser()
        frames = [frame for piece in pieces for frame in parser.feed(piece)] + parser.end()
        found = [frame.encode().hex().upper() for frame in frames]
        if found != [each.upper() for each in stated]:
            yield f"frames_inside: found {found}, stated {stated}"


def _differs(field: str, case: Case, ours: object) -> Iterator[str]:
    if field in case and case[field] != ours:
        yield f"{field}: {ours!r}, stated {case[field]!r}"


def edition_of(frame: Frame) -> Edition:
    """Return the edition whose function a frame has."""
    old = frame.function < 0x10 and frame.function not in (0, Function.SET_TIME)
    return Edition.OF_1997 if old else Edition.OF_2007


def _fields(frame: Frame, case: Case) -> Iterator[str]:
    edition, data = edition_of(frame), frame.data
    yield from _differs("protocol", case, edition.value)
    yield from _differs("address", case, frame.address)
    yield from _differs("control", case, f"{frame.control:02X}")
    yield from _differs("kind", case, "response" if frame.is_answer else "request")
    yield from _differs("error", case, frame.is_error)
    yield from _differs("more_follows", case, frame.more_follows)
    yield from _differs("length", case, len(data))
    yield from _differs("data", case, data.hex().upper())
    kinds = {WILD: "all-A wildcard", BROADCAST: "broadcast"}
    kind = kinds.get(frame.address, "meter")
    if case.get("address_kind") in {*kinds.values(), "meter"}:
        yield from _differs("address_kind", case, kind)
    function = FUNCTIONS[edition].get(frame.function)
    if function is not None and case.get("function") in FUNCTIONS[edition].values():
        yield from _differs("function", case, function)
    yield from _differs("data_id", case, _data_id(frame, edition))
    known = item(int(case.get("data_id") or "0", 16), edition) if case.get("data_id") else None
    if known is not None:
        yield from _differs("name", case, known.name)
    yield from _error(frame, edition, case)
    yield from _order(frame, edition, case)
    if "decoded" in case:
        yield from _decoded(frame, edition, case["decoded"])


def _data_id(frame: Frame, edition: Edition) -> str | None:
    size = 2 if edition == Edition.OF_1997 else 4
    return None if frame.is_error or len(frame.data) < size else frame.data[size - 1 :: -1].hex().upper()


def _error(frame: Frame, edition: Edition, case: Case) -> Iterator[str]:
    own = edition == Edition.OF_1997 and frame.function in VENDOR
    code = frame.data[0] if frame.is_error and frame.data and not own else None
    yield from _differs("error_byte", case, None if code is None else f"{code:02X}")
    if code is not None and "error_meaning" in case:
        names = list(error_names(code, edition))
        known = {name for each in Edition for name in error_names(0xFF, each)}
        if set(case["error_meaning"]) <= known or len(names) != len(case["error_meaning"]):
            yield from _differs("error_meaning", case, names)


def _order(frame: Frame, edition: Edition, case: Case) -> Iterator[str]:
    """Password, operator and what is written."""
    begins = (
        {Function.WRITE: 4, Function.CONTROL: 0}.get(Function(frame.function)) if _is_known(frame, edition) else None
    )
    if begins is None or frame.is_answer:
        return
    text = frame.data.hex().upper()[2 * begins :]
    yield from _differs("password_level", case, text[:2])
    yield from _differs("password", case, text[2:8])
    yield from _differs("operator", case, text[8:16])
    yield from _differs("write_data", case, text[16:])


def _is_known(frame: Frame, edition: Edition) -> bool:
    return edition == Edition.OF_2007 and frame.function in set(Function)


def _asked(frame: Frame, case: Case, body: bytes) -> Iterator[str]:
    """The same question as we would ask it; and whether our question takes the answer."""
    edition, data = edition_of(frame), frame.data
    asked = _question(frame, edition, data)
    if asked is None:
        return
    if not frame.is_answer:
        question = asked.request.lstrip(bytes((WAKE,)))
        if question != body:
            yield f"hex: asked as {question.hex().upper()}"
        return
    try:
        if asked.feed(body) is None:
            yield f"hex: our question does not take it ({asked.seen()})"
        elif frame.is_error:
            yield "hex: our question takes an error for an answer"
    except ProtocolError as error:
        if not frame.is_error:
            yield f"hex: our question does not take it ({error})"


def _question(frame: Frame, edition: Edition, data: bytes) -> Exchange[Any] | None:
    read = OldFunction.READ if edition == Edition.OF_1997 else Function.READ
    size = 2 if edition == Edition.OF_1997 else 4
    if frame.function == read and frame.is_error:
        return Read(frame.address, "00" * size, edition)
    if frame.function == read and (len(data) == size or (frame.is_answer and len(data) > size)):
        return Read(frame.address, data[size - 1 :: -1].hex(), edition)
    if edition == Edition.OF_1997:
        return None
    if frame.function == Function.READ_ADDRESS:
        return ReadAddress(frame.address)
    if frame.is_answer:
        return Order(frame.address, frame.function, b"") if frame.function == Function.CONTROL else None
    if frame.function == Function.SET_TIME and (at := from_time(data)):
        return SetTime(frame.address, at)
    if frame.function == Function.WRITE and len(data) >= 12:
        return Write(frame.address, data[3::-1].hex(), _access(data[4:]), data[12:])
    if frame.function == Function.CONTROL and len(data) == 16 and not data[9] and data[8] in set(Command):
        until = from_time(data[10:])
        return Control(frame.address, Command(data[8]), _access(data), until) if until else None
    return None


def _access(data: bytes) -> Access:
    return Access(data[0], data[3:0:-1].hex(), data[7:3:-1].hex())


def _decoded(frame: Frame, edition: Edition, stated: list[Case]) -> Iterator[str]:
    ours = _values(frame, edition)
    if ours is None:
        yield "decoded: this item is not in our table"
        return
    if len(ours) != len(stated):
        yield f"decoded: {len(ours)} values, stated {len(stated)}"
    for one, other in zip(ours, stated, strict=False):
        for field, value in one.items():
            if field == "problem":
                if bool(value) != bool(other.get("problem")):
                    yield f"decoded: {one['label']}: problem: {value!r}, stated {other.get('problem')!r}"
            elif field == "label":
                if other.get("label") in {each["label"] for each in ours} and other["label"] != value:
                    yield f"decoded: {value!r} stands where {other['label']!r} is stated"
            elif field in other and not _is_same(field, value, other[field]):
                yield f"decoded: {one['label']}: {field}: {value!r}, stated {other[field]!r}"


def _is_same(field: str, ours: Any, stated: Any) -> bool:
    """Times may be written in other ways than ours, and kinds of prepaid meters in other words."""
    if field == "meter_type" and stated != PREPAID[0]:
        return bool(ours != PREPAID[0])
    if field == "value" and isinstance(ours, str) and isinstance(stated, str) and ("-" in ours[1:] or ":" in ours):
        ours, stated = ("".join(filter(str.isdigit, text)) for text in (ours, stated))
        return bool(ours in stated or (len(stated) >= 6 and stated in ours))
    return bool(ours == stated)


def _value(label: str, value: str | None, unit: str = "", problem: str = "", **more: object) -> Case:
    return {"label": label, "value": value, "unit": unit, "problem": problem, **more}


def _text(raw: int | None, decimals: int) -> str | None:
    """A number with all its decimals: 0.00."""
    if raw is None:
        return None
    whole, part = divmod(abs(raw), 10**decimals)
    return decimal(raw, 0) if not decimals else f"{'-' if raw < 0 else ''}{whole}.{part:0{decimals}}"


def _moment(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else None


def _values(frame: Frame, edition: Edition) -> list[Case] | None:
    data = frame.data
    if _is_known(frame, edition) and not frame.is_error:
        match frame.function:
            case Function.SET_TIME:
                at = _moment(from_time(data))
                return [_value("time to set", at, "", "" if at else IMPOSSIBLE)]
            case Function.READ_ADDRESS | Function.WRITE_ADDRESS:
                digits = from_digits(data)
                label = "address" if frame.function == Function.READ_ADDRESS else "new address"
                return [_value(label, digits, "", "" if digits else "not BCD")]
            case Function.CONTROL if len(data) >= 10:
                until, raw = _moment(from_time(data[10:])), data[10:].hex().upper()
                meaning = MEANINGS.get(data[8])
                command = _value("command", f"{data[8]:02X}", **({"meaning": meaning} if meaning else {}))
                return [command, _value("valid until", until, "", "" if until else IMPOSSIBLE, raw=raw)]
    identifier = _data_id(frame, edition)
    if identifier is None:
        return None
    return _of_item(identifier, edition, data[len(identifier) // 2 :])


def _of_item(identifier: str, edition: Edition, data: bytes) -> list[Case] | None:
    match identifier:
        case "04000503" if state := status(data):
            return [
                _value(
                    "run status word 3",
                    f"0x{state.word:04X}",
                    "bits",
                    relay="open" if state.is_open else "closed",
                    relay_command="open" if state.told_open else "closed",
                    pre_trip_alarm=state.warns,
                    meter_type=PREPAID[state.prepaid],
                )
            ]
        case "C032" | "04000401" | "04000402":
            digits = from_digits(data)
            return [_value("meter number", digits, "", "" if digits else "not BCD")]
        case "05060001":
            at = from_time(b"\0" + data)
            return [_value("freeze time", at.strftime("%Y-%m-%d %H:%M") if at else None, "", "" if at else IMPOSSIBLE)]
        case "04000101" | "C010":
            day = from_date(data)
            return [_value("date", day.isoformat() if day else None, "", "" if day else IMPOSSIBLE)]
        case "04000102" | "C011":
            clock = from_clock(data)
            return [_value("time", clock.isoformat() if clock else None, "", "" if clock else IMPOSSIBLE)]
    if identifier.startswith("01") and edition == Edition.OF_2007 and len(data) == 8:
        power, at = from_bcd(data[:3], signed=True), from_time(b"\0" + data[3:])
        return [
            _value("maximum demand", _text(power, 4), "kW", "" if power is not None else "not BCD"),
            _value("time of it", _moment(at), "", "" if at else IMPOSSIBLE),
        ]
    known = item(int(identifier, 16), edition)
    readings = known.decode(data) if known else None
    if readings is None:
        return None
    return [_value(each.label, _text(each.raw, each.decimals), each.unit, each.problem) for each in readings]
