"""The meter that is fed by a recording: what it reads, and what it says of a file it can't use."""

import gzip
import json
from datetime import datetime
from fractions import Fraction

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.edge.drivers.interface import BadAnswer, DriverError, NotSupported, Power
from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.recording import FINE, Recording, RecordingError, load_recordings
from prewatt.kernel.calendar import zone
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.units import HOUR, MINUTE, instant
from tests.comparing import assert_row

SYDNEY = zone("Australia/Sydney")
HALF = 30 * MINUTE


def at(text):
    return instant(datetime.fromisoformat(text))


def load(tmp_path, *rows, head="meter,timestamp,kwh", where=SYDNEY):
    path = tmp_path / "data.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return load_recordings(path, where)


def whole(recording, begin, end):
    """Wh between two instants, exactly."""
    return Fraction(recording.drawn(begin, end), recording.scale)


def test_homes_of_several_resolutions_keep_their_own(tmp_path):
    rows = [f"quarters,2025-06-01T00:{minute:02}:00Z,0.1" for minute in (0, 15, 30, 45)]
    rows += ["hours,2025-06-01T00:00:00Z,4", "hours,2025-06-01T01:00:00Z,4", "once,2025-06-01T00:00:00Z,1"]
    homes = load(tmp_path, *rows)
    begin = at("2025-06-01T00:00:00+00:00")
    assert [homes[name].length for name in ("quarters", "hours", "once")] == [15 * MINUTE, HOUR, 15 * MINUTE]
    assert whole(homes["hours"], begin, begin + 15 * MINUTE) == 1000
    assert whole(homes["quarters"], begin, begin + HOUR) == 400


def test_energy_is_drawn_evenly_within_an_interval(tmp_path):
    recording = load(tmp_path, "a,2013-09-01T00:00:00+10:00,0.3", "a,2013-09-01T00:30:00+10:00,0.1")["a"]
    begin = at("2013-09-01T00:00:00+10:00")
    assert_row(recording, begin=begin, end=begin + HOUR, length=HALF)
    assert whole(recording, begin, begin + 10 * MINUTE) == 100
    assert whole(recording, begin + 20 * MINUTE, begin + 45 * MINUTE) == 150
    assert whole(recording, begin - HOUR, begin + 9 * HOUR) == 400


def test_a_gap_uses_nothing_and_so_does_an_empty_field(tmp_path):
    recording = load(
        tmp_path,
        "a,2013-09-01T00:00:00+10:00,0.3",
        "a,2013-09-01T00:30:00+10:00,",
        "a,2013-09-01T05:00:00+10:00,0.2",
    )["a"]
    begin = at("2013-09-01T00:30:00+10:00")
    assert whole(recording, begin, begin + 4 * HOUR + HALF) == 0
    assert whole(recording, begin - HOUR, begin + 9 * HOUR) == 500


