"""A new configuration for a gateway that runs: whoever it is not about notices nothing."""

import socket
import threading

import pytest
from hall import P, USER, echoes
from peers import rpc, tirpc
from peers.client import Closed
from peers.ports import free_port
from peers.rpc import AuthStat, u32
from peers.scripted import Scripted
from peers.wait import holds_for, until


RPCBIND, DUMP = 100000, 4


def ended(connection) -> bool:
    """ended is whether the gateway closes the connection."""
    try:
        connection.read_record()
    except (Closed, ConnectionResetError):
        return True
    return False


def test_under_load(hall):
    """200 reloads under load lose no call and close no connection of a guest that they are not about [T3]"""
    h = hall()
    stop = threading.Event()
    made, wrong = [0] * 4, []

    def call_on(number: int) -> None:
        try:
            with h.connect() as connection:
                while not stop.is_set():
                    made[number] += 1
                    arguments = u32(made[number], number) * (1 + made[number] % 3000)
                    if not echoes(connection, arguments):
                        wrong.append(number)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=call_on, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: all(made), "calls on every connection")
    for i in range(200):
        h.guests["web1"]["squash"] = "all" if i % 2 else "root"
        h.guests["web1"]["limits"] = {"in_flight": 16 + i}
        if i % 4 == 0:
            h.remove_guest("web2")
        elif i % 4 == 2:
            h.add_guest("web2")
        before = sum(made)
        h.reload()
        until(lambda: sum(made) > before or wrong, "calls after the reload")
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not wrong
    counters = h.gateway.counters("web1")
    assert counters["connections"] == 4 and counters["calls"] == counters["replies"] == sum(made)
    assert h.gateway.events("reloaded")[-1]["snapshot"] == "201"


def test_removed(hall):
    """a guest that is removed loses its connections at once, its listener is gone, and the others keep theirs [T3]"""
    h = hall()
    with h.connect("web1") as kept, h.connect("web2") as lost:
        assert echoes(kept) and echoes(lost)
        h.remove_guest("web2")
        line = h.reload()
        assert (line["removed"], line["guests"]) == ("1", "1")
        assert ended(lost)
        assert echoes(kept)
        with pytest.raises((FileNotFoundError, ConnectionRefusedError)):
            h.connect("web2")
    assert h.gateway.wait_event("closed", reason="guest-removed", guest="web2")


def test_comes_back(hall):
    """a guest that comes back inherits nothing: neither counters nor the keys of its NFSv4 state, also after a restart [T3]"""
    h = hall()
    with h.connect("web2") as connection:
        assert echoes(connection)
    assert h.gateway.wait_counter("web2", "calls", 1)
    generations = h.directory / "state" / "secret.generations"
    assert not generations.exists()
    h.remove_guest("web2")
    h.reload()
    assert generations.read_text() == "1 web2\n"
    h.add_guest("web2")
    h.reload()
    assert "calls" not in h.gateway.counters("web2")
    with h.connect("web2") as connection:
        assert echoes(connection)
    h.guests["web2"]["uuid"] = "6f6a7c9e-3b5c-4b5e-9a53-1f0a4f5e8a11"
    assert h.reload()["replaced"] == "1"
    assert generations.read_text() == "2 web2\n"


def test_generations_cannot_be_kept(hall):
    """a reload goes on where the names of guests that went cannot be written, and says what that means [T3]"""
    h = hall()
    (h.directory / "state" / "secret.generations").mkdir()
    h.remove_guest("web2")
    h.reload()
    assert "secret.generations" in h.gateway.wait_event("generations-not-kept")["error"]


def test_distrusted(hall):
    """a guest that is no longer trusted loses its connections; one that becomes trusted keeps them [T1, T3]"""
    h = hall(trust={"allowed": ["web1"]})
    with h.connect() as connection:
        assert echoes(connection)
        h.guests["web1"]["trusted"] = True
        assert h.reload()["changed"] == "1"
        assert echoes(connection)
        del h.guests["web1"]["trusted"]
        assert h.reload()["replaced"] == "1"
        assert ended(connection)
    with h.connect() as connection:
        assert echoes(connection)


