"""The server's processes and the gateway's as copies of one that has loaded what each of them loads.

To load it takes nine tenths of a start, and few tests are of that: `test_real_building.py`, `test_backup.py`, the demonstration of a
month, and whatever is started again in `test_kills.py`, are the program itself. A copy runs the same command with the same words, and
is killed, ends and is waited for as any process.
"""

import array
import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
import weakref
from contextlib import suppress
from pathlib import Path

from prewatt.processes import supervisor

PROGRAM = supervisor.python()
LONGEST = 65_536
AT_MOST = 16
"""Of file descriptors for a copy."""


class Copy:
    """What `subprocess.Popen` says of a process. Its exit status comes through a pipe from the process that was copied."""

    def __init__(self, pid, ended):
        self.pid, self.returncode, self._ended = pid, None, ended

    def poll(self):
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            # Nothing is said if the copied process was killed, with which its copies end.
            self.returncode = int(os.read(self._ended, 16) or -signal.SIGTERM)
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


class Original:
    """The process that is copied: a copy of this one, made before it has threads or a connection to a database."""

    def __init__(self):
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sys.stdout.flush()
        sys.stderr.flush()
        if not os.fork():
            _close_all_but({0, 1, 2, there.fileno()})
            # What this process wants done at its end, such as to remove a folder, is not for its copies to do.
            atexit._clear()
            weakref.finalize._registry.clear()
            weakref.finalize._registered_with_atexit = False
            try:
                _load()
                _serve(there)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        there.close()

    def copy(self, words, log, inherited):
        ended, tells = os.pipe()
        handed = array.array("i", [tells, log.fileno(), *inherited])
        asked = json.dumps({"words": list(words), "inherited": list(inherited)}).encode()
        self._here.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)])
        os.close(tells)
        return Copy(int(self._here.recv(LONGEST)), ended)


def copy_processes(and_restarts=True):
    """Let supervisors of this process start copies from now on, if need be for the first starts only. Called when the server's models
    are loaded, and nothing else is done.
    """
    original, started, spawn = Original(), set(), supervisor.spawn

    def copy(command, log, inherited):
        if command[: len(PROGRAM)] != PROGRAM or (log.name in started and not and_restarts):
            return spawn(command, log, inherited)
        started.add(log.name)
        return original.copy(command[len(PROGRAM) :], log, inherited)

    supervisor.spawn = copy


def _load():
    """Load what the server's processes and the gateway's need."""
    supervisor._die_with_parent()
    from django.urls import get_resolver

    from prewatt.cli import edge, headend, web, worker  # noqa: F401

    get_resolver().reverse_dict  # noqa: B018
    get_resolver().resolve("/login/")


def _serve(asks):
    living = {}
    """The process's descriptor: its id, and who waits for its end."""
    while True:
        for ready in select.select([asks, *living], [], [])[0]:
            if ready is not asks:
                pid, tells = living.pop(ready)
                os.write(tells, b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                os.close(tells)
                os.close(ready)
                continue
            data, handed, _flags, _address = socket.recv_fds(asks, LONGEST, AT_MOST)
            if not data:
                os._exit(0)
            asked = json.loads(data)
            tells, *files = handed
            pid = os.fork()
            if not pid:
                _become(asked["words"], files, asked["inherited"])
            for each in files:
                os.close(each)
            living[os.pidfd_open(pid)] = pid, tells
            asks.send(b"%d" % pid)


def _become(words, files, inherited):
    """Be the program, called with these words."""
    status = 1
    try:
        os.setsid()
        supervisor._die_with_parent()
        _keep(files, inherited)
        from prewatt import cli

        sys.argv = ["prewatt", *words]
        cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _keep(files, inherited):
    """Have standard input and output, and the inherited files under their numbers, and no other."""
    above = max([2, *files, *inherited]) + 1
    parked = [os.dup2(each, above + number) for number, each in enumerate(files)]
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for number in (1, 2):
        os.dup2(parked[0], number)
    for given, number in zip(parked[1:], inherited, strict=True):
        os.dup2(given, number)
    _close_all_but({0, 1, 2, *inherited})


def _close_all_but(kept):
    for each in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if each not in kept:
            with suppress(OSError):
                os.close(each)
