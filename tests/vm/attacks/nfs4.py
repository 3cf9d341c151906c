"""NFSv4 as an attacker speaks it: any operation with any identifier, and what the other end says to it in a word.

The operations are those of peers.nfs4, and some that only an attack needs; of results no more is read than that.
"""

import itertools
import os
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "support")]

from peers import rpc  # noqa: E402
from peers.client import Closed, Connection, connect_tcp  # noqa: E402
from peers.nfs4 import (COMPOUND, GETFH, NO_STATE, PROGRAM, PUTROOTFH, VERSION, compound, confirm_client, create_session,  # noqa: E402
                        destroy_client, destroy_session, exchange_id, make_directory, putfh, read, renew, sequence, set_client)

__all__ = ["COMPOUND", "GETFH", "NO_STATE", "PROGRAM", "PUTROOTFH", "VERSION", "Closed", "compound", "confirm_client", "create_session",
           "destroy_client", "destroy_session", "exchange_id", "make_directory", "putfh", "read", "renew", "rpc", "sequence", "set_client"]

SECONDS = 30  # on an emulated processor, beside others
# Below 665: the kernel's NFS client, whose relay binds the same ports of AF_VSOCK, never takes these.
PORTS = itertools.cycle(range(300 + os.getpid() % 300, 664))

STATUS = {0: "NFS4_OK", 1: "PERM", 13: "ACCES", 30: "ROFS", 70: "STALE", 10001: "BADHANDLE", 10008: "DELAY", 10011: "EXPIRED", 10016: "WRONGSEC",
          10017: "CLID_INUSE", 10020: "NOFILEHANDLE", 10022: "STALE_CLIENTID", 10023: "STALE_STATEID", 10024: "OLD_STATEID",
          10025: "BAD_STATEID", 10026: "BAD_SEQID", 10044: "OP_ILLEGAL", 10052: "BADSESSION", 10053: "BADSLOT", 10063: "SEQ_MISORDERED",
          10074: "CLIENTID_BUSY"}


def bind_connection(session: bytes) -> bytes:
    return rpc.u32(41) + session + rpc.u32(3, 0)  # both directions


def walk(path: str) -> list[bytes]:
    """walk is a LOOKUP a name of the path."""
    return [rpc.u32(15) + rpc.opaque(name.encode()) for name in path.split("/")]


def write(state: bytes, data: bytes) -> bytes:
    return rpc.u32(38) + state + struct.pack(">QI", 1 << 20, 2) + rpc.opaque(data)


def close(state: bytes) -> bytes:
    return rpc.u32(4, 1) + state


def unlock(state: bytes) -> bytes:
    return rpc.u32(14, 2, 1) + state + struct.pack(">QQ", 0, 0xFFFFFFFFFFFFFFFF)


def free_state(state: bytes) -> bytes:
    return rpc.u32(45) + state


@dataclass
class Answer:
    """Answer is what came of a COMPOUND: `word` is the status, the refusal of RPC, or "closed"; `last` the result of its last operation."""
    word: str
    last: bytes = field(repr=False, default=b"")


# What the results of operations that an attack begins with are long, behind their status.
LENGTH = {53: 36, 22: 0, 24: 0, 15: 0}


def answer(reply: rpc.Reply) -> Answer:
    """answer reads the results of a COMPOUND, whose last operation alone may have a result of unknown length."""
    if reply.outcome != "SUCCESS":
        return Answer(reply.outcome)
    reader = rpc.Reader(reply.results)
    status, _, count = reader.u32(), reader.opaque(), reader.u32()
    for _ in range(count - 1):
        operation = reader.u32()
        reader.take(4 + LENGTH[operation])
    if count:
        reader.take(8)
    return Answer(STATUS.get(status, str(status)), reader.rest())


class Machine:
    """Machine is a connection to a relay or a server, from a port below 1024 unless told otherwise, and the session made over it."""

    def __init__(self, port: int, privileged: bool = True, source: str = "127.0.0.1", uid: int = 0, name: bytes = b"beta"):
        self.credential = rpc.auth_sys(uid, uid, machine=name)
        self.connection: Connection = connect_tcp(port, source_port=next(PORTS) if privileged else 0, source=source, timeout=SECONDS)
        self.session = b""
        self.number = 0

    def say(self, *operations: bytes, minor: int = 1) -> Answer:
        """say sends a COMPOUND and returns what came of it."""
        try:
            return answer(self.connection.call(PROGRAM, VERSION, COMPOUND, self.credential, compound(*operations, minor=minor)))
        except Closed:
            return Answer("closed")

    def begin(self, owner: bytes, verifier: bytes = b"its boot") -> Answer:
        """begin makes a client and a session of the machine's own, and returns the answer that ended it, mostly RECLAIM_COMPLETE's."""
        made = self.say(exchange_id(verifier, owner))
        if made.word != "NFS4_OK":
            return made
        client, number = made.last[:8], int.from_bytes(made.last[8:12], "big")
        made = self.say(create_session(client, number))
        if made.word != "NFS4_OK":
            return made
        self.session = made.last[:16]
        return self.within(rpc.u32(58, 0))

    def within(self, *operations: bytes) -> Answer:
        """within sends operations in the machine's own session."""
        self.number += 1
        return self.say(sequence(self.session, self.number), *operations)
