"""The gateway's own call for its flats, against the real endpoint: who is refused, who meets whom, and what nonsense does."""

import io
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from prewatt.edge.commissioning import server_list
from prewatt.edge.commissioning.server_list import ask_server, to_tell
from prewatt.edge.commissioning.survey import Compared, Flat, FoundMeter, Survey, SurveyError
from prewatt.edge.commissioning.trying import Look
from prewatt.server.commissioning import found
from prewatt.server.commissioning.apartments import Apartment
from prewatt.server.commissioning.enrolment import new_code
from prewatt.server.core.time import now
from prewatt.server.estate.models import Unit
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.wire.commissioning import CLOCKS_DIFFER, Asked, Envelope, FoundAt
from prewatt.wire.commissioning_call import signed
from prewatt.wire.sealing import Receiver
from prewatt.wire.signing import SigningKey
from tests.building import set_up
from tests.edge.test_shell import made_settings
from tests.enrolling import enrol

pytestmark = pytest.mark.database
URL = "/api/gateways/set-up"
REPLY = Receiver().public.hex()
GOOD = Look("dlt645-2007", "202411110002", 12_345)


class _Answer(io.BytesIO):
    """An answer over HTTP, as `urllib` hands it out."""


@pytest.fixture
def gateway(building, client, tmp_path, monkeypatch):
    """The settings of gateway g1, whose calls reach the server that is tested."""

    def urlopen(request, timeout):
        assert timeout == server_list.WITHIN_S and request.full_url == f"http://server{URL}"
        response = client.post(URL, request.data, content_type="application/json")
        if response.status_code != 200:
            raise urllib.error.HTTPError(request.full_url, response.status_code, "", {}, io.BytesIO(response.content))
        return _Answer(response.content)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    Unit.objects.create(property=Gateway.objects.get().property, name="Attic")
    return enrolled(building.code, tmp_path)


def enrolled(code, folder):
    """The settings of a gateway that has just spent a code, with a key of its own."""
    folder.mkdir(exist_ok=True)
    settings = made_settings(folder, server="http://server")
    answer = enrol(code, SigningKey.load(Path(settings.key)).public())
    return msgspec.structs.replace(settings, gateway=answer.gateway, server_key=answer.server_key)


def test_a_gateway_gets_its_flats_and_tells_of_a_meter_that_was_compared(gateway):
    assert [(flat.key, bool(flat.name)) for flat in ask_server(gateway, [], now)][-1] == ("Attic", False)
    meter = FoundMeter(
        1, "/dev/ttyUSB0", "2400 8E1", "line", "dlt645", "dlt645-2007", "202411110002", looks=(GOOD,), flat="Attic"
    )
    survey = Survey((Flat("Attic"),), (meter,))
    assert to_tell(survey) == []
    survey.change(1, compared=Compared("12.34", 12_345, 1))
    ask_server(gateway, to_tell(survey), now)
    assert Alarm.objects.get(kind="meter-found").data["serial"] == "202411110002"


def test_who_is_refused_reads_why(gateway, tmp_path):
    with pytest.raises(SurveyError, match="http://server: The gateway's clock and the server's differ"):
        ask_server(gateway, [], lambda: now() - CLOCKS_DIFFER - 1_000_000)
    # A gateway that was replaced: its key is worth nothing any more, and that of the new one is.
    again = enrolled(new_code(Gateway.objects.get()), tmp_path / "new")
    with pytest.raises(SurveyError, match="http://server: the signature is not the gateway's"):
        ask_server(gateway, [], now)
    assert ask_server(again, [], now)
    Gateway.objects.update(is_revoked=True)
    with pytest.raises(SurveyError, match="This gateway is not enrolled here"):
        ask_server(again, [], now)
    with pytest.raises(SurveyError, match="the answer is not the server's"):
        Gateway.objects.update(is_revoked=False)
        ask_server(msgspec.structs.replace(again, server_key=SigningKey.generate().public().hex()), [], now)
    with pytest.raises(SurveyError, match="The server's address is missing"):
        ask_server(msgspec.structs.replace(again, server=""), [], now)


