"""The key that a meter of this gateway holds."""

from __future__ import annotations

from msgspec import Struct, msgpack

from ..tokens import (
    Algorithm,
    BaseDate,
    Dkga,
    KeyType,
    MeterKey,
)


class KeyState(Struct, frozen=True):
    """The key that a meter holds, in the terms of `tokens.MeterKey`, and the typed sections of a new key."""

    pan: str
    supply_group: str
    tariff_index: int
    revision: int
    key_type: int
    expiry: int
    base: int
    dkga: int
    algorithm: int
    key: bytes
    sections: tuple[tuple[int, str], ...] = ()

    def described(self) -> MeterKey:
        """Return the key's description. Raises NumberError if it is impossible."""
        return MeterKey(
            self.pan,
            self.supply_group,
            self.tariff_index,
            self.revision,
            KeyType(self.key_type),
            self.expiry,
            BaseDate(self.base),
            Dkga(self.dkga),
            Algorithm(self.algorithm),
        )


_decoder = msgpack.Decoder(KeyState)


def dump_key(state: KeyState) -> bytes:
    """Return the state as bytes, for `load_key`."""
    return msgpack.encode(state)


def load_key(body: bytes) -> KeyState:
    """Return the state that `dump_key` wrote."""
    return _decoder.decode(body)