def test_peer_becomes_another_guest(hall):
    """a connection whose peer another guest's entry names now is closed: it is not that guest's, and no longer its own [T3]"""
    h = hall()
    with h.connect("web1") as connection, h.connect("web2") as other:
        assert echoes(connection) and echoes(other)
        h.guests["root"] = {"uid": 0, "listener": "web1", "backends": ["peer"]}
        h.reload()
        assert ended(connection)
        assert echoes(other)
        with h.connect("web1") as again:
            assert echoes(again)
    assert h.gateway.wait_counter("root", "calls", 1)["calls"] == 1


def test_policy(hall):
    """what a guest may do changes on the connections that it has, with its next call [T3]"""
    h = hall()
    with h.connect() as connection:
        assert echoes(connection)
        h.guests["web1"]["sec"] = ["krb5"]
        h.reload()
        assert connection.call(P, 1, tirpc.ECHO, USER).auth_stat == AuthStat.TOOWEAK
        h.guests["web1"] |= {"sec": ["sys"], "backends": []}
        h.reload()
        assert connection.call(P, 1, tirpc.ECHO, USER).outcome != "SUCCESS"
        h.guests["web1"]["backends"] = ["peer"]
        h.reload()
        assert echoes(connection)
        assert h.gateway.counters("web1")["connections"] == 1


def test_squash(hall, backend):
    """the credential of the next call on an open connection is what the new configuration says [T3]"""
    h = hall()
    with h.connect() as connection:
        assert echoes(connection)
        h.guests["web1"] |= {"squash": "all", "anonuid": 4242}
        h.reload()
        assert echoes(connection)
    assert [rpc.parse_auth_sys(call.credential).uid for call in backend.calls] == [1000, 4242]


def test_limits(hall, backend):
    """limits change for the connections that are there: calls that waited for in_flight go on when it is raised [L6]"""
    h = hall(defaults={"limits": {"in_flight": 1}})
    backend.answer = lambda call: None
    with h.connect() as connection:
        for xid in range(3):
            connection.send_call(P, 1, tirpc.ECHO, USER, xid=xid)
        backend.wait_calls(1)
        h.gateway.wait_counter("web1", "waits_in_flight", 1)
        h.sections["defaults"] = {"limits": {"in_flight": 3, "connections": 1}}
        h.reload()
        backend.wait_calls(3)
        with h.connect() as second:
            assert ended(second)
        assert h.gateway.wait_event("connection-limit")["limit"] == "1"


@pytest.mark.parametrize("what, text, said", [
    ("half a line", "[gateway\n", "gatehouse.conf:1:9: "),
    ("an unknown key", "[gateway]\nworkerz = 2\n", "gatehouse.conf:2:1: "),
    ("half a file", '[[guest]]\nname = "web1"\nlistener = "web1"\n', "gatehouse.conf:3:12: "),
])
def test_bad_file(hall, what, text, said):
    """{what} is refused with its place, and what runs goes on as it was [T6]"""
    h = hall()
    with h.connect() as connection:
        assert echoes(connection)
        good = h.text()
        line = h.gateway.reload(text, good=False)
        assert int(line["problems"]) >= 1
        assert said in h.gateway.events("reload-problem")[-1]["problem"]
        assert echoes(connection)
        h.gateway.reload(good)
        assert echoes(connection)
    assert h.gateway.counters("web1")["connections"] == 1


def test_empty_file(hall):
    """a file that is empty, as one is for a moment when it is written anew, is refused [T6]"""
    h = hall()
    with h.connect() as connection:
        assert "half-written" in h.gateway.reload("", good=False)["error"]
        assert echoes(connection)


def test_listener_that_cannot_be_opened(hall):
    """a reload whose new listener cannot be opened is refused as a whole: neither guests nor listeners have changed [T6]"""
    h = hall()
    taken = socket.socket(socket.AF_UNIX)
    taken.bind(str(h.path("web3")))
    taken.listen()
    with h.connect("web2") as connection:
        assert echoes(connection)
        h.remove_guest("web2")
        h.add_guest("web0")
        h.add_guest("web3")
        assert "web3" in h.reload(good=False)["error"]
        assert echoes(connection)
        assert not h.path("web0").exists() and h.path("web2").exists()
    taken.close()
    h.path("web3").unlink()
    h.reload()
    for name in ("web0", "web1", "web3"):
        with h.connect(name) as connection:
            assert echoes(connection)


