"""gatehouse-guest as a process of a test, and what stands at its two ends."""

import os
import socket
import struct

from peers.build import program
from peers.ports import free_port
from peers.process import Process

SECONDS = 20


class Relay(Process):
    """Relay runs gatehouse-guest on a free loopback port in front of the unix socket upstream.sock of a directory."""

    def __init__(self, directory, *options, listen=True):
        self.port = free_port()
        self.upstream = directory / "upstream.sock"
        where = ["--listen", f"127.0.0.1:{self.port}"] if listen else []
        super().__init__([program("guest/gatehouse-guest"), *where, "--to", f"unix:{self.upstream}", *options],
                         directory / f"relay-{self.port}.log")
        self.wait_for(lambda: "event=ready" in self.log(), "the relay is ready")

    def connect(self, source: int = 0) -> socket.socket:
        """connect returns a connection to the relay, from the source port if that is not 0."""
        sock = socket.socket()
        sock.settimeout(SECONDS)
        if source:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", source))
        sock.connect(("127.0.0.1", self.port))
        return sock

    def turns_away(self, source: int = 0) -> bool:
        """turns_away says whether a new connection is closed without a word. The reset may be quicker than connect()."""
        try:
            with self.connect(source) as sock:
                return is_closed(sock)
        except ConnectionResetError:
            return True

    def descriptors(self) -> int:
        """descriptors returns how many the relay has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def accept(listener: socket.socket) -> socket.socket:
    """accept returns the next connection, with a time-out."""
    sock = listener.accept()[0]
    sock.settimeout(SECONDS)
    return sock


def all_of(sock: socket.socket) -> bytes:
    """all_of returns what comes until the end."""
    received = bytearray()
    while data := sock.recv(1 << 20):
        received += data
    return bytes(received)


def is_closed(sock: socket.socket) -> bool:
    """is_closed waits until the other end has closed or reset; no byte may have come before."""
    try:
        return sock.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True


def reset(sock: socket.socket) -> None:
    """reset closes a TCP connection by a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Through:
    """Through is a connection through the relay as (client, server)."""

    def __init__(self, relay: Relay, upstream: socket.socket):
        self.pair = relay.connect(), accept(upstream)

    def __enter__(self):
        return self.pair

    def __exit__(self, *_):
        for sock in self.pair:
            sock.close()
