"""Recordings as portals, meters and loggers write them: units, ends, registers, and what is below the rows."""

from fractions import Fraction

import pytest

from prewatt.edge.recording import RecordingError, load_recordings
from prewatt.kernel.units import HOUR, MINUTE
from tests.edge.test_recorded import HALF, SYDNEY, at, load, whole


def test_energy_in_no_unit_or_in_two_is_asked(tmp_path):
    for head in (
        "meter,timestamp,energy",
        "meter,timestamp,energy (0.01 kWh)",
        "meter,timestamp,kwh (Wh)",
        "Meter,Time,Usage",
    ):
        with pytest.raises(RecordingError, match=r"line 1, .*in which unit"):
            load(tmp_path, "a,2025-06-01T00:00:00Z,250", head=head)
    with pytest.raises(RecordingError, match=r"line 1, Usage \[kvarh\]: Usage \[kvarh\] is not energy"):
        load(tmp_path, "a,2025-06-01T00:00:00Z,250", head="Meter,Time,Usage [kvarh]")
    with pytest.raises(RecordingError, match=r"line 2, Valeur: the unit is 'VAr'"):
        load(tmp_path, "a,2025-06-01T00:00:00Z,250,VAr", head="meter,timestamp,Valeur,Unité")


@pytest.mark.parametrize(
    ("head", "cells", "wh"),
    [
        ("meter,timestamp,Leistung (kW)", ("0.4", "1"), (100, 350)), ("meter,timestamp,Power (W)", ("400", "1000"), (100, 350)),
        ("meter,timestamp,Valeur,Unité", ("400,W", "1000,W"), (100, 350)),
    ],
)  # fmt: skip
def test_average_power_is_energy_by_the_length_of_its_interval(tmp_path, head, cells, wh):
    rows = [f"a,2025-06-01T00:{minute}:00Z,{cell}" for minute, cell in zip(("00", "15"), cells, strict=True)]
    assert tuple(energy for _at, energy in load(tmp_path, *rows, head=head)["a"].registers()[1:]) == wh
    thirds = [f"a,2025-06-01T00:{minute}0:00Z,0.1" for minute in range(6)]
    used = load(tmp_path, *thirds, head="meter,timestamp,kW")["a"]
    assert (whole(used, used.begin, used.end), whole(used, used.begin, used.begin + 10 * MINUTE)) == (
        100,
        Fraction(100, 6),
    )
    with pytest.raises(RecordingError, match="some rows have energy and others power"):
        load(
            tmp_path,
            rows[0].split(",")[0] + ",2025-06-01T00:00Z,1,kW",
            "a,2025-06-01T00:15Z,1,kWh",
            head="meter,timestamp,value,unit",
        )
    with pytest.raises(RecordingError, match="2000 kW of meter a at 2025-06-01 00:00 UTC are 2000 kW"):
        load(tmp_path, "a,2025-06-01T00:00Z,2000", head="meter,timestamp,kW")


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("energy (Wh)", "250"), ("Usage [MWh]", "0.00025"), ("energyConsumption (kWh)", "0.25"), ("Consumo_kWh", "0.25"), ("Wh", "250"),
        ("Volume,Eenheid", "0.25,kWh"), ("Value,unit", "250,Wh"), ("USAGE,UNITS,COST", "0.25,kWh,$0.05"),
    ],
)  # fmt: skip
def test_energy_is_read_in_its_unit(tmp_path, head, cells):
    rows = [f"a,2025-06-01T00:{minute}:00Z,{cells}" for minute in ("00", "30")]
    assert load(tmp_path, *rows, head=f"meter,timestamp,{head}")["a"].registers()[-1][1] == 500


def test_a_unit_beside_the_energy_is_that_of_its_column(tmp_path):
    assert load(tmp_path, "a,2025-06-01T00:00Z,0.25 kWh")["a"].registers()[-1][1] == 250
    with pytest.raises(RecordingError, match="line 2, kwh: '250 Wh' is not an energy in kWh"):
        load(tmp_path, "a,2025-06-01T00:00Z,250 Wh")


