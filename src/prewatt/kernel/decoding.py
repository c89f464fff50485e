"""This module decodes bytes that others wrote. Their texts can hold the character NUL (U+0000), which not every
database stores (PostgreSQL does not). So it is read as U+FFFD, the sign for what can't be shown: what is read can be
stored everywhere, and is the same everywhere. The bytes themselves stay as they are.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The exceptions that msgspec raises for bytes that it cannot decode."""

_json = msgspec.json.Encoder()


def decode_storable(decoder: msgspec.msgpack.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """Return what the bytes hold, with U+FFFD for each NUL in a text. Raises one of `UNREADABLE`."""
    value = decoder.decode(body)
    # JSON is a fast way through all texts: no NUL is without this escape there.
    if b"\\u0000" not in _json.encode(value):
        return value
    plain = msgspec.to_builtins(value, builtin_types=(bytes,))
    return msgspec.convert(_without_nul(plain), decoder.type)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(each) for each in value]
    return value
