"""COSEM data and their encoding in A-XDR (IEC 61334-6; Blue Book, "Common data types").

A value is its tag, and then:

    tag | value                          types of a fixed length
    tag | length | value                 strings; the length as in BER: one byte, or 8n and n bytes
    tag | number of elements | elements  array, structure: each element with its own tag
"""

from __future__ import annotations

import re
import struct
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

from ..errors import WrongAnswer

DEEPEST = 16
"""How deep arrays and structures may lie in each other."""


class Type(IntEnum):
    """The tags of COSEM data."""

    NULL_DATA = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    BIT_STRING = 4
    DOUBLE_LONG = 5
    DOUBLE_LONG_UNSIGNED = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    UTF8_STRING = 12
    BCD = 13
    INTEGER = 15
    LONG = 16
    UNSIGNED = 17
    LONG_UNSIGNED = 18
    COMPACT_ARRAY = 19
    LONG64 = 20
    LONG64_UNSIGNED = 21
    ENUM = 22
    FLOAT32 = 23
    FLOAT64 = 24
    DATE_TIME = 25
    DATE = 26
    TIME = 27


_INTEGERS = {
    Type.DOUBLE_LONG: (4, True), Type.DOUBLE_LONG_UNSIGNED: (4, False), Type.BCD: (1, False), Type.INTEGER: (1, True),
    Type.LONG: (2, True), Type.UNSIGNED: (1, False), Type.LONG_UNSIGNED: (2, False), Type.LONG64: (8, True),
    Type.LONG64_UNSIGNED: (8, False), Type.ENUM: (1, False),
}  # fmt: skip
"""Bytes, and whether there is a sign."""
_FIXED = {Type.FLOAT32: 4, Type.FLOAT64: 8, Type.DATE_TIME: 12, Type.DATE: 5, Type.TIME: 4}
_STRINGS = (Type.OCTET_STRING, Type.VISIBLE_STRING, Type.UTF8_STRING)

Value = None | bool | int | bytes | tuple["Data", ...]


class Data(NamedTuple):
    """One COSEM value. `value`: None for null-data; a bool; an int; a tuple of Data for an array or a structure; bytes
    as they came for all else. Strings stay bytes, as meters write them in code pages of their own. So do floats: they
    are converted once, exactly, by `number`. A bit string has the number of its bits in front, a compact array the
    description of its contents.
    """

    type: Type
    value: Value = None

    @property
    def elements(self) -> tuple[Data, ...]:
        """Return the elements of an array or a structure. Raises WrongAnswer if it is none."""
        if not isinstance(self.value, tuple):
            raise WrongAnswer(f"{self.type.name.lower()} where an array or a structure belongs")
        return self.value

    @property
    def octets(self) -> bytes:
        """Return the bytes of a string or a date. Raises WrongAnswer if it is none."""
        if not isinstance(self.value, bytes) or self.type not in (*_STRINGS, Type.DATE_TIME, Type.DATE, Type.TIME):
            raise WrongAnswer(f"{self.type.name.lower()} where a string belongs")
        return self.value