def test_an_interval_ends_where_its_row_says(tmp_path):
    rows = ["a,2025-06-01 00:00,2025-06-01 00:15,1", "a,2025-06-01 02:00,2025-06-01 03:00,2"]
    used = load(tmp_path, *rows, head="meter,start,end,kwh")["a"]
    assert [used.length_at(begin) // MINUTE for begin in (used.begin, used.begin + 2 * HOUR)] == [15, 60]
    assert (used.end - used.begin, whole(used, used.begin, used.end)) == (3 * HOUR, 3000)
    inclusive = ["a,2025-06-01,00:00,00:14,1", "a,2025-06-01,23:45,23:59:59,1"]
    used = load(tmp_path, *inclusive, head="meter,DATE,START TIME,END TIME,USAGE (kWh)")["a"]
    assert {used.length_at(begin) // MINUTE for begin in (used.begin, used.end - 15 * MINUTE)} == {15}
    (tmp_path / "use.csv").write_text(
        "Zählernummer;Ab-Datum;Ab-Zeit;Bis-Datum;Bis-Zeit;Profilwert (kWh)\n"
        "a;01.06.2025;23:30;01.06.2025;23:45;0,25\na;01.06.2025;23:45;02.06.2025;00:00;0,25\n"
    )
    used = load_recordings(tmp_path / "use.csv", SYDNEY)["a"]
    assert used.end == at("2025-06-02T00:00:00+10:00")
    for end in ("2025-06-03 00:15", "2025-05-31 23:45", "2025-06-01 00:00"):
        with pytest.raises(RecordingError, match="is not of whole minutes up to a day: is its end right"):
            load(tmp_path, f"a,2025-06-01 00:00,{end},1", head="meter,start,end,kwh")
    with pytest.raises(RecordingError, match="line 2, end: 'soon' is not a timestamp"):
        load(tmp_path, "a,2025-06-01 00:00,soon,1", head="meter,start,end,kwh")
    used = load(tmp_path, "a,2025-06-01 10:00,2025-06-01 01:00,1", head="meter,start,end (UTC),kwh")["a"]
    assert used.length_at(used.begin) == HOUR


def test_the_hour_that_comes_twice_has_ends_of_its_own(tmp_path):
    clocks = ["01:30,02:00", "02:00,02:30", "02:30,02:00", "02:00,02:30", "02:30,03:00", "03:00,03:30"]
    rows = [f"a,2014-04-06 {each.replace(',', ',2014-04-06 ')},1" for each in clocks]
    used = load(tmp_path, *rows, head="meter,start,end,kwh")["a"]
    assert {used.length_at(used.begin + number * HALF) for number in range(6)} == {HALF}
    assert used.end - used.begin == 3 * HOUR


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("meter,interval end,kwh", ["a,2025-06-01 00:30,1", "a,2025-06-01 01:00,2"]),
        ("meter,Horodate,Valeur (Wh)", ["a,2025-06-01T00:30:00+10:00,1000", "a,2025-06-01T01:00:00+10:00,2000"]),
    ],
)
def test_a_column_of_ends_alone_has_the_energy_before_them(tmp_path, head, rows):
    used = load(tmp_path, *rows, head=head)["a"]
    assert used.registers() == [
        (at(f"2025-06-01T{clock}:00+10:00"), wh) for clock, wh in (("00:00", 0), ("00:30", 1000), ("01:00", 3000))
    ]


def test_days_that_end_at_24_and_have_no_0_o_clock_are_of_ends(tmp_path):
    rows = [f"a,2025/06/01,{hour:02}:00,1" for hour in range(1, 25)]
    used = load(tmp_path, *rows, head="CUPS,Fecha,Hora,Consumo_kWh")["a"]
    assert (used.begin, used.end) == (at("2025-06-01T00:00:00+10:00"), at("2025-06-02T00:00:00+10:00"))
    both = load(tmp_path, "a,2025/06/01,00:00,1", *rows[:-1], head="CUPS,Fecha,Hora,Consumo_kWh")["a"]
    assert both.begin == used.begin


def test_a_register_is_what_was_used_between_its_readings(tmp_path):
    rows = ["a,2025-06-01T00:00Z,1234.5", "a,2025-06-01T00:15Z,1234.75", "a,2025-06-01T01:15Z,1235.75"]
    for head in ("Zählerstand (kWh)", "Total active energy (kWh)", "Register kWh"):
        used = load(tmp_path, *rows, head=f"meter,timestamp,{head}")["a"]
        assert [wh for _at, wh in used.registers()] == [0, 250, 1250]
        assert whole(used, used.begin + 15 * MINUTE, used.begin + 45 * MINUTE) == 500
    with pytest.raises(
        RecordingError, match=r"line 3, Register kWh: the register of meter a falls at 2025-06-01 00:15"
    ):
        load(tmp_path, rows[0], "a,2025-06-01T00:15Z,3", head="meter,timestamp,Register kWh")
    with pytest.raises(RecordingError, match="has one reading of its register, but two are needed"):
        load(tmp_path, rows[0], head="meter,timestamp,Register kWh")
    missing = load(tmp_path, rows[0], "a,2025-06-01T00:10Z,null", rows[1], head="meter,timestamp,Register kWh")["a"]
    assert [wh for _at, wh in missing.registers()] == [0, 250]
    with pytest.raises(RecordingError, match=r"line 2, Register kWh: '12.345' can be thousands"):
        load(tmp_path, "a,2025-06-01T00:00Z,12.345", "a,2025-06-01T00:15Z,12.346", head="meter,timestamp,Register kWh")
    with pytest.raises(RecordingError, match="is not read at a whole minute"):
        load(tmp_path, rows[0], "a,2025-06-01T00:15:07Z,1235", head="meter,timestamp,Register kWh")


