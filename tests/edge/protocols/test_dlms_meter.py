"""Conversations with played meters that speak DLMS/COSEM: over HDLC and over TCP, with what goes wrong at real ones."""

import pytest

from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.conversations.dlms import DlmsAccess, open_meter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.devices import Devices, Question
from prewatt.edge.meters.dlms_model import DlmsModel
from prewatt.edge.meters.model import model_names
from prewatt.edge.protocols.dlms.axdr import Data, Type
from prewatt.edge.protocols.dlms.client import Client, Credentials
from prewatt.edge.protocols.dlms.hdlc import DM, client_address, decode_frame, server_address
from prewatt.edge.protocols.dlms.link import Busy, HdlcLink
from prewatt.edge.protocols.errors import (
    NoAnswer,
    PasswordRefused,
    ProtocolError,
    Refused,
    Unsupported,
    WaitsForButton,
    WrongAnswer,
)
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.units import HOUR, MINUTE, SECOND
from prewatt.sim.meters.dlms import DlmsServer, HdlcResponder
from prewatt.sim.meters.dlms_objects import OBJECT_LIST, Habits
from tests.edge.protocols.dlms_wall import ACCESS, BEGIN, Wall, model_of

MODELS = [
    name
    for name in model_names()
    if name in ("dlms-lls", "dlms-gmac", "nartis-100", "is15959-single-phase", "dlms-lls-prepaid")
]


@pytest.fixture(params=[(name, framing) for name in MODELS for framing in ("line", "tcp")], ids=" ".join)
def wall(request):
    return Wall(*request.param)


def test_all_models_files_are_there():
    assert len(MODELS) == 5


