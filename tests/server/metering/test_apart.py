"""Jobs over many: what fails for one is told, and the others go on."""

from datetime import date

import pytest
from django.db import OperationalError

from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.apart import apart, meter_or_gateway_of
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.notices import watching
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments import settlement
from prewatt.server.payments.models import SettlementFile, SettlementLine
from prewatt.server.payments.settlement import book_what_was_missed
from prewatt.server.tenancies import moving as tenancies
from prewatt.server.tenancies.moving import move_out, settle_what_is_due
from prewatt.server.vending.account_settings import refresh_settings
from prewatt.server.vending.models import Command
from tests.gateway import Edge
from tests.server.payments.paying import start_payment

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
    alarm = Alarm.objects.get(is_resolved=False)
    assert (alarm.meter.name, alarm.kind) == ("m2", "job-failed")
    assert "odd data" in alarm.text
    broken.clear()
    assert look() == ["m1", "m2", "m3"]
    assert not Alarm.objects.filter(is_resolved=False).exists()


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
    assert Alarm.objects.get().is_resolved


def test_settings_that_cannot_be_read_hold_up_nobody_else_s(building):
    from prewatt.server.estate.models import Property

    refresh_settings()
    Property.objects.update(friendly_holidays="DE")
    Command.objects.filter(meter__name="m1", kind="settings").update(body=b"noise")
    assert [meter.name for meter in refresh_settings()] == ["m2", "m3"]
    assert Alarm.objects.get().meter.name == "m1"


def test_a_tenant_of_whom_nothing_can_be_told_keeps_nobody_else_from_it(building, tenancy, clock, monkeypatch):
    for each in Tenancy.objects.all():
        add_channel(recipient_of(each), "webhook", "https://example.org/x")
    look = watching.TenantLook.look

    def odd(self):
        if self.tenancy == tenancy:
            raise ZeroDivisionError("odd data")
        look(self)

    with monkeypatch.context() as patch:
        patch.setattr(watching.TenantLook, "look", odd)
        watching.watch()
    assert Alarm.objects.get().meter.name == "m1"
    assert not recipient_of(tenancy).looked_at and recipient_of(Tenancy.objects.get(tenant="Ben")).looked_at
    watching.watch()
    assert Alarm.objects.get().is_resolved and recipient_of(tenancy).looked_at


def test_what_fails_of_a_tenancy_without_a_meter_is_told_too(building, tenancy):
    Meter.objects.filter(unit=tenancy.unit).update(unit=None, role="common")
    assert meter_or_gateway_of(tenancy) == Gateway.objects.get()


def test_a_line_of_a_settlement_file_that_cannot_be_credited_holds_up_no_other(tenancy, merchants, clock, monkeypatch):
    merchant = merchants["stripe"]
    file = SettlementFile.objects.create(merchant=merchant, day=date(2025, 10, 6), fetched_at=clock.at)
    payments = [start_payment(tenancy, merchant, asked=f"a{number}") for number in range(2)]
    for number, each in enumerate(payments):
        SettlementLine.objects.create(
            file=file,
            merchant=merchant,
            line_id=f"{number}",
            kind="payment",
            payment_id=each.payment_id,
            provider_id=f"tx{number}",
            amount=each.amount,
            fee=0,
            currency="CNY",
            at=clock.at,
        )
    confirm = settlement.confirm

    def odd(owner, told, seen_by):
        if told.provider_id == "tx0":
            raise ValueError("what is this")
        return confirm(owner, told, seen_by)

    with monkeypatch.context() as patch:
        patch.setattr(settlement, "confirm", odd)
        assert book_what_was_missed() == payments[1:]
    assert "what is this" in Alarm.objects.get().text
    assert book_what_was_missed() == payments[:1]
    assert Alarm.objects.get().is_resolved and book_what_was_missed() == []