class Reader:
    """Bytes of an APDU, read from the front. All methods raise WrongAnswer where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        if length > len(self._data) - self._at:
            raise WrongAnswer(f"an APDU that ends {length - len(self._data) + self._at} bytes too early")
        self._at += length
        return self._data[self._at - length : self._at]

    def integer(self, length: int = 1) -> int:
        """Return the next `length` bytes as an unsigned number."""
        return int.from_bytes(self.take(length))

    def length(self) -> int:
        """Return a length as in BER."""
        first = self.integer()
        if first < 0x80:
            return first
        if not 0x81 <= first <= 0x84:
            raise WrongAnswer(f"a length that begins with {first:02X}")
        return self.integer(first - 0x80)

    def octets(self) -> bytes:
        """Return bytes with their length in front."""
        return self.take(self.length())

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data) - self._at)

    @property
    def is_at_end(self) -> bool:
        """Return whether nothing is left."""
        return self._at == len(self._data)

    def end(self) -> None:
        """Raise WrongAnswer if anything is left."""
        if not self.is_at_end:
            raise WrongAnswer(f"{len(self._data) - self._at} bytes after the end of an APDU")


def encode_length(length: int) -> bytes:
    """Return a length as in BER, as short as can be."""
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 + size,)) + length.to_bytes(size)


def with_length(data: bytes) -> bytes:
    """Return bytes with their length in front."""
    return encode_length(len(data)) + data


def read_data(reader: Reader, depth: int = 0) -> Data:
    """Return the next value. Raises WrongAnswer."""
    tag = reader.integer()
    try:
        kind = Type(tag)
    except ValueError:
        raise WrongAnswer(f"a value of type {tag}, which there is not") from None
    return Data(kind, _read_value(reader, kind, depth))


def _read_value(reader: Reader, kind: Type, depth: int) -> Value:
    if kind in (Type.ARRAY, Type.STRUCTURE):
        if depth >= DEEPEST:
            raise WrongAnswer(f"arrays and structures deeper than {DEEPEST}")
        return tuple(read_data(reader, depth + 1) for _ in range(reader.length()))
    if kind in _INTEGERS:
        size, signed = _INTEGERS[kind]
        return int.from_bytes(reader.take(size), signed=signed)
    if kind in _STRINGS:
        return reader.octets()
    if kind in _FIXED:
        return reader.take(_FIXED[kind])
    if kind is Type.BOOLEAN:
        return reader.integer() != 0
    if kind is Type.BIT_STRING:
        bits = reader.length()
        return encode_length(bits) + reader.take((bits + 7) // 8)
    if kind is Type.COMPACT_ARRAY:
        return _read_description(reader, depth) + with_length(reader.octets())
    return None


def _read_description(reader: Reader, depth: int) -> bytes:
    """Return the description of a compact array's contents, as it stands there."""
    if depth >= DEEPEST:
        raise WrongAnswer(f"arrays and structures deeper than {DEEPEST}")
    tag = reader.take(1)
    if tag[0] == Type.ARRAY:
        return tag + reader.take(2) + _read_description(reader, depth + 1)
    if tag[0] == Type.STRUCTURE:
        number = reader.length()
        return tag + encode_length(number) + b"".join(_read_description(reader, depth + 1) for _ in range(number))
    return tag


def decode_data(data: bytes) -> Data:
    """Return the value that `data` is. Raises WrongAnswer."""
    reader = Reader(data)
    value = read_data(reader)
    reader.end()
    return value


def encode_data(data: Data) -> bytes:
    """Return a value's encoding. Raises ValueError if the value does not fit its type."""
    tag = bytes((data.type,))
    match data.value:
        case None:
            return tag
        case bool(value):
            return tag + bytes((value,))
        case int(value):
            size, signed = _INTEGERS[data.type]
            try:
                return tag + value.to_bytes(size, signed=signed)
            except OverflowError:
                raise ValueError(f"{value} does not fit {data.type.name.lower()}") from None
        case tuple(elements):
            return tag + encode_length(len(elements)) + b"".join(encode_data(each) for each in elements)
        case octets:
            return tag + (with_length(octets) if data.type in _STRINGS else octets)


def number(data: Data) -> int | Fraction | None:
    """Return a numeric value, exactly; None if it stands for "no value": null-data, no number (NaN), infinite, or all ones
    in an unsigned type of 2 bytes and more. Raises WrongAnswer for what is no number.
    """
    if data.type is Type.NULL_DATA:
        return None
    if data.type in (Type.FLOAT32, Type.FLOAT64) and isinstance(data.value, bytes):
        (value,) = struct.unpack(">f" if data.type is Type.FLOAT32 else ">d", data.value)
        return Fraction(value) if value - value == 0 else None
    if data.type not in _INTEGERS or not isinstance(data.value, int):
        raise WrongAnswer(f"{data.type.name.lower()} where a number belongs")
    size, signed = _INTEGERS[data.type]
    if not signed and size > 1 and data.value == 2 ** (8 * size) - 1:
        return None
    return data.value


_OBIS = re.compile(r"([0-9]{1,3})-([0-9]{1,3}):([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\*([0-9]{1,3})")


def obis(text: str) -> bytes:
    """Return the logical name of an OBIS code such as `1-0:1.8.0*255`. Raises ValueError."""
    parts = _OBIS.fullmatch(text)
    if parts is None or any(int(part) > 255 for part in parts.groups()):
        raise ValueError(f"{text!r} is no OBIS code such as 1-0:1.8.0*255")
    return bytes(int(part) for part in parts.groups())


def obis_text(name: bytes) -> str:
    """Return a logical name as an OBIS code."""
    a, b, c, d, e, f = name
    return f"{a}-{b}:{c}.{d}.{e}*{f}"
