"""NFSv4.0 and 4.1 (RFC 7530, RFC 8881) over any way of calling: any operation with any identifier, as a stranger would send it.

Of results no more is read than the tests need: those of known length, and the last one's bytes.
"""

import struct
from dataclasses import dataclass, field

from . import gss, rpc
from .client import Connection
from .rpc import opaque, u32

PROGRAM, VERSION, COMPOUND = 100003, 4, 1
PUTROOTFH, GETFH = u32(24), u32(10)
CHANNEL = u32(0, 1 << 20, 1 << 20, 4096, 16, 16, 0)
SP4_NONE = u32(0)
SP4_MACH_CRED = u32(1) + u32(2, 0, 1 << (43 - 32) | 1 << (44 - 32)) * 2  # for CREATE_SESSION and DESTROY_SESSION
NO_STATE = bytes(16)  # the anonymous state id

STATUS = {0: "OK", 1: "PERM", 2: "NOENT", 13: "ACCES", 30: "ROFS", 70: "STALE", 10001: "BADHANDLE", 10006: "SERVERFAULT", 10011: "EXPIRED",
          10012: "LOCKED", 10018: "RESOURCE", 10020: "NOFILEHANDLE", 10021: "MINOR_VERS_MISMATCH", 10022: "STALE_CLIENTID",
          10023: "STALE_STATEID", 10024: "OLD_STATEID", 10025: "BAD_STATEID", 10026: "BAD_SEQID", 10036: "BADXDR",
          10044: "OP_ILLEGAL", 10052: "BADSESSION", 10055: "CONN_NOT_BOUND_TO_SESSION", 10063: "SEQ_MISORDERED", 10070: "TOO_MANY_OPS",
          10074: "CLIENTID_BUSY"}
# Bytes of the results, behind their status, of operations that others follow in these tests.
READ = 25
LENGTH = {15: 0, 22: 0, 24: 0, READ: 4, 38: 16, 53: 36}


def compound(*operations: bytes, minor: int = 1, tag: bytes = b"") -> bytes:
    """compound encodes the arguments of COMPOUND."""
    return opaque(tag) + u32(minor, len(operations)) + b"".join(operations)


def carry_out(call: rpc.Call) -> bytes:
    """carry_out answers, for Scripted, as a server that carries out PUTROOTFH, and before another operation ends with a success. Calls that
    are no COMPOUND fail with ACCES."""
    if (call.program, call.version, call.procedure) != (PROGRAM, VERSION, COMPOUND):
        return rpc.record(rpc.success(call.xid, u32(13) if call.procedure else b""))
    reader = rpc.Reader(call.arguments)
    tag, _, count = reader.opaque(), reader.u32(), reader.u32()
    done = 0
    while done < count and reader.data[reader.at:reader.at + 4] == PUTROOTFH:
        reader.take(4)
        done += 1
    return rpc.record(rpc.success(call.xid, u32(0) + opaque(tag) + u32(done) + (PUTROOTFH + u32(0)) * done))


# --- operations: their number and arguments -----------------------------------------------------------------------------------

def exchange_id(verifier: bytes, owner: bytes, protection: bytes = SP4_NONE) -> bytes:
    return u32(42) + verifier + opaque(owner) + u32(0) + protection + u32(0)


def create_session(client: bytes, number: int) -> bytes:
    return u32(43) + client + u32(number, 0) + CHANNEL * 2 + u32(0x40000000, 1, 0)


def bind_connection(session: bytes) -> bytes:
    return u32(41) + session + u32(1, 0)


def sequence(session: bytes, number: int, slot: int = 0) -> bytes:
    return u32(53) + session + u32(number, slot, slot, 0)


def destroy_session(session: bytes) -> bytes:
    return u32(44) + session


def destroy_client(client: bytes) -> bytes:
    return u32(57) + client


def set_client(verifier: bytes, owner: bytes) -> bytes:
    return u32(35) + verifier + opaque(owner) + u32(0x40000000) + opaque(b"tcp") + opaque(b"127.0.0.1.8.1") + u32(1)


