"""What moves in a row between the moment in which a form has read it and the one in which it is stored."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models.signals import pre_save

from prewatt.kernel.entries import decode_command
from prewatt.kernel.units import NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.core.row_forms import RowForm
from prewatt.server.estate.models import Organisation, Property, Resident, Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command
from prewatt.server.vending.pins import new_pin

pytestmark = pytest.mark.database


@pytest.fixture
def meanwhile():
    """Does something in the moment in which a row of a model is about to be stored, once."""
    hooks = []

    def do(model, act):
        def hook(sender, **_more):
            pre_save.disconnect(hook, sender)
            act()

        hooks.append((hook, model))
        pre_save.connect(hook, model, weak=False)

    yield do
    for hook, model in hooks:
        pre_save.disconnect(hook, model)


def test_credit_that_is_bought_while_somebody_stores_a_meters_rules_reaches_the_meter(manager, meanwhile):
    before = Meter.objects.get(name="m1")
    given = {"power_limit": "2500", "limits": "", "off_hours": "", "off_watts": "", "off_kwh": ""}
    meanwhile(Meter, lambda: top_up(Tenancy.objects.get(tenant="Anna"), 7 * NANO, "meanwhile"))
    assert manager.post(f"/units/{before.unit_id}/meter-rules/", given).status_code == 302
    after = Meter.objects.get(name="m1")
    assert after.power_limit == "2500"
    assert after.commands == before.commands + 2
    assert Command.objects.get(meter=after, kind="credit").number == before.commands + 1
    assert Command.objects.get(meter=after, number=after.commands).kind == "settings"


def test_a_meter_is_sent_the_rules_of_now_and_not_those_that_somebody_has_read(manager, building, meanwhile):
    meter = Meter.objects.get(name="m1")
    given = {"power_limit": "", "limits": "", "off_hours": "daily 23:00-06:00", "off_watts": "", "off_kwh": ""}
    meanwhile(Meter, lambda: Meter.objects.filter(pk=meter.pk).update(power_limit="2500"))
    assert manager.post(f"/units/{meter.unit_id}/meter-rules/", given).status_code == 302
    meter.refresh_from_db()
    assert [meter.power_limit, meter.off_hours] == ["2500", "daily 23:00-06:00"]
    sent = decode_command(bytes(Command.objects.get(meter=meter, number=meter.commands).body)).order.settings
    assert "2500" in repr(sent.power)


def test_a_new_pin_holds_although_the_flats_form_was_read_before(manager, building, meanwhile):
    unit = Unit.objects.get(name="Flat 1")
    before = unit.pin_hash
    given = {
        "name": "Flat 1a",
        "floor": "",
        "area": "60",
        "occupants": "2",
        "parts": "",
        "meter": "m1",
        "fuse": "15000",
    }
    meanwhile(Unit, lambda: new_pin(Unit.objects.get(pk=unit.pk), User.objects.get(username="manager")))
    assert manager.post(f"/units/{unit.pk}/change/", given).status_code == 302
    unit.refresh_from_db()
    assert unit.name == "Flat 1a"
    assert unit.pin_hash != before


def test_two_people_who_change_a_building_and_its_rules_at_once_both_have_done_so(manager, building, meanwhile):
    pk = building.property.pk
    given = {"name": "Linden 6", "zone": "Europe/Berlin", "currency": "EUR", "site_page": "", "emergency_contact": ""}
    meanwhile(Property, lambda: Property.objects.filter(pk=pk).update(emergency_credit="12.5", archived_at=5))
    assert manager.post(f"/properties/{pk}/", given).status_code == 302
    stored = Property.objects.get(pk=pk)
    assert [stored.name, stored.emergency_credit, stored.archived_at] == ["Linden 6", 12.5, 5]


def test_set_up_stores_of_a_gateway_what_somebody_typed_and_not_what_it_has_told_before(
    admin_client, building, meanwhile
):
    box = Gateway.objects.get()
    meanwhile(Gateway, lambda: Gateway.objects.filter(pk=box.pk).update(epoch=7, number=41, renewals=1))
    given = {"property": box.property_id, "name": box.name, "is_revoked": "on"}
    assert admin_client.post(f"/admin/metering/gateway/{box.pk}/change/", given).status_code == 302
    box.refresh_from_db()
    assert [box.is_revoked, box.epoch, box.number, box.renewals] == [True, 7, 41, 1]


def sent_by_a_browser(page, field):
    """Return what a browser posts of the form with this field on a page, as it stands there."""
    (form,) = [each for each in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'name="{field}"' in each]
    given = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if "name" in told and (told.get("type") != "checkbox" or " checked" in tag):
            given[told["name"]] = told.get("value", "on" if told.get("type") == "checkbox" else "")
    for name, text in re.findall(r'<textarea[^>]*name="([\w-]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        given[name] = unescape(text)
    for tag, options in re.findall(r"(<select[^>]*>)(.*?)</select>", form, re.DOTALL):
        (name,) = re.findall(r'name="([\w-]+)"', tag)
        chosen = re.findall(r'value="([^"]*)"[^>]* selected', options)
        if " multiple" in tag:
            given[name] = chosen
        else:
            given[name] = (chosen or re.findall(r'value="([^"]*)"', options))[0]
    return given


def test_an_older_tab_does_not_take_back_the_rules_that_somebody_else_has_set_since(manager, building):
    rules = f"/properties/{building.property.pk}/supply/"
    older = sent_by_a_browser(manager.get(rules).content.decode(), "low_credit")
    first = {**older, "friendly_hours": "daily 20:00-07:00", "emergency_credit": "5"}
    assert manager.post(rules, first).status_code == 302
    # Refused once, the older tab still knows what it had shown.
    page = manager.post(rules, {**older, "low_credit": "seven"}).content.decode()
    again = sent_by_a_browser(page, "low_credit")
    assert manager.post(rules, {**again, "low_credit": "7"}).status_code == 302
    stored = Property.objects.get(pk=building.property.pk)
    assert [stored.friendly_hours, stored.emergency_credit, stored.low_credit] == ["daily 20:00-07:00", 5, "7"]
    # Who takes a rule back on purpose does so.
    newer = sent_by_a_browser(manager.get(rules).content.decode(), "low_credit")
    assert manager.post(rules, {**newer, "friendly_hours": "", "emergency_credit": "0"}).status_code == 302
    stored.refresh_from_db()
    assert [stored.friendly_hours, stored.emergency_credit, stored.low_credit] == ["", 0, "7"]


def test_an_older_form_of_a_flat_keeps_the_area_and_the_fuse_of_now(manager, building):
    unit = Unit.objects.get(name="Flat 1")
    form = f"/units/{unit.pk}/change/"
    older = sent_by_a_browser(manager.get(form).content.decode(), "fuse")
    assert manager.post(form, {**older, "area": "61.5", "fuse": "9000", "parts": "Stairs A"}).status_code == 302
    assert manager.post(form, {**older, "name": "Flat 1a"}).status_code == 302
    unit = Unit.objects.get(pk=unit.pk)
    assert [unit.name, unit.area, unit.meter.power_highest] == ["Flat 1a", 61.5, 9000]
    assert [each.name for each in unit.parts.all()] == ["Stairs A"]


def test_an_older_page_of_prices_keeps_the_tariff_that_is_the_limit_now(manager, building):
    pk = building.property.pk
    older = sent_by_a_browser(manager.get(f"/properties/{pk}/tariffs/").content.decode(), "price_cap")
    Property.objects.filter(pk=pk).update(price_cap="0.5")
    assert manager.post(f"/properties/{pk}/price-cap/", older).status_code == 302
    assert Property.objects.get(pk=pk).price_cap is not None


def test_every_form_of_set_up_and_of_the_rows_within_one_stores_only_what_was_changed(rf, admin_user):
    request, forms = rf.get("/"), {}
    request.user = admin_user
    for model, page in admin.site._registry.items():
        if model.__module__.startswith("prewatt.") and page.has_change_permission(request):
            forms[model._meta.label] = page.form
            forms |= {each.__name__: each.form for each in page.get_inlines(request, model())}
    assert {"estate.Property", "MembershipInline", "ResidentInline"} <= {*forms}
    assert [name for name, form in forms.items() if not issubclass(form, RowForm)] == []


def test_an_older_page_of_a_landlord_does_not_give_back_a_role_that_somebody_has_changed(admin_client, building):
    landlord = Organisation.objects.get()
    member = put_member(landlord, User.objects.get(username="flat1"), Role.MANAGER, ())
    page = f"/admin/estate/organisation/{landlord.pk}/change/"
    older = sent_by_a_browser(admin_client.get(page).content.decode(), "memberships-0-role")
    put_member(landlord, member.user, Role.ACCOUNTANT, [building.property])
    assert admin_client.post(page, {**older, "name": "Berg Houses"}).status_code == 302
    landlord.refresh_from_db()
    member.refresh_from_db()
    assert [landlord.name, member.role, [*member.properties.all()]] == [
        "Berg Houses",
        Role.ACCOUNTANT,
        [building.property],
    ]
    # Who changes one column of the row leaves the others as they are now.
    assert admin_client.post(page, {**older, "memberships-0-role": Role.CASHIER}).status_code == 302
    member.refresh_from_db()
    assert [member.role, [*member.properties.all()]] == [Role.CASHIER, [building.property]]


def test_an_older_page_of_a_tenancy_does_not_let_in_again_who_was_put_out(admin_client, building):
    tenancy = Tenancy.objects.get(tenant="Anna")
    page = f"/admin/estate/tenancy/{tenancy.pk}/change/"
    older = sent_by_a_browser(admin_client.get(page).content.decode(), "residents-0-user")
    other = User.objects.create(username="other")
    Resident.objects.filter(tenancy=tenancy).update(user=other)
    assert admin_client.post(page, {**older, "tenant": "Ann"}).status_code == 302
    tenancy.refresh_from_db()
    assert [tenancy.tenant, [*tenancy.people.all()]] == ["Ann", [other]]