def test_values_that_never_fall_are_asked_whether_they_are_a_register(tmp_path):
    rows = [
        f"a,2025-06-01T{number // 4:02}:{number % 4 * 15:02}Z,{1234 + number * number % 7 + 7 * number}"
        for number in range(24)
    ]
    with pytest.raises(
        RecordingError, match=r"line 1, kwh: the values of meter a never fall.*name the column Register \(kWh\)"
    ):
        load(tmp_path, *rows)
    assert load(tmp_path, *(row.rsplit(",", 1)[0] + ",0.2" for row in rows))


def test_rows_that_sum_up_the_others_are_left_out(tmp_path):
    rows = ["a,2025-06-01T00:30Z,1", "a,2025-06-01T00:00Z,2"]
    for footer in ("Total,,3", ",Summe,3", "合计：,,3", "Mittelwert,1.5,"):
        assert load(tmp_path, *rows, footer)["a"].registers()[-1][1] == 3000
    with pytest.raises(RecordingError, match="line 4, timestamp"):
        load(tmp_path, *rows, "Tomas,,3")


def test_decimals_with_a_point_and_with_a_comma_are_asked(tmp_path):
    (tmp_path / "use.csv").write_text("meter;timestamp;kwh\na;2025-06-01T00:00Z;1.234\na;2025-06-01T00:15Z;0,250\n")
    with pytest.raises(RecordingError, match="line 3, kwh: the decimals have another sign here than in line 2"):
        load_recordings(tmp_path / "use.csv", SYDNEY)


def test_times_from_and_to_are_no_offsets(tmp_path):
    rows = [f"a,2025-06-01,{hour:02}:00-{hour + 1:02}:00,1" for hour in range(5)]
    used = load(tmp_path, *rows, head="meter,date,time,kwh")["a"]
    assert (used.begin, used.end) == (at("2025-06-01T00:00:00+10:00"), at("2025-06-01T05:00:00+10:00"))
    rows = [f"a,2025-06-01 {hour:02}:00-{hour + 1:02}:00,1" for hour in range(5)]
    with pytest.raises(RecordingError, match="line 1, timestamp: each row has another offset from UTC"):
        load(tmp_path, *rows)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp (UTC),energyConsumption (kWh)\n2025-06-13 00:00,0.25\n2025-06-13 00:30,0.25\n",
        "Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End\n0.25, 3.2,2025-06-13T00:00:00Z,2025-06-13T00:30:00Z\n"
        "0.25, 3.2,2025-06-13T00:30:00Z,2025-06-13T01:00:00Z\n",
        "Electric interval data\n\nTYPE,DATE,START TIME,END TIME,USAGE (kWh),COST\nElectric usage,13-Jun-2025,10:00,10:29,0.25,$0.05\n"
        "Electric usage,13-Jun-2025,10:30,10:59,0.25,$0.05\n",
    ],
)
def test_a_table_without_a_column_of_meters_is_of_the_one_that_the_file_is_called_by(tmp_path, text):
    (tmp_path / "flat-7.csv").write_text(text)
    ((name, used),) = load_recordings(tmp_path / "flat-7.csv", SYDNEY).items()
    assert name == "flat-7"
    assert used.registers() == [
        (at(f"2025-06-13T0{clock}:00+00:00"), wh) for clock, wh in (("0:00", 0), ("0:30", 250), ("1:00", 500))
    ]
    with pytest.raises(
        RecordingError, match=r"is there twice. If the file has several meters, call their column meter"
    ):
        load(tmp_path, "a,2025-06-01T00:00Z,1", "b,2025-06-01T00:00Z,1", head="site,timestamp,kwh")
