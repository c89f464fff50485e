"""Dated prices: files as exchanges, traders and people write them, revised files, and what people are told."""

import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.tariff import Dated, TariffError
from prewatt.kernel.units import DAY, HOUR, MINUTE, exact_instant, instant, parse_instant
from prewatt.server.core.json_text import JsonError, read_json
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.tariffs.prices import read_prices
from prewatt.server.tariffs.reading import read_document
from prewatt.server.tariffs.steps import gaps, parts, steps
from prewatt.server.tariffs.versions import keep, price_notes, schedule, schedule_prices
from tests.building import set_up

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2025, 10, 1, tzinfo=UTC)


def spans(*spans):
    """Beginnings, from (minutes apart, how many); a negative number is a gap."""
    found, at = [], instant(BEGIN)
    for minutes, count in spans:
        for _ in range(count):
            if minutes > 0:
                found.append(at)
            at += abs(minutes) * MINUTE
    return found


def cut(begins):
    lengths, slips = steps(begins)
    assert not slips
    return [
        (each.begin, each.step // MINUTE, len(each.prices)) for each in parts("p", begins, lengths, [0] * len(begins))
    ]


@pytest.mark.parametrize("minutes", [5, 10, 15, 30, 60, 180, 1440])
def test_each_step_is_known(minutes):
    assert cut(spans((minutes, 9))) == [(instant(BEGIN), minutes, 9)]


@pytest.mark.parametrize("first", [5, 15, 30, 60])
@pytest.mark.parametrize("second", [5, 15, 30, 60])
def test_an_exchange_changes_its_step_from_one_day_to_the_next(first, second):
    begins = spans((first, 1440 // first), (second, 1440 // second))
    found = cut(begins)
    assert [(step, count) for _begin, step, count in found] == (
        [(first, 1440 // first), (second, 1440 // second)] if first != second else [(first, 2880 // first)]
    )


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([5, 15, 30, 60]), st.integers(4, 12), st.integers(0, 3)), min_size=1, max_size=6)
)
def test_any_mixture_of_steps_and_gaps_has_each_price_for_its_own_step(drawn):
    """A gap is as many whole hours after a stretch that ends on the hour."""
    begins, lengths, at = [], [], instant(BEGIN)
    for minutes, hours, pause in drawn:
        begins += [at + number * minutes * MINUTE for number in range(hours * 60 // minutes)]
        lengths += [minutes * MINUTE] * (hours * 60 // minutes)
        at += (hours + pause) * HOUR
    found, slips = steps(begins)
    assert not slips
    assert found == lengths


def test_a_short_stretch_of_shorter_steps_is_one():
    assert cut(spans((60, 9), (15, 3))) == [(instant(BEGIN), 60, 9), (instant(BEGIN) + 9 * HOUR, 15, 3)]


def test_two_prices_of_an_hour_before_those_of_quarters_hold_an_hour_each():
    begins = spans((60, 2), (15, 4))
    assert steps(begins) == ([HOUR] * 2 + [15 * MINUTE] * 4, [])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("MTU (CET/CEST),Day-ahead Price [EUR/MWh]\n01.06.2025 00:00 - 01.06.2025 01:00,85.31\n"
         "01.06.2025 01:00 - 01.06.2025 02:00,80.1\n", -2 * HOUR),
        ("MTU (UTC),Day-ahead Price (EUR/MWh)\n01/06/2025 00:00:00 - 01/06/2025 01:00:00,85.31\n"
         "13/06/2025 00:00:00 - 13/06/2025 01:00:00,80.1\n", 0),
        ("Datum von;Datum bis;Deutschland/Luxemburg [€/MWh]\n01.06.2025 00:00;01.06.2025 01:00;85,31\n"
         "01.06.2025 01:00;01.06.2025 02:00;80,10\n", -HOUR),
        ('"MTU (CET/CEST)","Day-ahead Price (EUR/MWh)"\n"01/06/2025 02:00:00 (CEST) - 01/06/2025 03:00:00 (CEST)","85.31"\n'
         '"13/06/2025 02:00:00 (CEST) - 13/06/2025 03:00:00 (CEST)","85.31"\n', 0),
        ("startsAt,total\n2025-06-01T00:00:00.000+02:00,0.08531\n2025-06-01T01:00:00.000+02:00,0.0801\n", -2 * HOUR),
    ],
)  # fmt: skip
def test_price_files_of_exchanges_by_their_own_names(text, first):
    found = told(text.encode(), time_zone=ZoneInfo("Europe/London"))[0]
    assert (found.begin, found.step, found.prices[0]) == (
        instant(datetime(2025, 6, 1, tzinfo=UTC)) + first,
        HOUR,
        85_310,
    )


def test_a_zone_in_the_name_of_the_instants_is_theirs_or_asked_for():
    rows = "2025-06-01 00:00,85.31\n2025-06-01 01:00,80.1\n"
    for name, begin in (("from (UTC+1)", "2025-05-31T23:00:00Z"), ("Time (Europe/Madrid)", "2025-05-31T22:00:00Z")):
        assert (
            exact_instant(told(f"{name},price (EUR/MWh)\n{rows}", time_zone=ZoneInfo("Europe/Helsinki"))[0].begin)
            == begin
        )
    with pytest.raises(
        TariffError, match=r"^line 1, Time \(CET\): CET can mean several clocks at 2025-06-01 00:00"
    ) as caught:
        told(f"Time (CET),price (EUR/MWh)\n{rows}", time_zone=BERLIN)
    assert len(str(caught.value).splitlines()) == 1
    day = "Date (UTC+1),Time,price\n2025-06-01,00:00,0.1\n"
    assert exact_instant(told(day, time_zone=BERLIN)[0].begin) == "2025-05-31T23:00:00Z"


def test_gaps_are_where_nothing_holds():
    begins = spans((30, 4), (-30, 1), (30, 4), (-60, 3), (30, 2))
    series = parts("p", begins, steps(begins)[0], range(len(begins)))
    start = instant(BEGIN)
    assert gaps(series) == [(start + 2 * HOUR, start + 150 * MINUTE), (start + 270 * MINUTE, start + 450 * MINUTE)]
    assert [each.prices for each in series] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]


def told(text, **more):
    return read_prices(text if isinstance(text, bytes) else io.StringIO(text), **more)


def hour(number):
    return f"2025-10-01T{number:02}:00Z"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["00:00", "00:30", "00:37", "01:00", "01:30"], "line 4, from: 2025-10-01 00:37:00 is not on the grid of 30 minutes"),
        (["00:00", "00:30", "00:35", "01:00", "01:30"], "line 4, from: 2025-10-01 00:35:00 is not on the grid of 30 minutes"),
        (["00:00", "00:30", "01:00", "02:10", "02:30"], "line 5, from: 2025-10-01 02:10:00 is not on the grid of 30 minutes"),
        (["00:00", "00:30", "01:00", "01:30:01"], "line 5, from: 2025-10-01 01:30:01 is not on the grid"),
        (["00:07", "00:30", "01:00", "01:30", "02:00"], "line 2, from: 2025-10-01 00:07:00 is not on the grid of 30 minutes"),
        (["00:00", "00:07"], "line 3, from: .*7 minutes apart"),
    ],
)  # fmt: skip
def test_one_wrong_time_is_named_and_not_spread_over_the_day(rows, says):
    with pytest.raises(TariffError, match=says) as caught:
        told("from,price\n" + "".join(f"2025-10-01T{row}Z,0.2\n" for row in rows))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("wrong", ["2052-10-01T01:00Z", "2025-01-10T01:00Z", "2025-10-11T01:00Z"])