def test_local_timestamps_through_both_clock_changes(tmp_path):
    """Without an offset: the hour passed twice in April is two hours, the one left out in October none."""
    recording = load(
        tmp_path,
        *(f"a,2014-04-06 {clock},0.1" for clock in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")),
        *(f"b,2013-10-06 {clock},0.1" for clock in ("01:00", "01:30", "03:00", "03:30")),
    )
    assert recording["a"].end - recording["a"].begin == 3 * HOUR
    assert whole(recording["a"], at("2014-04-05T15:00:00+00:00"), at("2014-04-05T16:00:00+00:00")) == 200
    assert recording["b"].end - recording["b"].begin == 2 * HOUR


def test_a_row_beside_the_grid_counts_for_itself_and_spoils_nothing_else(tmp_path):
    """Its half hour lies over those of two others; each still draws as it would without it."""
    rows = [f"a,2025-06-01T{number // 2:02}:{number % 2 * 30:02}:00Z,0.3" for number in range(8)]
    begin = at("2025-06-01T00:00:00+00:00")
    plain = load(tmp_path, *rows)["a"]
    beside = load(tmp_path, *rows, "a,2025-06-01T01:37:00Z,0.6")["a"]
    assert beside.length == plain.length == HALF
    for number in range(48):
        here = begin + number * 5 * MINUTE
        more = whole(beside, begin, here) - whole(plain, begin, here)
        assert more == min(max((here - at("2025-06-01T01:37:00+00:00")) * Fraction(600, HALF), 0), 600)


def test_a_meter_whose_interval_changes_keeps_each_for_its_time(tmp_path):
    rows = [f"a,2025-06-01T{hour:02}:00:00Z,4" for hour in range(12)]
    rows += [f"a,2025-06-01T{12 + number // 4:02}:{number % 4 * 15:02}:00Z,1" for number in range(32)]
    rows += [f"a,2025-06-01T{hour:02}:00:00Z,4" for hour in range(20, 24)]
    used = load(tmp_path, *rows, "a,2025-06-02T00:00:00Z,4")["a"]
    begin = at("2025-06-01T00:00:00+00:00")
    assert used.end == begin + 25 * HOUR
    assert {whole(used, begin + number * 5 * MINUTE, begin + (number + 1) * 5 * MINUTE) for number in range(300)} == {
        Fraction(1000, 3)
    }


@pytest.mark.parametrize("first", [15, 60])
def test_a_few_rows_of_full_hours_beside_quarters_are_hours(tmp_path, first):
    quarters = [f"a,2025-06-01T{0 if first == 15 else 3:02}:{minute:02}:00Z,0.1" for minute in (0, 15, 30, 45)]
    hours = [f"a,2025-06-01T{hour:02}:00:00Z,1" for hour in ((1, 2, 3) if first == 15 else (0, 1, 2))]
    used = load(tmp_path, *(quarters + hours if first == 15 else hours + quarters))["a"]
    begin = at("2025-06-01T00:00:00+00:00")
    assert used.end == begin + 4 * HOUR
    # Of an hour half is drawn in its first half.
    assert whole(used, begin + HOUR, begin + 90 * MINUTE) == 500


@pytest.mark.parametrize("head", ["电表号,时间,电量(千瓦时)", "电表号,时间,电量（度）", "meter,timestamp,energy (kWh)"])
def test_kwh_is_known_by_each_of_its_names(tmp_path, head):
    used = load(tmp_path, "a,2025-06-01T00:00:00Z,0.25", "a,2025-06-01T00:30:00Z,0.5", head=head)["a"]
    assert used.registers()[-1][1] == 750


@pytest.mark.parametrize(
    ("fed_in", "used"),
    [
        ("Energy (export) [kWh]", "Energy (import) [kWh]"),
        ("Energie (Einspeisung) [kWh]", "Energie (Bezug) [kWh]"),
        ("Energy (injection) [kWh]", "Energy (consumption) [kWh]"),
        ("电量(上网)(kWh)", "电量(下网)(kWh)"),
        ("用电量（反向）(kWh)", "用电量（正向）(kWh)"),
        ("Value (feed-in, kWh)", "Value (use, kWh)"),
    ],
)
def test_energy_that_flows_into_the_grid_is_never_what_was_used(tmp_path, fed_in, used):
    row = "a,2025-06-01T00:00:00Z"
    for head, cells in ((f'"{fed_in}","{used}"', "9,1"), (f'"{used}","{fed_in}"', "1,9")):
        recording = load(tmp_path, f"{row},{cells}", head=f"meter,timestamp,{head}")["a"]
        assert whole(recording, recording.begin, recording.end) == 1000
    with pytest.raises(RecordingError, match="the column 'kwh' is missing"):
        load(tmp_path, f"{row},9", head=f'meter,timestamp,"{fed_in}"')


def test_two_columns_of_energy_that_can_both_be_meant_are_named(tmp_path):
    head = "meter,timestamp,Energy (phase 1) [kWh],Energy (phase 2) [kWh]"
    with pytest.raises(RecordingError, match=r"'Energy \(phase 1\) \[kWh\]' and 'Energy \(phase 2\) \[kWh\]' can both"):
        load(tmp_path, "a,2025-06-01T00:00:00Z,1,2", head=head)
    money_too = "meter,timestamp,Usage (kWh),Usage (EUR)"
    recording = load(tmp_path, "a,2025-06-01T00:00:00Z,1,2", head=money_too)["a"]
    assert whole(recording, recording.begin, recording.end) == 1000


@pytest.mark.parametrize("name", ["Timestamp (UTC)", "timestamp [GMT]", "Interval start in UTC"])
def test_a_column_of_utc_is_no_wall_clock(tmp_path, name):
    recording = load(tmp_path, "a,2025-06-01 00:00,1", "a,2025-06-01 00:30,1", head=f"meter,{name},kwh")["a"]
    assert recording.begin == at("2025-06-01T00:00:00+00:00")


def test_a_column_of_another_zone_is_read_in_it_or_asked(tmp_path):
    rows = ["a,2025-06-01 00:00,1", "a,2025-06-01 00:30,1"]
    for name in ("from (UTC+1)", "Time [Europe/London]"):
        assert load(tmp_path, *rows, head=f"meter,{name},kwh")["a"].begin == at("2025-05-31T23:00:00+00:00")
    with pytest.raises(RecordingError, match=r"line 1, Time \(CET\): CET can mean several clocks at 2025-06-01 00:00"):
        load(tmp_path, *rows, head="meter,Time (CET),kwh")


def test_a_sparse_recording_keeps_its_interval_though_most_rows_are_missing(tmp_path):
    hours = [0, 2, 4, 5, 8, 10, 11, 14, 16, 18, 20, 23]
    used = load(tmp_path, *(f"a,2025-06-01T{hour:02}:00:00Z,1" for hour in hours))["a"]
    assert used.length == HOUR


def test_the_hour_that_spring_leaves_out_has_rows_of_zero_or_is_told(tmp_path):
    rows = [f"a,2013-10-06 {clock},{used}" for clock, used in (("01:30", 1), ("02:00", 0), ("02:30", ""), ("03:00", 2))]
    used = load(tmp_path, *rows)["a"]
    assert used.registers()[-1] == (at("2013-10-06T03:30:00+11:00"), 3000)
    with pytest.raises(
        RecordingError, match="line 3, timestamp: the clocks in Australia/Sydney are put forward over 2013-10-06 02:00"
    ):
        load(tmp_path, "a,2013-10-06 01:30,1", "a,2013-10-06 02:00,0.1")


def test_a_recording_that_is_written_backwards_has_its_second_hour_first(tmp_path):
    rows = [
        f"a,2014-04-06 {clock},{used}"
        for clock, used in (("03:30", 0), ("02:30", 8), ("02:00", 4), ("02:30", 2), ("02:00", 1), ("01:30", 0))
    ]
    forward, backward = load(tmp_path, *reversed(rows))["a"], load(tmp_path, *rows)["a"]
    assert forward.registers() == backward.registers()
    first = at("2014-04-05T15:00:00+00:00")
    assert [whole(backward, first, first + HALF), whole(backward, first + HOUR, first + HOUR + HALF)] == [1000, 4000]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("meter, timestamp, kwh\na, 2025-06-13T00:00:00+10:00, 0.25\na, 2025-06-13T00:30:00+10:00, 0E-20\n", "utf-8"),
        ("Zähler;Datum;Uhrzeit;Verbrauch (kWh)\na;13.06.2025;00:00;0,25\na;13.06.2025;0:30;0\n;;;\n", "cp1252"),
        ("Lastgang Juni;;\n;;\nZähler-Nr.;Zeitstempel;kWh\na;13.6.25 0:00;0,25\na;13.6.25 0:30;\n", "utf-16"),
        ("LCLid,kind,tstp,KWH/hh (per half hour) \na,Std,2025-06-13 00:00:00.0000000,0.25\na,Std,2025-06-13 00:30:00.0000000,0\n", "utf-8"),
        ("电表号\t时间\t用电量(kWh)\na\t2025年6月13日 0:00\t0.25\na\t2025/6/13 0:30\t0\n", "gb18030"),
        ("METER|Date|Time|Usage kWh\na|6/13/2025|12:00 AM|.25\na|6/13/2025|12:30 AM|Null\n", "utf-8"),
    ],
)  # fmt: skip
def test_recordings_as_loggers_and_portals_write_them(tmp_path, text, encoding):
    (tmp_path / "use.csv").write_bytes(text.encode(encoding))
    used = load_recordings(tmp_path / "use.csv", SYDNEY)["a"]
    assert used.registers() == [
        (at(f"2025-06-13T0{clock}:00+10:00"), wh) for clock, wh in (("0:00", 0), ("0:30", 250), ("1:00", 250))
    ]


