"""gatehousectl trace: calls as they pass, without what is in them, and never at the cost of the calls."""

import json
import socket
import threading

import pytest
from krb5lab import ANY
from peers import gss, rpc
from peers.admin import Admin, Running, ctl
from peers.client import Connection
from peers.realm import REALM
from peers.rpc import auth_sys
from peers.tirpc import ECHO, PROGRAM
from peers.wait import until

USER = auth_sys(1000, 100)


def wait_traced(path) -> None:
    """wait_traced waits until calls of web1 are recorded."""
    def begun():
        with Admin(path) as admin:
            return next(row for row in admin.rows("guests") if row["name"] == "web1")["traced"]
    until(begun, "the trace of web1")


class Traced:
    """Traced is a lab with an admin socket, and a trace of web1 that has begun."""

    def __init__(self, lab, path, *arguments):
        self.lab, self.path = lab, path
        self.trace = Running(path, "trace", "--guest", "web1", "--json", *arguments)
        wait_traced(path)

    def rows(self, count: int) -> list[dict]:
        return [json.loads(self.trace.line()) for _ in range(count)]


@pytest.fixture
def traced(lab5, directory):
    begun = []

    def begin(*arguments, **keys) -> Traced:
        path = directory / "admin.sock"
        begun.append(Traced(lab5(admin={"socket": str(path)}, **keys), path, *arguments))
        return begun[-1]
    yield begin
    for each in begun:
        each.trace.stop()


def test_calls(traced, script):
    """each call of the guest is shown with who made it, what it asked, sizes, time and decision, and those of other guests are not [T7]"""
    t = traced()
    user, other = t.lab.connect(), t.lab.connect("web2")
    assert other.call(*ANY, USER, rpc.opaque(b"other guest's")).outcome == "SUCCESS"
    assert user.call(*ANY, USER, rpc.opaque(b"secret payload"), xid=71).outcome == "SUCCESS"
    assert user.call(PROGRAM + 5, 1, 1, USER, xid=72).outcome == "PROG_UNAVAIL"
    assert user.call(PROGRAM, 1, 0, rpc.auth(7), xid=73).outcome == "SUCCESS"
    forwarded, refused, answered = t.rows(3)
    assert (forwarded["guest"], forwarded["xid"], forwarded["flavor"], forwarded["principal"], forwarded["uid"]) == ("web1", 71, "sys", None, 1000)
    assert (forwarded["program"], forwarded["version"], forwarded["procedure"]) == (str(PROGRAM), 1, str(ECHO))
    assert (forwarded["decision"], forwarded["rule"]) == ("forwarded", "granted")
    payload = rpc.opaque(b"secret payload")
    assert forwarded["request_bytes"] == len(rpc.call(71, *ANY, USER, payload)) and forwarded["reply_bytes"] == len(rpc.success(71, payload))
    assert forwarded["latency_us"] > 0
    assert (refused["xid"], refused["decision"], refused["rule"], refused["uid"], refused["reply_bytes"], refused["latency_us"]) == (72, "refused", "program", 1000, None, None)
    assert (answered["xid"], answered["decision"], answered["rule"], answered["flavor"]) == (73, "answered", "tls-probe", "other")
    assert forwarded["session"] == refused["session"] and forwarded["time"] < refused["time"]


def test_kerberos(traced):
    """calls of Kerberos contexts are shown with principal and ids, in each flavor, and so is what is refused of them [T7, G9]"""
    t = traced()
    user = t.lab.connect()
    context = t.lab.context(over=user)
    for service in (gss.NONE, gss.INTEGRITY, gss.PRIVACY):
        assert context.call(user, *ANY, b"data", service).results == b"data"
    large = b"x" * 100000
    assert context.call(user, *ANY, large, gss.PRIVACY).results == large
    assert context.call(user, PROGRAM + 5, 1, 1, b"").outcome == "PROG_UNAVAIL"
    rows = t.rows(6)
    assert [row["decision"] for row in rows] == ["answered", *["forwarded"] * 4, "refused"]
    assert [row["flavor"] for row in rows[1:4]] == ["krb5", "krb5i", "krb5p"]
    assert {row["principal"] for row in rows[1:]} == {f"alice@{REALM}"} and all(row["uid"] for row in rows[1:5])
    assert rows[4]["request_bytes"] > 100000 and rows[4]["reply_bytes"] > 100000 and rows[4]["latency_us"] > 0


