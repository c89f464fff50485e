"""A gateway is who has spent its one-time code."""

import json
from datetime import timedelta

import msgspec
import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from prewatt.kernel.units import NANO
from prewatt.server.commissioning.enrolment import new_code
from prewatt.server.commissioning.installing import InstallError
from prewatt.server.core.home_secrets import broker_password
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.command_numbers import renumber
from prewatt.server.vending.models import Command, TokenMeter
from prewatt.wire.enrolling import Enrolling
from prewatt.wire.sealing import SealedError
from prewatt.wire.signing import SigningKey
from tests.enrolling import enrol
from tests.gateway import Edge, take

pytestmark = pytest.mark.database

PUBLIC = SigningKey.generate().public()


def test_a_code_makes_the_gateway_known_once(building):
    answer = enrol(building.code, PUBLIC)
    assert (answer.gateway, [meter["name"] for meter in answer.meters]) == ("g1", ["m1", "m2", "m3"])
    assert bytes(Gateway.objects.get().public_key) == PUBLIC
    with pytest.raises(InstallError, match=r"already\. Make a new one: on .* Flats and gateways"):
        enrol(building.code, SigningKey.generate().public())
    assert bytes(Gateway.objects.get().public_key) == PUBLIC


def test_a_new_code_replaces_the_old_one_and_a_new_key_counts_anew(building):
    enrol(building.code, PUBLIC)
    Gateway.objects.update(epoch=7, number=99)
    first, second = new_code(Gateway.objects.get()), new_code(Gateway.objects.get())
    other = SigningKey.generate().public()
    with pytest.raises(InstallError):
        enrol(first, other)
    enrol(second, other)
    gateway = Gateway.objects.get()
    assert (bytes(gateway.public_key), gateway.epoch, gateway.number) == (other, 0, 0)


def test_a_code_ends_after_a_day_and_is_not_spent_by_who_comes_late(building):
    Gateway.objects.update(code_ends=timezone.now() - timedelta(seconds=1))
    with pytest.raises(
        InstallError, match=rf"24 hours old\. .* page /properties/{building.property.pk}/gateways/\. Or .* code g1\."
    ):
        enrol(building.code, PUBLIC)
    assert Gateway.objects.get().public_key is None
    assert reverse("console:estate:gateways", args=[building.property.pk]).endswith("/gateways/"), "that page is there"
    code = new_code(Gateway.objects.get())
    left = Gateway.objects.get().code_ends - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert enrol(code, PUBLIC).gateway == "g1"


def test_managers_are_told_when_a_gateways_key_changes(building):
    enrol(building.code, PUBLIC)
    assert not Alarm.objects.filter(kind="gateway-key").exists()
    enrol(new_code(Gateway.objects.get()), SigningKey.generate().public())
    assert "enrolled again, with another key" in Alarm.objects.get(kind="gateway-key").text


@pytest.mark.parametrize(
    "name", ["headend", "_headend", "_probe", "probe", "$SYS", "a.b", "a/b", "+", "#", "*", ">", "A b"]
)
def test_names_that_the_broker_knows_or_reads_otherwise_are_refused_in_words(building, name):
    gateway = Gateway(property=Gateway.objects.get().property, name=name)
    with pytest.raises(ValidationError, match=r"Choose another one|small letters, digits and hyphens"):
        gateway.full_clean()


@pytest.mark.parametrize("code", ["", "x", "0" * 20, "\x00"])
def test_a_code_that_is_none_is_refused(building, code):
    with pytest.raises(InstallError):
        enrol(code, PUBLIC)


def test_a_key_that_is_none_does_not_spend_the_code(building):
    with pytest.raises(InstallError, match="not an Ed25519 key"):
        enrol(building.code, b"short")
    assert enrol(building.code, PUBLIC)


def test_a_revoked_gateway_cannot_enrol(building):
    Gateway.objects.update(is_revoked=True)
    with pytest.raises(InstallError):
        enrol(building.code, PUBLIC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"code": "x", "public_key": "00"}',
        Enrolling("x", PUBLIC).body().replace(b'"public_key":"', b'"public_key":"no hex'),
        Enrolling("x", PUBLIC).body() + b"0" * 20_000,
        b"[" * 5_000,
    ],
)
def test_nonsense_is_answered_with_400_and_says_what_is_wrong(client, building, body):
    answer = client.post("/api/gateways/enrol", body, content_type="application/json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"]
    assert Gateway.objects.get().public_key is None


