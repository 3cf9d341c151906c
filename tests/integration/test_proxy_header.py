"""PROXY protocol v2 on the links, read by haproxy's accept-proxy."""

import pytest
from lanes import SOURCE, open_lanes
from peers import rpc, tirpc
from peers.haproxy import Haproxy
from peers.ports import free_port
from peers.tirpc import TirpcServer
from peers.wait import until

USER = rpc.auth_sys(1000, 100)
both = pytest.mark.parametrize("haproxy", ["unix", "tcp"], indirect=True)


@pytest.fixture
def server(directory, stopping):
    return stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))


@pytest.fixture
def haproxy(request, directory, stopping, server):
    """haproxy stands before the server, on a unix socket or a loopback port, and demands the header."""
    where = {"path": directory / "haproxy.sock"} if request.param == "unix" else {"port": free_port()}
    return stopping(Haproxy(directory, f"unix@{directory}/server.sock", **where))


@both
def test_source_arrives(gateway, directory, haproxy):
    """the PROXY header carries the guest's source address and its port, on a {haproxy} link [P10, L4]"""
    lanes = open_lanes(gateway, directory, haproxy.address, backend_keys={"proxy_protocol": True})
    answer = lanes.over_tcp("who", source_port=777, uid=1000, gid=100)
    assert answer.ids == (1000, 100, [])
    assert haproxy.source() == f"{SOURCE}:777"


@both
def test_one_header_a_link(gateway, directory, haproxy):
    """the header is the first bytes of each {haproxy} link and is sent once: later calls and a large one arrive whole [P10]"""
    lanes = open_lanes(gateway, directory, haproxy.address, backend_keys={"proxy_protocol": True})
    assert lanes.over_tcp("echo", 1_000_000, "--repeat", 5, source_port=778).words["times"] == "5"
    assert haproxy.source() == f"{SOURCE}:778"
    assert lanes.over_tcp("echo", 100, source_port=779).ok
    assert haproxy.source() == f"{SOURCE}:779"


@both
def test_header_of_each_new_link(gateway, directory, haproxy, server):
    """a {haproxy} link that is opened again in the same session begins with the header again [P10]"""
    lanes = open_lanes(gateway, directory, haproxy.address, backend_keys={"proxy_protocol": True})
    with lanes.connect_tcp(source_port=781) as connection:
        assert connection.call(tirpc.PROGRAM, 1, tirpc.WHO, USER).outcome == "SUCCESS"
        assert haproxy.source() == f"{SOURCE}:781"
        with_link = lanes.gateway.descriptors()
        server.stop()
        until(lambda: lanes.gateway.descriptors() < with_link, "the gateway to see that its link is gone")
        server.start()
        assert connection.call(tirpc.PROGRAM, 1, tirpc.WHO, USER).outcome == "SUCCESS"
        assert haproxy.source() == f"{SOURCE}:781"


def test_header_after_retries(gateway, directory, server, stopping):
    """a link that took several attempts carries one header [P10]"""
    path = directory / "haproxy.sock"
    lanes = open_lanes(gateway, directory, f"unix:{path}", backend_keys={"proxy_protocol": True})
    with lanes.connect_tcp(source_port=782) as connection:
        xid = connection.send_call(tirpc.PROGRAM, 1, tirpc.WHO, USER)
        lanes.gateway.wait_event("backend-down", backend="peer")
        assert not connection.readable(0.4)
        haproxy = stopping(Haproxy(directory, f"unix@{directory}/server.sock", path=path))
        assert haproxy.source() == f"{SOURCE}:782"
        assert connection.read_reply().xid == xid


@both
def test_no_header_unless_configured(gateway, directory, haproxy):
    """without proxy_protocol no header is sent, so that haproxy drops the {haproxy} link [P10]"""
    lanes = open_lanes(gateway, directory, haproxy.address)
    assert not lanes.over_tcp("who", source_port=780).ok


@both
def test_header_of_a_guest(gateway, directory, haproxy):
    """a PROXY header that a guest sends is not believed: its connection is closed and the backend sees no {haproxy} link [L3]"""
    lanes = open_lanes(gateway, directory, haproxy.address, backend_keys={"proxy_protocol": True})
    with lanes.connect_tcp() as connection:
        connection.send(b"PROXY TCP4 127.66.0.43 127.0.0.1 801 2049\r\n")
        assert connection.closed()
    with lanes.connect_tcp() as connection:
        connection.send(b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([127, 66, 0, 43, 127, 0, 0, 1, 3, 33, 8, 1]))
        assert connection.closed()
    with pytest.raises(TimeoutError):
        haproxy.source(0.5)
