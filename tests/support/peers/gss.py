"""A client of RPCSEC_GSS (RFC 2203) on python3-gssapi that can misbehave in every field.

An implementation of its own, to hold the gateway's against: tokens are made and checked by libgssapi, everything else here, byte by byte.
Each hook of a message (`credential`, `mic`, `body`, ...) is a function from the bytes that an honest client sends to those that are sent.
"""

import itertools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import gssapi
from gssapi.raw import ext_krb5

from . import rpc
from .client import Connection

DATA, INIT, CONTINUE_INIT, DESTROY = range(4)
NONE, INTEGRITY, PRIVACY = 1, 2, 3
SERVICES = {"krb5": NONE, "krb5i": INTEGRITY, "krb5p": PRIVACY}
MAXSEQ = 0x80000000
KRB5 = gssapi.MechType.kerberos
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
# Major status of RFC 2743, as RFC 2203 sends it.
COMPLETE, CONTINUE_NEEDED = 0, 1
NO_CONTEXT, DEFECTIVE_TOKEN, FAILURE, UNAUTHORIZED = 8 << 16, 9 << 16, 13 << 16, 15 << 16

Hook = Callable[[bytes], bytes]
Flag = gssapi.RequirementFlag
_xids = itertools.count(random.getrandbits(31))


def same(data: bytes) -> bytes:
    """same is the hook that changes nothing."""
    return data


def put(data: bytes) -> Hook:
    """put is the hook that sends `data` instead."""
    return lambda _: data


def credential_body(handle: bytes = b"", procedure: int = DATA, seq: int = 0, service: int = NONE, version: int = 1) -> bytes:
    """credential_body encodes rpc_gss_cred_t without checking any limit."""
    return rpc.u32(version, procedure, seq, service) + rpc.opaque(handle)


@dataclass(frozen=True)
class Creation:
    """Creation is the results of INIT and CONTINUE_INIT."""
    handle: bytes
    major: int
    minor: int
    window: int
    token: bytes


def parse_creation(reply: rpc.Reply) -> Creation:
    """parse_creation takes the results of a creation request apart, and demands the shape that RFC 2203 gives a failed one."""
    assert reply.outcome == "SUCCESS", reply
    reader = rpc.Reader(reply.results)
    creation = Creation(reader.opaque(), reader.u32(), reader.u32(), reader.u32(), reader.opaque())
    reader.end()
    if creation.major not in (COMPLETE, CONTINUE_NEEDED):
        assert (creation.handle, creation.window, creation.token) == (b"", 0, b""), creation
    if creation.major != COMPLETE:
        assert (reply.verifier_flavor, reply.verifier) == (rpc.Flavor.NONE, b""), reply
    return creation