def confirm_client(client: bytes, verifier: bytes) -> bytes:
    return u32(36) + client + verifier


def renew(client: bytes) -> bytes:
    return u32(30) + client


def putfh(handle: bytes) -> bytes:
    return u32(22) + opaque(handle)


def walk(path: str) -> list[bytes]:
    """walk is PUTROOTFH and a LOOKUP a name of the path."""
    return [PUTROOTFH, *(u32(15) + opaque(name.encode()) for name in path.split("/") if name)]


def open_new(name: str, client: bytes = bytes(8), seqid: int = 0) -> bytes:
    """open_new is OPEN of a file that it makes if need be, for reading and writing."""
    return u32(18, seqid, 3, 0) + client + opaque(b"opener") + u32(1, 0, 0, 0, 0) + opaque(name.encode())


def open_confirm(state: bytes, seqid: int) -> bytes:
    return u32(20) + state + u32(seqid)


def close(state: bytes, seqid: int = 0) -> bytes:
    return u32(4, seqid) + state


def read(state: bytes = NO_STATE, count: int = 64) -> bytes:
    return u32(25) + state + u32(0, 0, count)


def write(state: bytes, data: bytes) -> bytes:
    return u32(38) + state + struct.pack(">QI", 0, 2) + opaque(data)


def make_directory(name: str) -> bytes:
    return u32(6, 2) + opaque(name.encode()) + u32(0, 0)


def remove(name: str) -> bytes:
    return u32(28) + opaque(name.encode())


def secinfo(name: str) -> bytes:
    return u32(33) + opaque(name.encode())


def secinfo_no_name() -> bytes:
    return u32(52, 0)


def readdir(word: int) -> bytes:
    """readdir is READDIR from the beginning, with the attributes of the bitmap's first word."""
    return u32(26) + bytes(16) + u32(8192, 32768, 1, word)


# --- calls --------------------------------------------------------------------------------------------------------------------

def flavors(results: bytes) -> list[int]:
    """flavors are the pseudo-flavors that the result of SECINFO lists; Kerberos must be by its OID."""
    reader, out = rpc.Reader(results), []
    for _ in range(reader.u32()):
        flavor = reader.u32()
        if flavor == rpc.Flavor.GSS:
            assert (reader.opaque(), reader.u32()) == (bytes.fromhex("2a864886f712010202"), 0)
            flavor = 390002 + reader.u32()
        out.append(flavor)
    reader.end()
    return out


def entry_handles(results: bytes) -> dict[str, bytes]:
    """entry_handles are the handles in the result of READDIR with the attribute filehandle alone, by name."""
    reader, out = rpc.Reader(results), {}
    reader.take(8)
    while reader.u32():
        reader.take(8)
        name = reader.opaque().decode()
        assert reader.array() == [1 << 19]
        inside = rpc.Reader(reader.opaque())
        out[name] = inside.opaque()
        inside.end()
    assert reader.u32() == 1, "more entries than one call gives"
    reader.end()
    return out


@dataclass(frozen=True)
class Answer:
    """Answer is what came of a COMPOUND: `word` is the status, `count` the number of results, `operation` and `last` the last one's
    operation and what stands behind its status."""
    word: str
    tag: bytes = b""
    count: int = 0
    operation: int = 0
    last: bytes = field(repr=False, default=b"")


def answer(results: bytes) -> Answer:
    """answer reads the results of a COMPOUND, whose last operation alone may have a result of unknown length."""
    reader = rpc.Reader(results)
    status, tag, count, operation = reader.u32(), reader.opaque(), reader.u32(), 0
    for number in range(count):
        operation, each = reader.u32(), reader.u32()
        if number < count - 1:
            assert each == 0, "a result that failed is the last"
            reader.take(LENGTH[operation])
            if operation == READ:
                reader.opaque()
        else:
            assert each == status, "the last result's status is that of the whole"
    return Answer(STATUS.get(status, str(status)), tag, count, operation, reader.rest())