def test_a_gateway_of_another_landlord_sees_and_tells_of_its_own_units_alone(gateway, clock, tmp_path):
    flats = [Apartment("Flat 1", "n1", "Anna"), Apartment("Cellar", "n2", "Ben")]
    other = set_up(clock, organisation="Tal Homes", name="Elm 7", apartments=flats, gateway="g2", manager="other")
    theirs = enrolled(other.code, tmp_path / "other")
    assert {flat.serial for flat in ask_server(theirs, [], now)} == {"n1", "n2"}
    assert "n1" not in {flat.serial for flat in ask_server(gateway, [], now)}
    # The key of one, in the name of the other.
    with pytest.raises(SurveyError, match="the signature is not the gateway's"):
        ask_server(msgspec.structs.replace(theirs, gateway="g1"), [], now)
    told = FoundMeter(1, "p", "2400 8E1", "line", "dlt645", "dlt645-2007", "77", looks=(GOOD,), flat="Attic")
    ask_server(theirs, [told], now)
    assert not Alarm.objects.filter(kind="meter-found").exists()


def test_a_call_that_is_sent_again_does_nothing_twice_and_a_later_one_is_refused(gateway, client, clock):
    key = SigningKey.load(Path(gateway.key))
    call = signed(key, Asked("g1", now(), REPLY, (FoundAt("Attic", "5", "dlt645-2007", 1),)))
    assert [client.post(URL, call, content_type="application/json").status_code for _ in range(3)] == [200] * 3
    assert Alarm.objects.filter(kind="meter-found").count() == 1 and Meter.objects.filter(serial="5").count() == 0
    clock.at += CLOCKS_DIFFER + 1_000_000
    assert client.post(URL, call, content_type="application/json").status_code == 400


def test_a_gateway_that_somebody_has_taken_over_fills_nobodys_list(gateway, client, monkeypatch):
    monkeypatch.setattr(found, "MOST_FOUND", 3)
    key = SigningKey.load(Path(gateway.key))
    for number in range(5):
        call = Asked("g1", now(), REPLY, (FoundAt("Attic", f"{number}", "dlt645-2007", 1),))
        assert client.post(URL, signed(key, call), content_type="application/json").status_code == 200
    assert Alarm.objects.filter(kind="meter-found").count() == 3


def test_nonsense_is_answered_in_words_signed_or_not(gateway, client):
    key = SigningKey.load(Path(gateway.key))

    def post(body):
        return client.post(URL, body, content_type="application/json")

    whole = signed(key, Asked("g1", now(), REPLY))
    for body in (
        b"",
        b"null",
        b"[" * 100_000,
        b"\xff\xfe",
        whole[:-1],
        whole + b"x",
        whole.replace(b"g1", b"g2"),
        b"9" * 3_000_000,
    ):
        assert post(body).status_code in (400, 413), body[:20]
    good = {"gateway": "g1", "at": now(), "found": [{"unit": "Attic", "serial": "5", "model": "m", "register": 1}]}
    values = ["\x00", "\ud800", "x" * 70, "", None, -1, 2**63, 10**40, 1.5, True, [], {}, "<script>"]
    for field in (*good, "unit", "serial", "model", "register"):
        for value in values:
            row = {**good["found"][0], field: value} if field in good["found"][0] else good["found"][0]
            asked = {**good, "found": [row], **({field: value} if field in good else {})}
            try:
                body = msgspec.json.encode(asked)
            except (UnicodeEncodeError, OverflowError):
                continue
            envelope = Envelope(body.decode(), key.sign(b"prewatt set-up asked", body).hex())
            answer = post(msgspec.json.encode(envelope))
            assert answer.status_code in (200, 400), (field, value)
            assert answer.status_code == 200 or answer.content.decode().strip(), (field, value)
    assert client.get(URL).status_code == 405
