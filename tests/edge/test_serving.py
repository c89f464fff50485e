"""The server of the gateway's pages, over real connections: neighbours who hold many of them shut nobody out."""

import logging
import socket
import threading
import urllib.request
from contextlib import ExitStack, suppress

import pytest
from waitress.trigger import trigger

from prewatt.edge import serving
from prewatt.edge.serving import MOST_BODY, MOST_HEAD, MOST_OF_ADDRESS, open_server
from prewatt.edge.wsgi import send
from tests.ports import free_port


@pytest.fixture
def port():
    number = free_port()
    served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("127.0.0.1", number))
    yield number
    served.close()


def test_the_log_says_an_address_that_can_be_opened(caplog):
    with caplog.at_level("INFO", "prewatt.edge"):
        served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("0.0.0.0", 0))
    try:
        assert f"each address of this machine: here http://127.0.0.1:{served.port}/" in caplog.text
    finally:
        served.close()


def half_open(port, address):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    return connection


def answered(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return answer.read()


def test_260_half_open_connections_of_one_neighbour_leave_the_page_to_the_others(port):
    with ExitStack() as kept:
        held = [kept.enter_context(half_open(port, "127.0.0.9")) for _ in range(260)]
        assert answered(port) == b"here"
        closed = 0
        for each in held[MOST_OF_ADDRESS:]:
            try:
                each.sendall(b"\r\n")
                closed += each.recv(1) == b""
            except ConnectionError:
                closed += 1
        assert closed == 260 - MOST_OF_ADDRESS, "the others were closed at once"


def test_a_neighbour_with_many_addresses_leaves_the_page_to_the_others_too(monkeypatch):
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 40)
    served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("127.0.0.1", 0))
    try:
        with ExitStack() as kept:
            held = [kept.enter_context(half_open(served.port, f"127.0.0.{10 + each // 20}")) for each in range(100)]
            assert answered(served.port) == b"here"
            # The one that had waited for longest gave way, and the last ones did not.
            with suppress(ConnectionError):
                assert held[0].recv(1) == b""
            held[-1].sendall(b"\r\n")
            assert held[-1].recv(12) == b"HTTP/1.1 200"
    finally:
        served.close()


def test_who_asks_much_does_not_fill_the_log():
    assert not logging.getLogger("waitress.queue").isEnabledFor(logging.WARNING)


def test_a_connection_without_a_whole_request_is_closed(monkeypatch):
    monkeypatch.setattr(serving, "IDLE_S", 4)
    monkeypatch.setattr(serving, "LOOK_EVERY", 0.1)
    number = free_port()
    served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("127.0.0.1", number))
    try:
        with half_open(number, "127.0.0.9") as connection:
            assert connection.recv(1) == b""
    finally:
        served.close()


def test_who_is_slow_to_wake_the_loop_at_the_end_finds_it_there_still(monkeypatch):
    """Otherwise it would write into whatever file has the number of the closed pipe by then."""
    rounds, whole, pull = threading.Semaphore(0), serving.wasyncore.loop, trigger.pull_trigger

    def loop(*given, **named):
        whole(*given, **named)
        rounds.release()

    def pull_late(self, thunk=None):
        while rounds.acquire(blocking=False):
            pass
        assert all(rounds.acquire(timeout=30) for _ in range(3))
        pull(self, thunk)

    monkeypatch.setattr(serving, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(serving.wasyncore, "loop", loop)
    served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("127.0.0.1", free_port()))
    monkeypatch.setattr(trigger, "pull_trigger", pull_late)
    served.close()
    assert rounds.acquire(timeout=30), "the loop heard of the end by the pipe"


def test_an_answer_that_wakes_the_loop_at_the_end_before_the_one_who_ends_it_closes_nothing_under_that_one(monkeypatch):
    served = open_server(lambda _environ, start: send(start, "200 OK", "here"), ("127.0.0.1", free_port()))
    pull = trigger._physical_pull

    def pull_last(self):
        # As a thread with an answer does: the loop takes note of the end by that.
        pull(self)
        assert served._ended.wait(30)
        served._thread.join(0.5)
        pull(self)

    monkeypatch.setattr(trigger, "_physical_pull", pull_last)
    served.close()
    assert not served._thread.is_alive()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1), b"413"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nCookie: " + b"x" * MOST_HEAD + b"\r\n\r\n", b"431"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(port, request_, status):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request_)
        assert status in connection.recv(100).split(b"\r\n")[0]
