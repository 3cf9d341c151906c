"""A client's connection that sends any bytes and takes records apart."""

import itertools
import random
import select
import socket
import struct
import time

from . import rpc

_xids = itertools.count(random.getrandbits(31))


class Closed(ConnectionError):
    """The other end closed (or reset) the connection where a record was awaited."""


class Connection:
    """Connection is one stream to a server or to the gateway. Reads have a deadline; `timeout` is in seconds."""

    def __init__(self, sock: socket.socket, timeout: float = 10.0):
        self.sock = sock
        self.timeout = timeout
        self._buffer = bytearray()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """reset closes with a TCP reset instead of an orderly end (on a unix socket: an ordinary close)."""
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self) -> None:
        """half_close says that nothing more will be sent; replies can still be read."""
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data: bytes) -> None:
        """send sends all the bytes; raises TimeoutError if the other end reads nothing for `timeout` seconds."""
        self.sock.settimeout(self.timeout)
        self.sock.sendall(data)

    def send_call(self, program: int, version: int, procedure: int, credential: bytes = rpc.AUTH_NONE, arguments: bytes = b"",
                  xid: int | None = None, size: int | None = None, **header) -> int:
        """send_call sends a call (in fragments of `size` bytes, if given) and returns its xid."""
        xid = next(_xids) & 0xFFFFFFFF if xid is None else xid
        self.send(rpc.record(rpc.call(xid, program, version, procedure, credential, arguments, **header), size))
        return xid

    def call(self, program: int, version: int, procedure: int, credential: bytes = rpc.AUTH_NONE, arguments: bytes = b"",
             **more) -> rpc.Reply:
        """call sends a call and returns the reply, which must carry the same xid."""
        xid = self.send_call(program, version, procedure, credential, arguments, **more)
        reply = self.read_reply()
        if reply.xid != xid:
            raise AssertionError(f"the reply carries xid {reply.xid:#x}, the call had {xid:#x}")
        return reply

    def read_reply(self) -> rpc.Reply:
        return rpc.parse_reply(self.read_record())

    def read_record(self) -> bytes:
        """read_record returns the next record, its fragments put together."""
        return b"".join(self.read_fragments())

    def read_fragments(self) -> list[bytes]:
        """read_fragments returns the fragments of the next record."""
        deadline = time.monotonic() + self.timeout
        fragments = []
        while True:
            mark = struct.unpack(">I", self._read(4, deadline))[0]
            fragments.append(self._read(mark & 0x7FFFFFFF, deadline))
            if mark & rpc.LAST_FRAGMENT:
                return fragments

    def closed(self, seconds: float | None = None) -> bool:
        """closed says whether the other end closes within `seconds`, without sending anything more."""
        self.sock.settimeout(self.timeout if seconds is None else seconds)
        try:
            return not self._buffer and self.sock.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def readable(self, seconds: float = 0.0) -> bool:
        """readable says whether bytes, or the end, can be read within `seconds`."""
        return bool(self._buffer) or bool(select.select([self.sock], [], [], seconds)[0])

    def _read(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            self.sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self.sock.recv(max(65536, min(count - len(self._buffer), 1 << 20)))
            except ConnectionError as error:
                raise Closed(f"connection lost: {error}") from error
            if not data:
                raise Closed(f"closed with {len(self._buffer)} of {count} bytes read")
            self._buffer += data
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data


def connect_unix(path, timeout: float = 10.0) -> Connection:
    """connect_unix connects to a unix stream socket."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(timeout)
    sock.connect(str(path))
    return Connection(sock, timeout)


def connect_tcp(port: int, privileged: bool = True, source_port: int | None = None, source: str = "127.0.0.1",
                timeout: float = 10.0) -> Connection:
    """connect_tcp connects to a loopback port from the source port given, else from a free one of 665-1023 (`privileged`,
    which needs root) or one the kernel chooses."""
    candidates = [source_port] if source_port is not None else random.sample(range(665, 1024), 100) if privileged else [0]
    for candidate in candidates:
        sock = socket.socket()
        sock.settimeout(timeout)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock.bind((source, candidate))
            sock.connect(("127.0.0.1", port))
            return Connection(sock, timeout)
        except ConnectionRefusedError:
            sock.close()
            raise
        except OSError:
            sock.close()
            if candidate == candidates[-1]:
                raise
    raise AssertionError("no candidate port")
