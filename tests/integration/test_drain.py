"""SIGTERM: what is in flight is finished, nothing new is taken, and the end comes within the time given."""

import signal

import pytest
from hall import P, USER, echoes
from peers import http, rpc, tirpc
from peers.client import Closed
from peers.ports import free_port
from peers.scripted import echo
from peers.wait import holds_for


@pytest.fixture
def held(backend):
    """held makes the backend keep its answers, and gives each call's when it is called."""
    backend.answer = lambda call: None

    def give(count: int = 1) -> None:
        for call in backend.wait_calls(count)[-count:]:
            backend.connections[0].send(echo(call))
    return give


def terminate(h) -> None:
    h.gateway.process.popen.send_signal(signal.SIGTERM)
    h.gateway.wait_event("draining")


def ended(connection) -> None:
    """ended demands that the connection ends without a further byte."""
    with pytest.raises((Closed, ConnectionResetError)):
        connection.read_record()


def test_in_flight(hall, held):
    """calls in flight are answered, then their connections are closed and the daemon ends with status 0 [T3]"""
    h = hall()
    with h.connect() as connection:
        xids = [connection.send_call(P, 1, tirpc.ECHO, USER, b"data") for _ in range(5)]
        h.gateway.wait_counter("web1", "calls", 5)
        terminate(h)
        assert holds_for(h.gateway.process.running, 0.2)
        held(5)
        assert sorted(connection.read_reply().xid for _ in range(5)) == sorted(xids)
        ended(connection)
    h.gateway.wait_end()


def test_idle(hall):
    """connections without a call are closed at once, and the daemon ends without waiting [T3]"""
    h = hall(gateway={"drain_timeout": "1h"})
    with h.connect("web1") as first, h.connect("web2") as second:
        assert echoes(first) and echoes(second)
        terminate(h)
        ended(first)
        ended(second)
    h.gateway.wait_end()


def test_nothing_new(hall, held, backend):
    """nobody can connect any more, no further call is passed on, and readiness says why [T3]"""
    port = free_port()
    h = hall(admin={"http": f"127.0.0.1:{port}"})
    with h.connect() as connection:
        connection.send_call(P, 1, tirpc.ECHO, USER, b"data")
        backend.wait_calls(1)
        assert http.get(port, "/readyz").status == 200
        terminate(h)
        with pytest.raises((FileNotFoundError, ConnectionRefusedError)):
            h.connect("web2")
        page = http.get(port, "/readyz")
        assert page.status == 503 and "draining" in page.body
        connection.send_call(P, 1, tirpc.ECHO, USER, b"too late")
        assert holds_for(lambda: len(backend.calls) == 1, 0.2)
        held()
        assert connection.read_reply().results == b"data"
        ended(connection)


def test_deadline(hall, held, backend):
    """calls that are not answered within drain_timeout are given up: the daemon ends, and says nothing went wrong [T3]"""
    h = hall(gateway={"drain_timeout": "200ms"})
    with h.connect() as connection:
        connection.send_call(P, 1, tirpc.ECHO, USER, b"data")
        backend.wait_calls(1)
        terminate(h)
        ended(connection)
    h.gateway.wait_end()


def test_second_signal(hall, held, backend):
    """a second SIGTERM ends the daemon at once [T3]"""
    h = hall(gateway={"drain_timeout": "1h"})
    with h.connect() as connection:
        connection.send_call(P, 1, tirpc.ECHO, USER, b"data")
        backend.wait_calls(1)
        terminate(h)
        assert holds_for(h.gateway.process.running, 0.2)
        h.gateway.process.popen.send_signal(signal.SIGTERM)
        ended(connection)
    h.gateway.wait_end()


def test_rest_of_a_call(hall):
    """the rest of a call that is being sent is taken, and it is answered [T3]"""
    h = hall()
    record = rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, bytes(100_000)))
    with h.connect() as connection:
        connection.send(record[:50_000])
        h.gateway.wait_counter("web1", "calls", 1)
        terminate(h)
        connection.send(record[50_000:])
        assert connection.read_reply().results == bytes(100_000)
        ended(connection)


def test_rest_that_never_comes(hall):
    """a call whose rest does not come keeps nobody: its connection is closed long before drain_timeout [T3]"""
    h = hall(gateway={"drain_timeout": "1h"})
    record = rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, bytes(100_000)))
    with h.connect("web1") as whole, h.connect("web2") as mark:
        whole.send(record[:50_000])
        mark.send(record[:20])
        h.gateway.wait_counter("web1", "calls", 1)
        terminate(h)
        ended(whole)
        ended(mark)
    h.gateway.wait_end()


def test_reload_while_draining(hall, held, backend):
    """a reload of a gateway that drains is refused [T6]"""
    h = hall()
    with h.connect() as connection:
        connection.send_call(P, 1, tirpc.ECHO, USER, b"data")
        backend.wait_calls(1)
        terminate(h)
        assert "draining" in h.reload(good=False)["error"]
        held()
        assert connection.read_reply().results == b"data"
