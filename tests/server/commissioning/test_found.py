"""A gateway tells of a meter at a unit that has none; the manager confirms it, and it exists from then on."""

import msgspec
import pytest

from prewatt.server.estate.models import Unit
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.wire.commissioning import Asked, FoundAt
from prewatt.wire.commissioning_call import open_answered, signed
from prewatt.wire.sealing import Receiver
from prewatt.wire.signing import SigningKey, VerifyKey
from tests.enrolling import enrol

pytestmark = pytest.mark.database
KEY = SigningKey.generate()


@pytest.fixture
def call(building, client):
    answer = enrol(building.code, KEY.public())
    Unit.objects.create(property=Gateway.objects.get().property, name="Attic")

    def call(*found, key=KEY, at=None):
        from prewatt.server.core.time import now

        receiver = Receiver()
        asked = Asked("g1", now() if at is None else at, receiver.public.hex(), found)
        response = client.post("/api/gateways/set-up", signed(key, asked), content_type="application/json")
        if response.status_code == 400:
            return response.content.decode()
        return open_answered(VerifyKey(bytes.fromhex(answer.server_key)), response.content, asked, receiver)

    return call


def test_a_meter_that_was_found_exists_once_the_manager_confirms_it(call, building, client):
    from django.contrib.auth import get_user_model

    found = FoundAt("Attic", "202411110002", "dlt645-2007", 12_345)
    assert call(found).units == ["Attic"]
    call(found)
    alarm = Alarm.objects.get(kind="meter-found")
    assert "202411110002 (dlt645-2007) at Attic. The meter shows 12.345 kWh" in alarm.text
    client.force_login(get_user_model().objects.get(username="manager"))
    assert "Register it" in client.get(f"/alarms/{alarm.pk}/").content.decode()
    client.post(f"/alarms/{alarm.pk}/", {"do": "register"})
    meter = Meter.objects.get(name="202411110002")
    assert (meter.unit.name, meter.driver) == ("Attic", "bus")
    answer = call()
    mine = next(row for row in answer.meters if row["name"] == "202411110002")
    assert (mine["unit"], mine["driver"], answer.units, "token" in mine) == ("Attic", "bus", [], True)
    assert not Alarm.objects.filter(kind="meter-found", is_resolved=False).exists()
    client.post(f"/alarms/{alarm.pk}/", {"do": "register"})
    assert Meter.objects.filter(unit__name="Attic").count() == 1


def test_nobody_else_gets_the_list(call):
    assert call(key=SigningKey.generate()) == "the signature is not the gateway's"
    assert "differ by more than a quarter of an hour" in call(at=1)
    Gateway.objects.update(is_revoked=True)
    assert call() == "This gateway is not enrolled here."
    assert Alarm.objects.count() == 0


def test_a_unit_with_a_meter_is_left_alone(call):
    unit = Meter.objects.get(name="m1").unit.name
    call(FoundAt(unit, "77", "dlt645-2007", 1), FoundAt("Nowhere", "78", "dlt645-2007", 1))
    assert not Alarm.objects.filter(kind="meter-found").exists()


def test_what_is_no_call_is_refused(client, db):
    for body in (b"", b"{}", msgspec.json.encode({"body": "{}", "signature": "0" * 128})):
        assert client.post("/api/gateways/set-up", body, content_type="application/json").status_code == 400
