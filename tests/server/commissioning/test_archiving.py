"""What is archived leaves the lists and never the books; what somebody needs is not archived."""

import re

import pytest
from django.core.exceptions import ValidationError

from prewatt.headend.store import Store
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY
from prewatt.server.accounts.audit import AuditEntry
from prewatt.server.allocation.models import SharedCost
from prewatt.server.commissioning.additions import sealed
from prewatt.server.commissioning.enrolment import new_code, units_without_meter
from prewatt.server.commissioning.installing import InstallError, install
from prewatt.server.commissioning.typed_units import typed_apartments
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.metering.balance import balance
from prewatt.server.metering.models import Gateway, Meter, Silence
from prewatt.server.overview.models import ToDo
from prewatt.server.overview.to_do import keep_to_do
from prewatt.server.tariffs.models import Tariff
from prewatt.server.tariffs.versions import keep
from prewatt.server.tenancies.moving import move_in
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.vending.models import TokenMeter
from prewatt.server.vending.silences import look
from prewatt.wire.topics import SHARDS
from tests.building import ZONE
from tests.server.keypads import keypad_flat

pytestmark = pytest.mark.database


def did(manager, path, do="archive"):
    """What is said after something was archived, or brought back."""
    answer = manager.post(path, {"do": do}, follow=True)
    assert answer.status_code == 200
    return [str(each) for each in answer.context["messages"]]


def shown(manager):
    """The flats on the first page."""
    page = manager.get("/properties/").content.decode()
    return sorted(set(re.findall(r">\s*(Flat \d)\s*<", page)))


def test_a_flat_is_archived_when_nobody_lives_there_and_comes_back(manager, building, clock):
    lived_in, vacant = Unit.objects.get(name="Flat 1"), Unit.objects.get(name="Flat 3")
    assert did(manager, f"/units/{lived_in.pk}/archive/") == [
        "Anna lives at Flat 1, or moves in. Record the move-out first."
    ]
    tenancy = Tenancy.objects.get(tenant="Anna")
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.now() - 1, begins=clock.now() - DAY)
    assert "is not settled yet" in did(manager, f"/units/{lived_in.pk}/archive/")[0]
    assert did(manager, f"/units/{vacant.pk}/archive/") == ["Flat 3 is archived. The books keep it."]
    assert shown(manager) == ["Flat 1", "Flat 2"]
    assert "archived_at" in AuditEntry.objects.latest("pk").changes
    page = manager.post(f"/properties/{building.property.pk}/units/add/", {"typed": "Flat 3"})
    assert "This unit is archived. Bring it back first." in page.content.decode()
    assert did(manager, f"/units/{vacant.pk}/archive/", "restore") == ["Flat 3 is back."]
    assert shown(manager) == ["Flat 1", "Flat 2", "Flat 3"]


def test_a_gateway_is_archived_when_no_flat_hangs_at_it(manager, building):
    gateway = Gateway.objects.get()
    said = did(manager, f"/gateways/{gateway.pk}/archive/")
    assert "3 meters are connected to g1" in said[0] and not Gateway.objects.get().is_revoked
    home = building.property.pk
    page = manager.post(f"/properties/{home}/gateways/", {"name": "Roof"})
    assert page.status_code == 400 and 'value="Roof"' in page.content.decode()
    manager.post(f"/properties/{home}/gateways/", {"name": "roof"})
    assert (
        "There is a gateway roof already"
        in manager.post(f"/properties/{home}/gateways/", {"name": "roof"}).content.decode()
    )
    roof = Gateway.objects.get(name="roof")
    new_code(roof)
    did(manager, f"/gateways/{roof.pk}/archive/")
    roof.refresh_from_db()
    # Its code opens nothing any more.
    assert (roof.is_revoked, roof.code_id, roof.code_secret) == (True, "", None)
    assert manager.post(f"/gateways/{roof.pk}/code/").status_code == 302
    did(manager, f"/gateways/{roof.pk}/archive/", "restore")
    assert not Gateway.objects.get(name="roof").is_revoked


def test_a_common_meter_is_changed_and_archived_once_nothing_is_shared_by_it(manager, building):
    home = building.property
    path = f"/properties/{home.pk}/common-meters/add/"
    given = {
        "name": "stairs",
        "role": "common",
        "gateway": Gateway.objects.get().pk,
        "power_highest": "9000",
        "part": "",
    }
    assert manager.post(path, given).status_code == 302
    again = manager.post(path, given)
    assert again.status_code == 400 and "already exists" in again.content.decode()
    meter = Meter.objects.get(name="stairs")
    manager.post(f"/common-meters/{meter.pk}/change/", {"role": "common", "power_highest": "8000", "part": "Stairs A"})
    meter.refresh_from_db()
    assert (meter.power_highest, meter.part.name, meter.gateway.name) == (8000, "Stairs A", "g1")
    cost = SharedCost.objects.create(property=home, name="Light")
    cost.meters.add(meter)
    assert "This meter measures the energy of the shared cost Light. End that shared cost first." in did(
        manager, f"/common-meters/{meter.pk}/archive/"
    )
    assert 'name="meters"' in manager.get(f"/properties/{home.pk}/shared-costs/?add").content.decode()
    SharedCost.objects.update(ends=1)
    did(manager, f"/common-meters/{meter.pk}/archive/")
    # What is shared from now on is not offered it; what was shared stays as it was.
    assert 'name="meters"' not in manager.get(f"/properties/{home.pk}/shared-costs/?add").content.decode()


