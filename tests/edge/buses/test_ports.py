"""Ports on real things: a pty and a TCP connection."""

import contextlib
import os
import pty
import socket
import threading
import time
import tty

import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.ports import PortFailed, SerialPort, TcpPort, open_port
from tests.edge.buses.lines import asks


@pytest.fixture
def adapter():
    """A serial adapter, and the file descriptor of the line behind it."""
    line, slave = pty.openpty()
    tty.setraw(line)
    tty.setraw(slave)
    path = os.ttyname(slave)
    yield path, line, slave
    for each in (line, slave):
        with contextlib.suppress(OSError):
            os.close(each)


def test_a_question_goes_over_a_serial_line(adapter):
    path, line, _ = adapter

    def meter():
        asked = b""
        while not asked.endswith(b";"):
            asked += os.read(line, 100)
        os.write(line, b"a=")
        os.write(line, b"7;")

    other = threading.Thread(target=meter)
    other.start()
    bus = Bus(SerialPort(path, "9600 8E1"), Timing(baud=9600, answer_s=10))
    assert bus.run("m", asks("a")) == b"7"
    other.join()
    bus.close()


def test_an_adapter_that_is_in_use_is_told_as_such(adapter):
    path, _, _ = adapter
    first = SerialPort(path, "9600 8N1")
    first.write(b"x")
    with pytest.raises(PortFailed, match="in use by another program"):
        SerialPort(path, "9600 8N1").write(b"x")
    first.close()
    second = SerialPort(path, "9600 8N1")
    second.write(b"x")
    second.close()


def test_an_adapter_that_is_pulled_out_is_told_as_such_and_opened_again_when_it_is_back(adapter, tmp_path):
    path, line, slave = adapter
    link = tmp_path / "adapter"
    link.symlink_to(path)
    port = SerialPort(str(link), "9600 8N1")
    port.write(b"x")
    os.close(slave)
    os.close(line)
    with pytest.raises(PortFailed, match="gone"):
        port.read(1)
    link.unlink()
    with pytest.raises(PortFailed, match=r"there is no adapter .* not plugged in"):
        port.write(b"x")
    line, slave = pty.openpty()
    tty.setraw(slave)
    link.symlink_to(os.ttyname(slave))
    port.write(b"again")
    assert os.read(line, 10) == b"again"
    port.close()


def test_a_converter_that_hung_up_is_called_again():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = TcpPort("127.0.0.1", server.getsockname()[1])
        port.write(b"one")
        first, _ = server.accept()
        assert first.recv(10) == b"one"
        first.close()
        with pytest.raises(PortFailed, match="hung up"):
            port.read(5)
        port.write(b"two")
        second, _ = server.accept()
        assert second.recv(10) == b"two"
        second.sendall(b"yes")
        assert port.read(5) == b"yes" and port.read(0.0) == b""
        second.close()
        port.close()
    with pytest.raises(PortFailed, match="can't be reached"):
        port.write(b"three")


@pytest.mark.parametrize("text", ["ttyUSB0", "tcp://", "tcp://host", "tcp://host:99999", "http://a:1", "", "tcp://:80"])
def test_what_names_no_port_is_refused(text):
    with pytest.raises(ValueError, match="port"):
        open_port(text, "9600 8N1")


def test_a_line_that_is_none_is_refused():
    with pytest.raises(ValueError, match="2400 8E1"):
        open_port("/dev/ttyUSB0", "fast")
    assert open_port("tcp://10.0.0.5:8899", "").name == "10.0.0.5:8899"


def test_a_read_that_nobody_answers_ends_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = TcpPort("127.0.0.1", server.getsockname()[1])
        began = time.monotonic()
        assert port.read(0.01) == b""
        assert time.monotonic() > began
        port.close()


def test_a_played_port_is_opened_again_with_the_parity_that_it_can_not_have():
    end, other = pty.openpty()
    path = os.ttyname(other)
    for line in ("9600 8N1", "9600 8E1", "9600 8E1"):
        port = SerialPort(path, line)
        assert port.read(0.0) == b""
        port.close()
    os.close(end)
    os.close(other)