class Context:
    """Context is a security context and, once created, its handle: usable over any connection. `cache` holds the tickets, `target` names
    the service, `enctype` permits one enctype alone. `seq` is the number of the next call."""

    def __init__(self, cache: Path, target: str = "nfs@localhost", mech=KRB5, flags: int = Flag.mutual_authentication | Flag.integrity |
                 Flag.confidentiality, enctype: int | None = None):
        name = gssapi.Name(target, gssapi.NameType.hostbased_service)
        credentials = gssapi.Credentials(usage="initiate", mechs=[mech], store={"ccache": f"FILE:{cache}"})
        if enctype:
            ext_krb5.krb5_set_allowable_enctypes(credentials, [enctype])
        self.inner = gssapi.SecurityContext(name=name, creds=credentials, mech=mech, flags=flags, usage="initiate")
        self.handle = b""
        self.window = 0
        self.seq = 1

    # --- creation -------------------------------------------------------------------------------------------------------------

    def token(self) -> bytes:
        """token is the first token; to be made once."""
        return self.inner.step()

    def create(self, connection: Connection, program: int, version: int, token: bytes | None = None) -> "Context":
        """create establishes the context, checks everything that comes back, and returns itself."""
        reply = converse(connection, creation(program, version, self.token() if token is None else token))
        self.complete(reply)
        return self

    def complete(self, reply: rpc.Reply) -> Creation:
        """complete takes the reply to a successful INIT: token, handle, window, and the verifier over the window."""
        created = parse_creation(reply)
        assert created.major == COMPLETE, f"major {created.major:#x} minor {created.minor:#x}"
        assert created.handle and created.window
        self.inner.step(created.token)
        assert self.inner.complete
        self.check_verifier(reply, created.window)
        self.handle, self.window = created.handle, created.window
        return created

    # --- calls ----------------------------------------------------------------------------------------------------------------

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq - 1

    def mic(self, message: bytes) -> bytes:
        return self.inner.get_signature(message)

    def wrap(self, message: bytes, sealed: bool = True) -> bytes:
        return self.inner.wrap(message, sealed).message

    def message(self, program: int, version: int, procedure: int, arguments: bytes = b"", service: int = NONE, *, xid: int | None = None,
                seq: int | None = None, embedded_seq: int | None = None, handle: bytes | None = None, gss_procedure: int = DATA,
                gss_version: int = 1, credential: Hook = same, header: Hook = same, mic: Hook = same, verifier_flavor: int = rpc.Flavor.GSS,
                plain: Hook = same, token: Hook = same, checksum: Hook = same, body: Hook = same, rpc_version: int = 2,
                message_type: int = rpc.CALL, service_number: int | None = None) -> bytes:
        """message encodes a call. The hooks, in the order in which they are tried: `credential` (its body), `header` (what is signed),
        `mic` (of the header), `plain` (sequence number and arguments before protection), `token` and `checksum` (of the protected
        arguments), `body` (all that stands behind the verifier). `service_number` is what the credential says, if not `service`."""
        seq = self.next_seq() if seq is None else seq
        number = service if service_number is None else service_number
        cred = credential(credential_body(self.handle if handle is None else handle, gss_procedure, seq, number, gss_version))
        head = rpc.u32(next(_xids) & 0xFFFFFFFF if xid is None else xid, message_type, rpc_version, program, version, procedure)
        head += rpc.auth(rpc.Flavor.GSS, cred)
        verifier = rpc.auth(verifier_flavor, mic(self.mic(header(head))))
        inside = self.protect(seq if embedded_seq is None else embedded_seq, arguments, service, plain, token, checksum)
        return head + verifier + body(inside)

    def protect(self, seq: int, arguments: bytes, service: int, plain: Hook = same, token: Hook = same, checksum: Hook = same) -> bytes:
        """protect encodes the arguments of a call under a service."""
        if service == NONE:
            return plain(arguments)
        inside = plain(rpc.u32(seq) + arguments)
        if service == INTEGRITY:
            return rpc.opaque(inside) + rpc.opaque(checksum(self.mic(inside)))
        return rpc.opaque(token(self.wrap(inside)))

    def call(self, connection: Connection, program: int, version: int, procedure: int, arguments: bytes = b"", service: int = NONE,
             size: int | None = None, **hooks) -> rpc.Reply:
        """call sends a call (in fragments of `size` bytes, if given) and returns its reply, verified and its results opened. Later calls
        go on behind its number."""
        seq = hooks.pop("seq", self.seq)
        self.seq = max(self.seq, seq + 1)
        reply = converse(connection, self.message(program, version, procedure, arguments, service, seq=seq, **hooks), size)
        return self.open(reply, seq, service)

    def destroy(self, connection: Connection, program: int, version: int, **hooks) -> rpc.Reply:
        """destroy sends DESTROY and returns the reply, its verifier checked: its results are void and bare."""
        seq = self.next_seq()
        reply = converse(connection, self.message(program, version, 0, gss_procedure=DESTROY, seq=seq, **hooks))
        return self.open(reply, seq, NONE)

    # --- replies --------------------------------------------------------------------------------------------------------------

    def check_verifier(self, reply: rpc.Reply, number: int) -> None:
        """check_verifier demands that the reply's verifier is the MIC over the number."""
        assert reply.verifier_flavor == rpc.Flavor.GSS, reply
        self.inner.verify_signature(rpc.u32(number), reply.verifier)

    def open(self, reply: rpc.Reply, seq: int, service: int) -> rpc.Reply:
        """open checks an accepted reply to the call of number `seq` and returns it with its results opened. A denied one is as it is."""
        if reply.accepted is None:
            return reply
        self.check_verifier(reply, seq)
        if reply.accepted != rpc.AcceptStat.SUCCESS:
            return reply
        return rpc.Reply(reply.xid, reply.verifier_flavor, reply.verifier, reply.accepted, results=self.results(reply.results, seq, service))

    def results(self, data: bytes, seq: int, service: int) -> bytes:
        """results opens the results of a reply and demands that the number inside is the call's."""
        if service == NONE:
            return data
        reader = rpc.Reader(data)
        if service == INTEGRITY:
            inside = reader.opaque()
            self.inner.verify_signature(inside, reader.opaque())
        else:
            opened = self.inner.unwrap(reader.opaque())
            assert opened.encrypted, "the results are wrapped without confidentiality"
            inside = opened.message
        reader.end()
        assert inside[:4] == rpc.u32(seq), f"results for number {inside[:4].hex()}, the call had {seq:#x}"
        return inside[4:]