def test_listener_renamed(hall):
    """a listener whose name changes is the same socket: nobody who connects meanwhile is refused; its connections end [T3]"""
    h = hall()
    inode = h.path("web1").stat().st_ino
    with h.connect() as connection:
        assert echoes(connection)
        h.listeners["front"] = h.listeners.pop("web1")
        h.guests["web1"]["listener"] = "front"
        h.reload()
        assert ended(connection)
    assert h.path("web1").stat().st_ino == inode
    with h.connect() as connection:
        assert echoes(connection)


def test_order(hall):
    """listeners, backends and guests that only change their order are the same [T3]"""
    h = hall()
    with h.connect("web1") as first, h.connect("web2") as second:
        assert echoes(first) and echoes(second)
        h.listeners = dict(reversed(h.listeners.items()))
        h.guests = dict(reversed(h.guests.items()))
        h.backends = {"none": {"address": "unix:/nowhere", "programs": ["nfs:3"]}, **h.backends}
        line = h.reload()
        assert (line["added"], line["removed"], line["replaced"]) == ("0", "0", "0")
        assert echoes(first) and echoes(second)
    assert h.gateway.counters("web1")["calls"] == 2


def test_rpcbind_view(hall):
    """what rpcbind shows a guest changes with its next question, on the connection that it has [T3, V2]"""
    h = hall()
    h.listeners["shown"] = f"tcp:127.0.0.1:{free_port()}"
    h.more = f'[[listener]]\nname = "rpcbind"\naddress = "unix:{h.path("rpcbind")}"\nrpcbind = true\n'
    h.guests["web1"]["listener"] = ["shown", "rpcbind"]
    h.reload()
    with h.connect("rpcbind") as connection:
        def shown() -> bool:
            return u32(P) in connection.call(RPCBIND, 3, DUMP).results
        assert shown()
        h.guests["web1"]["backends"] = []
        h.reload()
        assert not shown()
        h.guests["web1"]["backends"] = ["peer"]
        h.reload()
        assert shown()


def test_backend_moves(hall, backend, directory, stopping):
    """a backend that moves is called where it is now, on the connection that is there [T3]"""
    h = hall()
    other = stopping(Scripted(directory / "other.sock"))
    with h.connect() as connection:
        assert echoes(connection)
        h.backends["peer"]["address"] = other.address
        h.reload()
        assert echoes(connection)
        assert (len(backend.calls), len(other.calls)) == (1, 1)
        until(lambda: backend.ended == 1, "the end of the link to where it was")


def test_backend_goes_with_calls(hall, backend, directory, stopping):
    """a connection with a call at a backend that goes is closed, so that its client asks again; others of the guest stay [T3]"""
    h = hall()
    with h.connect() as waiting, h.connect() as idle:
        assert echoes(idle)
        backend.answer = lambda call: None
        waiting.send_call(P, 1, tirpc.ECHO, USER)
        backend.wait_calls(2)
        other = stopping(Scripted(directory / "other.sock"))
        h.backends["peer"]["address"] = other.address
        h.reload()
        assert ended(waiting)
        assert echoes(idle)
    assert h.gateway.wait_event("closed", reason="backend-removed", guest="web1")


def test_half_sent(hall, backend):
    """a record that is half-sent while the configuration changes is decided by the one that was in force when it began [T3]"""
    h = hall()
    arguments = bytes(100_000)
    record = rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, arguments))
    with h.connect() as connection:
        connection.send(record[:50_000])
        h.gateway.wait_counter("web1", "calls", 1)
        h.guests["web1"]["sec"] = ["krb5"]
        h.reload()
        connection.send(record[50_000:])
        assert connection.read_reply().results == arguments
        assert connection.call(P, 1, tirpc.ECHO, USER).auth_stat == AuthStat.TOOWEAK


def test_at_restart_only(hall):
    """what a reload cannot change is named, and the rest is in force [T6]"""
    h = hall()
    h.sections["gateway"] = {"workers": 3}
    h.remove_guest("web2")
    assert h.reload()["removed"] == "1"
    said = [line["problem"] for line in h.gateway.events("reload-warning")]
    assert any("workers takes effect when gatehoused is restarted" in problem for problem in said), said


def test_many_at_once(hall):
    """signals that pile up are as good as one [T6]"""
    h = hall()
    for _ in range(50):
        h.gateway.process.popen.send_signal(1)
    h.gateway.wait_event("reloaded")
    h.remove_guest("web2")
    until(lambda: h.reload()["guests"] == "1", "the last configuration in force")
    assert holds_for(h.gateway.process.running, 0.2)
