"""The gateway's own rpcbind: what each guest is shown of it, to Debian's rpcinfo and libtirpc inside a machine, and to clients that
ask for what is refused or more than there is."""

import socket
import struct
import subprocess
import time

import pytest
from peers import client, rpc, rpcbind_client, tirpc, toml
from peers.build import program
from peers.netns import Namespace
from peers.process import Process
from peers.rpc import auth_sys, opaque, u32
from peers.tirpc import TirpcServer
from peers.wait import holds_for, until

RPCBIND, NFS, MOUNTD = 100000, 100003, 100005
NULL, SET, UNSET, GETADDR, DUMP, CALLIT, GETTIME, UADDR2TADDR, TADDR2UADDR, GETVERSADDR, INDIRECT, GETADDRLIST, GETSTAT = range(13)
ROOT = auth_sys(0, 0)
GROWTH_KIB = 6 * 1024
# The guest "a" may use NFS 3 to 4 and the program of a libtirpc server, "b" MOUNT 3 alone.
SHOWN = {"a": [(RPCBIND, 2), (RPCBIND, 3), (RPCBIND, 4), (NFS, 3), (NFS, 4), (tirpc.PROGRAM, 1), (tirpc.PROGRAM, 2)],
         "b": [(RPCBIND, 2), (RPCBIND, 3), (RPCBIND, 4), (MOUNTD, 3)]}
PORT = 2049


class Views:
    """Views is a gateway with two microVMs: the sockets of each are in its VMM's folder, NAME.sock_PORT."""

    def __init__(self, gateway, directory, stopping):
        self.directory, self._stopping = directory, stopping
        server = stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))
        listeners = [toml.entry("listener", f"{name}{number}", address=f"hybrid:{directory}/{name}.sock:{port}", rpcbind=port == 111)
                     for name in SHOWN for number, port in enumerate((PORT, 111))]
        nowhere = f"unix:{directory}/nobody-listens.sock"
        rest = toml.config({}, {"nfs": {"address": nowhere, "programs": ["nfs:3-4"]}, "mountd": {"address": nowhere + "2", "programs": ["mountd:3"]},
                                "tirpc": {"address": server.address, "programs": [f"{tirpc.PROGRAM}:1-2"]}},
                           {"a": {"listener": ["a0", "a1"], "backends": ["nfs", "tirpc"]},
                            "b": {"listener": ["b0", "b1"], "backends": ["mountd"]}})
        self.gateway = gateway("\n".join([*listeners, rest]))

    def connect(self, name: str = "a", port: int = 111) -> client.Connection:
        """connect makes the connection that the guest's VMM would make."""
        return client.connect_unix(self.directory / f"{name}.sock_{port}")

    def machine(self, name: str) -> Namespace:
        """machine is a network namespace with the guest's relay at the loopback ports 111 and PORT."""
        namespace = self._stopping(Namespace(self.directory / f"{name}.log"))
        for port in (111, PORT):
            relay = self._stopping(Process([*namespace.prefix, str(program("guest/gatehouse-guest")), "--listen", f"127.0.0.1:{port}", "--to",
                                            f"unix:{self.directory}/{name}.sock_{port}"], self.directory / f"relay-{name}-{port}.log"))
            relay.wait_for(lambda: "event=ready" in relay.log(), "the relay is ready")
        return namespace


@pytest.fixture
def views(gateway, directory, stopping):
    return Views(gateway, directory, stopping)