def test_one_wrong_date_is_named(wrong):
    rows = [hour(number) for number in range(6)]
    rows[1] = wrong
    with pytest.raises(TariffError, match=r"line 3, from: .*no other price within a day"):
        told("from,price\n" + "".join(f"{row},0.2\n" for row in rows))


def test_a_wrong_number_is_named_beside_all_else_that_is_wrong():
    text = "from,price\n2025-10-01T00:00Z,cheap\nsoon,0.1\n2025-10-01 02:00,0.1\n2025-10-01T03:00Z,1e3\n2025-10-01T04:00Z,0,1\n"
    with pytest.raises(TariffError) as caught:
        told(text)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "line 2, price",
        "line 3, from",
        "line 4, from",
        "line 5, price",
        "line 6",
    ]


def test_prices_below_zero_are_taken_as_nothing_and_counted():
    found = told(
        "valid_from,value_inc_vat\n2025-06-01T00:00Z,0.21\n2025-06-01T00:30Z,-0.03\n2025-06-01T01:00Z,-1.5e-05\n"
    )
    assert (found[0].prices, found.below_zero) == ((210_000, 0, 0), 2)


@pytest.mark.parametrize(
    ("head", "price", "scale", "micro"),
    [
        ("price", "0.1835", "", 183_500), ("price", "18.345", "0.01", 183_450), ("price (ct/kWh)", "18.345", "", 183_450),
        ("Preis in ct/kWh", "18,345", "", 183_450), ("Preis [€/MWh]", "85,12", "", 85_120), ("price EUR/MWh", "1.085,12", "", 1_085_120),
        ("price (p/kWh)", "18.345p", "", 183_450), ("Price_pence", "18.345", "", 183_450), ("value_inc_vat", "85.12", "0.001", 85_120),
        ("电价(元/千瓦时)", "0.5", "", 500_000), ("电价(元/兆瓦时)", "500", "", 500_000), ("unit rate", "£0.21", "", 210_000),
        ("price (EUR/kWh)", "0,21 EUR", "1", 210_000), ("preis", "０.２１", "", 210_000),
    ],
)  # fmt: skip
def test_the_unit_of_a_price_is_what_its_column_says_or_who_loads_it(head, price, scale, micro):
    other = '"2.034,56"' if "1." in price and "," in price else '"0"'
    made = told(f'from;{head}\n{hour(0)};"{price}"\n{hour(1)};{other}\n', scale=scale)
    assert made[0].prices[0] == micro


