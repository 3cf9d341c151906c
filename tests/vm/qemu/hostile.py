#!/usr/bin/python3
"""hostile.py call ADDRESS answered|refused|closed, hostile.py ATTACK ADDRESS COUNT: what a guest may send that is no NFS client.

ADDRESS is the relay's: a path, or a port of 127.0.0.1. `call` sends one call from a port above 1023 and says what must come back: a NULL
call is `answered`; a call with AUTH_SYS is `refused` (AUTH_TOOWEAK); one by a machine without a guest entry finds itself `closed` with no
byte before. An attack is done COUNT times, and expects what a gateway owes to each: mostly that it closes the connection itself.
Exit status 1 and one line with the reason otherwise.
"""

import itertools
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from probe import ACCEPTED, CALL  # noqa: E402

SECONDS = 30  # on an emulated processor, beside others
# NFSv4 COMPOUND by uid 0 of the machine "g43": no tag, minor version 0, PUTROOTFH, GETFH.
AUTH_SYS = struct.pack(">2I", 1, 24) + struct.pack(">2I4s3I", 0, 3, b"g43", 0, 0, 0)
COMPOUND = struct.pack(">4I", 2, 100003, 4, 1) + AUTH_SYS + struct.pack(">2I", 0, 0) + struct.pack(">5I", 0, 0, 2, 24, 10)
RESERVED = itertools.cycle(range(700, 1000))


def mark(length: int, last: bool = True) -> bytes:
    return struct.pack(">I", length | (0x80000000 if last else 0))


def record(body: bytes) -> bytes:
    return mark(len(body)) + body


def compound(xid: int) -> bytes:
    return record(struct.pack(">2I", xid, 0) + COMPOUND)


def connect(address: str, reserved: bool = False) -> socket.socket:
    """connect returns a connection to the relay, to TCP from a port below 1024 where that is wished. OSError when there is none."""
    if not address.isdigit():
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SECONDS)
        sock.connect(address)
        return sock
    sock = socket.socket()
    sock.settimeout(SECONDS)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reserved:
        bind_reserved(sock)
    sock.connect(("127.0.0.1", int(address)))
    return sock


def bind_reserved(sock: socket.socket) -> None:
    for _ in range(300):
        try:
            return sock.bind(("127.0.0.1", next(RESERVED)))
        except OSError:
            continue
    raise OSError("no port below 1024 is free")


def read_to_end(sock: socket.socket) -> bytes:
    """read_to_end returns all that comes until the other end closes or resets. TimeoutError when it does neither."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except (ConnectionResetError, BrokenPipeError):
        pass
    return received


def send(sock: socket.socket, data: bytes) -> None:
    """send sends what the other end still takes: one that has closed already is no failure."""
    try:
        sock.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass


def read_reply(sock: socket.socket) -> bytes:
    received = b""
    while len(received) < 4 or len(received) < 4 + (struct.unpack(">I", received[:4])[0] & 0x7FFFFFFF):
        data = sock.recv(65536)
        if not data:
            break
        received += data
    return received[4:]


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def call(address: str, expected: str) -> None:
    with connect(address) as sock:
        send(sock, compound(1) if expected == "refused" else record(CALL))
        got = read_to_end(sock) if expected == "closed" else read_reply(sock)
    wanted = {
        "answered": ACCEPTED,
        "refused": struct.pack(">5I", 1, 1, 1, 1, 5),  # REPLY, denied, AUTH_ERROR, AUTH_TOOWEAK
        "closed": b"",
    }[expected]
    if got != wanted:
        raise ValueError(f"received {got.hex() or 'nothing'}, expected {wanted.hex() or 'nothing'}")


def is_closed(address: str, data: bytes) -> None:
    with connect(address) as sock:
        send(sock, data)
        if got := read_to_end(sock):
            raise ValueError(f"received {got.hex()}")


def speak_http(address: str) -> None:
    is_closed(address, b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")


def send_garbage(address: str) -> None:
    is_closed(address, record(os.urandom(8) + b"\xff" * 200))


def declare_huge_record(address: str) -> None:
    is_closed(address, mark(0x7FFFFFFF) + b"x" * 1000)


def reset_in_record(address: str) -> None:
    sock = connect(address, reserved=True)
    sock.sendall(mark(1000) + compound(2)[4:])
    reset(sock)


def reset_under_calls(address: str) -> None:
    sock = connect(address, reserved=True)
    sock.sendall(b"".join(compound(xid) for xid in range(40)))
    reset(sock)


def close_under_calls(address: str) -> None:
    with connect(address, reserved=True) as sock:
        sock.sendall(b"".join(compound(xid) for xid in range(40)))


def half_close(address: str) -> None:
    with connect(address, reserved=True) as sock:
        sock.sendall(compound(3))
        sock.shutdown(socket.SHUT_WR)
        read_to_end(sock)


def half_close_in_record(address: str) -> None:
    with connect(address) as sock:
        send(sock, mark(1000) + compound(4)[4:12])
        sock.shutdown(socket.SHUT_WR)
        if got := read_to_end(sock):
            raise ValueError(f"received {got.hex()}")


def never_read(address: str) -> None:
    """never_read sends calls and takes no reply until no more calls are taken, which must be long before 32 MiB."""
    calls = b"".join(compound(xid) for xid in range(1000))
    with connect(address, reserved=True) as sock:
        sock.settimeout(3)
        try:
            for _ in range(32 * 1024 * 1024 // len(calls)):
                sock.sendall(calls)
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            return
        raise ValueError("all of 32 MiB of calls was taken although no reply was")


ATTACKS: dict[str, Callable[[str], None]] = {
    "http": speak_http,
    "garbage": send_garbage,
    "huge-record": declare_huge_record,
    "reset-in-record": reset_in_record,
    "reset-under-calls": reset_under_calls,
    "close-under-calls": close_under_calls,
    "half-close": half_close,
    "half-close-in-record": half_close_in_record,
    "never-read": never_read,
}


def main() -> int:
    what, address, argument = sys.argv[1:]
    try:
        if what == "call":
            call(address, argument)
        for _ in range(int(argument) if what != "call" else 0):
            ATTACKS[what](address)
    except (OSError, ValueError) as error:
        print(f"{what}: {type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
