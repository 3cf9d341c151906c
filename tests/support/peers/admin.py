"""The admin socket: raw, for what gatehousectl would not send, and by gatehousectl."""

import json
import os
import select
import socket
import subprocess
import time
from pathlib import Path

from .build import program
from .gateway import Outcome, run


class Admin:
    """Admin is a connection to an admin socket."""

    def __init__(self, path: Path, timeout: float = 20.0):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(str(path))
        self._read = b""

    def __enter__(self) -> "Admin":
        return self

    def __exit__(self, *_) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """send sends bytes to somebody who may close before the last of them."""
        try:
            self.sock.sendall(data)
        except ConnectionError:
            pass

    def line(self) -> dict | None:
        """line is the next line of an answer; None: the connection is closed."""
        while b"\n" not in self._read:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                assert not self._read, f"half a line: {self._read[:200]!r}"
                return None
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return json.loads(line)

    def begin(self, command: str, **keys) -> None:
        """begin sends a request."""
        self.send(json.dumps({"command": command, **keys}).encode() + b"\n")

    def ask(self, command: str, **keys) -> dict:
        """ask sends a request without rows and returns its answer."""
        self.begin(command, **keys)
        return self.line()

    def rows(self, command: str, **keys) -> list[dict]:
        """rows sends a request and returns the rows of its answer, which must be done."""
        self.begin(command, **keys)
        out = []
        while "row" in (line := self.line()):
            out.append(line["row"])
        assert "done" in line, line
        return out


def ask(path: Path, command: str, **keys) -> dict:
    """ask makes one request on a connection of its own."""
    with Admin(path) as admin:
        return admin.ask(command, **keys)


def ctl(path: Path, *arguments) -> Outcome:
    """ctl runs gatehousectl --socket PATH with the arguments."""
    return run("gatehousectl", "--socket", path, *arguments)


def ctl_as(path: Path, uid: int, gid: int, *arguments, groups: tuple[int, ...] = ()) -> Outcome:
    """ctl_as runs it as another user, with these groups and no others. Root's alone."""
    becoming = ["setpriv", f"--reuid={uid}", f"--regid={gid}", *([f"--groups={','.join(map(str, groups))}"] if groups else ["--clear-groups"])]
    done = subprocess.run([*becoming, str(program("proxy/gatehousectl")), "--socket", str(path), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, text=True, cwd="/", env={"PATH": os.environ["PATH"]})
    return Outcome(done.returncode, done.stdout, done.stderr)


class Running:
    """Running is a gatehousectl that goes on, as trace does; its output is read line by line."""

    def __init__(self, path: Path, *arguments):
        self.popen = subprocess.Popen([str(program("proxy/gatehousectl")), "--socket", str(path), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._read = b""

    def line(self, seconds: float = 20.0) -> str:
        """line waits for the next line of its standard output."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._read:
            ready, _, _ = select.select([self.popen.stdout], [], [], max(deadline - time.monotonic(), 0))
            data = os.read(self.popen.stdout.fileno(), 65536) if ready else b""
            assert data, f"no line came; what came was {self._read!r}"
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def end(self) -> Outcome:
        """end waits for its end and returns what it had still to say."""
        out, err = self.popen.communicate(timeout=30)
        return Outcome(self.popen.returncode, (self._read + out).decode(), err.decode())

    def stop(self) -> None:
        self.popen.kill()
        self.popen.communicate()