@pytest.mark.parametrize(
    ("head", "price", "currency", "micro"),
    [
        ("Price (EUR/kWh)", "0.21", "EUR", 210_000), ("Price (paise/kWh)", "650", "INR", 6_500_000),
        ("Preis (Rp./kWh)", "21", "CHF", 210_000),
        ("Price (Rp/kWh)", "944.70", "IDR", 944_700_000), ("Price (groszy/kWh)", "62", "PLN", 620_000),
        ("Price (sen/kWh)", "21.8", "MYR", 218_000),
        ("Price (kuruş/kWh)", "259", "TRY", 2_590_000), ("price", "$0.21", "AUD", 210_000), ("price (all)", "0.21", "EUR", 210_000),
        ("Price (fils/kWh)", "23", "AED", 230_000),
        ("Price (EUR-ct/kWh)", "21", "EUR", 210_000), ("Price (c€/kWh)", "21", "EUR", 210_000), ("price (us¢/kWh)", "21", "USD", 210_000),
        ("price (руб./кВт·ч)", "5.2", "RUB", 5_200_000), ("Rate (Rs./unit)", "8.5", "INR", 8_500_000),
        ("Price (EUR ct/kWh)", "21", "EUR", 210_000), ("Preis (Eurocent/kWh)", "21", "EUR", 210_000),
        ("电价(分/千瓦时)", "52", "CNY", 520_000), ("电价(角/千瓦时)", "5.2", "CNY", 520_000),
        ("Price (fils/kWh)", "23", "KWD", 23_000), ("Price (millimes/kWh)", "230", "TND", 230_000),
        ("Price (baisa/kWh)", "23", "OMR", 23_000),
        ("Price (piastres/kWh)", "95", "EGP", 950_000), ("Price (sen/kWh)", "20.5", "JPY", 205_000),
        ("Price (ct/MWh)", "8512", "EUR", 85_120),
        ("Price (EUR/Wh)", "0.0002", "EUR", 200_000), ("price (коп/kWh)", "432", "RUB", 4_320_000),
        ("price (FR)", "0.21", "EUR", 210_000), ("Price ($ per MWh)", "85", "AUD", 85_000), ("price (kr. / kWh)", "1.5", "NOK", 1_500_000),
        ("price (EUR/MWh)", "85.12 €", "EUR", 85_120),
        ("price (fils/kWh)", "23 fils", "KWD", 23_000),
    ],
)  # fmt: skip
def test_a_price_is_in_the_propertys_currency_or_its_hundredths(head, price, currency, micro):
    assert told(f"from;{head}\n{hour(0)};{price}\n", currency=currency)[0].prices[0] == micro


def test_columns_of_units_and_currencies_say_what_the_prices_are_in():
    head, begin = "start,price,unit,currency", hour(0)
    assert told(f"{head}\n{begin},85.31,Eur/MWh,EUR\n", currency="EUR")[0].prices[0] == 85_310
    with pytest.raises(TariffError, match="line 3, currency: the prices are in SEK, but the currency here is EUR"):
        told(f"{head}\n{begin},1.25,,EUR\n{hour(1)},1.25,,SEK\n", currency="EUR")
    assert told(f"start,Price (EUR),unit\n{begin},85.31,MWh\n", currency="EUR")[0].prices[0] == 85_310
    with pytest.raises(TariffError, match="in EUR, but the currency here is CHF"):
        told(f"start,Price (EUR),unit\n{begin},85.31,MWh\n", currency="CHF")
    with pytest.raises(TariffError, match="line 3, unit: 'ct/kwh' is another unit than that of the other prices"):
        told(f"{head}\n{begin},85.31,EUR/MWh,\n{hour(1)},8.5,ct/kWh,\n", currency="EUR")


