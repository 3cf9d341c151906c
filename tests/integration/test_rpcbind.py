"""A real rpcbind behind the gateway, over its unix socket, where it takes every caller for local root."""

import pytest
from peers import client, rpc, toml
from peers.rpc import auth_sys, opaque, u32
from peers.rpcbind import Rpcbind

RPCBIND = 100000
NULL, SET, UNSET, GETADDR, DUMP, CALLIT, INDIRECT = 0, 1, 2, 3, 4, 5, 10
ROOT = auth_sys(0, 0)
PLANTED = 0x20000099


@pytest.fixture(scope="module")
def rpcbind(shared_directory):
    rpcbind = Rpcbind(shared_directory)
    yield rpcbind
    rpcbind.stop()


@pytest.fixture
def guest(gateway, directory, rpcbind):
    """guest is a connection through the gateway, of a guest with everything that a configuration can give."""
    path = directory / "in.sock"
    gateway(toml.config({"in": f"unix:{path}"}, {"rpcbind": {"address": f"unix:{rpcbind.socket}", "programs": ["100000:2-4"]}},
                        {"web1": {"listener": "in", "backends": ["rpcbind"], "trusted": True, "squash": "none", "sec": ["none", "sys"]}},
                        trust={"allowed": ["web1"]}))
    with client.connect_unix(path) as connection:
        yield connection


def entry(program: int, version: int = 1) -> bytes:
    """entry encodes an rpcb: what SET, UNSET and GETADDR of versions 3 and 4 take."""
    return u32(program, version) + opaque(b"tcp") + opaque(b"127.0.0.1.8.1") + opaque(b"superuser")


def table(rpcbind) -> bytes:
    """table is what DUMP says to a caller on this host, beside the gateway."""
    with client.connect_unix(rpcbind.socket) as connection:
        return connection.call(RPCBIND, 4, DUMP, ROOT).results


@pytest.mark.parametrize("version", [2, 3, 4])
def test_null(guest, version):
    """NULL of rpcbind version {version} is answered [V7]"""
    assert guest.call(RPCBIND, version, NULL, ROOT).outcome == "SUCCESS"


def test_dump(guest, rpcbind):
    """DUMP through the gateway is the table as it is [V7]"""
    assert guest.call(RPCBIND, 4, DUMP, ROOT).results == table(rpcbind) != u32(0)


def test_getaddr(guest):
    """GETADDR of rpcbind itself is answered with an address [V7]"""
    reply = guest.call(RPCBIND, 4, GETADDR, ROOT, u32(RPCBIND, 4) + opaque(b"local") + opaque(b"") + opaque(b""))
    assert b"rpcbind.sock" in rpc.Reader(reply.results).opaque()


def test_set_works_beside_the_gateway(rpcbind):
    """beside the gateway rpcbind does let a caller on its socket SET and UNSET: what the refusals protect [P8]"""
    before = table(rpcbind)
    with client.connect_unix(rpcbind.socket) as connection:
        assert connection.call(RPCBIND, 4, SET, ROOT, entry(PLANTED)).results == u32(1)
        assert table(rpcbind) != before
        assert connection.call(RPCBIND, 4, UNSET, ROOT, entry(PLANTED)).results == u32(1)
    assert table(rpcbind) == before


REFUSED = [("SET", SET, 2), ("SET", SET, 3), ("SET", SET, 4), ("UNSET", UNSET, 2), ("UNSET", UNSET, 3), ("UNSET", UNSET, 4),
           ("CALLIT", CALLIT, 2), ("CALLIT", CALLIT, 3), ("BCAST", CALLIT, 4), ("INDIRECT", INDIRECT, 4)]


def arguments(name: str, version: int) -> bytes:
    if name in ("SET", "UNSET"):
        return u32(PLANTED, 1, 6, 2049) if version == 2 else entry(RPCBIND if name == "UNSET" else PLANTED)
    return u32(RPCBIND, version, NULL) + opaque(b"")


@pytest.mark.parametrize("name,procedure,version", REFUSED)
@pytest.mark.parametrize("uid", [0, 1000])
def test_refused(guest, rpcbind, name, procedure, version, uid):
    """{name} of rpcbind version {version} by uid {uid} is refused and leaves the table unchanged [P8]"""
    before = table(rpcbind)
    assert guest.call(RPCBIND, version, procedure, auth_sys(uid, uid), arguments(name, version)).outcome == "PROC_UNAVAIL"
    assert table(rpcbind) == before
    assert guest.call(RPCBIND, version, NULL, ROOT).outcome == "SUCCESS"


def test_refused_without_credential(guest, rpcbind):
    """SET with AUTH_NONE by a guest that may use AUTH_NONE is refused too [P8]"""
    before = table(rpcbind)
    assert guest.call(RPCBIND, 4, SET, rpc.AUTH_NONE, entry(PLANTED)).outcome == "PROC_UNAVAIL"
    assert table(rpcbind) == before
