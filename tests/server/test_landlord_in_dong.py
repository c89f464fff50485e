"""A landlord whose currency has small units: prices of thousands a kWh, payments of millions, and codes that lend as much."""

from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client

from prewatt.kernel.orders import Restore
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import HOUR, MICRO, NANO
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Meter
from prewatt.server.metering.phones import rules_of
from prewatt.server.sales.giving_back import give
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.controls import ControlError, control
from prewatt.server.vending.emergency_bounds import EmergencyError
from prewatt.server.vending.emergency_codes import make
from prewatt.server.vending.models import Adjustment
from prewatt.server.vending.order_codes import why_no_code
from prewatt.server.web.pay_figures import offered_amounts
from tests.building import PASSWORD, set_up
from tests.gateway import Edge
from tests.server.vending.test_order_codes import typed

EVN = flat_tariff("EVN", "VND", "Asia/Ho_Chi_Minh", 2_649 * MICRO)


@pytest.fixture
def house(db, clock):
    return set_up(clock, zone="Asia/Ho_Chi_Minh", currency="VND", tariff=EVN)


@pytest.fixture
def edge(house, clock):
    made = Edge(house.code, clock)
    for meter in made.accounts:
        made.obey(meter)
    return made


@pytest.fixture
def anna(house):
    return Tenancy.objects.get(tenant="Anna")


def page(name, path, **fields):
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return (client.post(path, fields, follow=True) if fields else client.get(path, follow=True)).content.decode()


def test_millions_are_paid_by_code_and_used_to_the_unit(edge, store, anna, clock):
    made = top_up(anna, 1_500_000 * NANO, "c1")
    edge.read("m1", 0)
    typed(edge, clock, "m1", made.command.code.digits)
    assert edge.accounts["m1"].balance == 1_500_000 * NANO
    clock.at += HOUR
    edge.read("m1", 12_345)
    edge.deliver(store)
    left = 1_500_000 * NANO - 12_345 * 2_649 * MICRO
    assert edge.accounts["m1"].balance == balance(tenant_account(anna)) == left
    assert "1,467,298" in page("flat1", "/me/")


def test_what_nobody_has_set_is_of_the_currency(house):
    assert Organisation.objects.get().adjustment_limit == 500_000
    assert Property.objects.get().emergency_code_amount == 50_000
    assert rules_of(house.property).restore_amount == 50_000 * NANO
    assert offered_amounts("VND") == [200_000, 500_000, 1_000_000, 2_000_000]


def test_a_building_that_is_added_on_a_page_has_the_limits_of_its_currency_too(clock, admin_client):
    """Its currency can still change before it has meters and a price; so may that of one that is added in Set-up."""
    Organisation.objects.create(name="Sao")
    given = {"name": "Hoa 5", "zone": "Asia/Ho_Chi_Minh", "currency": "VND"}
    assert admin_client.post("/properties/add/", given).status_code == 302
    added = Property.objects.get(name="Hoa 5")
    assert (added.emergency_code_amount, added.organisation.adjustment_limit) == (50_000, 500_000)
    assert admin_client.post(f"/properties/{added.pk}/", {**given, "currency": "EUR"}).status_code == 302
    added.refresh_from_db()
    assert (added.currency, added.emergency_code_amount) == ("EUR", 5)
    assert Organisation.objects.get().adjustment_limit == 50
    page = f"/admin/estate/property/{added.pk}/change/"
    shown = admin_client.get(page).context["adminform"].form
    fields = {name: value for name, value in shown.initial.items() if value is not None and value is not False}
    assert admin_client.post(page, {**fields, "currency": "VND"}).status_code == 302
    added.refresh_from_db()
    assert (added.currency, added.emergency_code_amount) == ("VND", 50_000)