@pytest.mark.parametrize(
    ("head", "price", "currency", "says"),
    [
        ("Price (EUR/kWh)", "0.21", "CHF", "line 1, Price .EUR/kWh.: the prices are in EUR, but the currency here is CHF"),
        ("Preis [€/MWh]", "85", "CHF", "the prices are in EUR, but the currency here is CHF"),
        ("Unit rate (£ per kWh)", "0.21", "EUR", "in GBP"),
        ("Price (p/kWh)", "21", "EUR", "in GBP"), ("Price (öre/kWh)", "21", "NOK", "in SEK, but the currency here is NOK"),
        ("Price (eurocent/kWh)", "21", "USD", "in EUR"),
        ("Price (paise/kWh)", "21", "EUR", "in INR"), ("price", "£0.21", "EUR", "line 2, price: a price is in GBP"),
        ("price", "0.21 EUR", "CHF", "line 2, price: a price is in EUR"), ("price", "3.151", "VND", "line 2, price: '3.151'"),
    ],
)  # fmt: skip
def test_prices_in_another_currency_are_refused_and_both_are_named(head, price, currency, says):
    with pytest.raises(TariffError, match=says):
        told(f"from;{head}\n{hour(0)};{price}\n", currency=currency)


@pytest.mark.parametrize(
    ("head", "price", "scale", "says"),
    [
        ("price (ct/kWh)", "18", "0.001", "line 1, price .ct/kWh.: the column's name says another unit than per MWh"),
        ("price", "18 ct", "", "line 2, price: '18 ct' is not in the unit"),
        ("price", "85.12 EUR/MWh", "", "line 2, price: .* is not in the unit of this column"),
        ("price", "20%", "", "line 2, price: '20%' is no number"),
        ("price", "=A1*2", "", r"line 2, price: '=A1\*2' is not a number"),
        ("price", "18", "0.1", "'0.1' is not a known unit"),
        ("price", "0.1234567", "", "line 2, price: .*more than 6 decimals: round it"),
        ("price", "1001", "", "line 2, price: .*above 1000 per kWh"),
        ("value_exc_vat", "0.2", "", "the column 'price' is missing"),
        ("price (EUR/kW)", "0.2", "", "line 1, price .EUR/kW.: 'eur/kw' is no price of energy"),
        ("price (EUR/100 kWh)", "20", "", "'eur/100 kwh' is not a known unit of prices"),
        ("price (blips/kWh)", "0.2", "", "'blips/kwh' is not a known unit of prices. Choose the unit with the file"),
    ],
)
def test_a_unit_that_is_not_clear_is_asked(head, price, scale, says):
    with pytest.raises(TariffError, match=says):
        told(f"from,{head}\n{hour(0)},{price}\n", scale=scale)


@pytest.mark.parametrize(
    ("head", "prices", "decimal", "micro"),
    [
        ("price (EUR/MWh)", ("1.234", "2.345"), ".", [1_234, 2_345]), ("price (EUR/MWh)", ("1.234", "2.345"), ",", [1_234_000, 2_345_000]),
        ("price (EUR/MWh)", ("1.234", "85,12"), "", [1_234_000, 85_120]), ("price (EUR/MWh)", ("1.234", "85.12"), "", [1_234, 85_120]),
        ("price (EUR/MWh)", ("85.120", "90.125"), "", [85_120, 90_125]),
        ("price (EUR/kWh)", ("1.234", "2.345"), "", [1_234_000, 2_345_000]),
        ("price (ct/kWh)", ("18,345", "19,125"), "", [183_450, 191_250]), ("price (EUR/MWh)", ("-1.234", "85,12"), "", [0, 85_120]),
        ("price (ct/kWh)", ("1,234", "2,345"), "", [12_340, 23_450]),
    ],
)  # fmt: skip
def test_thousands_and_decimals_are_told_by_the_other_prices_or_the_price_or_chosen(head, prices, decimal, micro):
    rows = "".join(f"{hour(number)};{price}\n" for number, price in enumerate(prices))
    assert list(told(f"from;{head}\n{rows}", currency="EUR", decimal=decimal)[0].prices) == micro