def rpcinfo(machine: Namespace, *arguments) -> list[list[str]]:
    """rpcinfo runs Debian's rpcinfo in the machine and returns its lines as words, without the title."""
    done = subprocess.run([*machine.prefix, "rpcinfo", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return [line.split() for line in done.stdout.splitlines() if line.split()[:2] not in (["program", "vers"], ["program", "version"],
                                                                                          ["program", "version(s)"])]


def rpcb(number: int, version: int, netid: bytes = b"", address: bytes = b"", owner: bytes = b"") -> bytes:
    """rpcb encodes what SET, UNSET and GETADDR of versions 3 and 4 take."""
    return u32(number, version) + opaque(netid) + opaque(address) + opaque(owner)


def listed(results: bytes) -> list[tuple]:
    """listed takes the results of DUMP of version 3 or 4 apart: program, version, netid, address."""
    reader, found = rpc.Reader(results), []
    while reader.u32():
        found.append((reader.u32(), reader.u32(), reader.opaque().decode(), reader.opaque().decode()))
        reader.opaque()
    reader.end()
    return found


@pytest.mark.parametrize("name", SHOWN)
def test_rpcinfo_p(views, name):
    """rpcinfo -p (version 2) in machine {name} lists that guest's programs and no other's [V2, P8]"""
    lines = rpcinfo(views.machine(name), "-p", "127.0.0.1")
    assert [(int(number), int(version), protocol, int(port)) for number, version, protocol, port, *_ in lines] == [
        (number, version, "tcp", 111 if number == RPCBIND else PORT) for number, version in SHOWN[name]]


@pytest.mark.parametrize("name", SHOWN)
def test_rpcinfo_dump(views, name):
    """rpcinfo (versions 3 and 4) in machine {name} lists netid vsockc and CID 2, and never vsockd [V1, V2, V10]"""
    lines = rpcinfo(views.machine(name), "127.0.0.1")
    assert [(int(number), int(version), netid, address) for number, version, netid, address, *_ in lines] == [
        (number, version, "vsockc", "2.111" if number == RPCBIND else f"2.{PORT}") for number, version in SHOWN[name]]


def test_rpcinfo_short(views):
    """rpcinfo -s groups what it finds by program, with the versions and the netid [V2]"""
    lines = rpcinfo(views.machine("b"), "-s", "127.0.0.1")
    assert [(words[0], words[1], words[2]) for words in lines] == [("100000", "4,3,2", "vsockc"), ("100005", "3", "vsockc")]


def test_rpcinfo_addresses(views):
    """rpcinfo -l (GETADDRLIST) has the addresses of one version [V2]"""
    lines = rpcinfo(views.machine("a"), "-l", "127.0.0.1", NFS, 4)
    assert [words[:3] for words in lines if words[:1] == [str(NFS)]] == [[str(NFS), "4", "vsock/-/cots_ord"]]
    assert lines[-1][3] == "2.2049"


def test_rpcinfo_calls(views):
    """rpcinfo -T tcp asks for the address, calls the program there through the relay, and is answered by its server [V2]"""
    lines = rpcinfo(views.machine("a"), "-T", "tcp", "127.0.0.1", tirpc.PROGRAM, 1)
    assert [words[-3:] for words in lines] == [["ready", "and", "waiting"]]


def test_libtirpc(views):
    """libtirpc's rpcb_getaddr and rpcb_gettime in the machine find the relay's port and the time, and no more than the guest may use [V2]"""
    machine = views.machine("a")
    answer = rpcbind_client.ask(machine.prefix, "127.0.0.1", NFS, 3)
    assert answer["getaddr"] == "127.0.0.1.8.1"
    assert int(answer["apart"]) < 60
    assert rpcbind_client.ask(machine.prefix, "127.0.0.1", MOUNTD, 3)["getaddr"] == ""


@pytest.mark.parametrize("number,protocol,port", [(NFS, 6, PORT), (NFS, 17, 0), (RPCBIND, 6, 111), (MOUNTD, 6, 0), (tirpc.PROGRAM, 6, PORT)])
def test_getport(views, number, protocol, port):
    """GETPORT of program {number} for protocol {protocol} is {port} [V2]"""
    with views.connect() as guest:
        assert guest.call(RPCBIND, 2, GETADDR, ROOT, u32(number, 3, protocol, 0)).results == u32(port)


@pytest.mark.parametrize("netid,address", [(b"vsockc", f"2.{PORT}"), (b"vsock", f"2.{PORT}"), (b"", f"2.{PORT}"), (b"tcp", "127.0.0.1.8.1"),
                                           (b"vsockd", ""), (b"udp", ""), (b"tcp6", ""), (b"local", "")])
@pytest.mark.parametrize("version", [3, 4])
def test_getaddr(views, version, netid, address):
    """GETADDR of version {version} for netid {netid} is "{address}" [V2, V10]"""
    with views.connect() as guest:
        reply = guest.call(RPCBIND, version, GETADDR, ROOT, rpcb(NFS, 3, netid))
        assert rpc.Reader(reply.results).opaque().decode() == address


def test_taddr(views):
    """UADDR2TADDR is the struct sockaddr_vm of the kernel, and TADDR2UADDR takes it back [V1]"""
    with views.connect() as guest:
        taddr = guest.call(RPCBIND, 4, UADDR2TADDR, ROOT, opaque(b"2.2049")).results
        assert taddr == u32(16) + opaque(struct.pack("=HHIIBBBB", socket.AF_VSOCK, 0, 2049, 2, 0, 0, 0, 0))
        assert guest.call(RPCBIND, 4, TADDR2UADDR, ROOT, taddr).results == opaque(b"2.2049")


REFUSED = [(SET, 2), (SET, 3), (SET, 4), (UNSET, 2), (UNSET, 3), (UNSET, 4), (CALLIT, 2), (CALLIT, 3), (CALLIT, 4), (INDIRECT, 4), (GETSTAT, 4)]


@pytest.mark.parametrize("procedure,version", REFUSED)
def test_refused(views, procedure, version):
    """procedure {procedure} of version {version} is refused to uid 0 and changes nothing; the refusal is logged [P8]"""
    arguments = u32(0x20000099, 1, 6, 2049) if version == 2 else rpcb(0x20000099, 1, b"tcp", b"127.0.0.1.8.1", b"superuser")
    with views.connect() as guest:
        before = guest.call(RPCBIND, 4, DUMP, ROOT).results
        assert guest.call(RPCBIND, version, procedure, ROOT, arguments).outcome == "PROC_UNAVAIL"
        assert guest.call(RPCBIND, 4, DUMP, ROOT).results == before
    rule = "rpcbind" if procedure == GETSTAT else "rpcbind-builtin"
    assert views.gateway.wait_event("refused", guest="a", rule=rule)["uid"] == "0"


def test_other_programs(views):
    """nothing else is served there: other programs are unavailable, other versions name those that are [V2]"""
    with views.connect() as guest:
        assert guest.call(NFS, 3, NULL, ROOT).outcome == "PROG_UNAVAIL"
        assert guest.call(tirpc.PROGRAM, 1, tirpc.ECHO, ROOT, opaque(b"x")).outcome == "PROG_UNAVAIL"
        assert guest.call(RPCBIND, 5, NULL, ROOT).outcome.startswith("PROG_MISMATCH")
        assert guest.call(RPCBIND, 4, NULL).outcome == "SUCCESS"
        assert guest.call(RPCBIND, 4, NULL, rpc.auth(rpc.Flavor.SYS, b"\0\0\0\1")).outcome == "AUTH_ERROR BADCRED"
        assert guest.call(RPCBIND, 4, DUMP, rpc.auth(rpc.Flavor.GSS, u32(1, 1, 0, 1, 0))).outcome == "AUTH_ERROR TOOWEAK"


def test_not_elsewhere(views):
    """a listener without rpcbind = true does not answer it [P8]"""
    with views.connect(port=PORT) as guest:
        assert guest.call(RPCBIND, 4, DUMP, ROOT).outcome == "PROG_UNAVAIL"


HUGE = [opaque(bytes(256)), opaque(bytes(500)), opaque(bytes(64 * 1024)), opaque(bytes(1 << 20)), u32(0xFFFFFFFF), u32(0x7FFFFFFF) + bytes(900)]


@pytest.mark.parametrize("number", range(len(HUGE)))
@pytest.mark.parametrize("size", [None, 333])
def test_huge_strings(views, number, size):
    """strings of 256 bytes to 1 MiB, and lengths that lie, are GARBAGE_ARGS, whole and in fragments, and the connection goes on [V2]"""
    with views.connect() as guest:
        for place in range(3):
            arguments = u32(NFS, 3) + opaque(b"") * place + HUGE[number] + opaque(b"") * (2 - place)
            if size and len(arguments) // size > 1000:
                continue
            assert guest.call(RPCBIND, 4, GETADDR, ROOT, arguments, size=size).outcome == "GARBAGE_ARGS"
        assert guest.call(RPCBIND, 4, GETADDR, ROOT, rpcb(NFS, 3)).results == opaque(b"2.2049")


def test_byte_by_byte(views):
    """a call that comes byte by byte is answered like one that comes whole [V3]"""
    with views.connect() as guest:
        for byte in rpc.record(rpc.call(7, RPCBIND, 4, GETADDR, ROOT, rpcb(NFS, 3, b"vsockc"))):
            guest.send(bytes([byte]))
        assert guest.read_reply().results == opaque(b"2.2049")


def test_flood(views):
    """10 000 calls on one connection, sent before any answer is read, are all answered in order, and memory stays flat [L6]"""
    calls = b"".join(rpc.record(rpc.call(xid, RPCBIND, 4, DUMP, ROOT)) for xid in range(10_000))
    with views.connect() as warm:
        warm.send(calls[:len(calls) // 100])
        for xid in range(100):
            assert warm.read_reply().xid == xid
    before = views.gateway.memory_kib()
    with views.connect() as guest:
        guest.sock.setblocking(False)
        sent = 0

        def blocked() -> bool:
            """Sends what goes and says whether nothing more does for now."""
            nonlocal sent
            try:
                while sent < len(calls):
                    sent += guest.sock.send(calls[sent:sent + 65536])
            except BlockingIOError:
                return True
            return False
        # The gateway stops reading a client that takes no answers.
        until(lambda: blocked() and views.gateway.counters("a").get("waits_answers", 0) >= 1, "a connection that waits")
        assert holds_for(lambda: blocked() and sent < len(calls), 0.5)
        assert views.gateway.memory_kib() - before < GROWTH_KIB
        for xid in range(10_000):
            if sent < len(calls):
                guest.sock.setblocking(False)
                blocked()
            reply = guest.read_reply()
            assert reply.xid == xid and reply.outcome == "SUCCESS"
    assert views.gateway.memory_kib() - before < GROWTH_KIB
    assert views.gateway.counters("a")["rule-rpcbind"] >= 10_100


def test_flood_of_refusals(views):
    """10 000 calls of CALLIT are refused, each of them; few are logged [P8, L6]"""
    before = views.gateway.memory_kib()
    with views.connect() as guest:
        for start in range(0, 10_000, 500):
            guest.send(b"".join(rpc.record(rpc.call(xid, RPCBIND, 4, CALLIT, ROOT, bytes(64))) for xid in range(start, start + 500)))
            for xid in range(start, start + 500):
                assert (reply := guest.read_reply()).xid == xid and reply.outcome == "PROC_UNAVAIL"
    assert views.gateway.memory_kib() - before < GROWTH_KIB
    assert views.gateway.counters("a")["rule-rpcbind-builtin"] >= 10_000
    assert len(views.gateway.events("refused", guest="a")) < 1000


def test_gettime(views):
    """GETTIME is this host's time [V2]"""
    with views.connect() as guest:
        assert abs(struct.unpack(">I", guest.call(RPCBIND, 3, GETTIME, ROOT).results)[0] - time.time()) < 60
