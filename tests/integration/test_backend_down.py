"""A backend that is not there: at the start, in the middle, and back again."""

import threading
import time

import pytest
from lanes import open_lanes
from peers import rpc, tirpc
from peers.client import Closed
from peers.rpc import auth_sys, opaque, u32
from peers.scripted import Scripted
from peers.tirpc import PROGRAM, TirpcServer
from peers.wait import until

USER = auth_sys(1000, 100)
NFS = 100003


class Late:
    """Late is a tirpc-server that is started when the test says so."""

    def __init__(self, directory, stopping, **options):
        self.path, self.log, self.stopping, self.options = directory / "server.sock", directory / "server.log", stopping, options
        self.address = f"unix:{self.path}"

    def start(self) -> TirpcServer:
        return self.stopping(TirpcServer(self.log, path=self.path, **self.options))


@pytest.fixture
def late(directory, stopping):
    return lambda **options: Late(directory, stopping, **options)


@pytest.mark.parametrize("programs,options", [([f"{PROGRAM}:1-2"], {}), (["nfs:3-4"], {"program_number": NFS, "versions": (3, 4)})],
                         ids=["any", "nfs"])
def test_absent_at_start(gateway, directory, late, programs, options):
    """a call of {programs} waits while the backend is down, and is answered when it comes up [P10]"""
    late = late(**options)
    lanes = open_lanes(gateway, directory, late.address, programs)
    program, version = (NFS, 4) if options else (PROGRAM, 1)
    with lanes.connect() as connection:
        xid = connection.send_call(program, version, 0, USER)
        lanes.gateway.wait_event("backend-down", backend="peer")
        assert not connection.readable(0.5)
        late.start()
        reply = connection.read_reply()
    assert (reply.xid, reply.outcome) == (xid, "SUCCESS")
    lanes.gateway.wait_event("backend-up", backend="peer")


def test_more_than_one_read_waits(gateway, directory, late):
    """calls that were sent while the backend was down are all answered when it comes up, however many [P10]"""
    late = late()
    lanes = open_lanes(gateway, directory, late.address)
    count = 3000
    with lanes.connect() as connection:
        sender = threading.Thread(target=connection.sock.sendall, args=(
            b"".join(rpc.record(rpc.call(xid, PROGRAM, 1, tirpc.ECHO, USER, opaque(bytes(100)))) for xid in range(count)),))
        sender.start()
        lanes.gateway.wait_event("backend-down", backend="peer")
        late.start()
        assert sorted(connection.read_reply().xid for _ in range(count)) == list(range(count))
        sender.join()


def test_logged_once(gateway, directory, late):
    """while the backend is down it is logged once, whatever the number of calls and sessions that wait for it [P10]"""
    late = late()
    lanes = open_lanes(gateway, directory, late.address)
    waiting = [lanes.connect() for _ in range(10)]
    for connection in waiting:
        for _ in range(3):
            connection.send_call(PROGRAM, 1, tirpc.WHO, USER)
    lanes.gateway.wait_event("backend-down", backend="peer")
    assert not waiting[0].readable(1.0)
    late.start()
    for connection in waiting:
        assert [connection.read_reply().outcome for _ in range(3)] == ["SUCCESS"] * 3
        connection.close()
    assert len(lanes.gateway.events("backend-down", backend="peer")) == 1


def test_waiting_calls_are_not_read(gateway, directory, late):
    """the calls of a session that waits for its backend stay unread: the gateway's memory does not grow [P10, L6]"""
    lanes = open_lanes(gateway, directory, late().address)
    with lanes.connect() as connection:
        connection.send_call(PROGRAM, 1, tirpc.ECHO, USER, opaque(b"first"))
        lanes.gateway.wait_event("backend-down", backend="peer")
        before = lanes.gateway.memory_kib()
        connection.timeout = 1.0
        with pytest.raises(TimeoutError):
            for _ in range(64):
                connection.send_call(PROGRAM, 1, tirpc.ECHO, USER, opaque(bytes(1 << 20)))
        assert lanes.gateway.memory_kib() - before < 4096


def test_connect_timeout(gateway, directory, late):
    """after connect_timeout the session is closed without any reply [P10]"""
    lanes = open_lanes(gateway, directory, late().address, backend_keys={"connect_timeout": "500ms"})
    with lanes.connect() as connection:
        began = time.monotonic()
        connection.send_call(PROGRAM, 1, 0, USER)
        assert connection.closed(10.0)
        assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("program,options", [(PROGRAM, {}), (NFS, {"program_number": NFS, "versions": (1, 4)})], ids=["any", "nfs"])
def test_lost_with_a_call_outstanding(gateway, directory, late, program, options):
    """a session with a call of program {program} outstanding is closed, without a reply, when its link drops [P10]"""
    late = late(**options)
    server = late.start()
    lanes = open_lanes(gateway, directory, late.address, [f"{program}:1-2"])
    with lanes.connect() as connection:
        assert connection.call(program, 1, 0, USER).outcome == "SUCCESS"
        connection.send_call(program, 1, tirpc.SLOW, USER, u32(60_000))
        _reached(lanes, 2)
        server.stop()
        with pytest.raises(Closed):
            connection.read_record()
    server.start()
    with lanes.connect() as connection:
        assert connection.call(program, 1, 0, USER).outcome == "SUCCESS"


def test_lost_while_idle(gateway, directory, late):
    """a session without outstanding calls survives the loss of its link and uses a new one at its next call [P10]"""
    late = late()
    server = late.start()
    lanes = open_lanes(gateway, directory, late.address)
    with lanes.connect() as connection:
        assert connection.call(PROGRAM, 1, 0, USER).outcome == "SUCCESS"
        with_link = lanes.gateway.descriptors()
        server.stop()
        until(lambda: lanes.gateway.descriptors() < with_link, "the gateway to see that its link is gone")
        xid = connection.send_call(PROGRAM, 1, tirpc.WHO, USER)
        assert not connection.readable(0.3)
        server.start()
        assert connection.read_reply().xid == xid


def test_nfs4_lost_while_idle(gateway, directory, late):
    """a session that has carried NFSv4 is closed when its link drops, even with no call outstanding [V12, P10]"""
    late = late(program_number=NFS, versions=(3, 4))
    server = late.start()
    lanes = open_lanes(gateway, directory, late.address, ["nfs:3-4"])
    with lanes.connect() as four, lanes.connect() as three:
        assert four.call(NFS, 4, 0, USER).outcome == "SUCCESS"
        assert three.call(NFS, 3, tirpc.WHO, USER).outcome == "SUCCESS"
        server.stop()
        assert four.closed(10.0)
        assert not three.readable(0.2)


def test_client_that_drops(gateway, directory, stopping):
    """when the client drops, all links of its session are closed [P10]"""
    backend = stopping(Scripted(directory / "server.sock", answer=lambda call: None))
    lanes = open_lanes(gateway, directory, backend.address)
    connection = lanes.connect()
    connection.send_call(PROGRAM, 1, 1, USER)
    backend.wait_calls(1)
    connection.close()
    until(lambda: backend.ended == 1, "the link to be closed")


def _reached(lanes, calls: int) -> None:
    """_reached waits until the gateway has taken that many calls of web1."""
    lanes.gateway.wait_counter("web1", "calls", calls)
