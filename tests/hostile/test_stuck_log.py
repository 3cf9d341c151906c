"""Standard error is a pipe that nobody reads: no call waits for it."""

import fcntl
import os
import subprocess
from contextlib import closing

import pytest
from peers import toml
from peers.build import program
from peers.client import connect_unix
from peers.gateway import write_config
from peers.rpc import auth_sys
from peers.scripted import Scripted
from peers.tirpc import ECHO, PROGRAM
from peers.wait import until

USER = auth_sys(1000, 100)


@pytest.fixture
def silent(directory, stopping):
    """silent is a gateway whose log goes into a pipe of one page; its process, the end to read from and its listener."""
    backend = stopping(Scripted(directory / "backend.sock"))
    listener = directory / "in.sock"
    config = write_config(directory, toml.config({"in": f"unix:{listener}"}, {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1"]}},
                                                 {"web1": {"listener": "in", "backends": ["peer"], "limits": {"log_lines": 100000}}}))
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([program("proxy/gatehoused"), "--config", config], stdin=subprocess.DEVNULL, stderr=writing,
                               env={**os.environ, "STATE_DIRECTORY": str(directory)})
    os.close(writing)
    try:
        until(lambda: listener.exists() and connects(listener), "the listener")
        yield process, reading, listener
    finally:
        process.kill()
        process.wait(10)
        os.close(reading)


def connects(path) -> bool:
    try:
        connect_unix(path).close()
    except OSError:
        return False
    return True


def test_stuck(silent):
    """refusals that fill the log, which nobody reads, delay neither further calls nor the end of the daemon [L6]"""
    process, reading, listener = silent
    with closing(connect_unix(listener)) as connection:
        for number in range(2000):
            assert connection.call(PROGRAM + 1, 1, ECHO, USER).outcome == "PROG_UNAVAIL"
            if number % 100 == 0:
                assert connection.call(PROGRAM, 1, ECHO, USER, b"data").results == b"data"
    process.terminate()
    assert process.wait(20) == 0
    assert b"event=refused" in os.read(reading, 1 << 16)


def test_read_again(silent):
    """what waited is written when somebody reads again, and nothing is lost that there was room for [L6]"""
    process, reading, listener = silent
    with closing(connect_unix(listener)) as connection:
        for _ in range(500):
            connection.call(PROGRAM + 1, 1, ECHO, USER)
    text = b""
    while text.count(b"event=refused") < 500:
        text += os.read(reading, 1 << 16)
    process.terminate()
    assert process.wait(20) == 0