def test_the_answer_holds_what_the_gateway_needs(client, building):
    enrolling = Enrolling(building.code, PUBLIC)
    answer = client.post("/api/gateways/enrol", enrolling.body(), content_type="application/json")
    assert answer.status_code == 200
    told = json.loads(enrolling.open(answer.content))
    assert set(told) == {
        "gateway",
        "server_key",
        "broker_port",
        "broker_password",
        "broker_tls",
        "broker_ca",
        "broker_any_name",
        "property",
        "property_id",
        "meters",
        "units",
    }
    first = told["meters"][0]
    assert (told["property"], first["name"], first["unit"]) == ("Linden 5", "m1", "Flat 1")
    assert len(first["token"]["key"]) == 32 and "state" not in first
    assert client.get("/api/gateways/enrol").status_code == 405


def test_who_listens_learns_neither_the_code_nor_a_key_and_can_enrol_nothing(client, building):
    enrolling = Enrolling(building.code, PUBLIC)
    # Somebody in between puts keys of their own into the call, or sends one for the same code.
    mine = Enrolling("", SigningKey.generate().public()).call
    for own in (
        {"public_key": mine.public_key},
        {"reply_key": mine.reply_key},
        {"public_key": mine.public_key, "reply_key": mine.reply_key, "proof": mine.proof},
    ):
        call = msgspec.structs.replace(enrolling.call, **own)
        answer = client.post("/api/gateways/enrol", msgspec.json.encode(call), content_type="application/json")
        assert answer.status_code == 400
    assert Gateway.objects.get().public_key is None
    answer = client.post("/api/gateways/enrol", enrolling.body(), content_type="application/json")
    key = json.loads(enrolling.open(answer.content))["meters"][0]["token"]["key"]
    for crossed in (enrolling.body(), answer.content):
        assert building.code.encode() not in crossed and key.encode() not in crossed
    # What has crossed can't be opened with the code alone either: the key of the answer has gone.
    with pytest.raises(SealedError):
        Enrolling(building.code, PUBLIC).open(answer.content)
    assert client.post("/api/gateways/enrol", enrolling.body(), content_type="application/json").status_code == 400


def test_a_gateway_that_is_replaced_gets_another_password_and_its_meters_state(client, building, clock, store):
    edge = Edge(building.code, clock)
    edge.obey("m1")
    edge.deliver(store)
    first = client.post("/api/gateways/enrol", "{}", content_type="application/json")
    assert first.status_code == 400
    gateway = Gateway.objects.get()
    old = broker_password(django_settings.CONFIG, gateway.broker_secret())
    other = SigningKey.generate()
    enrolling = Enrolling(new_code(gateway), other.public())
    answer = client.post("/api/gateways/enrol", enrolling.body(), content_type="application/json")
    told = json.loads(enrolling.open(answer.content))
    assert told["broker_password"] != old
    meter = Meter.objects.get(name="m1")
    states = {each["name"]: each.get("state") for each in told["meters"]}
    assert states["m1"] == {"seq": meter.seq, "head": bytes(meter.head).hex(), "account": bytes(meter.account).hex()}
    assert states["m2"] is None
    # What the old one signs is refused.
    edge.read("m1", 7)
    assert [refusal.reason for refusal in take(store, edge.upload("m1", meter.seq + 1)).refusals] == ["signature"]


def test_a_meter_from_before_there_were_codes_gets_its_key_when_its_gateway_is_enrolled_anew(building):
    TokenMeter.objects.all().delete()
    told = enrol(building.code, PUBLIC)
    assert all(len(meter["token"]["key"]) == 32 for meter in told.meters)
    assert TokenMeter.objects.count() == 3


def test_the_server_hands_over_whatever_kind_of_meter_it_is_told_and_refuses_what_can_be_none(building):
    meter = Meter.objects.get(name="m1")
    meter.driver = "a_kind_of_tomorrow"
    meter.full_clean()
    meter.save()
    kinds = {each["name"]: each["driver"] for each in enrol(building.code, PUBLIC).meters}
    assert kinds == {"m1": "a_kind_of_tomorrow", "m2": "recorded", "m3": "recorded"}
    for wrong in ("DL/T 645", "", "x" * 33, "../x", "é"):
        meter.driver = wrong
        with pytest.raises(ValidationError, match="driver"):
            meter.full_clean()


def test_who_has_paid_gets_it_from_a_new_gateway_though_the_one_before_was_ahead_of_the_server(building, tenancy):
    """As after a copy of the server was put back: the new gateway goes on from there, and takes up orders from there on."""
    meter = Meter.objects.get(name="m1")
    Meter.objects.filter(pk=meter.pk).update(told_seq=195, told_command=38, commands=38)
    assert top_up(tenancy, NANO, "paid").command.number == 39
    enrol(building.code, PUBLIC)
    renumber(meter)
    numbers = list(Command.objects.filter(meter=meter).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(meter.taken + 1, meter.taken + 1 + len(numbers)))
