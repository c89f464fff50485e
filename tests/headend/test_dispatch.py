"""Commands are sent to who is there, again until they show, and never into the void."""

from prewatt.headend.dispatch import MAX_ORDERS_BYTES, Dispatch, DispatchPolicy, Pending
from prewatt.wire.messages import MAX_COMMANDS, MeterStatus, SignedCommand, Status

POLICY = DispatchPolicy(resend=5, silence=25)
SIGNED = SignedCommand(b"x", bytes(64))


def pending(number, gateway="g1", meter="m1", signed=SIGNED):
    return Pending(gateway, meter, number, signed)


def status(command=0, fresh=False, gateway="g1"):
    return Status(gateway, 1, 1, 0, fresh, (MeterStatus("m1", 1, 0, 0, 0, True, command),))


def sent(dispatched):
    return [number for _, number in dispatched.sent]


def test_nothing_is_sent_to_who_is_not_there():
    dispatch = Dispatch(0, POLICY)
    assert dispatch.tick(1, [pending(1)]).orders == []
    dispatch.heard(2, [status()])
    assert sent(dispatch.tick(2, [pending(1), pending(1, "g2", "m2")])) == [1]


def test_a_command_is_sent_again_until_it_shows():
    dispatch = Dispatch(0, POLICY)
    dispatch.heard(0, [status()])
    assert [sent(dispatch.tick(second, [pending(1)])) for second in (0, 1, 5, 5.1, 6, 10.2)] == [
        [1],
        [],
        [],
        [1],
        [],
        [1],
    ]
    assert dispatch.tick(20, []).orders == []


def test_a_status_that_shows_it_taken_up_stops_the_sending():
    dispatch = Dispatch(0, POLICY)
    dispatch.heard(0, [status()])
    dispatch.tick(0, [pending(1)])
    dispatch.heard(6, [status(command=1)])
    assert sent(dispatch.tick(6, [pending(1), pending(2)])) == [2]


def test_a_new_connection_gets_everything_at_once():
    dispatch = Dispatch(0, POLICY)
    dispatch.heard(0, [status()])
    dispatch.tick(0, [pending(1)])
    dispatch.heard(1, [status(fresh=True)])
    assert sent(dispatch.tick(1, [pending(1)])) == [1]


def test_who_is_silent_counts_as_gone_and_comes_back_with_a_word():
    dispatch = Dispatch(0, POLICY, online=["g1"])
    assert dispatch.tick(25, []).presence == {}
    assert dispatch.tick(25.1, []).presence == {"g1": False}
    assert dispatch.tick(26, [pending(1)]).orders == []
    dispatch.heard(30, [status()])
    assert dispatch.tick(30, []).presence == {"g1": True}
    assert dispatch.tick(31, []).presence == {}


def test_many_commands_are_cut_into_messages_within_the_bounds():
    dispatch = Dispatch(0, POLICY)
    dispatch.heard(0, [status()])
    many = dispatch.tick(0, [pending(number) for number in range(1, MAX_COMMANDS + 2)]).orders
    assert [len(orders.commands) for orders in many] == [MAX_COMMANDS, 1]
    dispatch = Dispatch(0, POLICY)
    dispatch.heard(0, [status()])
    large = SignedCommand(bytes(MAX_ORDERS_BYTES // 3), bytes(64))
    big = dispatch.tick(0, [pending(number, signed=large) for number in range(1, 6)]).orders
    assert [len(orders.commands) for orders in big] == [2, 2, 1]
