"""The source address and port of links to TCP backends: one address a guest, a port below 1024."""

import socket

import pytest
from lanes import SOURCE, open_lanes
from peers import rpc, tirpc, toml
from peers.client import connect_tcp, connect_unix
from peers.ports import free_port
from peers.tirpc import PROGRAM, TirpcServer, parse_who

USER = rpc.auth_sys(1000, 100)
PORTS = range(665, 1024)


@pytest.fixture
def server(directory, stopping):
    return stopping(TirpcServer(directory / "server.log", port=free_port()))


@pytest.fixture
def lanes(gateway, directory, server):
    return open_lanes(gateway, directory, server.address)


@pytest.fixture
def occupy():
    """occupy takes a port of an address, as another program would, until the test ends."""
    taken = []

    def take(port: int, address: str = SOURCE) -> None:
        taken.append(socket.socket())
        taken[-1].bind((address, port))
        taken[-1].listen()
    yield take
    for each in taken:
        each.close()


def seen(connection) -> tuple[str, int]:
    """seen is the address and port that the server sees a connection come from."""
    address, _, port = parse_who(connection.call(PROGRAM, 1, tirpc.WHO, USER).results)["peer"].rpartition(":")
    return address, int(port)


@pytest.mark.parametrize("port", [1, 664, 777, 1023])
def test_own_port_is_kept(lanes, port):
    """the server sees the guest's source address and the client's own port {port} [L4, P10]"""
    with lanes.connect_tcp(source_port=port) as connection:
        assert seen(connection) == (SOURCE, port)


def test_unknown_port(gateway, directory, server):
    """a guest whose port is not known comes from its source address and a port of 665-1023 [L4]"""
    path = directory / "in.sock"
    gateway(toml.config({"in": f"unix:{path}"}, {"peer": {"address": server.address, "programs": [f"{PROGRAM}:1-2"]}},
                        {"web1": {"listener": "in", "source_address": "127.66.0.77", "backends": ["peer"]}}))
    with connect_unix(path) as connection:
        address, port = seen(connection)
    assert address == "127.66.0.77" and port in PORTS


def test_derived_address(lanes):
    """a guest without source_address gets one of 127.64.0.0/10, the same for each connection [L4, P10]"""
    addresses = []
    for _ in range(3):
        with lanes.connect() as connection:
            addresses.append(seen(connection)[0])
    assert len(set(addresses)) == 1
    assert 64 <= int(addresses[0].split(".")[1]) <= 127 and addresses[0].startswith("127.") and addresses[0] != SOURCE


def test_unprivileged_client(gateway, directory, server):
    """a squashed caller from port 1024 or above still comes to the server from a port of 665-1023 [V5, L4]"""
    lanes = open_lanes(gateway, directory, server.address, guest={"insecure_action": "squash"})
    with lanes.connect_tcp(source_port=1024) as connection:
        address, port = seen(connection)
    assert address == SOURCE and port in PORTS


def test_busy_port(lanes, occupy):
    """a client's own port that is busy is skipped for another below 1024 [L4]"""
    occupy(777)
    with lanes.connect_tcp(source_port=777) as connection:
        address, port = seen(connection)
    assert address == SOURCE and port in PORTS and port != 777


def test_one_port_left(lanes, occupy):
    """with all ports of 665-1023 busy but one, that one is found [L4]"""
    for port in PORTS:
        if port != 900:
            occupy(port)
    with lanes.connect_tcp(source_port=700) as connection:
        assert seen(connection) == (SOURCE, 900)


def test_no_port_left(lanes, occupy, server):
    """with no port of 665-1023 left the call waits, never leaves from a port of 1024 or above, and goes on once one is free [L4, P10]"""
    for port in PORTS:
        if port != 900:
            occupy(port)
    with lanes.connect_tcp(source_port=700) as first, lanes.connect_tcp(source_port=701) as second:
        assert seen(first) == (SOURCE, 900)
        xid = second.send_call(PROGRAM, 1, tirpc.WHO, USER)
        assert not second.readable(0.5)
        first.close()
        reply = second.read_reply()
        assert reply.xid == xid
        assert parse_who(reply.results)["peer"] == f"{SOURCE}:900"


def test_same_port_again(lanes):
    """a client that reconnects at once from its port is answered each time, always from a port below 1024 [P10]"""
    for _ in range(30):
        with lanes.connect_tcp(source_port=888) as connection:
            address, port = seen(connection)
            assert address == SOURCE and port < 1024
            connection.reset()


def test_reconnect_keeps_the_port(lanes):
    """after a reconnect from the same port the server sees that port again, which its reply cache needs [P10]"""
    for _ in range(50):
        connection = lanes.connect_tcp(source_port=889)
        assert seen(connection) == (SOURCE, 889)
        connection.reset()


def test_two_guests(gateway, directory, server):
    """two guests from the same port are told apart by their source addresses [L4]"""
    ports = {"web1": free_port(), "web2": free_port()}
    addresses = {"web1": "127.66.0.42", "web2": "127.66.0.43"}
    gateway(toml.config({name: f"tcp:127.0.0.1:{port}" for name, port in ports.items()},
                        {"peer": {"address": server.address, "programs": [f"{PROGRAM}:1-2"]}},
                        {name: {"listener": name, "source_address": addresses[name], "backends": ["peer"]} for name in ports}))
    with connect_tcp(ports["web1"], source_port=890) as one, connect_tcp(ports["web2"], source_port=890) as two:
        assert (seen(one), seen(two)) == ((addresses["web1"], 890), (addresses["web2"], 890))