def test_end(traced, script):
    """a trace ends after so many calls or so long, and then costs nothing; a call that is never answered is shown when its session ends [T7]"""
    t = traced("--count", "2")
    user = t.lab.connect()
    script.answer = lambda call: None
    user.send(rpc.record(rpc.call(80, *ANY, USER)))
    script.wait_calls(1)
    user.close()
    assert [row["decision"] for row in t.rows(1)] == ["unanswered"]
    assert t.lab.connect().call(PROGRAM + 5, 1, 1, USER).outcome == "PROG_UNAVAIL"
    ended = t.trace.end()
    assert ended.status == 0 and json.loads(ended.out)["decision"] == "refused"
    timed = ctl(t.path, "trace", "--guest", "web1", "--for", "50ms")
    assert (timed.status, timed.out, timed.err) == (0, "", "")
    assert ctl(t.path, "trace", "--guest", "nobody").status == 1


def test_text(lab5, directory):
    """for people a trace is a table, program and procedure by name, a line a call as it comes [T7]"""
    path = directory / "admin.sock"
    lab = lab5(admin={"socket": str(path)}, programs=("nfs:3",))
    trace = Running(path, "trace", "--guest", "web1", "--count", "1")
    wait_traced(path)
    assert lab.connect().call(100003, 3, 1, USER, rpc.opaque(b"handle")).outcome == "SUCCESS"
    ended = trace.end()
    head, line = ended.out.splitlines()
    assert head.split() == ["TIME", "GUEST", "WHO", "SEC", "PROGRAM", "PROCEDURE", "IN", "OUT", "TOOK", "DECISION"]
    words = line.split()
    assert words[1:6] == ["web1", "uid=1000", "sys", "nfs:3", "GETATTR"] and words[-2:] == ["forwarded", "(granted)"]


def test_guest_that_goes(traced):
    """a trace of a guest that a reload takes away ends; one of a guest that stays goes on [T7]"""
    t = traced()
    path = t.lab.gateway.config
    text = path.read_text()
    assert t.lab.connect().call(*ANY, USER).outcome == "SUCCESS"
    t.lab.gateway.reload(text + "\n")
    assert t.lab.connect().call(*ANY, USER).outcome == "SUCCESS"
    assert len(t.rows(2)) == 2
    t.lab.gateway.reload(text.replace('"web1"', '"web9"'))
    assert t.trace.end().status == 0


def flood(connection: Connection, calls: int, size: int = 64) -> None:
    """flood makes calls in windows, each answered before the next begins."""
    for first in range(0, calls, size):
        connection.send(b"".join(rpc.record(rpc.call(first + index, *ANY, USER)) for index in range(size)))
        for _ in range(size):
            assert connection.read_reply().outcome == "SUCCESS"


def test_reader_that_stops(lab5, directory):
    """a trace whose reader stops reading loses calls, counts them, and holds up none: each is answered; when it reads again it goes on [T7, L6]"""
    path = directory / "admin.sock"
    lab = lab5(admin={"socket": str(path)})
    with Admin(path) as admin, Admin(path) as other:
        admin.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        admin.begin("trace", guest="web1", for_ms=3_600_000)
        wait_traced(path)
        users = [lab.connect() for _ in range(2)]
        threads = [threading.Thread(target=flood, args=(user, 6400)) for user in users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "the calls hang"
        assert other.ask("status")["done"]["totals"]["calls"] == 12800
        shown = dropped = 0
        while shown + dropped < 12800:
            row = admin.line()["row"]
            dropped += row.get("dropped", 0)
            shown += "xid" in row
        assert (shown + dropped, dropped > 0, shown > 0) == (12800, True, True)
        assert users[0].call(*ANY, USER).outcome == "SUCCESS"
        assert admin.line()["row"]["decision"] == "forwarded"


def test_two_traces(lab5, directory):
    """two clients that trace one guest both see its calls; when one leaves the other's goes on [T7]"""
    path = directory / "admin.sock"
    lab = lab5(admin={"socket": str(path)})
    user = lab.connect()
    with Admin(path) as first:
        with Admin(path) as second:
            for admin in (first, second):
                admin.begin("trace", guest="web1")
            wait_traced(path)
            # Asked behind them, on their own connections' thread: both have begun.
            assert ctl(path, "status").status == 0
            assert user.call(*ANY, USER, xid=5).outcome == "SUCCESS"
            assert first.line()["row"]["xid"] == second.line()["row"]["xid"] == 5
        assert ctl(path, "status").status == 0
        assert user.call(*ANY, USER, xid=6).outcome == "SUCCESS"
        assert first.line()["row"]["xid"] == 6
