"""Readings as arrays: the energy used between instants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...kernel.units import INT64_MAX

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Alignment:
    """The places of some instants among the readings of a meter. It is worked out once for all meters that were read at
    the same instants.

    `index`: the last reading whose running sum is known there; `between`: which instants lie between two readings,
    `after`: the index of the later of the two, `part` of `length` (µs): how far between the two it lies.
    """

    at: Ints
    index: Ints
    between: Ints
    after: Ints
    part: Ints
    length: Ints


def align(at: Ints, instants: Ints) -> Alignment:
    """Find the places of instants (ascending) among readings at `at` (ascending)."""
    places = np.searchsorted(at, instants)
    last = len(at) - 1
    index = np.minimum(places, last)
    (between,) = np.nonzero((places > 0) & (places <= last) & (at[index] != instants))
    after = index[between]
    return Alignment(at, index, between, after, instants[between] - at[after - 1], at[after] - at[after - 1])


def used_up_to(aligned: Alignment, running: Ints) -> Ints:
    """Return the Wh used up to each aligned instant. `running`: the energy used up to each reading.

    Between two readings energy counts as used evenly, in whole watt-hours; before the first and after the last nothing
    is used.
    """
    energy_up_to = running[aligned.index]
    if len(aligned.between):
        before = running[aligned.after - 1]
        energy = running[aligned.after] - before
        if int(energy.max()) * int(aligned.length.max()) > INT64_MAX:
            # Exact beyond 64 bits too, where a meter was away for long.
            energy = energy.astype(object)
        energy_up_to[aligned.between] = before + (energy * aligned.part // aligned.length).astype(np.int64)
    return energy_up_to


def energies(readings: Iterable[tuple[int, int]]) -> tuple[Ints, Ints]:
    """Return the instants of all readings, and the energies (Wh) between them, as `rate` takes them. `readings` are
    pairs (instant, Wh since the reading before). Registers would not do, because meters are exchanged and counters roll
    over.
    """
    pairs = np.array(list(readings), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[1:, 1]
