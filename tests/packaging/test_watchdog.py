"""What gatehoused tells the service manager's watchdog, and what it does not while one of its threads is stuck."""

import ctypes
import os
import socket
from pathlib import Path

import pytest
from peers import toml

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000  # ptrace(2), waitpid(2)
TIMEOUT = 4_000_000  # microseconds: a thread is late after 2 s, the message is due every second


class Manager:
    """Manager receives what a service says to its service manager."""

    def __init__(self, directory):
        self.path = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def wait(self, word: str, seconds: float = 20) -> None:
        """wait takes messages until one has the word; TimeoutError when none comes for so long."""
        self._socket.settimeout(seconds)
        while word not in self._socket.recv(4096).decode():
            pass

    def forget(self) -> None:
        """forget takes what has come until now."""
        self._socket.setblocking(False)
        while True:
            try:
                self._socket.recv(4096)
            except BlockingIOError:
                return


class Stuck:
    """Stuck holds one thread of another process, as a debugger does, while it is entered."""

    def __init__(self, thread: int):
        self._thread = thread
        self._libc = ctypes.CDLL(None, use_errno=True)

    def _ptrace(self, request: int) -> None:
        if self._libc.ptrace(ctypes.c_long(request), ctypes.c_long(self._thread), None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace request {request:#x}")

    def __enter__(self):
        self._ptrace(SEIZE)
        self._ptrace(INTERRUPT)
        os.waitpid(self._thread, WALL)
        return self

    def __exit__(self, *_):
        self._ptrace(DETACH)


@pytest.fixture
def manager(directory):
    return Manager(directory)


@pytest.mark.parametrize("number", [0, 2])
def test_stuck(number, gateway, directory, manager):
    """while thread {number} is stuck, the acceptor or any worker, the watchdog hears nothing; and again when it goes on [L6]"""
    running = gateway(toml.config({"in": f"unix:{directory}/in.sock"}, {}, {}, gateway={"workers": 2}),
                      env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": str(TIMEOUT)})
    manager.wait("READY=1")
    manager.wait("WATCHDOG=1")
    manager.wait("WATCHDOG=1")
    threads = {(task / "comm").read_text().strip(): int(task.name) for task in Path(f"/proc/{running.process.pid}/task").iterdir()}
    with Stuck(threads[f"worker-{number}"] if number else running.process.pid):
        if number != 0:
            assert running.wait_event("thread-stuck")["thread"] == str(number)
        manager.forget()
        with pytest.raises(TimeoutError):
            manager.wait("WATCHDOG=1", seconds=3)
    manager.wait("WATCHDOG=1")


def test_not_asked_for(gateway, directory, manager):
    """without a watchdog, or with that of another process, nothing is said to it [L6]"""
    gateway(toml.config({"in": f"unix:{directory}/in.sock"}, {}, {}),
            env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": str(TIMEOUT), "WATCHDOG_PID": "1"})
    manager.wait("READY=1")
    with pytest.raises(TimeoutError):
        manager.wait("WATCHDOG=1", seconds=3)