def test_a_tariff_in_force_is_not_archived_and_an_archived_one_is_not_offered(manager, building):
    owner = building.property.organisation
    used = Tariff.objects.get()
    assert "flat is in force at Linden 5" in did(manager, f"/tariffs/{used.pk}/archive/")[0]
    old = keep(owner, flat_tariff("old one", "EUR", ZONE, 1))
    page = f"/properties/{building.property.pk}/tariffs/"
    assert "old one" in manager.get(page).content.decode()
    did(manager, f"/tariffs/{old.pk}/archive/")
    assert "old one" not in manager.get(page).content.decode()
    batch = f"/properties/{building.property.pk}/batches/"
    assert "old one" not in manager.get(batch).content.decode()
    given = {"do": "tariff", "tariff": old.pk, "unit": Unit.objects.get(name="Flat 1").pk}
    assert "Choose a tariff." in manager.post(f"{batch}preview/", given, follow=True).content.decode()
    did(manager, f"/tariffs/{old.pk}/archive/", "restore")
    assert "old one" in manager.get(page).content.decode()
    did(manager, f"/tariffs/{old.pk}/archive/")
    # Typed again it is the same one, and can be chosen.
    assert keep(owner, flat_tariff("old one", "EUR", ZONE, 1)) == old
    assert "old one" in manager.get(page).content.decode()


def test_a_building_is_archived_when_it_is_empty(manager, building):
    home = building.property
    assert "lives at" in did(manager, f"/properties/{home.pk}/archive/")[0]
    Tenancy.objects.all().update(ends=2, begins=1, settled_at=3)
    did(manager, f"/properties/{home.pk}/archive/")
    assert shown(manager) == [] and Gateway.objects.get().is_revoked
    assert home.name in manager.get("/landlord/").content.decode().partition("Archived buildings")[2]
    did(manager, f"/properties/{home.pk}/archive/", "restore")
    assert shown(manager) == ["Flat 1", "Flat 2", "Flat 3"]


def test_what_was_made_is_changed(manager, building):
    home = building.property
    assert manager.post(f"/properties/{home.pk}/", {"name": "Linden 7"}).status_code == 302
    page = manager.post("/properties/add/", {"name": " Linden  7", "zone": ZONE, "currency": "EUR"})
    assert page.status_code == 400 and "Another building has this name" in page.content.decode()
    # Journals are written in it.
    manager.post(f"/properties/{home.pk}/", {"name": "Linden 7", "zone": "Asia/Shanghai", "currency": "CNY"})
    home.refresh_from_db()
    assert (home.name, home.zone, home.currency) == ("Linden 7", ZONE, "EUR")
    flat = Unit.objects.get(name="Flat 3")
    given = {"name": "flat 1", "area": "52,5", "occupants": "2", "fuse": "9000", "parts": "Stairs A; Yard"}
    page = manager.post(f"/units/{flat.pk}/change/", given)
    assert page.status_code == 400 and "Another flat here has this name" in page.content.decode()
    assert "Stairs A; Yard" in page.content.decode()
    assert manager.post(f"/units/{flat.pk}/change/", {**given, "name": "Flat 3b"}).status_code == 302
    flat.refresh_from_db()
    assert (flat.name, str(flat.area), flat.meter.power_highest) == ("Flat 3b", "52.50", 9000)
    assert [part.name for part in flat.parts.all()] == ["Stairs A", "Yard"]
    attic = Unit.objects.create(property=home, name="Attic")
    assert units_without_meter(Gateway.objects.get()) == ["Attic"]
    page = manager.post(f"/units/{attic.pk}/change/", {**given, "name": "Attic", "meter": "m1"})
    assert page.status_code == 400 and not Meter.objects.filter(unit=attic).exists()
    manager.post(f"/units/{attic.pk}/change/", {**given, "name": "Attic", "meter": "m9"})
    assert Meter.objects.get(unit=attic).name == "m9"
    manager.post(
        "/landlord/",
        {"name": "Berg & Co", "adjustment_limit": "75", "refund_reminder": "30", "refund_unclaimed": "365"},
    )
    home.organisation.refresh_from_db()
    assert (home.organisation.name, home.organisation.adjustment_limit) == ("Berg & Co", 75)


def test_a_meter_that_was_taken_away_raises_no_alarm_of_silence_and_ends_no_balance(lived, building, clock):

    stairs, store = Meter.objects.get(name="stairs"), Store(range(SHARDS))
    for meter in ("stairs", "main"):
        lived.append(meter, lived.accounts[meter].event(clock.at, "meter-lost", "no answer"))
    lived.deliver(store)
    gone = install(None, Gateway.objects.get(), "gone", role=Meter.Role.COMMON)
    Meter.objects.filter(pk__in=(stairs.pk, gone.pk)).update(archived_at=clock.now())
    assert sum(span.common for span in balance(building.property, clock.at - DAY, clock.at)) > 0
    Gateway.objects.update(is_online=True, since=1)
    clock.at += DAY
    look()
    assert list(Silence.objects.values_list("meter__name", flat=True)) == ["main"]


