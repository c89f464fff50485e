"""The plan of tariffs with dated prices on top of them: which one is in force when. These rules use no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ...kernel.tariff import Dated, Tariff


def plan(coming: Mapping[int, Tariff], base: Tariff, series: Sequence[Dated], now: int) -> dict[int, Tariff]:
    """Return the tariffs to put in force, by instant, so that the series holds on top of `base` from `now`. `coming`:
    the tariffs that are in force now or later, by the instant of their beginning.

    The new prices replace those of an earlier series for the same time; earlier, later and gap prices stay. A tariff
    that begins meanwhile becomes the base from then on.
    """
    planned: dict[int, Tariff] = {}
    in_order = sorted(coming.items())
    first = max(series[0].begin, now)
    plain = [(at, tariff) for at, tariff in in_order if tariff.dated is None and at > first]
    for dated in series:
        if dated.end <= now:
            continue
        begin = max(dated.begin, now)
        root = replace(in_force(plain, begin) or base, dated=None)
        planned |= _over(root, dated, begin, in_order)
        left = in_force(in_order, dated.end)
        if left is not None and left.dated is not None and left.dated.end > dated.end:
            planned[dated.end] = left
    return planned


def in_force(tariffs: Iterable[tuple[int, Tariff]], at: int) -> Tariff | None:
    """Return the last of these tariffs, in their order, that has begun at an instant; None if none has."""
    return next(reversed([tariff for effective, tariff in tariffs if effective <= at]), None)


def _over(root: Tariff, dated: Dated, begin: int, coming: Iterable[tuple[int, Tariff]]) -> dict[int, Tariff]:
    """Return the tariffs by which dated prices hold from `begin` to their end, by instant: over `root`, and then over
    each tariff that comes in between.
    """
    planned = {begin: replace(root, dated=dated)}
    for at, tariff in coming:
        if begin < at < dated.end:
            root = replace(tariff, dated=None) if tariff.dated is None else root
            planned[at] = replace(root, dated=dated)
    return planned
