"""What journals, books and messages hang on can't be changed in Set-up once it is there."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.commissioning.fixed_place import is_fixed
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tariffs.models import Tariff
from prewatt.server.tenancies.moving import move_in
from tests.building import NOON

pytestmark = pytest.mark.database


def changed(browser, room, row, **given):
    """The row after its page of Set-up was posted as it stands there, but for what is given."""
    page = f"/admin/{room}/{row.pk}/change/"
    form = browser.get(page).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    shown = {name: value for name, value in values.items() if value is not None and value is not False}
    assert browser.post(page, {**shown, **given}).status_code == 302
    return type(row).objects.get(pk=row.pk)


def test_a_building_with_meters_stays_its_landlords_in_its_currency_and_its_gateway_keeps_its_name(
    admin_client, building, tenancy
):
    """In another currency Anna's euros were dong; at another landlord her credit was in nobody's books; under another name her
    gateway was not heard any more.
    """
    top_up(tenancy, 20 * NANO, "c1")
    where = building.property
    tal = Organisation.objects.create(name="Tal")
    far = Property.objects.create(organisation=tal, name="Far", zone="Asia/Shanghai", currency="CNY")
    given = {"organisation": tal.pk, "zone": far.zone, "currency": far.currency, "emergency_contact": "Otto"}
    kept = changed(admin_client, "estate/property", where, **given)
    assert kept.emergency_contact == "Otto"
    assert (kept.organisation, kept.zone, kept.currency) == (where.organisation, where.zone, where.currency)
    assert changed(admin_client, "estate/unit", Unit.objects.get(name="Flat 1"), property=far.pk).property == where
    box = changed(admin_client, "metering/gateway", Gateway.objects.get(), property=far.pk, name="g9")
    assert (box.property, box.name) == (where, "g1")
    price = changed(admin_client, "tariffs/tariff", Tariff.objects.get(), organisation=tal.pk)
    assert price.organisation == where.organisation
    assert balance(tenant_account(Tenancy.objects.get(pk=tenancy.pk))) == 20 * NANO


def test_a_flat_gets_no_meter_at_a_gateway_of_another_building(admin_client, building):
    """Its tariff and rules were those of the other building, and its payments went by the other landlord's gateway."""
    far = Property.objects.create(
        organisation=Organisation.objects.create(name="Tal"), name="Far", zone="Asia/Shanghai", currency="CNY"
    )
    page = "/admin/metering/meter/add/"
    form = admin_client.get(page).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    shown = {name: value for name, value in values.items() if value is not None and value is not False}
    given = {"unit": Unit.objects.create(property=far, name="1").pk, "gateway": Gateway.objects.get().pk, "name": "m9"}
    assert "Gateway g1 is in another building." in admin_client.post(page, {**shown, **given}).content.decode()
    assert not Meter.objects.filter(name="m9").exists()


def test_a_building_in_which_nothing_is_written_by_them_can_have_another_zone_and_currency(admin_client, building):
    far = Property.objects.create(
        organisation=building.property.organisation, name="Far", zone="Asia/Shanghai", currency="CNY"
    )
    kept = changed(admin_client, "estate/property", far, zone="Asia/Tokyo", currency="JPY")
    assert (kept.zone, kept.currency, kept.emergency_code_amount) == ("Asia/Tokyo", "JPY", 500)
    assert not is_fixed(kept)
    move_in(Unit.objects.create(property=kept, name="1"), "Cleo", NOON, deposit=100_000 * NANO)
    assert is_fixed(kept)