def _offered(name, page):
    return re.search(rf"<option[^>]*>\s*{name}", page)


def test_a_keypad_meter_is_renamed_and_archived_once_it_hangs_nowhere(manager, building):
    tenancy = keypad_flat(building.property, "Attic", tenant="Sam")
    meter = TokenMeter.objects.get(unit=tenancy.unit)
    page = f"/keypad-meters/{meter.pk}/"
    manager.post(page, {"do": "rename", "name": "  Roof   meter "})
    assert "belongs to Attic" in did(manager, page)[-1]
    meter.refresh_from_db()
    assert (meter.name, meter.archived_at) == ("Roof meter", None)
    assert _offered("Roof meter", manager.get("/keypad-meters/").content.decode())
    manager.post(page, {"do": "place", "unit": "nowhere"})
    did(manager, page)
    listed = manager.get("/keypad-meters/").content.decode()
    assert "Roof meter" in listed.partition("Archived meters")[2] and not _offered("Roof meter", listed)
    manager.post("/keypad-meters/", {"do": "units", "meter": meter.pk, "kwh": "5"})
    assert not meter.codes.exists()
    did(manager, page, "restore")
    assert "Archived meters" not in manager.get("/keypad-meters/").content.decode()


def test_nobody_moves_into_what_is_archived_and_no_move_is_put_right_into_it(manager, building, clock):
    home, flat = building.property, Unit.objects.get(name="Flat 3")
    gone = Tenancy.objects.create(unit=flat, tenant="Zoe", begins=clock.now() - DAY, ends=clock.now(), settled_at=1)
    clock.at += DAY
    did(manager, f"/units/{flat.pk}/archive/")
    with pytest.raises(ValidationError, match="This unit is archived"):
        move_in(flat, "Sam", clock.now())
    with pytest.raises(ValidationError, match="This unit is archived"):
        put_right(gone, Change(stays=True), "boss", "she stays")
    # What is past can be put right all the same.
    put_right(gone, Change(tenant="Zoe B"), "boss", "a letter was missing")
    did(manager, f"/units/{flat.pk}/archive/", "restore")
    Tenancy.objects.update(begins=1, ends=2, settled_at=3)
    did(manager, f"/properties/{home.pk}/archive/")
    with pytest.raises(ValidationError, match="whole building is archived"):
        move_in(flat, "Sam", clock.now())
    page = manager.post(
        f"/properties/{home.pk}/units/add/", {"list": sealed(typed_apartments("Attic", "EUR", ZONE).apartments)}
    )
    assert "The whole building is archived" in page.content.decode() and not Unit.objects.filter(name="Attic").exists()


def test_what_comes_back_is_heard_by_the_server(manager, building, clock):
    home, flat, gateway = building.property, Unit.objects.get(name="Flat 3"), Gateway.objects.get()
    Tenancy.objects.update(ends=2, begins=1, settled_at=3)
    Gateway.objects.update(is_online=True, since=1)
    for unit in home.units.all():
        did(manager, f"/units/{unit.pk}/archive/")
    did(manager, f"/gateways/{gateway.pk}/archive/")
    gateway.refresh_from_db()
    # Its farewell is not accepted any more.
    assert (gateway.is_revoked, gateway.is_online, gateway.since) == (True, False, clock.now())
    assert did(manager, f"/units/{flat.pk}/archive/", "restore") == ["g1 is archived. Bring it back first."]
    did(manager, f"/gateways/{gateway.pk}/archive/", "restore")
    assert did(manager, f"/units/{flat.pk}/archive/", "restore") == ["Flat 3 is back."]
    spare = Gateway.objects.create(property=home, name="spare", is_revoked=True)
    did(manager, f"/properties/{home.pk}/archive/")
    assert Gateway.objects.get(pk=gateway.pk).is_revoked
    did(manager, f"/properties/{home.pk}/archive/", "restore")
    # The one at which a flat hangs comes back with the building.
    assert list(Gateway.objects.filter(is_revoked=True)) == [spare]
    with pytest.raises(InstallError, match="spare is archived"):
        install(None, Gateway.objects.get(pk=spare.pk), "roof", role=Meter.Role.COMMON)


def test_a_revoked_gateway_at_which_somebody_lives_is_to_be_seen_to(building):
    Gateway.objects.update(is_online=False, since=1, is_revoked=True)
    keep_to_do([building.property.organisation])
    assert ToDo.objects.filter(kind=ToDo.Kind.GATEWAY).count() == 1
    Tenancy.objects.update(ends=2, begins=1, settled_at=3)
    keep_to_do([building.property.organisation])
    assert not ToDo.objects.filter(kind=ToDo.Kind.GATEWAY).exists()
