"""A snapshot is an account as bytes, with the number of its format: `docs/programmer/journal.md`, "Snapshots"."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from .decoding import UNREADABLE, decode_storable
from .low import Step
from .plausible import Base, Doubt, Former
from .rating import Counters
from .settings import UNTOLD, Settings
from .state import State
from .supply import SupplyState
from .tariff import Tariff, Version, calendar_of

FORMAT = 6
"""The number of the format that `dump` writes. It changes with `Saved` and all that it contains; `load` reads this
format and all earlier ones.
"""


class SnapshotError(ValueError):
    """The bytes are not an account, or a newer version wrote them."""


class Saved(Struct, frozen=True):
    """The fields of the state, in the order of the bytes, by their names in `kernel.state`. `low`: whether the reminder
    of low credit was sent; there was only one before format 4. `former`: the earlier base; before format 5 the account
    kept only one.

    The state itself is listed in `kernel.state.State`, the bytes here: what was written before must be readable,
    whatever the state is called now. A test checks that no field of the state is missing here.
    """

    seq: int
    at: int
    balance: int
    register: int | None
    read_at: int
    command: int
    closed: bool | None
    settings: Settings
    versions: tuple[tuple[int, Tariff], ...]
    credit_ids: tuple[str, ...]
    credited: int
    charged: int
    debited: int = 0
    counters: Counters = Counters()
    restarts: tuple[int, ...] = ()
    supply: SupplyState = SupplyState()
    coded: tuple[tuple[int, int], ...] = ()
    tids: tuple[int, ...] = ()
    tid_floor: int = -1
    moving_since: int | None = None
    serial: str = ""
    doubt: Doubt | None = None
    former: Former | None = None
    back_since: int = 0
    moved_at: int | None = None
    foreign_since: int = 0
    unsure: bool = False
    under: Base | None = None
    unsure_at: int = 0
    warned: tuple[Step, ...] = ()
    warned_at: int = 0
    low: bool = False
    formers: tuple[Former, ...] = ()


class _Numbered(Struct, frozen=True, array_like=True):
    """A stored account with the number of its format."""

    format: int
    saved: msgspec.Raw


_encoder = msgspec.msgpack.Encoder()
_numbered = msgspec.msgpack.Decoder(_Numbered)
_saved = msgspec.msgpack.Decoder(Saved)
_OWN = ("versions", "credit_ids", "coded", "moving_since", "moved_at", "low", "former")
"""Fields that are stored in another form than the state has them."""
_PLAIN = tuple(name for name in Saved.__struct_fields__ if name not in _OWN)


def dump(state: State) -> bytes:
    """Return a state as bytes."""
    saved = Saved(
        **{name: getattr(state, name) for name in _PLAIN},
        versions=tuple((version.effective, version.calendar.tariff) for version in state.versions),
        credit_ids=tuple(sorted(state.credit_ids)),
        coded=tuple(sorted(state.coded.items())),
        moving_since=state.moving_since,
        moved_at=state.moved_at,
    )
    return _encoder.encode(_Numbered(FORMAT, msgspec.Raw(_encoder.encode(saved))))


def load(state: State, saved: bytes) -> None:
    """Set a state to what `dump` wrote. Raises SnapshotError if the bytes are not a state."""
    number, decoded = _decoded(saved)
    for name in _PLAIN:
        setattr(state, name, getattr(decoded, name))
    state.versions = tuple(Version(effective, calendar_of(tariff)) for effective, tariff in decoded.versions)
    state.credit_ids, state.coded = set(decoded.credit_ids), dict(decoded.coded)
    _complete(state, decoded, number)


def _decoded(saved: bytes) -> tuple[int, Saved]:
    """Return the number of the format, and what was saved. Raises SnapshotError."""
    try:
        # Format 1 had no number: it was the map alone.
        numbered = (
            _Numbered(1, msgspec.Raw(saved)) if saved[:1] and saved[0] & 0xF0 != 0x90 else _numbered.decode(saved)
        )
        if numbered.format > FORMAT:
            raise SnapshotError(
                f"an account of format {numbered.format}, this software knows {FORMAT}: update the software"
            )
        return numbered.format, decode_storable(_saved, numbered.saved)
    except UNREADABLE as error:
        raise SnapshotError(f"not an account: {error}") from None


def _complete(state: State, decoded: Saved, number: int) -> None:
    """Fill in what the format with this number did not have."""
    if number == 1 and state.settings == Settings():
        # It did not know the fuse, and nobody had told this meter anything.
        state.settings = UNTOLD
    if number < 3 and state.unsure:
        state.unsure_at = state.at
    state.moving_since = decoded.read_at if decoded.moving_since is None else decoded.moving_since
    state.moved_at = decoded.read_at if decoded.moved_at is None else decoded.moved_at
    if decoded.former is not None:
        state.formers = (decoded.former,)
    if decoded.low and state.balance > 0:
        # Before format 4 there was one step, and whether it was told.
        state.warned = tuple(state.to_warn(state.at, state.balance))
