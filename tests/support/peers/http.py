"""HTTP as the tests speak it to [admin] http: whole requests, and any bytes at all."""

import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass

SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Response:
    """Response is the first answer in some bytes: its status (0: there is none), its headers and what follows."""
    status: int
    headers: dict[str, str]
    body: str


def connect(where: int | str, timeout: float = 20.0) -> socket.socket:
    """connect opens a connection to a loopback port, or to a socket file."""
    sock = socket.socket(socket.AF_INET if isinstance(where, int) else socket.AF_UNIX)
    sock.settimeout(timeout)
    sock.connect(("127.0.0.1", where) if isinstance(where, int) else str(where))
    return sock


@contextmanager
def connected(where: int | str, timeout: float = 20.0):
    with connect(where, timeout) as sock:
        yield sock


def read_all(sock: socket.socket) -> bytes:
    """read_all reads until the other end closes or resets."""
    data = bytearray()
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionError:
        pass
    return bytes(data)


def parse(data: bytes) -> Response:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/1\.[01] (\d{3}) ", first + " ")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    return Response(int(status.group(1)) if status else 0, headers, body.decode("utf-8", "replace"))


def ask(where: int | str, request: bytes, timeout: float = 20.0) -> Response:
    """ask sends any bytes, says that no more will come, and returns what came back until the end."""
    with connected(where, timeout) as sock:
        try:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        except OSError:  # it was closed before it was all sent
            pass
        return parse(read_all(sock))


def request(path: str, method: str = "GET", headers: str = "", close: bool = True) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{'Connection: close' if close else 'X-Y: z'}\r\n\r\n".encode()


def get(where: int | str, path: str, timeout: float = 20.0) -> Response:
    """get is an ordinary request."""
    with connected(where, timeout) as sock:
        sock.sendall(request(path))
        return parse(read_all(sock))


def samples(text: str) -> dict[tuple[str, frozenset], float]:
    """samples are the samples of an exposition, by name and labels: {("x_total", frozenset({("guest", "web1")})): 1.0}."""
    found = (SAMPLE.match(line) for line in text.splitlines() if line and not line.startswith("#"))
    return {(each.group(1), frozenset(LABEL.findall(each.group(2) or ""))): float(each.group(3)) for each in found}


def kinds(text: str) -> dict[str, str]:
    """kinds are the metrics of an exposition: name to type."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
