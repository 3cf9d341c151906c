"""A few procedures of NFSv3 (RFC 1813) over any way of calling: for clients that libnfs is not, such as one with Kerberos."""

from typing import Callable

from . import rpc
from .client import Connection

PROGRAM, VERSION, MOUNT = 100003, 3, 100005
GETATTR, LOOKUP, READ, WRITE, CREATE, READDIRPLUS = 1, 3, 6, 7, 8, 17
FILE_SYNC = 2
FATTR3 = 84  # bytes

# From a procedure and its arguments to the results of a call that was accepted.
Call = Callable[[int, bytes], bytes]


def mount(connection: Connection, path: str, credential: bytes) -> bytes:
    """mount asks mountd for the file handle of an exported directory."""
    reply = connection.call(MOUNT, 3, 1, credential, rpc.opaque(path.encode()))
    assert reply.accepted == rpc.AcceptStat.SUCCESS, reply
    reader = _ok(reply.results)
    return reader.opaque()


def create(call: Call, directory: bytes, name: str, mode: int = 0o644) -> bytes:
    """create makes a file and returns its handle."""
    attributes = rpc.u32(1, mode, 0, 0, 0, 0, 0)
    reader = _ok(call(CREATE, rpc.opaque(directory) + rpc.opaque(name.encode()) + rpc.u32(0) + attributes))
    assert reader.u32() == 1, "the server gave no handle"
    return reader.opaque()


def write(call: Call, handle: bytes, data: bytes) -> None:
    """write puts all of `data` at the beginning of a file."""
    reader = _ok(call(WRITE, rpc.opaque(handle) + rpc.u32(0, 0, len(data), FILE_SYNC) + rpc.opaque(data)))
    for _ in range(reader.u32()):  # attributes before, if any
        reader.take(24)
    _skip_attributes(reader)
    assert reader.u32() == len(data)


def read(call: Call, handle: bytes, count: int) -> bytes:
    """read returns up to `count` bytes from the beginning of a file."""
    reader = _ok(call(READ, rpc.opaque(handle) + rpc.u32(0, 0, count)))
    _skip_attributes(reader)
    reader.take(8)
    return reader.opaque()


def lookup(call: Call, directory: bytes, name: str) -> bytes:
    """lookup returns the handle of a file."""
    return _ok(call(LOOKUP, rpc.opaque(directory) + rpc.opaque(name.encode()))).opaque()


def handles(call: Call, directory: bytes) -> dict[str, bytes]:
    """handles are the file handles that READDIRPLUS gives, by name."""
    reader, out = _ok(call(READDIRPLUS, rpc.opaque(directory) + bytes(16) + rpc.u32(4096, 32768))), {}
    _skip_attributes(reader)
    reader.take(8)
    while reader.u32():
        reader.take(8)
        name = reader.opaque().decode()
        reader.take(8)
        _skip_attributes(reader)
        if reader.u32():
            out[name] = reader.opaque()
    return out


def _ok(results: bytes) -> rpc.Reader:
    reader = rpc.Reader(results)
    status = reader.u32()
    assert status == 0, f"NFS status {status}"
    return reader


def _skip_attributes(reader: rpc.Reader) -> None:
    if reader.u32():
        reader.take(FATTR3)
