#!/usr/bin/python3
"""guest_forged_root.py tcp:PORT|unix:PATH [--source PORT]: calls NFS through a relay as uid 0, whoever runs it.

The call is GETATTR of NFS version 3 with an AUTH_SYS credential that says uid 0, gid 0. Prints one line: "SUCCESS" (the server saw it),
the refusal, such as "AUTH_ERROR TOOWEAK", or "closed" (the connection ended without an answer).
"""

import argparse
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from peers import rpc  # noqa: E402

XID = 0x0F0E0D0C
SECONDS = 20


def connect(address: str, source: int) -> socket.socket:
    """connect returns a connection to the relay, from the TCP source port if that is not 0."""
    kind, _, where = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SECONDS)
        sock.connect(where)
        return sock
    sock = socket.socket(socket.AF_INET)
    sock.settimeout(SECONDS)
    if source:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", source))
    sock.connect(("127.0.0.1", int(where)))
    return sock


def verdict(sock: socket.socket) -> str:
    """verdict sends the call and says what came of it."""
    handle = rpc.opaque(b"no handle of this server")
    received = b""
    try:
        sock.sendall(rpc.record(rpc.call(XID, 100003, 3, 1, rpc.auth_sys(0, 0), handle)))
        while len(received) < 4 or len(received) < 4 + (int.from_bytes(received[:4], "big") & 0x7FFFFFFF):
            if not (data := sock.recv(4096)):
                return "closed"
            received += data
    except (ConnectionResetError, BrokenPipeError):
        return "closed"
    return rpc.parse_reply(received[4:]).outcome


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--source", type=int, default=0)
    args = parser.parse_args()
    try:
        with connect(args.address, args.source) as sock:
            print(verdict(sock))
    except ConnectionResetError:  # quicker than connect()
        print("closed")


if __name__ == "__main__":
    main()