@pytest.mark.parametrize(
    ("head", "prices", "decimal", "says"),
    [
        ("price (EUR/MWh)", ("1.234", "2.345"), "", r"line 2, .*'1.234' can be 1.234 or 1234. Choose with the file"),
        ("price (ct/kWh)", ("1.234", "1,5"), "", r"line 2, .*'1.234' can be 1.234 or 1234"),
        ("price (EUR/kWh)", ("0,123", "1.234"), "", r"line 3, .*'1.234' can be 1.234 or 1234"),
        ("price (EUR/kWh)", ("0,123", "1.234"), ".", r"line 2, .*'0,123' has another sign before its decimals"),
        ("price (EUR/kWh)", ("0,123", "1.234"), "x", r"'x' is no sign before decimals"),
    ],
)  # fmt: skip
def test_thousands_that_nothing_tells_are_asked(head, prices, decimal, says):
    rows = "".join(f"{hour(number)};{price}\n" for number, price in enumerate(prices))
    with pytest.raises(TariffError, match=says):
        told(f"from;{head}\n{rows}", currency="EUR", decimal=decimal)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("valid_from,valid_to,value_exc_vat,value_inc_vat\n2025-10-01T00:00:00+02:00,,0.9,0.2\n2025-09-30T23:00:00Z,2025-10-01T00:00:00Z,0.9,0.3\n",
         "utf-8"),
        ("Marktpreise;;\nDatum von;Datum bis;Preis [€/MWh]\n1.10.2025 0:00;1.10.2025 1:00;200,00\n1.10.2025 1:00;1.10.2025 2:00;300,00\n",
         "cp1252"),
        ("Datum;Uhrzeit;Preis\n1.10.25;0:00;0,2\n1.10.25;1:00;0,3\n", "utf-16"),
        ("Datum;von;bis;Preis\n1.10.25;0:00;1:00;0,2\n1.10.25;1:00;2:00;0,3\n", "utf-8"),
        ("日期,时间,电价\n2025年10月1日,0:00,0.2\n2025年10月1日,1:00,0.3\n", "gb18030"),
        ("FROM\tPRICE\n2025-10-01 01:00\t0.3\n2025-10-01 00:00\t0.2\n", "utf-8-sig"),
        ("Datum;Stunde;Preis\n1.10.25;00:00-01:00;0,2\n1.10.25;01:00-02:00;0,3\n", "utf-8"),
        ("Datum;Stunde;Preis\n1.10.25;0 - 1;0,2\n1.10.25;1 - 2;0,3\n", "utf-8"),
        ("von;Preis\n1.10.25 00:00-01:00;0,2\n1.10.25 01:00-02:00;0,3\n", "utf-8"),
        ("von;bis;Preis\n1.10.25 00:00;1.10.25 00:59;0,2\n1.10.25 01:00;1.10.25 01:59;0,3\n", "utf-8"),
        ("start_timestamp,end_timestamp,marketprice,unit\n1759269600000,1759273200000,200,Eur/MWh\n"
         "1759273200000,1759276800000,300,Eur/MWh\n", "utf-8"),
        ("Start date;End date;Germany/Luxembourg [€/MWh] Original resolutions\nOct 1, 2025 12:00 AM;Oct 1, 2025 1:00 AM;200\n"
         "Oct 1, 2025 1:00 AM;Oct 1, 2025 2:00 AM;300\n", "utf-8"),
        ("Start;Slutt;Pris (EUR/kWh)\n2025-10-01 00:00;2025-10-01 01:00;0,2\n2025-10-01 01:00;2025-10-01 02:00;0,3\n", "utf-8"),
        ("Fecha;Hora;Precio\n1.10.2025;0:00;0,2\n1.10.2025;1:00;0,3\n", "utf-8"),
        ("Päivä;Aika;Hinta (snt/kWh)\n1.10.2025;0:00;20,0\n1.10.2025;1:00;30,0\n", "utf-8"),
        ("from,price\n2025-10-01 00:00,0.2\n2025-10-01 01:00,0.3\n2025-10-01 02:00,\n2025-10-01 01:00,0.3\n", "utf-8"),
    ],
)  # fmt: skip
def test_price_files_as_exchanges_and_people_write_them(text, encoding):
    (made,) = read_prices(text.encode(encoding), time_zone=BERLIN)
    assert (exact_instant(made.begin), made.step, made.prices) == ("2025-09-30T22:00:00Z", HOUR, (200_000, 300_000))


def test_prices_in_a_workbook():
    book = openpyxl.Workbook()
    book.active.append(["von", "Preis (ct/kWh)"])
    for number in range(24):
        book.active.append([datetime.fromisoformat("2025-10-01") + timedelta(hours=number), 20.5 + number / 10])
    out = io.BytesIO()
    book.save(out)
    (made,) = read_prices(out.getvalue(), time_zone=BERLIN)
    assert (made.begin, made.step, made.prices[0], made.prices[23]) == (
        instant(BEGIN) - 2 * HOUR,
        HOUR,
        205_000,
        228_000,
    )