def test_a_meter_is_read_switched_and_left(wall):
    assert wall.run(wall.meter.identify()).serial == "52207839"
    assert wall.run(wall.meter.read_register()) == 1_661_974
    assert wall.run(wall.meter.read_power()).active == 2300
    assert wall.run(wall.meter.read_clock()) == BEGIN
    assert wall.run(wall.meter.read_switch()) is True
    wall.run(wall.meter.set_switch(closed=False))
    assert wall.load.closed is False and wall.run(wall.meter.read_switch()) is False
    assert wall.run(wall.meter.read_power()).active == 0
    wall.run(wall.meter.set_switch(closed=True))
    assert wall.load.closed is True
    quantities = wall.run(wall.meter.read_quantities())
    assert quantities[Quantity.VOLTAGE_L1] == 230_000
    assert quantities[Quantity.CURRENT_L1] == 10_000
    assert quantities[Quantity.FREQUENCY] == 50_000
    assert Quantity.POWER_FACTOR not in quantities
    wall.run(wall.meter.set_clock(BEGIN + HOUR + SECOND // 3))
    assert wall.run(wall.meter.read_clock()) == BEGIN + HOUR
    assert wall.run(wall.meter.read_tampered()) is False
    assert wall.run(wall.meter.read_own_prepaid()) == (None if wall.model.own_prepaid else "")
    if wall.model.rates:
        assert wall.run(wall.meter.read_rates()) == {1: 1_661_974, 2: 0, 3: 0, 4: 0}
    wall.run(wall.meter.rest())
    assert wall.server.associations == {}


def test_the_association_is_held_from_one_conversation_to_the_next():
    wall = Wall()
    wall.run(wall.meter.read_register())
    assert wall.kinds() == ["SNRM", "I", "I", "I"]
    wall.run(wall.meter.read_register())
    assert wall.kinds() == ["I"], "scaler and unit are known"
    wall.run(wall.meter.rest())
    wall.run(wall.meter.rest())
    assert wall.kinds() == ["DISC"]


def test_the_gateway_holds_the_association_between_readings_and_closes_it_at_its_end():
    class Carrier:
        def run(self, _meter, conversation):
            return wall.run(conversation)

    wall = Wall()
    devices = Devices({"m1": MeterOnBus("m1", Carrier(), wall.meter)})
    question = Question("m1", "52207839")
    assert devices.read(question).register == 1_661_974
    wall.now += MINUTE
    wall.log.clear()
    assert devices.read(question).register == 1_661_974
    assert wall.kinds() == ["I", "I"], "the register and the switch, and nothing else"
    devices.rest()
    assert wall.kinds() == ["DISC"] and wall.server.associations == {}


def test_an_association_that_was_idle_too_long_is_closed_and_opened_anew():
    wall = Wall()
    wall.run(wall.meter.read_register())
    wall.now += 3 * MINUTE
    wall.log.clear()
    assert wall.run(wall.meter.read_register()) == 1_661_974
    assert wall.kinds() == ["DISC", "SNRM", "I", "I", "I"]


@pytest.mark.parametrize("framing", ["line", "tcp"])
def test_a_meter_that_lost_its_association_in_a_power_cut_is_asked_in_a_new_one(framing):
    wall = Wall(framing=framing)
    wall.run(wall.meter.read_register())
    wall.server.associations.clear()
    if framing == "line":
        wall.responder._links.clear()
    wall.run(wall.meter.set_switch(closed=False))
    assert wall.load.closed is False


@pytest.mark.parametrize("framing", ["line", "tcp"])
def test_counters_of_a_ciphered_association_stay_right_over_readings_and_a_power_cut(framing):
    wall = Wall("dlms-gmac", framing)
    seen = []
    for _ in range(3):
        assert wall.run(wall.meter.read_register()) == 1_661_974
        seen.append(wall.server.objects.counter)
        wall.now += MINUTE
    wall.server.associations.clear()
    if framing == "line":
        wall.responder._links.clear()
    assert wall.run(wall.meter.read_register()) == 1_661_974, "within the same reading"
    wall.now += 5 * MINUTE
    assert wall.run(wall.meter.read_register()) == 1_661_974
    seen.append(wall.server.objects.counter)
    assert seen == sorted(set(seen)), "no counter is used twice"
    assert wall.server.tries == 0


def test_after_a_power_cut_that_is_met_by_silence_the_question_is_asked_once_more():
    wall = Wall()
    wall.run(wall.meter.read_register())
    wall.log.clear()
    wall.lose = 1
    wall.run(wall.meter.set_switch(closed=False))
    assert wall.load.closed is False
    assert wall.kinds()[:4] == ["I", "DISC", "SNRM", "I"]


def test_a_broken_association_is_left_by_closing_the_link():
    wall = Wall(holds_broken=True)
    with pytest.raises(NoAnswer):
        wall.lose = 0
        asked = wall.meter.read_register()
        exchange = next(asked)
        while decode_frame(exchange.request).kind != "I":
            exchange = asked.send(wall.ask(exchange))
        wall.ask(exchange)
        disconnect = asked.throw(NoAnswer("nothing"))
        assert decode_frame(disconnect.request).kind == "DISC"
        asked.send(wall.ask(disconnect))
    assert wall.run(wall.meter.read_register()) == 1_661_974


def test_an_association_of_before_the_gateways_start_is_closed():
    wall = Wall(holds_broken=True)
    wall.run(wall.meter.read_register())
    wall.meter = wall.start()  # the gateway was started anew, and has forgotten its association
    wall.log.clear()
    assert wall.run(wall.meter.read_register()) == 1_661_974
    assert wall.kinds() == ["SNRM", "DISC", "SNRM", "I", "I", "I"]


def test_a_meter_that_holds_an_association_that_cannot_be_closed_is_waited_for(monkeypatch):
    wall = Wall()
    monkeypatch.setattr(wall.responder, "_connect", lambda _client, asked, _now: wall.responder._frame(asked, DM))
    with pytest.raises(Busy, match="opens no link now"):
        wall.run(wall.meter.read_register())
    assert wall.kinds() == ["SNRM", "DISC", "SNRM"]
    with pytest.raises(Busy, match="asked again in 120 s"):
        wall.run(wall.meter.read_register())
    assert wall.kinds() == []
    monkeypatch.undo()
    wall.now += 2 * MINUTE + SECOND
    assert wall.run(wall.meter.read_register()) == 1_661_974


@pytest.mark.parametrize("framing", ["line", "tcp"])
def test_a_refused_password_is_never_tried_again(framing):
    wrong = DlmsAccess("17", password="hex:31313131")
    wall = Wall(framing=framing, access=wrong, played_access=ACCESS)
    for conversation in (wall.meter.read_register, wall.meter.identify, wall.meter.read_switch):
        with pytest.raises(PasswordRefused, match="authentication failed"):
            wall.run(conversation())
    assert wall.server.tries == 1
    if framing == "line":
        assert wall.kinds() == ["SNRM", "I", "DISC"]


@pytest.mark.parametrize("key", ["encryption_key", "authentication_key"])
def test_refused_keys_are_never_tried_again(key):
    settings = {"encryption_key": ACCESS.encryption_key, "authentication_key": ACCESS.authentication_key}
    wall = Wall("dlms-gmac", access=DlmsAccess("17", **{**settings, key: "00" * 16}), played_access=ACCESS)
    for _ in range(3):
        with pytest.raises(PasswordRefused):
            wall.run(wall.meter.read_register())
    assert wall.server.tries == 1


def test_a_meter_that_does_not_know_the_keys_is_not_believed():
    wall = Wall("dlms-gmac")
    wall.server._end_hls = lambda association, invoke, parameter: (
        setattr(association, "waits_for_proof", False)
        or type(DlmsServer._end_hls(wall.server, association, invoke, parameter))(
            invoke, 0, b"\1\0\x09\x11" + bytes(17)
        )
    )
    with pytest.raises(WrongAnswer, match="does not prove"):
        wall.run(wall.meter.read_register())


def test_ciphered_questions_and_answers_can_be_read_by_nobody_else_and_their_counters_grow():
    wall = Wall("dlms-gmac", framing="tcp")
    wall.run(wall.meter.read_register())
    counters = [int.from_bytes(each[11:15]) for each in wall.log if each[8] == 0xC8]
    assert counters == sorted(set(counters)) and len(counters) == 2
    assert all(b"\x01\x00\x01\x08\x00\xff" not in each for each in wall.log)
    wall.run(wall.meter.rest())
    first = wall.server.objects.counter
    wall.meter = wall.start()
    wall.run(wall.meter.read_register())
    assert wall.server.objects.counter > first


def test_a_meter_that_wants_the_general_form_of_ciphering_gets_it():
    wall = Wall("dlms-gmac", framing="tcp", changes={"general_ciphering": True})
    assert wall.run(wall.meter.read_register()) == 1_661_974
    assert [each[8] for each in wall.log][-3:] == [0xDB, 0xDB, 0xDB]


def test_a_recorded_answer_is_not_taken_once_more():
    wall = Wall("dlms-gmac", framing="tcp")
    wall.run(wall.meter.read_register())
    recorded = []
    feed = wall.responder.feed
    wall.responder.feed = lambda data: [recorded.append(each) or each for each in feed(data)]
    wall.run(wall.meter.read_register())
    wall.load.register += 1000
    wall.responder.feed = lambda data: [recorded[-1], *feed(data)]
    assert wall.run(wall.meter.read_register()) == 1_662_974


@pytest.mark.parametrize("framing", ["line", "tcp"])
def test_a_late_answer_is_not_taken_for_another_question(framing):
    wall = Wall(framing=framing)
    wall.run(wall.meter.read_power())
    feed, late = wall.responder.feed, []
    wall.responder.feed = lambda data: [late.append(each) or each for each in feed(data)]
    wall.run(wall.meter.read_power())
    wall.responder.feed = lambda data: [*late[-1:], *feed(data)]
    assert wall.run(wall.meter.read_register()) == 1_661_974


def test_echo_noise_and_other_meters_between_are_skipped():
    wall = Wall()
    other = Wall()
    other_responder = HdlcResponder(other.server, 18)
    feed = wall.responder.feed

    def line(data):
        return [data, b"\x00\x7e\xff", *other_responder.feed(data), *feed(data)]

    wall.responder.feed = line
    assert wall.run(wall.meter.read_register()) == 1_661_974
    assert wall.run(wall.meter.read_switch()) is True
    wall.responder.feed = lambda data: [data]
    with pytest.raises(NoAnswer, match="only the echo of the question"):
        wall.run(wall.meter.read_register())


def test_an_answer_of_another_meter_is_named():
    wall = Wall()
    wall.responder.feed = lambda data: [
        bytes.fromhex("7EA02141022173DBD88180140502010006020100070400000001080400000001696D7E")
    ]
    with pytest.raises(NoAnswer, match="a frame of 0221"):
        wall.run(wall.meter.read_register())


def test_long_values_come_in_blocks_and_segments_and_long_questions_go_in_segments():
    wall = Wall(pdu_size=120, information=48)
    wall.run(wall.meter.read_register())
    value = wall.run(wall.meter._association.client.get(OBJECT_LIST))
    assert len(value.elements) > 10
    whole = Wall(pdu_size=1024, information=128)
    whole.run(whole.meter.read_register())
    assert whole.run(whole.meter._association.client.get(OBJECT_LIST)) == value
    assert len(wall.log) > len(whole.log) + 5
    gmac = Wall("dlms-gmac", information=32)
    assert gmac.run(gmac.meter.read_register()) == 1_661_974


def test_a_block_out_of_turn_is_refused():
    wall = Wall(pdu_size=120)
    wall.run(wall.meter.read_register())
    answer = wall.server._next
    wall.server._next = lambda *arguments: (block := answer(*arguments)).__class__(
        block.invoke, block.is_last, block.number + (block.number > 1), block.block
    )
    with pytest.raises(WrongAnswer, match="block 3, where block 2 belongs"):
        wall.run(wall.meter._association.client.get(OBJECT_LIST))


def test_a_switch_that_confirms_and_does_not_move_has_not_moved():
    wall = Wall()
    wall.played.faults.sticks = True
    with pytest.raises(ProtocolError, match="confirmed, but it still stands closed"):
        wall.run(wall.meter.set_switch(closed=False))
    wall.played.faults.sticks = False
    wall.run(wall.meter.set_switch(closed=False))
    wall.played.faults.sticks = True
    with pytest.raises(ProtocolError, match="confirmed, but it still stands open"):
        wall.run(wall.meter.set_switch(closed=True))


def test_ready_for_reconnection_is_not_closed_and_a_button_is_asked_for():
    wall = Wall()
    wall.run(wall.meter.set_switch(closed=False))
    wall.played.faults.button = True
    with pytest.raises(WaitsForButton, match="when its button is pressed"):
        wall.run(wall.meter.set_switch(closed=True))
    assert wall.run(wall.meter.read_switch()) is False
    wall.played.press_button()
    assert wall.run(wall.meter.read_switch()) is True
    wall.run(wall.meter.set_switch(closed=True))


@pytest.mark.parametrize("mode", [1, 3, 5, 6])
def test_control_modes_that_want_a_hand(mode):
    wall = Wall(control_mode=mode)
    wall.run(wall.meter.set_switch(closed=False))
    with pytest.raises(WaitsForButton):
        wall.run(wall.meter.set_switch(closed=True))


@pytest.mark.parametrize("mode", [2, 4])
def test_a_switch_that_a_limit_of_its_own_opened_closes_at_once_where_its_mode_lets_it(mode):
    wall = Wall(control_mode=mode)
    wall.load.closed, wall.played.waits_for_button = False, True
    wall.run(wall.meter.set_switch(closed=True))
    assert wall.load.closed is True


def test_a_switch_that_anybody_could_close_by_its_button_is_not_open():
    wall = Wall()
    wall.load.closed, wall.played.waits_for_button = False, True
    wall.played.faults.sticks = True
    with pytest.raises(ProtocolError, match="can still be closed by its button"):
        wall.run(wall.meter.set_switch(closed=False))


def test_a_refusal_counts_only_if_the_switch_does_not_stand_as_it_was_told():
    wall = Wall()
    act = wall.server.objects.act
    wall.server.objects.act = lambda _: 3
    wall.run(wall.meter.set_switch(closed=True))
    with pytest.raises(Refused, match="not permitted"):
        wall.run(wall.meter.set_switch(closed=False))
    wall.server.objects.act = act
    wall.run(wall.meter.set_switch(closed=False))


def test_scaler_and_unit_are_the_meters_own_and_are_read_anew_from_another_meter():
    wall = Wall(energy_scaler=2)
    assert wall.run(wall.meter.read_register()) == 1_661_900
    wall.server.objects = DlmsServer(
        wall.played, wall.model, wall.server.credentials, Habits(energy_scaler=0), lambda count: bytes(count)
    ).objects
    wall.responder._links.clear()
    assert wall.run(wall.meter.read_register()) == 1_661_974


@pytest.mark.parametrize(("unit", "value", "words"), [
    (32, None, "unit 32, which is not known"),
    (27, None, "in W, where Wh belongs"),
    (30, Data(Type.NULL_DATA), "no value for its energy"),
    (30, Data(Type.DOUBLE_LONG_UNSIGNED, 2**32 - 1), "no value for its energy"),
    (30, Data(Type.DOUBLE_LONG, -1), "negative"),
    (30, Data(Type.OCTET_STRING, b"17"), "octet_string where a number belongs"),
])  # fmt: skip
def test_energy_that_cannot_be_is_not_billed(unit, value, words):
    wall = Wall()
    get = wall.server.objects.get

    def odd(attribute):
        if attribute.number == 3:
            return Data(Type.STRUCTURE, (Data(Type.INTEGER, 0), Data(Type.ENUM, unit)))
        return get(attribute) if value is None else value

    wall.server.objects.get = odd
    with pytest.raises(WrongAnswer, match=words):
        wall.run(wall.meter.read_register())


def test_a_float_is_converted_once_half_to_even():
    wall = Wall()
    get = wall.server.objects.get
    wall.server.objects.get = lambda attribute: (
        Data(Type.FLOAT32, bytes.fromhex("49CABF2C")) if attribute.number == 2 else get(attribute)  # 1660901.5
    )
    assert wall.run(wall.meter.read_register()) == 1_660_902


def test_the_same_instant_comes_of_any_deviation_and_none_without_one():
    for deviation in (-60, 0, 330, -345):
        assert (west := Wall(deviation=deviation)).run(west.meter.read_clock()) == BEGIN
    silent = Wall(deviation=None)
    with pytest.raises(WrongAnswer, match="does not give its deviation"):
        silent.run(silent.meter.read_clock())
    with pytest.raises(WrongAnswer, match="does not give its deviation"):
        silent.run(silent.meter.set_clock(BEGIN))


def test_texts_are_bytes_in_the_models_code_page():
    wall = Wall("nartis-100")
    wall.played.serial = "НАРТИС-100"
    assert wall.run(wall.meter.identify()).serial == "НАРТИС-100"
    get = wall.server.objects.get
    wall.server.objects.get = lambda attribute: (
        Data(Type.OCTET_STRING, bytes.fromhex("00980102")) if attribute.class_id == 1 else get(attribute)
    )
    assert wall.run(wall.meter.identify()).serial == "00980102"


def test_a_meter_that_answers_with_errors_or_not_at_all():
    wall = Wall()
    wall.played.faults.refuses = True
    with pytest.raises(Busy):
        wall.run(wall.meter.read_register())
    silent = Wall()
    silent.played.faults.silent = True
    for _ in range(2):
        with pytest.raises(NoAnswer, match="nothing"):
            silent.run(silent.meter.read_register())
    assert silent.kinds() == ["SNRM", "SNRM"], "a silent meter costs one question"


def test_what_such_meters_cannot_do_is_named():
    wall = Wall()
    for conversation in (wall.meter.read_allowance(), wall.meter.set_allowance(5)):
        with pytest.raises(Unsupported):
            wall.run(conversation)


def test_a_public_client_may_read_and_not_switch():
    wall = Wall()
    link = HdlcLink(client_address(16), server_address(1, 17, 4))
    client = Client(link, Credentials(), lambda count: bytes(count))
    wall.run(client.open())
    assert wall.run(client.get(OBJECT_LIST)).elements
    switch = wall.meter._disconnect(1)
    with pytest.raises(Refused, match="not permitted"):
        wall.run(client.act(switch, Data(Type.INTEGER, 0)))
    assert wall.load.closed


@pytest.mark.parametrize(("settings", "words"), [
    ({"address": "first"}, "address: 'first' is no number"),
    ({"address": "20000"}, "address: 20000 is not from 0 to 16383"),
    ({"address": "1", "password": "hex:0"}, "password: it is not written in hexadecimal digits"),
    ({"address": "1"}, "wants a password"),
])  # fmt: skip
def test_settings_that_are_impossible_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        open_meter(model_of("dlms-lls"), DlmsAccess(**settings), OnBus("line", lambda: 0))


def test_keys_of_a_wrong_length_are_named():
    with pytest.raises(ValueError, match="two of 16 bytes"):
        open_meter(model_of("dlms-gmac"), DlmsAccess("1", encryption_key="00"), OnBus("line", lambda: 0))


@pytest.mark.parametrize(("wrong", "words"), [
    ({"authentication": "hls-gmac"}, "counter: it is missing"),
    ({"energy": "300-0:1.8.0*255"}, "no OBIS code"),
    ({"text": "klingon"}, "no code page"),
    ({"logical": 200, "address_bytes": 2}, "does not fit"),
])  # fmt: skip
def test_a_models_file_that_is_wrong_is_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        DlmsModel("m", ("n",), "s", **wrong)
