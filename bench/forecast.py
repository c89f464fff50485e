"""How far the forecast of days left is off, on recorded apartments, beside "every day like yesterday".

For each apartment and each day after its first four weeks, a balance that is worth three, six and ten days of the last four
weeks' mean: how long it is said to last, and how long it did.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import date, timedelta

from prewatt.edge.recording import Recording, load_recordings
from prewatt.kernel.calendar import day_bounds, local_day, zone
from prewatt.kernel.forecast import FARTHEST, PARTS, forecast
from prewatt.sim.story import PACKAGED, PACKAGED_ZONE

WHERE = zone(PACKAGED_ZONE)
WORTH = (3, 6, 10)
LONGEST = 25
"""A balance that in truth lasted longer is left out: the recording may end before it does."""


def daily(recording: Recording) -> dict[date, int]:
    """Wh by whole local day."""
    found, day = {}, local_day(recording.begin, WHERE)
    while day_bounds(day, WHERE)[1] <= recording.end:
        found[day] = recording.drawn(*day_bounds(day, WHERE)) // recording.scale
        day += timedelta(days=1)
    return found


def lasts(balance: int, used: Callable[[date], int], day: date) -> float:
    """Days until a balance is used up at so much a day."""
    passed = 0
    while passed < FARTHEST:
        if used(day) >= balance:
            return passed + (balance / used(day) if used(day) else 0)
        balance -= used(day)
        passed, day = passed + 1, day + timedelta(days=1)
    return FARTHEST


def main() -> None:
    ours, naive = [], []
    homes = load_recordings(PACKAGED / "apartments.csv.gz", WHERE)
    for name, recording in homes.items():
        before = len(ours)
        used = daily(recording)
        days = sorted(used)
        for index in range(28, len(days) - LONGEST):
            today, yesterday = days[index], used[days[index - 1]]
            mean = sum(used[day] for day in days[index - 28 : index]) // 28
            for worth in WORTH:
                truth = lasts(worth * mean, lambda day, used=used: used.get(day, 0), today)  # type: ignore[misc]
                said = forecast(worth * mean, used, today)
                if truth > LONGEST:
                    continue
                assert said is not None, f"{name}: nothing is said on {today}, so nothing can be compared"
                ours.append(abs(min(said.minutes / PARTS, LONGEST) - truth))
                like_yesterday = lasts(worth * mean, lambda _day, each=yesterday: each, today)  # type: ignore[misc]
                naive.append(abs(min(like_yesterday, LONGEST) - truth))
        assert len(ours) > before, f"{name}: no balance of it was used up"
    print(f"{len(ours)} forecasts for {len(homes)} apartments, off by days:")
    print(f"{'':24}  {'mean':>6}  {'median':>6}  {'p90':>6}")
    for name, errors in (("forecast", ours), ("every day like yesterday", naive)):
        p90 = statistics.quantiles(errors, n=10)[8]
        print(f"{name:24}  {statistics.mean(errors):6.2f}  {statistics.median(errors):6.2f}  {p90:6.2f}")


if __name__ == "__main__":
    main()
