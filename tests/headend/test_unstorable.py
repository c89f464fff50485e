"""A message that is signed and well formed, and holds a value that no column can hold: whom it holds up."""

import logging

import pytest
from django.db import DataError
from msgspec.structs import replace

from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.shell import Worker
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    Controlled,
    CreditApplied,
    CreditByCode,
    DebitApplied,
    Doubtful,
    Event,
    OnSite,
    Rebased,
    Recognised,
    Refused,
    Relay,
    TariffApplied,
    encode_entry,
)
from prewatt.kernel.events import EventKind
from prewatt.kernel.orders import Close, SetPin
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import INT64_MAX, NANO
from prewatt.server.commissioning.enrolment import new_code
from prewatt.server.core.config import load_config
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter, Refusal
from prewatt.server.sales import openings
from prewatt.server.sales.top_ups import top_up
from prewatt.wire.messages import LineStatus, Live, LiveMeter, MeterState, Span, Status, Upload
from prewatt.wire.signing import SigningKey
from tests.enrolling import enrol
from tests.gateway import Edge, take

pytestmark = pytest.mark.database


@pytest.fixture
def edge(transactional_db, building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def worker(edge, tmp_path):
    return Worker(load_config({"PREWATT_HOME": str(tmp_path)}), DispatchPolicy())


def numbered(edge):
    edge.number += 1
    return edge.number


TEXTS = {
    "a line's port": lambda edge: edge.send(
        Status("g1", 1, numbered(edge), 0, lines=(LineStatus("line", "\0", "gone", ("m1",)),))
    ),
    "a switch": lambda edge: edge.status("m1", switch="\0"),
    "a quantity": lambda edge: edge.status("m1", quantities={"\0": 1}),
    "a cause": lambda edge: edge.send(Live("g1", 1, numbered(edge), b"s", (LiveMeter("m1", 0, cause="\0"),))),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_sign_of_life_with_a_text_that_the_database_cannot_hold_is_one(edge, store, name):
    take(store, TEXTS[name](edge))
    assert Gateway.objects.get().number == edge.number


def test_a_message_that_the_database_cannot_hold_does_not_hold_up_the_others(worker, edge, monkeypatch):
    original = worker._store.commit

    def commit(plan):
        if plan.statuses:
            raise DataError("bigint out of range")
        original(plan)

    monkeypatch.setattr(worker._store, "commit", commit)
    edge.read("m2", 500)
    worker._ingest([edge.status("m1"), edge.upload("m2")], Dispatch(0.0, DispatchPolicy(), []))
    assert Meter.objects.get(name="m2").seq == 1


NUL = "a\0b"
ENTRIES = {
    "an event that is told": lambda at: Event(2, at, 0, EventKind.REGISTER_STILL, NUL),
    "an event of no kind": lambda at: Event(2, at, 0, NUL, NUL),
    "a doubt": lambda at: Doubtful(2, at, 0, 1, NUL),
    "a base": lambda at: Rebased(2, at, 0, 1, 1, NUL),
    "a switch": lambda at: Relay(2, at, 0, True, NUL),
    "a code": lambda at: CreditByCode(2, at, NANO, 7, NANO, NUL),
    "on site": lambda at: OnSite(2, at, 0, Close(), NUL, NUL, NUL),
    "a credit": lambda at: CreditApplied(2, at, NANO, 1, NUL, NANO, NUL, of=b"another"),
    "a debit": lambda at: DebitApplied(2, at, -NANO, 1, NUL, NANO, NUL, of=b"another"),
    "nothing new": lambda at: Recognised(2, at, 0, 1, 7, NUL, of=b"another"),
    "an order": lambda at: Controlled(2, at, 0, 1, SetPin(NUL), NUL, NUL, of=b"another"),
    "a tariff": lambda at: TariffApplied(2, at, 0, 1, at, flat_tariff(NUL, "EUR", "Europe/Berlin", 1), of=b"another"),
    "a refusal": lambda at: Refused(2, at, 0, 1, NUL, of=b"another"),
    "a refusal of what is open": lambda at: Refused(2, at, 0, 1, NUL),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_journal_goes_on_behind_a_text_that_the_database_cannot_hold(edge, store, clock, name):
    edge.read("m1", 500)
    last = edge.accounts["m1"].event(clock.at, "clock-set", "")
    bodies = [*edge.bodies["m1"], encode_entry(ENTRIES[name](clock.at)), encode_entry(replace(last, seq=3))]
    result = take(store, edge.send(Upload("g1", 1, numbered(edge), (Span("m1", 1, tuple(bodies)),))))
    assert not result.broken
    assert Meter.objects.get(name="m1").seq == 3
    assert [bytes(each.body) for each in JournalEntry.objects.order_by("seq")] == bodies


def test_a_state_with_a_text_that_the_database_cannot_hold_is_gone_on_from(edge, store, clock):
    account = edge.accounts["m1"]
    for _time in range(3):
        edge.read("m1", 500)
    account.serial = NUL
    states = (MeterState("m1", 3, bytes(32), account.dump()),)
    take(store, edge.send(Upload("g1", 1, numbered(edge), (), (), b"s", states)))
    openings.go_on(Alarm.objects.get(), "manager")
    assert Meter.objects.get(name="m1").seq == 3


def test_it_is_counted_each_time_and_logged_once(worker, edge, caplog, monkeypatch):
    def commit(_plan):
        raise DataError("bigint out of range")

    monkeypatch.setattr(worker._store, "commit", commit)
    for _again in range(3):
        worker._ingest([edge.status("m1")], Dispatch(0.0, DispatchPolicy(), []))
    worker._beat()
    assert Refusal.objects.get(gateway="g1", reason="malformed").count == 3
    assert len([each for each in caplog.records if each.levelno >= logging.ERROR]) == 1


@pytest.mark.parametrize("number", [2**62, 2**62 + 1, INT64_MAX])
def test_a_number_that_a_gateway_makes_up_leaves_room_for_the_commands_of_the_gateway_after_it(edge, store, number):
    take(store, edge.status("m1", seq=number, command=number))
    enrol(new_code(Gateway.objects.get()), SigningKey.generate().public())
    Gateway.objects.update(is_online=True)
    top_up(Tenancy.objects.get(unit__meter__name="m1"), NANO, "paid")
    assert [each.number for each in store.pending() if each.meter == "m1"] == [1, 2, 3]


def test_a_state_with_more_commands_than_entries_is_not_asked_about(edge, store):
    account = Account()
    account.seq, account.command = 9, 10
    states = (MeterState("m1", 9, bytes(32), account.dump()),)
    take(store, edge.send(Upload("g1", 1, numbered(edge), (), (), b"s", states)))
    assert not Alarm.objects.exists()
