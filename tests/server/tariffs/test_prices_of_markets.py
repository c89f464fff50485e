"""Dated prices as markets count and sum them up: hours from 1 to 24, ends of intervals, prices with and without tax, averages."""

from zoneinfo import ZoneInfo

import pytest

from prewatt.kernel.tariff import TariffError
from prewatt.kernel.units import HOUR, MINUTE, exact_instant
from prewatt.server.tariffs.prices import read_prices
from prewatt.server.tariffs.steps import gaps

BERLIN = ZoneInfo("Europe/Berlin")


def told(text, zone=BERLIN):
    return read_prices(text.encode(), time_zone=zone, currency="EUR")


def counted(day, numbers, head="Data;Ora;Prezzo (EUR/MWh)"):
    return f"{head}\n" + "".join(f"{day};{number};{100 + number}\n" for number in numbers)


@pytest.mark.parametrize(
    ("day", "count", "begins", "minutes"),
    [
        ("2025-06-01", 24, "2025-05-31T22:00:00Z", 60), ("2025-10-26", 25, "2025-10-25T22:00:00Z", 60),
        ("2025-03-30", 23, "2025-03-29T23:00:00Z", 60),
        ("2025-06-01", 48, "2025-05-31T22:00:00Z", 30), ("2025-10-26", 50, "2025-10-25T22:00:00Z", 30),
        ("2025-06-01", 96, "2025-05-31T22:00:00Z", 15),
        ("2025-03-30", 92, "2025-03-29T23:00:00Z", 15),
    ],
)  # fmt: skip
def test_hours_and_their_parts_that_are_counted_follow_one_another_from_midnight(day, count, begins, minutes):
    (made,) = told(counted(day, range(1, count + 1)))
    assert (exact_instant(made.begin), made.step, len(made.prices)) == (begins, minutes * MINUTE, count)
    assert made.prices[-1] == (100 + count) * 1000


def test_24_hours_of_a_day_on_which_the_clocks_change_are_those_of_the_clock():
    series = told(counted("2025-10-26", range(1, 25)))
    assert [(end - begin) // HOUR for begin, end in gaps(series)] == [1]
    spring = [number for number in range(1, 25) if number != 3]
    (made,) = told(counted("2025-03-30", spring))
    assert len(made.prices) == 23


def test_hours_from_0_are_those_of_the_clock_and_others_are_asked():
    (made,) = told(counted("2025-06-01", range(6), "Date;Hour;Price"))
    assert (exact_instant(made.begin), len(made.prices)) == ("2025-05-31T22:00:00Z", 6)
    with pytest.raises(TariffError, match="the hours are counted up to 6, so that no day is whole"):
        told(counted("2025-06-01", range(1, 7)))


def test_times_that_are_the_ends_of_their_steps_have_the_price_before_them():
    market = "REGION,SETTLEMENTDATE,RRP,UNIT\nNSW1,2025/12/01 00:05:00,85.31,EUR/MWh\nNSW1,2025/12/01 00:10:00,80.1,EUR/MWh\n"
    # The market has no summer time.
    (made,) = told(market, ZoneInfo("Australia/Sydney"))
    assert (exact_instant(made.begin), made.step, made.prices) == ("2025-11-30T14:00:00Z", 5 * MINUTE, (85_310, 80_100))
    rows = "".join(f"1.6.2025;{hour:02}:00;0,{hour + 10}\n" for hour in range(1, 25))
    (made,) = told(f"Fecha;Hora;Precio\n{rows}")
    assert (exact_instant(made.begin), made.prices[0], len(made.prices)) == ("2025-05-31T22:00:00Z", 110_000, 24)
    (made,) = told(counted("2025-06-01", range(1, 25), "Date;Hour ending;Price (EUR/MWh)"))
    assert exact_instant(made.begin) == "2025-05-31T22:00:00Z"
    with pytest.raises(TariffError, match="the ends of steps that are not all alike"):
        told(
            "Hour ending;Price\n"
            + "".join(f"2025-06-01 {at};0.1\n" for at in ("01:00", "02:00", "03:00", "03:15", "03:30", "03:45"))
        )


def test_prices_with_and_without_tax_are_asked():
    with pytest.raises(TariffError, match=r"'price .excl. VAT.' and 'price .incl. VAT.' can both be meant"):
        told("from,price (excl. VAT),price (incl. VAT)\n2025-06-01 00:00,0.2,0.238\n")
    assert told("from;Preis (ct/kWh, netto)\n2025-06-01 00:00;20\n")[0].prices == (200_000,)


@pytest.mark.parametrize("footer", ["Mittelwert;20", "Total;;", "Average: ;20", "Quelle: EPEX Spot;1", "平均;20"])
def test_rows_that_sum_up_the_prices_are_left_out(footer):
    rows = "from;price (ct/kWh)\n01.06.2025 01:00;21\n01.06.2025 00:00;20\n"
    assert told(f"{rows}{footer}\n")[0].prices == (200_000, 210_000)
    with pytest.raises(TariffError, match="line 4, from"):
        told(f"{rows}Tomorrow;20\n")


def test_rows_of_one_day_whose_hours_are_in_no_known_column_are_refused():
    with pytest.raises(TariffError, match="line 3, Date: 2025-06-01 00:00:00 has a price already, in line 2"):
        told("Date;Slot;Price (EUR/MWh)\n2025-06-01;a;85\n2025-06-01;b;85\n")


@pytest.mark.parametrize(
    "text",
    [
        "Delivery day,Hour,Price (€/MWh)\n13/06/2025,00-01,85.31\n13/06/2025,01-02,80.1\n",
        "Zeit von [CET/CEST];Zeit bis [CET/CEST];MC Auktionspreis [EUR/MWh]\n13.06.2025 00:00:00;13.06.2025 01:00:00;85,31\n"
        "13.06.2025 01:00:00;13.06.2025 02:00:00;80,10\n",
        "日期,时段,电价(EUR/MWh)\n2025-06-13,00:00-01:00,85.31\n2025-06-13,01:00-02:00,80.1\n",
        "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,price (EUR/MWh)\n2025-06-12T22:00:00-00:00,2025-06-12T23:00:00-00:00,85.31\n"
        "2025-06-12T23:00:00-00:00,2025-06-13T00:00:00-00:00,80.1\n",
    ],
)
def test_files_of_markets_by_their_own_columns(text):
    (made,) = told(text)
    assert (exact_instant(made.begin), made.step, made.prices) == ("2025-06-12T22:00:00Z", HOUR, (85_310, 80_100))
