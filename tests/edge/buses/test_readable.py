"""Waiting for bytes, also at ends with larger numbers than `select` takes."""

import fcntl
import os
import resource
import socket

import pytest

from prewatt.edge.buses.readable import readable

BEYOND = 1500
"""A number of a file descriptor that `select` does not take."""


@pytest.fixture
def many_files():
    """The system allows this process so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft <= BEYOND:
        if hard != resource.RLIM_INFINITY and hard <= BEYOND:
            pytest.skip("this system allows too few files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (BEYOND + 1, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_has_sent_something_or_hung_up_is_told_whatever_its_number(many_files):
    here, there = socket.socketpair()
    far, other = socket.socketpair()
    with here, there, far, other, socket.socket(fileno=fcntl.fcntl(far, fcntl.F_DUPFD, BEYOND)) as beyond:
        assert beyond.fileno() >= BEYOND
        assert readable([here, beyond], 0) == []
        other.send(b"x")
        assert readable([here, beyond], 30) == [beyond]
        there.close()
        assert readable([here], 30) == [here]


def test_a_bare_descriptor_will_do():
    reading, writing = os.pipe()
    try:
        assert readable([reading], -1) == []
        os.write(writing, b"x")
        assert readable([reading], 30) == [reading]
    finally:
        os.close(reading)
        os.close(writing)