def test_a_whole_file_settles_which_of_two_numbers_is_the_day(tmp_path):
    used = load(tmp_path, "a,6/10/2025 23:30,1", "a,7/10/2025 0:00,1", "a,13/10/2025 0:00,1")["a"]
    assert used.begin == at("2025-10-06T23:30:00+11:00")
    with pytest.raises(RecordingError, match=r"line 2, timestamp: .*two ways"):
        load(tmp_path, "a,6/10/2025 23:30,1")


def test_a_recording_in_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["Lastgang"],
        ["meter", "timestamp", "kwh"],
        [1234, datetime.fromisoformat("2025-06-13"), 0.25],
        [1234, datetime.fromisoformat("2025-06-13T00:30"), None],
    ):
        book.active.append(row)
    book.save(tmp_path / "use.xlsx")
    used = load_recordings(tmp_path / "use.xlsx", SYDNEY)["1234"]
    assert used.registers()[1:] == [(at("2025-06-13T00:30:00+10:00"), 250), (at("2025-06-13T01:00:00+10:00"), 250)]


@pytest.mark.parametrize(
    ("jump", "says"),
    [
        ("99999.9", "line 12, kwh: 99999.9 kWh of meter a at 2025-06-02 05:00 UTC are 199999 kW for 30 minutes"),
        ("23", "line 12, kwh: 23 kWh of meter a"),
        ("21", ""),
    ],
)
def test_a_jump_that_no_fuse_lets_through_is_named(tmp_path, jump, says):
    rows = [f"a,2025-06-02T0{number // 2}:{number % 2 * 30:02}:00Z,0.2" for number in range(10)]
    if not says:
        assert load(tmp_path, *rows, f"a,2025-06-02T05:00:00Z,{jump}")
        return
    with pytest.raises(RecordingError, match=says):
        load(tmp_path, *rows, f"a,2025-06-02T05:00:00Z,{jump}")