def test_a_day_of_local_hours_when_the_clocks_change():
    rows = [f"2025-10-26 {hour:02}:00" for hour in (0, 1, 2, 2, 3, *range(4, 24))]
    for order in (1, -1):
        text = "".join(f"{wall},{number / 100}\n" for number, wall in list(enumerate(rows))[::order])
        (made,) = told("from,price\n" + text, time_zone=BERLIN)
        assert (made.begin, made.prices) == (
            parse_instant("2025-10-25T22:00Z"),
            tuple(number * 10_000 for number in range(25)),
        )
    missing = told("from,price\n" + "".join(f"{wall},0.1\n" for wall in dict.fromkeys(rows)), time_zone=BERLIN)
    assert gaps(missing) == [(parse_instant("2025-10-26T01:00Z"), parse_instant("2025-10-26T02:00Z"))]
    with pytest.raises(TariffError, match=r"line 4, from: 2025-03-30 02:00 does not exist"):
        told("from,price\n" + "".join(f"2025-03-30 0{hour}:00,0.1\n" for hour in range(5)), time_zone=BERLIN)
    with pytest.raises(TariffError, match="has a price already, in line 3"):
        told(
            "from,price\n2025-10-26 01:00,1\n2025-10-26 02:00,1\n2025-10-26 02:00,2\n2025-10-26 02:00,3\n",
            time_zone=BERLIN,
        )


def test_prices_of_whole_local_days_also_where_the_clocks_change():
    for first in (datetime(2025, 3, 28, tzinfo=BERLIN), datetime(2025, 10, 24, tzinfo=BERLIN)):
        days = [(first + timedelta(days=number)).strftime("%d.%m.%Y") for number in range(5)]
        series = told(
            "Tag;Preis\n".replace("Tag", "Datum")
            + "".join(f"{day};0,{number + 1}\n" for number, day in enumerate(days)),
            time_zone=BERLIN,
        )
        assert not gaps(series)
        for number in range(5):
            noon = instant(first.replace(hour=12) + timedelta(days=number))
            (dated,) = [each for each in series if each.begin <= noon < each.end]
            assert dated.prices[(noon - dated.begin) // dated.step] == (number + 1) * 100_000


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("0:00,2:00,1\n1:00,3:00,2\n", "line 3, from: .*begins before the price of line 2 ends"),
        ("1:00,0:00,1\n2:00,3:00,2\n", "line 2, from: .*is its end right"),
    ],
)
def test_what_a_column_of_ends_contradicts_is_named(rows, says):
    with pytest.raises(TariffError, match=says):
        told(
            "from,to,price\n"
            + "".join(
                f"2025-10-01 {row.split(',')[0]},2025-10-01 {row.split(',', 1)[1]}\n" for row in rows.splitlines()
            ),
            time_zone=BERLIN,
        )


def test_times_from_and_to_that_look_like_offsets_are_asked():
    rows = "".join(f"2025-10-01 0{hour}:00-0{hour + 1}:00,0.{hour}\n" for hour in range(5))
    with pytest.raises(TariffError, match="line 1, from: each row has another offset from UTC"):
        told(f"from,price\n{rows}", time_zone=BERLIN)


def test_ends_that_are_told_are_kept():
    (last,) = told("Datum;von;bis;Preis\n1.10.2025;23:00;0:00;1\n", time_zone=ZoneInfo("UTC"))
    assert (last.begin, last.end) == (parse_instant(hour(23)), parse_instant("2025-10-02T00:00Z"))
    text = "from,to,price\n2025-10-01 0:00,2025-10-01 0:45,1\n2025-10-01 2:00,2025-10-01 3:00,2\n2025-10-01 3:00,,3\n"
    assert [(each.begin, each.end) for each in told(text, time_zone=ZoneInfo("UTC"))] == [
        (parse_instant(hour(0)), parse_instant("2025-10-01T00:45Z")),
        (parse_instant(hour(2)), parse_instant(hour(4))),
    ]


# -- JSON ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_json_is_read_in_any_unicode(encoding):
    assert read_json('{\n "name": "Straße"}'.encode(encoding)) == {"name": "Straße"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            b'{"rates": {"flat": "0.3", "flat": "0.4"}}',
            "the name 'flat' is there twice in one object, once as '?\"0.3\"'? and once as",
        ),
        (b'{"a": 1,}', "is not JSON: line 1, column 9"),
        (b'{"a": NaN}', "NaN is no number"),
        (b"[" * 100_000, "too deep"),
        ('{"name": "Jäger"}'.encode("mac-roman"), "UTF-8"),
        (b"", "is not JSON"),
    ],
)
def test_json_that_cannot_be_is_told_in_words(text, says):
    with pytest.raises(JsonError, match=says) as caught:
        read_json(text)
    assert "codec" not in str(caught.value)


