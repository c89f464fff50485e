"""Limits against typing errors grow with the currency, and nothing that they let pass leaves what a journal can hold."""

import pytest

from prewatt.kernel.currencies import MINOR_DIGITS, NO_CURRENCY, magnitude, minor_unit
from prewatt.kernel.limits import highest_price, is_lendable, likely_price, most_charged, most_lent, most_paid
from prewatt.kernel.tariff import TariffError
from prewatt.kernel.tariff_document import tariff_from_document
from prewatt.kernel.units import AMOUNT_MAX, BALANCE_MAX, MICRO, NANO, PRICE_MAX


@pytest.mark.parametrize(
    "currency, price, charged, paid, lent",
    [
        ("EUR", 1_000, 1_000, 100_000, 1_000),
        ("KWD", 1_000, 1_000, 100_000, 1_000),
        (NO_CURRENCY, 1_000, 1_000, 100_000, 1_000),
        ("JPY", 100_000, 100_000, 10_000_000, 100_000),
        ("KRW", 1_000_000, 1_000_000, 100_000_000, 1_000_000),
        ("VND", 1_000_000, 10_000_000, 1_000_000_000, 10_000_000),
        ("IRR", 1_000_000, 100_000_000, 1_000_000_000, 100_000_000),
    ],
)
def test_a_limit_is_that_of_the_currency(currency, price, charged, paid, lent):
    assert highest_price(currency) == price * MICRO
    assert most_charged(currency) == charged * NANO
    assert most_paid(currency) == paid * NANO
    assert most_lent(currency) == lent * NANO
    assert is_lendable(lent * NANO, currency) and not is_lendable(lent * NANO + 1, currency)


@pytest.mark.parametrize(
    ("currency", "typed", "meant"),
    [
        ("EUR", 32_000_000, 320_000),
        ("CNY", 60_000_000, 600_000),
        ("INR", 850_000_000, 8_500_000),
        ("JPY", 3_100_000_000, 31_000_000),
        ("VND", 3_500_000, 3_500_000_000),
        ("IDR", 1_444_000, 1_444_000_000),
        ("KHR", 1_000_000, 1_000_000_000),
    ],
)
def test_hundredths_typed_as_units_and_thousands_read_as_decimals_are_doubted(currency, typed, meant):
    assert likely_price(typed, currency) == meant


@pytest.mark.parametrize(
    ("currency", "price"),
    [
        ("EUR", 320_000), ("EUR", 10_000_000), ("EUR", 0), ("EUR", -50_000), ("EUR", 2_000), ("CNY", 1_200_000), ("INR", 12_000_000),
        ("CZK", 7_500_000), ("JPY", 31_000_000), ("VND", 3_500_000_000), ("IDR", 1_444_700_000), ("KWD", 2_000), ("IRR", 1_000_000_000),
        (NO_CURRENCY, 320_000),
    ],
)  # fmt: skip
def test_a_price_that_electricity_costs_somewhere_is_not_doubted(currency, price):
    assert likely_price(price, currency) is None


@pytest.mark.parametrize("currency", sorted(MINOR_DIGITS))
def test_no_limit_is_beyond_what_a_journal_holds(currency):
    assert highest_price(currency) <= PRICE_MAX
    assert most_charged(currency) <= AMOUNT_MAX
    assert max(most_paid(currency), most_lent(currency)) <= BALANCE_MAX // 4
    # An amount of a code is a whole number of what can be paid, or of its parts.
    assert magnitude(currency) in (1, 100, 1_000, 10_000, 100_000)
    assert minor_unit(currency) <= NANO


def test_currencies_without_decimals_have_small_units():
    """But for Uruguay's unit of account, nobody gave up the decimals of a currency that is worth something."""
    assert [code for code, digits in MINOR_DIGITS.items() if not digits and magnitude(code) == 1] == ["UYI"]


@pytest.mark.parametrize(
    "currency, field, most",
    [
        ("EUR", "price", 1_000), ("EUR", "standing_charge_per_day", 1_000), ("EUR", "service_fee_per_kwh", 1_000),
        ("JPY", "price", 100_000), ("JPY", "minimum_per_month", 100_000),
        ("VND", "price", 1_000_000), ("VND", "standing_charge_per_day", 10_000_000), ("VND", "minimum_per_month", 10_000_000),
    ],
)  # fmt: skip
def test_a_tariff_has_the_prices_of_its_currency(currency, field, most):
    def document(amount):
        fields = {"rates": {"flat": amount}} if field == "price" else {"rates": {"flat": "1"}, field: amount}
        return {"name": "flat", "currency": currency, "zone": "UTC", **fields}

    assert tariff_from_document(document(str(most)))
    with pytest.raises(TariffError, match=f"is not between 0 and {most}"):
        tariff_from_document(document(f"{most}.01"))


def test_tiers_and_dated_prices_have_them_too():
    tiers = {"per": "month", "up_to_kwh": ["50"], "prices": ["1806", "3460"]}
    dong = {"name": "EVN", "currency": "VND", "zone": "Asia/Ho_Chi_Minh", "rates": {"day": "0", "night": "-500"}}
    day_type = {"name": "all", "days": ["weekday", "weekend", "special"], "switches": [["00:00", "day"]]}
    seasons = [{"name": "year", "from": "01-01", "day_types": [day_type]}]
    assert tariff_from_document({**dong, "tiers": tiers, "seasons": seasons}).rates[1].prices == (
        1306 * MICRO,
        2960 * MICRO,
    )
    with pytest.raises(TariffError, match="under 0 or over 1000000"):
        tariff_from_document({**dong, "rates": {"day": "999000"}, "tiers": tiers, "seasons": seasons})
    dated = {"from": "2025-10-01T00:00:00Z", "prices": ["2500", "1000001"]}
    with pytest.raises(TariffError, match=r"dated_prices.prices: price '1000001' is not between 0 and 1000000"):
        tariff_from_document({**dong, "rates": {"day": "1"}, "dated_prices": dated})