def test_the_main_meter_of_a_large_building_has_no_jumps(tmp_path):
    rows = [f"main,2025-06-02T0{number}:00:00Z,{90 + 15 * number}" for number in range(9)]
    assert load(tmp_path, *rows)["main"].registers()[-1][1] == 1_350_000


def test_all_that_is_wrong_with_a_recording_is_said_at_once(tmp_path):
    rows = [
        "a,soon,1",
        ",2025-06-01T00:00:00Z,1",
        "a,2025-06-01T00:00:00Z,x",
        "1E+12,2025-06-01T00:00:00Z,1",
        "a,2025-06-01,0,25",
    ]
    with pytest.raises(RecordingError) as caught:
        load(tmp_path, *rows)
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "line 2, timestamp",
        "line 3, meter",
        "line 4, kwh",
        "line 5, meter",
        "line 6",
    ]


def test_a_home_that_never_uses_anything(tmp_path):
    recording = load(tmp_path, "a,2013-09-01T00:00:00+10:00,0", "a,2013-09-01T00:30:00+10:00,0.000")["a"]
    assert whole(recording, 0, recording.end) == 0


def test_what_spreadsheets_and_binary_floats_write_is_read_exactly(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(
        "\ufeffmeter,timestamp,kwh\r\na,2013-09-01T00:00:00Z,0.30000000000000004\r\na,2013-09-01T00:30:00Z,1e-05\r\n"
    )
    recording = load_recordings(path, SYDNEY)["a"]
    assert whole(recording, recording.begin, recording.end) == Fraction("300.01000000000004")


def test_meters_keep_the_files_order_and_gzip_is_read_alike(tmp_path):
    text = "kwh,meter,timestamp\n0.5,z,2013-09-01T00:00:00Z\n0.5,b,2013-09-01T00:00:00Z\n0.5,z,2013-09-01T01:00:00Z\n"
    (tmp_path / "x.csv").write_text(text)
    (tmp_path / "y.csv").write_bytes(gzip.compress(text.encode()))
    plain, zipped = (load_recordings(tmp_path / name, SYDNEY) for name in ("x.csv", "y.csv"))
    assert list(plain) == list(zipped) == ["z", "b"]
    assert plain["z"].length == zipped["z"].length == HOUR


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["a,yesterday,0.1"], "line 2, timestamp: 'yesterday' is not a timestamp"),
        (["a,2013-09-01T00:00:00Z,0.1", "a,2013-09-01T00:30:00Z,much"], "line 3, kwh: 'much' is not an energy"),
        (["a,2013-09-01T00:00:00Z,-0.1"], "not an energy"),
        (["a,2013-09-01T00:00:00Z,NaN"], "not an energy"),
        (["a,2013-09-01T00:00:00Z,0." + "1" * 22], "at most 21 decimals"),
        (["a,2013-09-01T00:00:00Z,1e99"], "not an energy"),
        (["a,2013-09-01T00:00:00Z,1e-99"], "not an energy"),
        (["a,2013-09-01T00:00:00Z,1e999999999"], "not an energy"),
        ([",2013-09-01T00:00:00Z,0.1"], "line 2, meter: there is no meter"),
        (["a,2013-09-01T00:00:00Z,0.1", "a,2013-09-01T10:00:00+10:00,0.1"], "line 3, timestamp: meter a has .* twice"),
        (["a,2205-01-01T00:00:00Z,1"], "line 2, timestamp: 2205.* is not between 1970 and 2200"),
        (["a"], "line 2, timestamp: '' is not a timestamp"),
        ([], "has no rows"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, rows, says):
    with pytest.raises(RecordingError, match=says):
        load(tmp_path, *rows)


