"""Each rule of a property that its page shows is one that its meters are told, and none is more than they can be told."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.limits import highest_price
from prewatt.kernel.units import MICRO, NANO
from prewatt.server.estate.models import Property, most_of
from prewatt.server.estate.rule_fields import AMOUNTS, SUPPLY_LABELS, SUPPLY_RULES
from prewatt.server.metering.models import Meter
from prewatt.server.vending.account_settings import account_settings
from tests.reading import unbroken

pytestmark = pytest.mark.database
OTHER = {
    "low_credit": "7", "low_credit_kwh": "3", "clearance": Decimal(2), "emergency_credit": Decimal(4),
    "emergency_repayment": 50, "friendly_hours": "daily 20:00-07:00", "friendly_holidays": "DE",
    "friendly_days": "2026-12-24", "friendly_debt": Decimal(9), "power_limit": "3000", "overload_delay": 77,
    "reclose_after": 88, "recloses": 9, "forbidden_step": 1500, "tamper_locks": True, "doubtful_readings": 7,
    "foreign_hours": 5, "limits": "voltage over 253 V for 5 s: off", "off_hours": "daily 23:00-06:00", "off_holidays": "DE",
    "off_days": "2026-12-24", "off_watts": 60, "off_kwh": Decimal("0.5"),
}  # fmt: skip
"""A value of each rule that is not the usual one."""


def test_a_changed_rule_is_told_to_the_meters(building):
    meter = Meter.objects.get(name="m1")
    property_ = meter.property
    # Off hours' days and allowances are told with off hours alone.
    property_.off_hours = "daily 22:00-05:00"
    usual = account_settings(meter)
    assert set(OTHER) == set(SUPPLY_RULES)
    for name, value in OTHER.items():
        before = getattr(property_, name)
        setattr(property_, name, value)
        property_.full_clean()
        assert account_settings(meter) != usual, name
        setattr(property_, name, before)
    assert account_settings(meter) == usual


def test_the_page_of_rules_shows_each(manager, building):
    page = unbroken(manager.get(f"/properties/{Property.objects.get().pk}/supply/"))
    for name, label in SUPPLY_LABELS.items():
        assert f'name="{name}"' in page and str(label) in page, name


@pytest.mark.parametrize("currency", ("EUR", "KWD", "VND", "IRR"))
def test_no_amount_of_a_rule_is_more_than_a_payment_can_be_and_the_most_is_told_to_the_meters(building, currency):
    """After a cut-off a clearance of millions would keep everybody who pays in the dark."""
    Property.objects.update(currency=currency)
    meter = Meter.objects.get(name="m1")
    where = meter.property
    for name in AMOUNTS:
        before, most = getattr(where, name), Decimal(most_of(name, currency) // NANO)
        setattr(where, name, most + 1)
        with pytest.raises(ValidationError) as refused:
            where.clean_fields()
        assert set(refused.value.error_dict) == {name}
        setattr(where, name, most)
        where.clean_fields()
        account_settings(meter)
        setattr(where, name, before)
    where.price_cap = Decimal(highest_price(currency) // MICRO + 1)
    with pytest.raises(ValidationError, match="Type an amount from 0 to"):
        where.clean_fields()


def test_an_amount_that_no_meter_can_be_told_is_not_stored(manager, building):
    for name in ("clearance", "emergency_credit", "friendly_debt"):
        page = f"/properties/{building.property.pk}/supply/"
        given = {each: getattr(building.property, each) for each in SUPPLY_LABELS} | {name: "9999999999"}
        answer = manager.post(page, {key: "" if value is None else value for key, value in given.items()})
        assert "Type an amount from 0 to 100,000.00" in unbroken(answer), name
        assert getattr(Property.objects.get(), name) == 0
