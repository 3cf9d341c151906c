"""Loopback ports that nobody listens on."""

import errno
import random
import socket

# Below the kernel's range of ephemeral ports (32768 and up), so that no outgoing connection takes one of them meanwhile.
FIRST, LAST = 24000, 24999

_given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """free_port returns a TCP port on which a listener can be opened now; the same port is not given out twice in a process."""
    for _ in range(2000):
        port = random.randint(FIRST, LAST)
        if port in _given:
            continue
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        _given.add(port)
        return port
    raise RuntimeError(f"no free port in {FIRST}-{LAST}")


def free_pair() -> int:
    """free_pair returns a port that is free together with the one after it (an NFS server's and its MOUNT service's)."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        if port + 1 not in _given:
            _given.add(port + 1)
            return port


def listening(port: int, address: str = "127.0.0.1") -> bool:
    """listening says whether a connection to the port is taken."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((address, port)) == 0