def test_a_wrong_file_is_named(tmp_path):
    with pytest.raises(RecordingError, match="column 'kwh' is missing"):
        load(tmp_path, head="meter,timestamp,gas")
    with pytest.raises(RecordingError, match=r"nowhere\.csv: can't be read"):
        load_recordings(tmp_path / "nowhere.csv", SYDNEY)
    whole_file = gzip.compress(b"meter,timestamp,kwh\na,2013-09-01T00:00:00Z,0.1\n")
    for damaged in (whole_file[:-12], whole_file[:20] + b"\xff" + whole_file[21:], whole_file[:-5] + b"abcde"):
        (tmp_path / "torn.gz").write_bytes(damaged)
        with pytest.raises(RecordingError, match=r"torn\.gz: can't be read"):
            load_recordings(tmp_path / "torn.gz", SYDNEY)
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(RecordingError, match="noise"):
        load_recordings(tmp_path / "noise", SYDNEY)
    with pytest.raises(RecordingError, match="can't be read"):
        load_recordings(tmp_path, SYDNEY)


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def meter(tmp_path, used=(1000, 1000, 1000), start=0):
    recording = Recording(HOUR, {number * HOUR: each * FINE for number, each in enumerate(used)})
    clock = Clock(start)
    return RecordedMeter("a", recording, tmp_path / "a.json", clock), clock, recording


def test_the_register_runs_while_the_switch_is_closed(tmp_path):
    made, clock, _ = meter(tmp_path)
    clock.now = HOUR // 2
    assert (made.read_register(), made.read_switch()) == (500, True)
    made.set_switch(False)
    clock.now = 2 * HOUR
    assert (made.read_register(), made.read_switch()) == (500, False)
    made.set_switch(True)
    clock.now = 3 * HOUR
    assert made.read_register() == 1500


