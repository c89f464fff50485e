"""What the agent tells its service manager: the datagrams, and that they come from the loop alone."""

import os
import socket
import threading

import pytest

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.service_manager import ServiceManager
from tests.edge import running


@pytest.fixture
def listening(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(10)
        yield end, {"NOTIFY_SOCKET": str(tmp_path / "notify")}


def test_it_is_ready_once_and_lives_only_if_somebody_watches(listening):
    end, environment = listening
    manager = ServiceManager(environment)
    manager.turned(lambda: "online")
    manager.turned(lambda: "online")
    manager.ending()
    assert [end.recv(99) for _ in range(2)] == [b"READY=1\nSTATUS=online", b"STOPPING=1"]
    watched = ServiceManager({**environment, "WATCHDOG_USEC": "0", "WATCHDOG_PID": str(os.getpid())})
    watched.turned(lambda: "online")
    watched.turned(lambda: "no network")
    assert [end.recv(99) for _ in range(2)] == [b"READY=1\nSTATUS=online", b"WATCHDOG=1\nSTATUS=no network"]
    ServiceManager({**environment, "WATCHDOG_USEC": "0", "WATCHDOG_PID": "1"}).turned(lambda: "a")
    end.recv(99)
    end.setblocking(False)
    with pytest.raises(BlockingIOError):
        end.recv(99)


def test_a_name_in_no_folder_is_understood():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0prewatt-{os.getpid()}")
        end.settimeout(10)
        ServiceManager({"NOTIFY_SOCKET": f"@prewatt-{os.getpid()}"}).turned(lambda: "online")
        assert end.recv(99).startswith(b"READY=1")


def test_nobody_who_listens_stops_nothing(tmp_path):
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).turned(lambda: "online")
    ServiceManager({}).ending()


def test_a_loop_that_stands_still_does_not_say_that_it_lives(listening, tmp_path):
    end, environment = listening
    manager = ServiceManager({**environment, "WATCHDOG_USEC": "4"})
    with running.agent(tmp_path, ordered=False) as (shell, _):
        shell._manager = manager
        assert end.recv(99).startswith(b"READY=1")
        assert end.recv(99) == b"WATCHDOG=1\nSTATUS=the server is not reached; 1 of 1 meters answer"
        standing, go_on = threading.Event(), threading.Event()

        def stand():
            end.settimeout(0)
            try:
                while end.recv(99):
                    pass
            except BlockingIOError:
                standing.set()
            go_on.wait(20)

        thread = threading.Thread(target=lambda: AgentThread(shell.inbox).ask(stand))
        thread.start()
        assert standing.wait(20)
        end.settimeout(0.3)
        with pytest.raises(TimeoutError):
            end.recv(99)
        go_on.set()
        end.settimeout(10)
        assert end.recv(99).startswith(b"WATCHDOG=1")
        thread.join()
