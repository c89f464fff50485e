"""Transcripts of DLMS/COSEM exchanges, as `vectors/dlms_transcripts.json` has them: what they state, and what our code says."""

from typing import Any

from prewatt.edge.protocols.dlms.acse import AARE, AARQ, RLRE, RLRQ, decode_acse, decode_initiate
from prewatt.edge.protocols.dlms.axdr import Reader
from prewatt.edge.protocols.dlms.hdlc import FrameError, FrameStream, check_sequence, decode_frame
from prewatt.edge.protocols.dlms.push import PushStream
from prewatt.edge.protocols.dlms.security import GENERAL, is_ciphered
from prewatt.edge.protocols.dlms.wrapper import HEADER, Wrapped, WrappedStream
from prewatt.edge.protocols.dlms.xdlms import UnknownApdu, decode_apdu
from prewatt.edge.protocols.errors import ProtocolError

NOISE = bytes.fromhex("00FF7E7EA07E")
"""What may stand before a frame: a shared flag, and the begin of one that never comes."""
LLC = (bytes.fromhex("E6E600"), bytes.fromhex("E6E700"))


def check(document: dict[str, Any]) -> list[str]:
    """Return a line for each step of a transcript that our code sees otherwise than it states; empty: all is right."""
    lines = []
    for transcript in _dicts(document.get("transcripts")):
        name, pushes = transcript.get("id", "?"), PushStream()
        is_continued: dict[Any, bool] = {}
        for number, step in enumerate(_dicts(transcript.get("steps"))):
            try:
                raw = bytes.fromhex(str(step.get("hex", "")))
            except ValueError:
                lines.append(f"{name} step {number}: {step.get('hex')!r} is not written in hexadecimal digits")
                continue
            layer = transcript.get("layer")
            if layer == "hdlc":
                pushes.feed(raw)
                direction = str(step.get("dir"))
                faults = _hdlc(step, raw, is_continued.get(direction, False))
                is_continued[direction] = bool(step.get("segmented"))
            elif layer == "tcp wrapper":
                faults = _wrapper(step, raw)
            elif layer == "apdu":
                faults = _expected(step, {"apdu": raw}) + _apdu(raw)
            else:
                faults = [f"layer {layer!r} is unknown"]
            lines += [f"{name} step {number}: {fault}" for fault in faults]
        if pushes.refused:
            lines.append(f"{name}: {pushes.refused} pushes are not understood")
    return lines


def _dicts(items: Any) -> list[dict[str, Any]]:
    """Return those of some items that are of the form that is wanted."""
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def _hdlc(step: dict[str, Any], raw: bytes, is_continued: bool) -> list[str]:
    streamed = FrameStream()
    frames = streamed.feed(NOISE) + [frame for byte in raw for frame in streamed.feed(bytes((byte,)))]
    try:
        frame = decode_frame(raw)
    except FrameError as error:
        if step.get("valid_frame", True):
            return [f"a frame is refused: {error}"]
        return (["a faulty frame is found in a stream"] if frames else []) + _check_sequences(step, raw, str(error))
    if not step.get("valid_frame", True):
        return ["a faulty frame is accepted"]
    faults = [] if frames == [frame] else ["the frame is not found in a stream"]
    if frame.encode() != raw:
        faults.append(f"it is encoded as {frame.encode().hex().upper()}")
    stated = {
        "destination": frame.destination,
        "source_address": frame.source,
        "control": bytes((frame.control,)),
        "frame_type": frame.kind,
        "segmented": frame.segmented,
        "info": frame.information,
        "fcs_ok": True,
    }
    if frame.information:
        stated["hcs_ok"] = True
    if frame.information[:3] in LLC:
        stated["apdu"] = frame.information[3:]
    faults += _expected(step, stated)
    if "apdu" in stated and not frame.segmented and not is_continued:
        faults += _apdu(frame.information[3:])
    return faults


def _check_sequences(step: dict[str, Any], raw: bytes, error: str) -> list[str]:
    """Compare what is stated of the check sequences of a faulty frame."""
    faults = []
    if "fcs_ok" in step and step["fcs_ok"] != (check_sequence(raw[1:-3]) == raw[-3:-1]):
        faults.append(f"fcs_ok is stated {step['fcs_ok']}, our code says otherwise")
    if step.get("hcs_ok") is False and "HCS" not in error:
        faults.append(f"hcs_ok is stated False, our code says {error}")
    if step.get("hcs_ok") is True and "HCS" in error:
        faults.append(f"hcs_ok is stated True, our code says {error}")
    return faults


def _wrapper(step: dict[str, Any], raw: bytes) -> list[str]:
    is_valid = step.get("valid_frame", True) and step.get("length_ok", True)
    names = ("version", "source", "destination", "length")
    header = {name: int.from_bytes(raw[2 * at : 2 * at + 2]) for at, name in enumerate(names)}
    wrapped = Wrapped(header["source"], header["destination"], raw[HEADER:])
    stream = WrappedStream(wrapped.source, wrapped.destination, 0xFFFF)
    apdus = [apdu for piece in (b"\x00\x00", raw[:5], raw[5:]) for apdu in stream.feed(piece)]
    if apdus != [wrapped.apdu]:
        return ["an APDU in its wrapper is not found in a stream"] if is_valid else []
    if not is_valid:
        return ["a faulty wrapper is accepted"]
    faults = []
    if wrapped.encode() != raw:
        faults.append(f"it is encoded as {wrapped.encode().hex().upper()}")
    stated_header = step.get("wrapper", header)
    if isinstance(stated_header, dict):
        faults += _expected(stated_header, header)
    return faults + _expected(step, {"length_ok": True, "apdu": wrapped.apdu}) + _apdu(wrapped.apdu)


def _apdu(raw: bytes) -> list[str]:
    """Decode an APDU and encode it again. Ciphered ones, and kinds that are not spoken, are taken as they are."""
    if not raw:
        return ["an APDU without bytes"]
    try:
        if raw[0] in (AARQ, AARE, RLRQ, RLRE):
            acse = decode_acse(raw)
            encoded = acse.encode()
            information = acse.user_information
            if information and not is_ciphered(information) and information[0] != 0x0E:
                decode_initiate(information)
        elif is_ciphered(raw):
            reader = Reader(raw[1:])
            if raw[0] == GENERAL:
                reader.octets()
            reader.octets()
            reader.end()
            encoded = raw
        else:
            encoded = decode_apdu(raw).encode()
    except UnknownApdu:
        return []
    except ProtocolError as error:
        return [f"its APDU is refused: {error}"]
    return [] if encoded == raw else [f"its APDU is encoded as {encoded.hex().upper()}"]


def _expected(stated: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Compare what is stated with what our code says, field by field; a field that is not stated is not compared."""
    faults = []
    for name, value in seen.items():
        ours = value.hex().upper() if isinstance(value, bytes) else value
        theirs = stated.get(name, ours)
        if isinstance(theirs, str) and isinstance(ours, str):
            theirs, ours = theirs.replace(" ", "").upper(), ours.upper()
        if theirs != ours:
            faults.append(f"{name} is stated {theirs}, our code says {ours}")
    return faults
