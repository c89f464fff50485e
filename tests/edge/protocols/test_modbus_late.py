"""An answer that comes late is never taken for another register's, though on a serial line it looks like that.

The same played slave is asked by pymodbus's own client, which hands a late answer on as the next register's.
"""

import asyncio
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerType

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.ports import TcpPort
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.errors import NoAnswer, Refused
from prewatt.edge.protocols.modbus_frames import Rtu, Tcp
from prewatt.edge.protocols.modbus_unit import MOST_LATE, Read, Unit
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.modbus import Refusal, Slave
from prewatt.sim.meters.on_tcp import OnTcp

UNIT = 3


class Mirror(Slave):
    """Each register holds its own address, so that it is plain whose value an answer is. `refuses`: counts of registers that
    it refuses to read at once.
    """

    def __init__(self, framing, refuses=()):
        super().__init__(UNIT, framing)
        self.refuses = refuses

    def answer(self, pdu):
        if int.from_bytes(pdu[3:5], "big") in self.refuses:
            raise Refusal(2)
        return self._read(pdu, {address: address for address in range(200)})


class Late:
    """Holds back the answers to some questions, and sends them before the answer to the next. `held`: for each question in
    turn, whether its answer is held back; later ones are not.
    """

    def __init__(self, slave, held=(True,)):
        self.slave, self.held, self.waiting = slave, deque(held), []

    def feed(self, received):
        frames = self.slave.feed(received)
        if frames and self.held and self.held.popleft():
            self.waiting += frames
            return []
        answers, self.waiting = [*self.waiting, *frames], []
        return answers


@pytest.fixture
def served():
    line = OnTcp(Line([Late(Mirror(Rtu()))]))
    yield line
    line.close()


def test_pymodbus_hands_a_late_answer_on_as_the_next_registers_value(served):
    async def story():
        host, port = served.address
        client = AsyncModbusTcpClient(host, port=port, framer=FramerType.RTU, timeout=0.2, retries=0)
        assert await client.connect()
        try:
            with pytest.raises(ModbusIOException):
                await client.read_holding_registers(10, count=2, device_id=UNIT)
            return await client.read_holding_registers(20, count=2, device_id=UNIT)
        finally:
            client.close()

    assert asyncio.run(story()).registers == [10, 11], "it asked for register 20"


def test_here_a_late_answer_does_not_become_another_registers_value(served):
    host, port = served.address
    bus = Bus(TcpPort(host, port), Timing(baud=115_200, answer_s=0.2, pause_s=0.05, turnaround_s=0.0))
    unit = Unit(Rtu(), UNIT)
    try:
        with pytest.raises(NoAnswer):
            bus.run("m", unit.read(Read(3, 10, 2)))
        assert bus.run("m", unit.read(Read(3, 20, 2))) == (20, 21)
    finally:
        bus.close()


@pytest.mark.parametrize(("framing", "connections"), [(Tcp(), 1), (Tcp(counts=False), 2), (Rtu(), 1)])
def test_a_gateway_that_does_not_send_the_number_back_is_called_anew_after_a_timeout(framing, connections):
    line = OnTcp(Line([Late(Mirror(framing))]))
    host, port = line.address
    calls = []

    class Counting(TcpPort):
        def _opened(self):
            if self._socket is None:
                calls.append(None)
            return super()._opened()

    bus = Bus(Counting(host, port), Timing(baud=115_200, answer_s=0.1, pause_s=0.05, turnaround_s=0.0))
    unit = Unit(framing, UNIT)
    try:
        with pytest.raises(NoAnswer):
            bus.run("m", unit.read(Read(3, 10, 2)))
        assert bus.run("m", unit.read(Read(3, 20, 2))) == (20, 21)
    finally:
        bus.close()
        line.close()
    assert len(calls) == connections


def run(unit, slave, read, pipe=None):
    """Read without a bus, so that nothing drains the line between two questions: what is not taken stays in the pipe."""
    pipe = deque() if pipe is None else pipe

    def ask(exchange):
        pipe.extend(slave.feed(exchange.request))
        while pipe:
            if answer := exchange.feed(pipe.popleft()):
                return answer.value
        raise NoAnswer(exchange.seen())

    return converse(unit.read(read), ask)


# A unit that leaves more than three questions in a row without an answer counts as silent, and not as late.
HELD = st.lists(st.integers(0, MOST_LATE).map(lambda late: [True] * late + [False]), max_size=5).map(
    lambda runs: [held for run in runs for held in run]
)
READS = st.builds(Read, st.just(3), st.integers(0, 100), st.integers(1, 4))


@settings(deadline=None)
@given(
    st.sampled_from([Rtu(), Tcp(), Tcp(counts=False)]),
    st.lists(READS, max_size=12),
    HELD,
    st.sets(st.integers(1, 5), max_size=2),
)
def test_whatever_is_late_a_value_is_that_of_its_own_register(framing, reads, held, refuses):
    slave, unit, pipe = Late(Mirror(framing, refuses), held), Unit(framing, UNIT), deque()
    for read in reads:
        try:
            assert run(unit, slave, read, pipe) == tuple(range(read.address, read.address + read.count))
        except NoAnswer:
            continue
        except Refused:
            assert refuses


def test_answers_of_several_forms_may_be_late_at_once():
    """The late answer to the question that settles stands before the late one that must not be taken."""
    slave, unit, pipe = Late(Mirror(Rtu()), [False, True, True]), Unit(Rtu(), UNIT), deque()
    assert run(unit, slave, Read(3, 50, 1), pipe) == (50,)
    for late in (Read(3, 60, 1), Read(3, 10, 2)):
        with pytest.raises(NoAnswer):
            run(unit, slave, late, pipe)
    assert run(unit, slave, Read(3, 20, 2), pipe) == (20, 21)
    assert run(unit, slave, Read(3, 70, 1), pipe) == (70,)


class Behind:
    """Answers each question with the answer to the question before: one step behind for ever."""

    def __init__(self, slave):
        self.slave, self.before = slave, []

    def feed(self, received):
        before, self.before = self.before, self.slave.feed(received)
        return before


def test_a_gateway_that_is_one_step_behind_for_ever_gives_no_value_of_another_register():
    unit, slave = Unit(Rtu(), UNIT), Behind(Mirror(Rtu()))
    values = {}
    for address in (10, 20, 30, 10, 20, 30):
        try:
            values[address] = run(unit, slave, Read(3, address, 2))
        except NoAnswer:
            continue
    assert all(value == (address, address + 1) for address, value in values.items())


def test_over_tcp_the_transaction_number_tells_and_nothing_more_is_asked():
    asked = []
    slave = Late(Mirror(Tcp()))

    class Counting:
        def feed(self, received):
            asked.append(received)
            return slave.feed(received)

    unit = Unit(Tcp(), UNIT)
    with pytest.raises(NoAnswer):
        run(unit, Counting(), Read(3, 10, 2))
    assert run(unit, Counting(), Read(3, 20, 2)) == (20, 21)
    assert len(asked) == 2


def test_a_unit_that_was_silent_for_long_is_read_again():
    unit, slave = Unit(Rtu(), UNIT), Late(Mirror(Rtu()), [True] * 50)
    for _ in range(50):
        with pytest.raises(NoAnswer):
            run(unit, slave, Read(3, 10, 2))
        slave.waiting.clear()
    assert run(unit, slave, Read(3, 10, 2)) == (10, 11)