def test_in_a_building_of_another_currency_one_person_gives_no_more_alone(house, anna, clock):
    """Half a million, which is some dollars in dong, was half a million euros in a building in Berlin."""
    set_up(clock, name="Spree 3", gateway="g2", apartments=[Apartment("B 1", "b1", "Bert")])
    bert, who = Tenancy.objects.get(tenant="Bert"), get_user_model().objects.get(username="manager")
    assert give(bert, 51 * NANO, "b1", who, "x").state == Adjustment.State.WAITING
    assert give(bert, 20 * NANO, "b2", who, "x").state == Adjustment.State.DONE
    assert give(anna, 300_001 * NANO, "a1", who, "x").state == Adjustment.State.WAITING
    assert give(anna, 300_000 * NANO, "a2", who, "x").state == Adjustment.State.DONE
    with pytest.raises(ControlError, match=r"more than 50\.00, which"):
        control(bert.unit.meter, Restore(1 * NANO), who)
    assert "In your currencies that is 50.00 EUR, 500,000 VND." in page("manager", "/landlord/")


def test_a_limit_of_one_person_that_no_sum_reaches_is_refused(house):
    """With it, nothing could be given or lent at all: it could not be counted with."""
    owner = Organisation.objects.get()
    owner.adjustment_limit = Decimal(9_999_999_999)
    with pytest.raises(ValidationError, match="from 0 to 1,000,000,000"):
        owner.full_clean()


def test_a_limit_that_was_set_stays(house, clock):
    """Another building, or a limit that somebody has set before the first one."""
    Organisation.objects.update(adjustment_limit=50)
    set_up(clock, name="Hoa 7", zone="Asia/Ho_Chi_Minh", currency="VND", tariff=EVN, gateway="g2", apartments=[])
    assert Organisation.objects.get().adjustment_limit == 50


def test_codes_lend_what_a_flat_needs(house, edge, clock):
    (code,) = make(
        house.property,
        [Meter.objects.get(name="m1")],
        50_000 * NANO,
        7,
        get_user_model().objects.get(username="manager"),
    )
    typed(edge, clock, "m1", code.code.digits)
    assert edge.accounts["m1"].allowance(clock.now()) == 50_000 * NANO
    Organisation.objects.update(adjustment_limit=2_000_000)
    order = control(Meter.objects.get(name="m2"), Restore(1_234_560 * NANO), "setup")
    typed(edge, clock, "m2", order.code.digits)
    assert edge.accounts["m2"].allowance(clock.now()) == 1_234_560 * NANO


def test_what_a_code_can_not_carry_is_said_in_the_currency(house, edge):
    Organisation.objects.update(adjustment_limit=20_000_000)
    until = edge.clock.now() + 2 * HOUR
    uneven = control(Meter.objects.get(name="m1"), Restore(1_250 * NANO, until), "setup")
    assert "in steps of 10; with an end, in steps of 100 up to 1,000,000, and of 10,000 above" in why_no_code(uneven)
    with pytest.raises(EmergencyError, match="steps of 100 up to 1,000,000, and of 10,000 above"):
        make(house.property, [Meter.objects.get(name="m1")], 1_250 * NANO, 7, "setup")
    with pytest.raises(ControlError, match="at most 10,000,000"):
        control(Meter.objects.get(name="m1"), Restore(10_000_001 * NANO), "setup")


def test_a_rule_beyond_the_currency_is_refused(house):
    where = Property.objects.get()
    where.emergency_code_amount = 10_000_001
    with pytest.raises(ValidationError, match="from 0 to 10,000,000"):
        where.full_clean()
    where.emergency_code_amount = 10_000_000
    where.full_clean()


def test_a_cap_of_thousands_is_stored(house):
    path = f"/properties/{house.property.pk}/price-cap/"
    assert "cap of 2500.00" in page("manager", path, price_cap="2500") and Property.objects.get().price_cap is None
    page("manager", path, price_cap="3000.5")
    assert str(Property.objects.get().price_cap.normalize()) == "3000.5"
