"""The rate by looking at the wall clock alone, without the calendar's machinery."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def naive_rate(tariff, at):
    wall = datetime.fromtimestamp(at // 10**6, UTC).astimezone(ZoneInfo(tariff.zone))
    begun = [season for season in tariff.seasons if (season.month, season.day) <= (wall.month, wall.day)]
    season = max(begun or tariff.seasons, key=lambda each: (each.month, each.day))
    kind = 7 if wall.date().isoformat() in tariff.special_days else wall.weekday()
    (day_type,) = [each for each in season.day_types if kind in each.days]
    return [switch.rate for switch in day_type.switches if switch.minute <= wall.hour * 60 + wall.minute][-1]
