"""ONC RPC (RFC 5531) on a stream, encoded by hand: an implementation of its own, to hold the gateway's against.

Everything takes and returns bytes, so that a test can also send what no honest client would.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Iterable, Sequence


class Flavor(IntEnum):
    NONE = 0
    SYS = 1
    SHORT = 2
    DH = 3
    GSS = 6
    TLS = 7


class AcceptStat(IntEnum):
    SUCCESS = 0
    PROG_UNAVAIL = 1
    PROG_MISMATCH = 2
    PROC_UNAVAIL = 3
    GARBAGE_ARGS = 4
    SYSTEM_ERR = 5


class RejectStat(IntEnum):
    RPC_MISMATCH = 0
    AUTH_ERROR = 1


class AuthStat(IntEnum):
    OK = 0
    BADCRED = 1
    REJECTEDCRED = 2
    BADVERF = 3
    REJECTEDVERF = 4
    TOOWEAK = 5
    INVALIDRESP = 6
    FAILED = 7
    GSS_CREDPROBLEM = 13
    GSS_CTXPROBLEM = 14


CALL, REPLY = 0, 1
MSG_ACCEPTED, MSG_DENIED = 0, 1
LAST_FRAGMENT = 0x80000000


class Malformed(ValueError):
    """Bytes that are not what RFC 5531 or RFC 4506 allow; the text says what and where."""


# --- XDR (RFC 4506) -----------------------------------------------------------------------------------------------------------

def u32(*values: int) -> bytes:
    """u32 encodes unsigned 32-bit integers, one after the other."""
    return struct.pack(f">{len(values)}I", *values)


def opaque(data: bytes) -> bytes:
    """opaque encodes a variable-length opaque or string: length, bytes, zero padding to a multiple of four."""
    return u32(len(data)) + data + bytes(-len(data) % 4)


def array(values: Sequence[int]) -> bytes:
    """array encodes a variable-length array of unsigned 32-bit integers."""
    return u32(len(values), *values)


class Reader:
    """Reader decodes XDR strictly: it raises Malformed for truncation, padding that is not zero and, in end(), what is left over."""

    def __init__(self, data: bytes):
        self.data = bytes(data)
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise Malformed(f"{count} bytes wanted at offset {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def u32(self) -> int:
        return struct.unpack(">I", self.take(4))[0]

    def opaque(self, limit: int = 0xFFFFFFFF) -> bytes:
        length = self.u32()
        if length > limit:
            raise Malformed(f"opaque of {length} bytes at offset {self.at - 4}, at most {limit} allowed")
        data = self.take(length)
        if any(self.take(-length % 4)):
            raise Malformed(f"padding that is not zero before offset {self.at}")
        return data

    def array(self, limit: int = 0xFFFFFFFF) -> list[int]:
        count = self.u32()
        if count > limit:
            raise Malformed(f"array of {count} elements at offset {self.at - 4}, at most {limit} allowed")
        return [self.u32() for _ in range(count)]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)

    def end(self) -> None:
        if self.at != len(self.data):
            raise Malformed(f"{len(self.data) - self.at} bytes left over at offset {self.at}")


# --- calls --------------------------------------------------------------------------------------------------------------------

def auth(flavor: int, body: bytes = b"") -> bytes:
    """auth encodes an opaque_auth: a credential or a verifier."""
    return u32(flavor) + opaque(body)


AUTH_NONE = auth(Flavor.NONE)


def auth_sys_body(uid: int, gid: int, gids: Iterable[int] = (), machine: bytes = b"a-guest", stamp: int = 0) -> bytes:
    """auth_sys_body encodes authsys_parms (RFC 5531, appendix A) without checking any limit."""
    return u32(stamp) + opaque(machine) + u32(uid, gid) + array(list(gids))


def auth_sys(uid: int, gid: int, gids: Iterable[int] = (), machine: bytes = b"a-guest", stamp: int = 0) -> bytes:
    """auth_sys encodes an AUTH_SYS credential."""
    return auth(Flavor.SYS, auth_sys_body(uid, gid, gids, machine, stamp))


def call(xid: int, program: int, version: int, procedure: int, credential: bytes = AUTH_NONE, arguments: bytes = b"",
         verifier: bytes = AUTH_NONE, rpc_version: int = 2, message_type: int = CALL) -> bytes:
    """call encodes a call message, without its record mark."""
    return u32(xid, message_type, rpc_version, program, version, procedure) + credential + verifier + arguments


def success(xid: int, results: bytes = b"", verifier: bytes = AUTH_NONE) -> bytes:
    """success encodes the reply to a call that was carried out."""
    return u32(xid, REPLY, MSG_ACCEPTED) + verifier + u32(AcceptStat.SUCCESS) + results


def auth_error(xid: int, stat: int) -> bytes:
    """auth_error encodes a reply that denies the call for its credential."""
    return u32(xid, REPLY, MSG_DENIED, RejectStat.AUTH_ERROR, stat)


# --- records (RFC 5531, section 11) -------------------------------------------------------------------------------------------

def fragment(data: bytes, last: bool = True) -> bytes:
    """fragment puts a record mark before the data."""
    return u32(len(data) | (LAST_FRAGMENT if last else 0)) + data


def record(message: bytes, size: int | None = None) -> bytes:
    """record encodes a message as one fragment, or as fragments of `size` bytes each (the last may be shorter)."""
    if size is None or len(message) <= size:
        return fragment(message)
    pieces = [message[at:at + size] for at in range(0, len(message), size)]
    return b"".join(fragment(piece, last=piece_index == len(pieces) - 1) for piece_index, piece in enumerate(pieces))


# --- messages received --------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Call:
    """Call is a call message taken apart, as a server sees it."""
    xid: int
    rpc_version: int
    program: int
    version: int
    procedure: int
    flavor: int
    credential: bytes
    verifier_flavor: int
    verifier: bytes
    arguments: bytes


@dataclass(frozen=True)
class SysCredential:
    """SysCredential is the body of an AUTH_SYS credential taken apart."""
    stamp: int
    machine: bytes
    uid: int
    gid: int
    gids: tuple[int, ...]


@dataclass(frozen=True)
class Reply:
    """Reply is a reply message taken apart. `accepted` is None in a denied reply, `rejected` is None in an accepted one."""
    xid: int
    verifier_flavor: int | None = None
    verifier: bytes | None = None
    accepted: AcceptStat | None = None
    rejected: RejectStat | None = None
    auth_stat: AuthStat | None = None
    low: int | None = None
    high: int | None = None
    results: bytes = b""

    @property
    def outcome(self) -> str:
        """outcome is the reply in a word, such as SUCCESS, PROG_MISMATCH 1-2 or AUTH_ERROR TOOWEAK."""
        if self.accepted is not None:
            limits = f" {self.low}-{self.high}" if self.accepted == AcceptStat.PROG_MISMATCH else ""
            return self.accepted.name + limits
        if self.rejected == RejectStat.RPC_MISMATCH:
            return f"RPC_MISMATCH {self.low}-{self.high}"
        return f"AUTH_ERROR {self.auth_stat.name}"


def message_type(message: bytes) -> int:
    """message_type returns CALL or REPLY (or whatever else stands there)."""
    return struct.unpack(">I", message[4:8])[0]


def parse_call(message: bytes) -> Call:
    """parse_call takes a call message apart; raises Malformed."""
    reader = Reader(message)
    xid, kind, rpc_version, program, version, procedure = (reader.u32() for _ in range(6))
    if kind != CALL:
        raise Malformed(f"message type {kind} is not a call")
    flavor, credential = reader.u32(), reader.opaque(400)
    verifier_flavor, verifier = reader.u32(), reader.opaque(400)
    return Call(xid, rpc_version, program, version, procedure, flavor, credential, verifier_flavor, verifier, reader.rest())


def parse_auth_sys(body: bytes) -> SysCredential:
    """parse_auth_sys takes the body of an AUTH_SYS credential apart, with the limits of RFC 5531; raises Malformed."""
    reader = Reader(body)
    credential = SysCredential(reader.u32(), reader.opaque(255), reader.u32(), reader.u32(), tuple(reader.array(16)))
    reader.end()
    return credential


def parse_reply(message: bytes) -> Reply:
    """parse_reply takes a reply message apart; raises Malformed for anything that RFC 5531 does not describe."""
    reader = Reader(message)
    xid, kind, stat = reader.u32(), reader.u32(), reader.u32()
    if kind != REPLY:
        raise Malformed(f"message type {kind} is not a reply")
    if stat == MSG_DENIED:
        return _parse_denied(xid, reader)
    if stat != MSG_ACCEPTED:
        raise Malformed(f"reply stat {stat}")
    flavor, verifier = reader.u32(), reader.opaque(400)
    accepted = _member(AcceptStat, reader.u32())
    if accepted == AcceptStat.SUCCESS:
        return Reply(xid, flavor, verifier, accepted, results=reader.rest())
    low, high = (reader.u32(), reader.u32()) if accepted == AcceptStat.PROG_MISMATCH else (None, None)
    reader.end()
    return Reply(xid, flavor, verifier, accepted, low=low, high=high)


def _parse_denied(xid: int, reader: Reader) -> Reply:
    rejected = _member(RejectStat, reader.u32())
    if rejected == RejectStat.RPC_MISMATCH:
        reply = Reply(xid, rejected=rejected, low=reader.u32(), high=reader.u32())
    else:
        reply = Reply(xid, rejected=rejected, auth_stat=_member(AuthStat, reader.u32()))
    reader.end()
    return reply


def _member(kind, value: int):
    try:
        return kind(value)
    except ValueError as error:
        raise Malformed(f"{value} is not a {kind.__name__}") from error