def creation(program: int, version: int, token: bytes, *, xid: int | None = None, procedure: int = 0, gss_procedure: int = INIT,
             gss_version: int = 1, handle: bytes = b"", seq: int = 0, service: int = NONE, credential: Hook = same,
             verifier: bytes = rpc.AUTH_NONE, body: Hook = same) -> bytes:
    """creation encodes an INIT (or CONTINUE_INIT) call."""
    cred = credential(credential_body(handle, gss_procedure, seq, service, gss_version))
    return rpc.call(next(_xids) & 0xFFFFFFFF if xid is None else xid, program, version, procedure, rpc.auth(rpc.Flavor.GSS, cred),
                    body(rpc.opaque(token)), verifier)


def converse(connection: Connection, message: bytes, size: int | None = None) -> rpc.Reply:
    """converse sends a message and reads the reply, which must carry its xid."""
    connection.send(rpc.record(message, size))
    reply = connection.read_reply()
    assert rpc.u32(reply.xid) == message[:4], f"the reply carries xid {reply.xid:#x}, the call had {message[:4].hex()}"
    return reply


# --- tokens of RFC 4121, section 4.2.6 --------------------------------------------------------------------------------------------

BY_ACCEPTOR, SEALED, ACCEPTOR_SUBKEY = 1, 2, 4
TOKEN_HEADER = 16


def change(token: bytes, at: int, data: bytes) -> bytes:
    """change replaces bytes of a token."""
    return token[:at] + data + token[at + len(data):]


def flip(at: int, bits: int = 1) -> Hook:
    """flip is the hook that flips bits of the byte at an offset (negative: from the end)."""
    return lambda data: change(data, at % len(data), bytes([data[at] ^ bits]))


def with_extra_count(count: int) -> Hook:
    """with_extra_count is the hook that writes EC into the open header, and nowhere else."""
    return lambda token: change(token, 4, count.to_bytes(2, "big"))


def with_rotation(count: int) -> Hook:
    """with_rotation is the hook that writes RRC but leaves the bytes where they are."""
    return lambda token: change(token, 6, count.to_bytes(2, "big"))


def rotated(count: int) -> Hook:
    """rotated is the hook that rotates a wrap token by `count`, as a sender may (RFC 4121, section 4.2.5): it is still a good one."""
    def rotate(token: bytes) -> bytes:
        rest = token[TOKEN_HEADER:]
        by = count % len(rest)
        return with_rotation(count)(token[:TOKEN_HEADER] + rest[len(rest) - by:] + rest[:len(rest) - by])
    return rotate
