"""A service manager for one service: what it says on NOTIFY_SOCKET, a descriptor store, and sockets that are passed at each start."""

import array
import fcntl
import os
import select
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

from .wait import until

# A shell puts descriptors where the service expects them, and becomes the service, so that LISTEN_PID is right.
PASS = 'exec {}; LISTEN_PID=$$ exec "$@"'
FAR = 200  # descriptors are passed to the shell from here on, out of the way of where they belong
FIRST = 3  # SD_LISTEN_FDS_START
NAME = "gatehouse-contexts"


@dataclass
class Stored:
    """Stored is a descriptor of the store and its FDNAME. Unless it was stored with FDPOLL=0 it goes when it hangs up."""
    name: str
    fd: int
    polled: bool = False


class ServiceManager:
    """ServiceManager keeps up to `room` descriptors (FileDescriptorStoreMax=; a store without room says nothing, as systemd's), and passes
    them with the listening sockets that it was given by listen(). `states` are the words that the service said, in order. It
    ends with stop()."""

    def __init__(self, directory: Path, room: int = 16):
        self.room = room
        self.states: list[str] = []
        self.store: list[Stored] = []
        self.sockets: list[tuple[str, socket.socket]] = []
        self.path = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    # --- what the service says --------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            message, control, _, _ = self._socket.recvmsg(65536, socket.CMSG_SPACE(64 * 4))
            if message == b"END=1":
                return
            fds = array.array("i")
            for level, kind, data in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(data[:len(data) - len(data) % fds.itemsize])
            with self._lock:
                self._take(message.decode().splitlines(), list(fds))

    def _take(self, lines: list[str], fds: list[int]) -> None:
        self.states += lines
        words = dict(line.split("=", 1) for line in lines)
        name = words.get("FDNAME", "stored")
        if words.get("FDSTOREREMOVE") == "1":
            for each in [each for each in self.store if each.name == name]:
                self.store.remove(each)
                os.close(each.fd)
        for fd in fds:
            if words.get("FDSTORE") == "1" and len(self.store) < self.room:
                self.store.append(Stored(name, fd, words.get("FDPOLL") != "0"))
            else:
                os.close(fd)  # also that of BARRIER=1, which is how it is answered

    def _throw_out(self) -> None:
        for each in [each for each in self.store if each.polled and _hung_up(each.fd)]:
            self.store.remove(each)
            os.close(each.fd)

    def said(self, state: str) -> int:
        """said is how often the service said `state`."""
        with self._lock:
            return self.states.count(state)

    def names(self) -> list[str]:
        """names are those of the descriptors in the store."""
        with self._lock:
            self._throw_out()
            return [each.name for each in self.store]

    def wait_empty(self) -> None:
        """wait_empty waits until the service has taken everything out of its store."""
        until(lambda: not self.names(), "an empty store")

    # --- what is passed to the service ------------------------------------------------------------------------------------------

    def put(self, *fds: int, name: str = NAME) -> None:
        """put puts descriptors into the store, which are its own from then on."""
        with self._lock:
            self.store += [Stored(name, fd) for fd in fds]

    def take(self) -> list[Stored]:
        """take takes everything out of the store; the descriptors are the caller's."""
        with self._lock:
            self._throw_out()
            taken, self.store = self.store, []
        return taken

    def listen(self, name: str, path: Path) -> None:
        """listen makes a listening unix socket, as a socket unit does, under FileDescriptorName=name."""
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(path))
        made.listen(64)
        self.hold(name, made)

    def hold(self, name: str, listening: socket.socket) -> None:
        """hold takes a listening socket, to be passed under that name."""
        self.sockets.append((name, listening))

    def starting(self) -> "Starting":
        """starting is entered to start the service once. What is in the store stays there until the service takes it out."""
        return Starting(self)

    def stop(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"END=1", str(self.path))
        self._thread.join(10)
        self._socket.close()
        for _, each in self.sockets:
            each.close()
        for each in self.take():
            os.close(each.fd)


class Starting:
    """Starting is what Gateway() takes besides the configuration, so that it finds the sockets and the stored descriptors, from 3 on and
    with their names in its environment."""

    def __init__(self, manager: ServiceManager):
        self._manager = manager
        self._passed: list[int] = []

    def __enter__(self) -> dict:
        manager = self._manager
        manager.names()
        passed = [(name, each.fileno()) for name, each in manager.sockets] + [(each.name, each.fd) for each in reversed(manager.store)]
        self._passed = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FAR) for _, fd in passed]
        moves = " ".join(f"{FIRST + i}<&{fd} {fd}<&-" for i, fd in enumerate(self._passed))
        return {"prefix": ["bash", "-c", PASS.format(moves), "bash"], "pass_fds": self._passed,
                "env": {"NOTIFY_SOCKET": str(manager.path), "LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": ":".join(name for name, _ in passed)}}

    def __exit__(self, *_) -> None:
        for fd in self._passed:
            os.close(fd)


def _hung_up(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

