"""The clock that a column's name says."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from prewatt.tables.clocks import clock_of
from prewatt.tables.moments import instants_of, moment_of
from prewatt.tables.problems import TableError

HELSINKI = ZoneInfo("Europe/Helsinki")
SUMMER, WINTER = datetime.fromisoformat("2025-07-01T12:00"), datetime.fromisoformat("2025-01-15T12:00")


def utc(label, moment, own=HELSINKI):
    """The hours in UTC that a time of the column means; None if that is not sure."""
    clock = clock_of(label, own)
    return (
        [at.astimezone(ZoneInfo("UTC")).hour for at in instants_of(moment, clock.zone)]
        if clock.is_sure(moment)
        else None
    )


@pytest.mark.parametrize(
    ("label", "hours"),
    [
        ("MTU (CET/CEST)", [10, 11]), ("Zeit [MEZ/MESZ]", [10, 11]), ("from (UTC+1)", [11, 11]), ("Date (GMT+2)", [10, 10]),
        ("from (+08:00)", [4, 4]), ("start [UTC-05:30]", [17, 17]),
        ("Time (UTC)", [12, 12]), ("datetime_utc", [12, 12]), ("HourUTC", [12, 12]),
        ("Time [Europe/Madrid]", [10, 11]), ("Time (America/Argentina/Buenos_Aires)", [15, 15]), ("Settlement (AEST)", [2, 2]),
        ("Time (JST)", [3, 3]), ("datetime_beginning_ept", [16, 17]),
    ],
)  # fmt: skip
def test_a_zone_in_a_columns_name_is_the_one_of_its_times(label, hours):
    assert [utc(label, SUMMER), utc(label, WINTER)] == [[int(hour)] for hour in hours]


@pytest.mark.parametrize(
    "label", ["Time", "Date/Time", "Datum/Uhrzeit", "from (local)", "START (hh:mm)", "Start [DD.MM.YYYY]", "von/bis"]
)
def test_a_name_without_a_zone_says_none(label):
    assert clock_of(label, HELSINKI) is None


def test_an_abbreviation_is_read_where_all_that_it_can_mean_is_the_same():
    # CET is UTC+1, or what the clocks of central Europe show, which is the same in winter.
    assert [utc("Time (CET)", WINTER), utc("Time (CET)", SUMMER)] == [[11], None]
    assert [utc("Time (CEST)", SUMMER), utc("Time (CEST)", WINTER)] == [[10], None]
    assert [utc("Time (EST)", SUMMER), utc("Time (EST)", WINTER)] == [None, None]
    assert utc("Time (EST)", WINTER, ZoneInfo("America/Toronto")) == [17]
    assert utc("Time (CST)", WINTER, ZoneInfo("Asia/Shanghai")) == [4]
    assert [utc("Time (IST)", SUMMER, ZoneInfo("Asia/Kolkata")), utc("Time (IST)", SUMMER)] == [[6], None]
    with pytest.raises(
        TableError, match=r"line 3, Time .CET.: CET can mean several clocks at 2025-07-01 12:00. Write it as the offset"
    ):
        clock_of("Time (CET)", HELSINKI).check(SUMMER, 3, "Time (CET)")


@pytest.mark.parametrize("label", ["Time (QQT)", "Time (UTC+1/UTC+2)", "Time (UTC+25)"])
def test_a_zone_that_is_not_known_is_refused(label):
    with pytest.raises(TableError, match="says a time zone that is not known"):
        clock_of(label, HELSINKI)


def test_a_zone_beside_a_time_of_central_europe_is_its_offset():
    assert [f"{moment_of(f'26/10/2025 02:00:00 ({zone})'):%z}" for zone in ("CEST", "CET")] == ["+0200", "+0100"]