class Caller:
    """Caller calls over one connection: by AUTH_SYS as uid 1000, or by a context under krb5, krb5i or krb5p."""

    def __init__(self, connection: Connection, context: gss.Context | None = None, sec: str = "sys"):
        self.connection, self.context, self.sec = connection, context, sec

    def call(self, program: int, version: int, procedure: int, arguments: bytes, size: int | None = None) -> rpc.Reply:
        """call makes any call, in fragments of `size` bytes if given."""
        if self.context is None:
            return self.connection.call(program, version, procedure, rpc.auth_sys(1000, 100), arguments, size=size)
        return self.context.call(self.connection, program, version, procedure, arguments, gss.SERVICES[self.sec], size)

    def send(self, arguments: bytes) -> Answer:
        """send makes a COMPOUND of these arguments, which must be taken for one."""
        reply = self.call(PROGRAM, VERSION, COMPOUND, arguments)
        assert reply.outcome == "SUCCESS", reply
        return answer(reply.results)

    def say(self, *operations: bytes, minor: int = 1) -> Answer:
        """say makes a COMPOUND of the operations."""
        return self.send(compound(*operations, minor=minor))


class Client:
    """Client is a client of NFSv4.1 under an owner, with a session of one slot, made over the caller's connection."""

    def __init__(self, caller: Caller, owner: bytes, verifier: bytes = b"its boot"):
        self.caller, self.owner = caller, owner
        made = caller.say(exchange_id(verifier, owner))
        assert made.word == "OK", made
        self.id, self.next = made.last[:8], int.from_bytes(made.last[8:12], "big")
        made = caller.say(create_session(self.id, self.next))
        assert made.word == "OK", made
        self.session, self.number = made.last[:16], 0
        assert self.within(u32(58, 0)).word == "OK"

    def within(self, *operations: bytes, caller: Caller | None = None) -> Answer:
        """within sends operations in the session."""
        self.number += 1
        return (caller or self.caller).say(sequence(self.session, self.number), *operations)

    def alive(self) -> bool:
        """alive says whether the session is still there."""
        return self.within().word == "OK"

    def open(self, directory: str, name: str) -> bytes:
        """open makes a file if need be, and returns the state id of the open."""
        opened = self.within(*walk(directory), open_new(name, self.id))
        assert opened.word == "OK", opened
        return opened.last[:16]

    def write(self, path: str, state: bytes, data: bytes) -> str:
        """write writes at the beginning of the file and returns the status."""
        return self.within(*walk(path), write(state, data)).word

    def handle(self, path: str) -> bytes:
        """handle is the file handle of a path."""
        got = self.within(*walk(path), GETFH)
        assert got.word == "OK", got
        return rpc.Reader(got.last).opaque()


class Client0:
    """Client0 is a client of NFSv4.0 under an owner. Each open is its open owner's next."""

    def __init__(self, caller: Caller, owner: bytes, verifier: bytes = b"its boot"):
        self.caller = caller
        made = caller.say(set_client(verifier, owner), minor=0)
        assert made.word == "OK", made
        self.id, self.confirm, self.seqid = made.last[:8], made.last[8:16], 0
        assert caller.say(confirm_client(self.id, self.confirm), minor=0).word == "OK"

    def alive(self) -> bool:
        """alive says whether the client is still there."""
        return self.caller.say(renew(self.id), minor=0).word == "OK"

    def open(self, directory: str, name: str) -> bytes:
        """open makes a file if need be, and returns the state id of the open, confirmed."""
        opened = self.caller.say(*walk(directory), open_new(name, self.id, self.seqid), minor=0)
        assert opened.word == "OK", opened
        state, flags, self.seqid = opened.last[:16], int.from_bytes(opened.last[36:40], "big"), self.seqid + 1
        if flags & 2:
            confirmed = self.caller.say(*walk(f"{directory}/{name}"), open_confirm(state, self.seqid), minor=0)
            assert confirmed.word == "OK", confirmed
            state, self.seqid = confirmed.last[:16], self.seqid + 1
        return state

    def write(self, path: str, state: bytes, data: bytes) -> str:
        """write writes at the beginning of the file and returns the status."""
        return self.caller.say(*walk(path), write(state, data), minor=0).word