@given(st.lists(st.tuples(st.integers(1, 3 * HOUR), st.booleans()), max_size=8), st.lists(st.integers(0, 10**9)))
def test_no_part_of_a_watt_hour_is_lost_by_switching(tmp_path_factory, moves, used):
    made, clock, recording = meter(tmp_path_factory.mktemp("m"), used or [0])
    expected, closed = Fraction(0), True
    for pause, wanted in moves:
        begin, clock.now = clock.now, clock.now + pause
        expected += whole(recording, begin, clock.now) if closed else 0
        made.set_switch(wanted)
        closed = wanted
        assert made.read_register() == int(expected)


def test_a_meter_remembers(tmp_path):
    made, clock, recording = meter(tmp_path)
    clock.now = HOUR + 1
    made.set_switch(False)
    again = RecordedMeter("a", recording, tmp_path / "a.json", Clock(5 * HOUR))
    assert (again.read_register(), again.read_switch()) == (1000, False)


def test_a_recording_that_is_added_to_leaves_the_register_as_it_was(tmp_path):
    """Its last rows have another interval, so that energy is kept in smaller parts from then on."""
    made, clock, _ = meter(tmp_path)
    clock.now = HOUR + HOUR // 3
    made.set_switch(False)
    longer = Recording(
        HOUR, {number * HOUR: 1000 * FINE for number in range(3)} | {3 * HOUR: 7 * FINE}, {3 * HOUR: 7 * MINUTE}
    )
    again = RecordedMeter("a", longer, tmp_path / "a.json", clock)
    assert again.read_register() == 1333
    again.set_switch(True)
    clock.now = 2 * HOUR
    assert again.read_register() == 2000


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"closed": true, "since": "x", "drawn": 1}'])
def test_a_damaged_memory_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DriverError, match=r"meter a: start: its memory .*a\.json is damaged"):
        meter(tmp_path)


def test_the_rest_of_the_interface(tmp_path):
    made, clock, _ = meter(tmp_path)
    clock.now = 1_234_567_890
    assert made.identify().serial == "a"
    assert made.read_clock() == 1_234_000_000
    with pytest.raises(NotSupported, match="set clock"):
        made.set_clock(0)
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "closed": True,
        "since": 0,
        "drawn": 0,
        "scale": HOUR * FINE,
    }


def test_the_power_is_what_the_interval_draws(tmp_path):
    at = [HOUR // 4]
    recording = Recording(HOUR // 2, {0: FINE * 1000, HOUR // 2: 0})
    meter = RecordedMeter("m1", recording, tmp_path / "m1.json", lambda: at[0])
    assert meter.read_power() == Power(2000)
    meter.set_switch(False)
    assert meter.read_power() == Power(0)
    meter.set_switch(True)
    at[0] += HOUR // 2
    assert meter.read_power() == Power(0)


def test_what_else_it_measures_is_a_file_beside_its_memory(tmp_path):
    meter = RecordedMeter("m1", Recording(HOUR, {0: 0}), tmp_path / "m1.json", lambda: 0)
    assert meter.read_quantities() == {}
    (tmp_path / "m1.quantities").write_text('{"voltage-l1": 230100, "arc": 0}')
    assert meter.read_quantities() == {Quantity.VOLTAGE_L1: 230_100, Quantity.ARC: 0}
    for nonsense in ('{"voltage": 230100}', "[]", "{", '{"arc": null}'):
        (tmp_path / "m1.quantities").write_text(nonsense)
        with pytest.raises(BadAnswer, match="read quantities"):
            meter.read_quantities()


def test_the_cover_and_the_keypad_are_files_beside_its_memory(tmp_path):
    meter = RecordedMeter("m1", Recording(HOUR, {0: 0}), tmp_path / "m1.json", lambda: 0)
    assert (meter.read_tampered(), meter.read_keypad()) == (False, None)
    (tmp_path / "m1.tampered").touch()
    (tmp_path / "m1.keypad").write_text(" 1234 \n")
    assert meter.read_tampered() is True
    assert meter.read_keypad() == "1234"
    assert meter.read_keypad() is None
    meter.show("Credited.")
    assert (tmp_path / "m1.display").read_text() == "Credited.\n"
