"""A gateway is told to look while people do, again before its lease ends, and no longer."""

from prewatt.headend.looking import LASTS, RENEW, Look, Looking
from prewatt.wire.messages import Live, MeterStatus, Status
from tests.comparing import assert_row

SESSION = b"session"


def status(number, fresh=False, session=SESSION, gateway="g1"):
    return Status(gateway, 1, number, 0, fresh, (MeterStatus("m1", 1, 0, 0, 0, True, 0),), session)


def live(number):
    return Live("g1", 1, number, SESSION, ())


def looks(*meters, once=()):
    return [Look("g1", meter, False) for meter in meters] + [Look("g1", meter, True) for meter in once]


def test_nobody_is_told_to_look_where_nobody_does_or_who_has_said_nothing_yet():
    looking = Looking()
    assert looking.tick(0, looks("m1")) == []
    looking.heard(0, [status(1)])
    assert looking.tick(0, []) == []
    (watch,) = looking.tick(0, looks("m1"))
    assert_row(watch, gateway="g1", epoch=1, answers=1, session=SESSION)
    assert_row(watch, lasts=LASTS, meters=("m1",), once=())


def test_a_lease_is_given_anew_before_it_ends_by_what_the_gateway_said_last():
    looking, said = Looking(), []
    for half in range(2 * 60):
        mono = half / 2
        if half % 20 == 0:
            looking.heard(mono, [status(half + 1)])
        elif half % 4 == 0 and said:
            looking.heard(mono, [live(half + 1)])
        said += [(mono, watch.answers) for watch in looking.tick(mono, looks("m1"))]
    ends = [(answers - 1) / 2 + LASTS for _mono, answers in said]
    assert all(mono < before - 5 for (mono, _), before in zip(said[1:], ends, strict=False))
    assert len(said) <= 60 / (LASTS - RENEW) + 1


def test_who_comes_to_look_is_seen_to_at_once_together_with_all_others():
    looking = Looking()
    looking.heard(0, [status(1)])
    looking.tick(0, looks("m1"))
    assert looking.tick(0.5, looks("m1")) == []
    assert [watch.meters for watch in looking.tick(1, looks("m1", "m2"))] == [("m1", "m2")]


def test_on_a_new_connection_or_in_a_new_process_it_is_said_again():
    for message in (status(2, fresh=True), status(1, session=b"another")):
        looking = Looking()
        looking.heard(0, [status(1)])
        looking.tick(0, looks("m1"))
        looking.heard(1, [message])
        assert [watch.session for watch in looking.tick(1, looks("m1"))] == [message.session]


def test_one_reading_is_asked_for_once_and_again_if_it_stays_out():
    looking = Looking()
    asked = []
    for second in range(40):
        looking.heard(second, [status(second + 1)])
        asked += [second for watch in looking.tick(second, looks(once=("m1",))) if watch.once == ("m1",)]
    assert asked == [0, 15, 30]


def test_a_gateway_that_is_silent_is_told_nothing_that_it_would_not_believe():
    looking = Looking()
    looking.heard(0, [status(1)])
    assert looking.tick(LASTS, looks("m1")) == []


def test_a_gateway_of_before_there_were_looks_is_left_alone():
    looking = Looking()
    looking.heard(0, [status(1, session=b"")])
    assert looking.tick(0, looks("m1")) == []
