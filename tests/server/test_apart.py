"""Jobs over many: what fails for one is told, and the others go on."""

import pytest
from django.db import OperationalError

from prewatt.server.apart import apart
from prewatt.server.billing import tenancies
from prewatt.server.billing.tenancies import move_out, settle_what_is_due
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.metering.services import refresh_settings
from prewatt.server.vending.models import Command
from tests.gateway import Edge

pytestmark = pytest.mark.database


def test_what_fails_for_one_is_told_once_and_settled_when_it_succeeds(building):
    broken = {"m2"}

    def work(meter):
        if meter.name in broken:
            raise ZeroDivisionError("odd data")
        return meter.name

    def look():
        return apart("looking", Meter.objects.order_by("name"), work, lambda meter: meter)

    assert look() == look() == ["m1", "m3"]
    alarm = Alarm.objects.get(settled=False)
    assert (alarm.meter.name, alarm.kind) == ("m2", "job-failed")
    assert "odd data" in alarm.text
    broken.clear()
    assert look() == ["m1", "m2", "m3"]
    assert not Alarm.objects.filter(settled=False).exists()


def test_a_database_that_is_away_is_nobody_s_fault(building):
    def work(_meter):
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        apart("looking", Meter.objects.all(), work, lambda meter: meter)
    assert not Alarm.objects.exists()


def test_a_settlement_that_fails_holds_up_no_other(building, clock, store, monkeypatch):
    edge = Edge(building.code, clock)
    for tenancy in Tenancy.objects.all():
        clock.at += 60_000_000
        move_out(tenancy, clock.at)
    clock.at += 60_000_000
    for meter in ("m1", "m2"):
        edge.read(meter, 1000)
        edge.obey(meter)
    edge.deliver(store)
    settle = tenancies.settle

    def odd(tenancy, *more):
        if tenancy.tenant == "Anna":
            raise ValueError("what is this")
        settle(tenancy, *more)

    with monkeypatch.context() as patch:
        patch.setattr(tenancies, "settle", odd)
        assert [each.tenant for each in settle_what_is_due()] == ["Ben"]
    assert Alarm.objects.get().meter.name == "m1"
    assert [each.tenant for each in settle_what_is_due()] == ["Anna"]
    assert Alarm.objects.get().settled


def test_settings_that_cannot_be_read_hold_up_nobody_else_s(building):
    from prewatt.server.estate.models import Property

    refresh_settings()
    Property.objects.update(friendly_holidays="DE")
    Command.objects.filter(meter__name="m1", kind="settings").update(body=b"noise")
    assert [meter.name for meter in refresh_settings()] == ["m2", "m3"]
    assert Alarm.objects.get().meter.name == "m1"
