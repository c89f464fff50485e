"""Longer turns at the processor for processes that compute.

Linux gives a process that shares a processor two or three milliseconds at a time, and each change costs it what it had in the
caches: five test processes on two processors took a quarter more of them than alone, with turns of 50 ms a fifteenth.
"""

import ctypes
import os
import platform
import struct

CALLS = {"x86_64": 314, "aarch64": 274}
"""The number of Linux's `sched_setattr` on a machine: neither Python nor glibc has a name for it."""
TURN = 50_000_000
"""Nanoseconds. Linux takes up to 100 ms, from version 6.12 on; before, it asks the same and does nothing."""
RESET_ON_FORK = 1


def take_longer_turns():
    """Let this process compute for `TURN` before another one has its turn. Processes that it starts wait for each other, and for
    browsers: they keep the usual turns. Where there is no such thing nothing changes, but the time that the tests take.
    """
    call = CALLS.get(platform.machine()) if platform.system() == "Linux" else None
    if call is not None:
        # struct sched_attr of its first version: size, policy, flags, nice, priority, runtime, deadline, period.
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, RESET_ON_FORK, nice, 0, TURN, 0, 0)
        ctypes.CDLL(None).syscall(call, 0, attributes, 0)