# -- what holds then -----------------------------------------------------------------------------------------------------


@pytest.fixture
def where(building):
    return building.property


def base(where):
    return where.tariff_versions.order_by("effective_at")[0].tariff


def prices_at(where, at):
    """The rate and its price (micro) that hold at an instant, as the meters rate it."""
    from prewatt.kernel.tariff import stretch_at

    stretch = stretch_at(where.tariff_versions.series(), at)
    return stretch.rate, stretch.prices[0]


def hours(begin, *prices):
    return Dated("dynamic", begin, HOUR, prices)


@pytest.mark.database
def test_a_second_file_replaces_what_has_not_begun_and_leaves_the_rest(where, clock):
    start = clock.now() // DAY * DAY + DAY
    # Two stretches with a gap of two hours between them.
    schedule_prices(
        where, base(where), [hours(start, *range(110_000, 120_000, 1000)), hours(start + 12 * HOUR, *[130_000] * 12)]
    )
    clock.at = start + 2 * HOUR + 30 * MINUTE
    old = {at: prices_at(where, at) for at in range(start, start + 26 * HOUR, 30 * MINUTE)}
    revised = hours(start, *[210_000] * 11)
    schedule_prices(where, base(where), [revised, hours(start + 14 * HOUR, 220_000, 230_000)])
    for at, before in old.items():
        past = at < clock.at
        if start <= at < start + 11 * HOUR and not past:
            wanted = ("dynamic", 210_000)
        elif start + 14 * HOUR <= at < start + 16 * HOUR:
            wanted = ("dynamic", 220_000 + 10_000 * ((at - start) // HOUR - 14))
        else:
            wanted = before
        assert prices_at(where, at) == wanted, (at - start) / HOUR
    # The very same again is nothing new.
    count = TariffVersion.objects.count()
    assert schedule_prices(where, base(where), [revised]) == []
    assert TariffVersion.objects.count() == count


@pytest.mark.database
def test_a_tariff_that_begins_meanwhile_is_what_the_prices_stand_on_then(where, clock):
    start = clock.now() // HOUR * HOUR + HOUR
    dearer = keep(
        where.organisation,
        read_document(
            {
                "name": "next year",
                "currency": "EUR",
                "zone": where.zone,
                "rates": {"flat": "0.40"},
                "service_fee_per_kwh": "0.05",
            }
        ),
    )
    schedule(where, dearer, start + 3 * HOUR)
    schedule_prices(where, base(where), [hours(start, *[250_000] * 5)])
    assert [prices_at(where, start + number * HOUR) for number in (0, 2, 3, 4, 5)] == [("dynamic", 250_000)] * 4 + [
        ("flat", 400_000)
    ]
    fees = {each.effective_at: each.tariff.kernel().fee for each in where.tariff_versions.in_force(start)}
    assert fees == {start: 0, start + 3 * HOUR: 50_000}


@pytest.mark.database
def test_names_never_collide_between_buildings_and_files(where, clock, building):
    other = set_up(clock, name="Elm 7, the long one", gateway="g2", apartments=[]).property
    start = clock.now() // HOUR * HOUR + HOUR
    for price in (210_000, 220_000, 230_000):
        for each in (where, other):
            schedule_prices(each, base(where), [hours(start, price + each.pk)])
    assert [prices_at(each, start)[1] for each in (where, other)] == [230_000 + where.pk, 230_000 + other.pk]
    assert Tariff.objects.filter(document__has_key="dated_prices").count() == 6


@pytest.mark.database
def test_prices_on_top_of_what_holds_now_keep_their_names_short(where, clock):
    start = clock.now() // DAY * DAY + DAY
    for number in range(5):
        clock.at = start + number * DAY - HOUR
        present = where.tariff_versions.present().tariff
        schedule_prices(where, present, [hours(start + number * DAY, *[250_000] * 24)])
    names = {each.tariff.name for each in TariffVersion.objects.all()}
    assert len(names) == 6 and all(name.count("·") in (0, 2) for name in names)


@pytest.mark.database
@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ([20_000_000] * 9, "A kWh would usually cost 20.00 EUR; with .* it costs 0.20. Are these prices in cents"),
        ([85_000_000, 90_000_000, 10_000], "would usually cost 85.00 EUR"),
        ([3_000, 1_000, 0], "A kWh would cost at most 0.003 EUR"),
        ([800_000, 900_000, 0], ""),
        ([5_000, 0, 0], ""),
        ([200_000, 9_000_000, 200_000], ""),
        ([0, 0], ""),
    ],
)
def test_prices_in_another_unit_are_refused_with_what_a_kwh_would_cost(where, clock, prices, says):
    series = [hours(clock.now() // HOUR * HOUR + HOUR, *prices)]
    if not says:
        assert schedule_prices(where, base(where), series)
        return
    with pytest.raises(ValidationError) as caught:
        schedule_prices(where, base(where), series)
    assert re.search(says, caught.value.message_dict["prices"][0])
    assert "price (ct/kWh)" in caught.value.message_dict["prices"][0]
    assert TariffVersion.objects.count() == 1


@pytest.mark.database
def test_gaps_and_the_end_are_told_with_what_holds_there(where, clock):
    start = clock.now() // DAY * DAY + DAY
    text = "".join(
        f"{exact_instant(start + number * HOUR)},{price}\n"
        for number, price in ((0, 0.1), (1, -0.1), (2, 0.1), (5, 0.1), (6, 0.1))
    )
    series = told("from,price\n" + text)
    schedule_prices(where, base(where), series)
    gap, below, end = price_notes(where, series)
    assert "until 7 Oct 2025, 07:00 (2 h): the tariff's other prices apply from then, first flat at 0.20 EUR" in gap
    assert gap.startswith("There is no price from 7 Oct 2025, 05:00")
    assert below == "Prices below zero, which are taken as 0: 1."
    assert end.startswith("The last price ends at 7 Oct 2025, 09:00: the tariff's other prices apply")
    clock.at = start + 6 * HOUR
    assert [each.split(" ")[0] for each in price_notes(where, series)] == ["Prices", "The"], (
        "a gap that is past is none any more"
    )
    clock.at = start - HOUR
    short = [hours(start + 2 * HOUR, 300_000)]
    schedule_prices(where, base(where), short)
    assert "the prices that were loaded before apply" not in price_notes(where, short)[-1]
    earlier = [hours(start, 300_000)]
    schedule_prices(where, base(where), earlier)
    assert price_notes(where, earlier)[-1].endswith(
        "the prices that were loaded before apply from then, first 0.00 EUR."
    )


@pytest.mark.database
def test_the_page_loads_any_table_and_says_what_it_left_open(where, clock, log_in):
    page = log_in("manager")
    start = clock.now() // DAY * DAY + DAY
    walls = [
        f"{datetime.fromtimestamp(at / 10**6, BERLIN):%d.%m.%Y %H:%M}"
        for at in (start, start + HOUR, start + 3 * HOUR, start + 4 * HOUR)
    ]

    def load(content, **more):
        file = io.BytesIO(content)
        file.name = "prices.csv"
        data = {"tariff": base(where).pk, "file": file, **more}
        return page.post(f"/properties/{where.pk}/tariffs/prices/", data, follow=True).content.decode()

    rows = "".join(f"{wall};20,5\n" for wall in walls)
    said = load(("Prüfung\nvon;Preis (ct/kWh)\n" + rows).encode("cp1252"))
    assert "The dated prices are on their way to the meters, in 2 parts." in said
    assert "There is no price from 7 Oct 2025, 04:00" in said
    assert prices_at(where, start) == ("dynamic", 205_000)
    assert "These prices are known already" in load(("von;Preis (ct/kWh)\n" + rows).encode())
    assert "would usually cost 20.50 EUR" in load(("von;Preis\n" + rows).encode())
    assert "not a known unit" in load(("von;Preis\n" + rows).encode(), scale="0.5")
    thousands = "".join(f"{wall};1.234\n" for wall in walls)
    asked = load(("von;Preis (EUR/MWh)\n" + thousands).encode(), scale="0.001")
    assert "can be 1.234 or 1234. Choose with the file" in asked.replace("&#x27;", "'")
    assert "in 2 parts" in load(("von;Preis (EUR/MWh)\n" + thousands).encode(), decimal=",")
    assert "no price of energy" in load(("von;Preis (EUR/kW)\n" + rows).encode())
    said = load(b"from,price\nsoon,0.1\n2025-10-09T00:00Z,cheap\n")
    assert "line 2, from" in said and "line 3, price" in said
    assert "old Excel file" in load(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99))


@pytest.mark.database
def test_hundredths_can_be_chosen_where_the_currency_has_some(where, log_in):
    address, page = f"/properties/{where.pk}/tariffs/", log_in("manager")
    assert "1/100" in page.get(address).content.decode()
    type(where).objects.filter(pk=where.pk).update(currency="KWD")
    said = page.get(address).content.decode()
    assert "1/1000 KWD/kWh" in said and "1/100 " not in said
