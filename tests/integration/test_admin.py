"""The admin socket and gatehousectl: what each command says and does, and who may ask."""

import grp
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from krb5lab import ANY
from peers import rpc, toml
from peers.admin import Admin, ctl, ctl_as
from peers.build import program
from peers.client import connect_unix
from peers.gateway import Gateway, run
from peers.realm import REALM
from peers.rpc import auth_sys
from peers.scripted import Scripted, echo
from peers.tirpc import PROGRAM
from peers.wait import until

USER = auth_sys(1000, 100)
# Nobody's in particular: no account of the machine has them.
STRANGER, WRITERS, READERS = 54321, "adm", "games"
GROUPS = {"group": WRITERS, "read_group": READERS}


def number(group: str) -> int:
    return grp.getgrnam(group).gr_gid


class Host:
    """Host is a gateway with an admin socket and two guests, before a scripted backend."""

    def __init__(self, start, directory, script, guests: dict | None = None, **sections):
        self.directory, self.script = directory, script
        self.admin = directory / "admin.sock"
        self.guests = {"web1": {"listener": "one", "uuid": "11111111-2222-3333-4444-555555555555"}, "web2": {"listener": "two"}}
        self.sections = {**sections, "admin": {"socket": str(self.admin), **sections.get("admin", {})}}
        self.gateway = start(self.text())

    def text(self, guests: dict | None = None, **sections) -> str:
        guests = self.guests if guests is None else guests
        return toml.config({name: f"unix:{self.directory}/{name}.sock" for name in ("one", "two")},
                           {"peer": {"address": self.script.address, "programs": [f"{PROGRAM}:1"]}},
                           {name: {"backends": ["peer"], **keys} for name, keys in guests.items()}, **{**self.sections, **sections})

    def connect(self, guest: str = "web1"):
        return connect_unix(self.directory / f"{self.guests[guest]['listener']}.sock", timeout=20.0)

    def call(self, connection) -> None:
        assert connection.call(PROGRAM, 1, 1, USER, rpc.opaque(b"data")).outcome == "SUCCESS"

    def ctl(self, *arguments):
        return ctl(self.admin, *arguments)

    def json(self, *arguments):
        said = ctl(self.admin, "--json", *arguments)
        assert said.status == 0, said
        return said.json()


@pytest.fixture
def host(gateway, directory, script):
    def begin(**keys) -> Host:
        return Host(gateway, directory, script, **keys)
    return begin


class Held:
    """Held are answers that a scripted backend keeps until they are released."""

    def __init__(self, script: Scripted):
        self.script, self.calls = script, []
        script.answer = self._keep

    def _keep(self, call):
        self.calls.append(call)

    def release(self) -> None:
        """release sends them, over whatever connection the call came by: the gateway drops what it did not ask there."""
        self.script.answer = echo
        for connection in self.script.connections:
            for call in self.calls:
                try:
                    connection.send(echo(call))
                except OSError:
                    pass


def test_status(host):
    """status says what is in force, what listens, which backend is there, what was done and what the gateway can do [T5, T7]"""
    h = host(gateway={"workers": 3})
    first = h.json("status")
    assert [each["state"] for each in first["backends"]] == ["untried"]
    with h.connect() as user:
        h.call(user)
        assert user.call(PROGRAM + 5, 1, 1, USER).outcome == "PROG_UNAVAIL"
        s = h.json("status")
        assert s["protocol"] == 1 and s["version"] == run("gatehoused", "--version").out.split()[1]
        assert s["pid"] == h.gateway.process.pid and s["workers"] == 3 and s["draining"] is False and s["log_level"] == "info"
        assert s["snapshot"]["number"] == 1 and s["snapshot"]["loaded"] >= s["started"] > 0 and s["last_reload"] is None
        assert s["listeners"] == [{"name": name, "address": f"unix:{h.directory}/{name}.sock", "listening": True} for name in ("one", "two")]
        assert s["backends"] == [{"name": "peer", "address": h.script.address, "state": "up"}]
        totals = s["totals"]
        assert (totals["guests"], totals["connections"], totals["calls"], totals["refused"], totals["in_flight"]) == (2, 1, 2, 1, 0)
        assert totals["bytes_in"] > 100 and totals["bytes_out"] > 50 and totals["strangers"] == 0
        assert s["capabilities"] == {"flavors": ["none", "sys", "krb5", "krb5i", "krb5p"],
                                     "transports": ["vsock", "hybrid", "tcp", "unix", "systemd"], "acceptor": "keytab"}
    text = h.ctl("status").out
    assert re.match(rf"gatehoused {s['version']}, pid {s['pid']}, up \d+s, 3 workers\n", text)
    assert re.search(r"LISTENER  ADDRESS +STATE\none  ", text) and "last reload    none since the start" in text


def test_guests(host):
    """guests lists who is configured, how each is known, and what each uses [T4, T7]"""
    h = host(trust={"allowed": ["web1"]})
    h.guests["web1"] = {**h.guests["web1"], "trusted": True}
    h.gateway.reload(h.text())
    with h.connect() as user:
        h.call(user)
        rows = {row["name"]: row for row in h.json("guests")["guests"]}
    one = rows["web1"]
    assert one["uuid"] == "11111111-2222-3333-4444-555555555555" and one["identity"] == "listener=one" and rows["web2"]["uuid"] is None
    assert re.fullmatch(r"127\.\d+\.\d+\.\d+", one["source_address"]) and one["source_address"] != rows["web2"]["source_address"]
    assert (one["trusted"], rows["web2"]["trusted"], one["draining"]) == (True, False, False)
    assert (one["connections"], one["calls"], one["refused"], one["contexts"], one["in_flight"]) == (1, 1, 0, 0, 0)
    assert rows["web2"]["calls"] == 0
    lines = h.ctl("guests").out.splitlines()
    assert lines[0].split() == ["GUEST", "IDENTITY", "SOURCE", "TRUSTED", "CONNS", "IN-FLIGHT", "CONTEXTS", "CALLS", "REFUSED"]
    assert [line.split()[0] for line in lines[1:]] == ["web1", "web2"] and lines[1].split()[3] == "yes"


def test_sessions(host):
    """sessions lists the connections of all guests or of one, with what each has done and where it goes [T7]"""
    h = host(gateway={"workers": 2})
    with h.connect() as busy, h.connect() as quiet, h.connect("web2") as other:
        h.call(busy)
        h.call(other)
        held = Held(h.script)
        busy.send(rpc.record(rpc.call(99, PROGRAM, 1, 1, USER)))
        until(lambda: held.calls, "the held call at the backend")
        until(lambda: len(h.json("sessions")["sessions"]) == 3, "three sessions")
        rows = h.json("sessions", "--guest", "web1")["sessions"]
        first, second = rows if rows[0]["calls"] else reversed(rows)
        assert first["guest"] == "web1" and first["peer"] == f"unix:uid={os.getuid()}" and first["worker"] in (1, 2)
        assert (first["calls"], first["flavors"], first["backends"]) == (1, ["sys"], ["peer"])
        assert (second["calls"], second["flavors"], second["backends"], second["bytes_in"]) == (0, [], [], 0)
        assert first["bytes_in"] > first["bytes_out"] > 20 and first["age_ms"] >= first["idle_ms"]
        text = h.ctl("sessions").out.splitlines()
        assert text[0].split()[:4] == ["ID", "GUEST", "PEER", "WORKER"] and len(text) == 4
    said = h.ctl("sessions", "--guest", "nobody")
    assert (said.status, said.out, said.err) == (1, "", "gatehousectl: there is no guest nobody\n")


def test_contexts(lab5, directory):
    """contexts lists principals, ids and times, of no handle more than its first bytes and of no key anything [T7, G9]"""
    lab = lab5(admin={"socket": str(directory / "admin.sock")})
    path = directory / "admin.sock"
    alice, bob = lab.context("alice"), lab.context("bob", over=lab.connect("web2"))
    said = ctl(path, "contexts", "--json")
    rows = said.json()["contexts"]
    assert [(row["guest"], row["principal"]) for row in rows] == [("web1", f"alice@{REALM}"), ("web2", f"bob@{REALM}")]
    assert rows[0]["uid"] > 0 and rows[0]["handle"] == alice.handle[:4].hex() and alice.handle.hex() not in said.out
    assert 0 <= rows[0]["age_ms"] < 60000 and 0 < rows[0]["expires_ms"] <= 24 * 3600 * 1000
    text = ctl(path, "contexts", "--guest", "web2").out.splitlines()
    assert text[0].split() == ["GUEST", "PRINCIPAL", "HANDLE", "UID", "GID", "GROUPS", "AGE", "IDLE", "EXPIRES"]
    assert len(text) == 2 and text[1].split()[1] == f"bob@{REALM}"
    assert bob.call(lab.connect("web2"), *ANY, b"data").results == b"data"


def test_evict_principal(lab5, directory):
    """evicting a principal ends its contexts, of one guest or of all, and nobody else's; its next one is made as ever [T7, G12]"""
    lab = lab5(admin={"socket": str(directory / "admin.sock")})
    path, alice = directory / "admin.sock", f"alice@{REALM}"
    one, two = lab.connect(), lab.connect("web2")
    here, there, bob = lab.context(over=one), lab.context(over=two), lab.context("bob", over=one)
    assert ctl(path, "evict", "--principal", alice, "--guest", "web2").out == "closed 0 connections, retired 1 context\n"
    assert there.call(two, *ANY, b"data").outcome == "AUTH_ERROR GSS_CREDPROBLEM"
    assert here.call(one, *ANY, b"data").results == b"data"
    assert ctl(path, "evict", "--principal", alice, "--json").json() == {"connections": 0, "contexts": 1}
    assert here.call(one, *ANY, b"data").outcome == "AUTH_ERROR GSS_CREDPROBLEM"
    assert bob.call(one, *ANY, b"data").results == b"data"
    assert lab.context(over=one).call(one, *ANY, b"data").results == b"data"
    assert ctl(path, "evict", "--guest", "web1").out == "closed 1 connection, retired 2 contexts\n"
    assert one.closed() and bob.call(lab.connect(), *ANY, b"data").outcome == "AUTH_ERROR GSS_CREDPROBLEM"


def test_evict_sessions(host):
    """evict closes one connection by its number, or all of a guest, and no other; what is not there is said [T7]"""
    h = host(gateway={"workers": 2})
    with h.connect() as first, h.connect() as second, h.connect("web2") as other:
        h.call(first)
        ident = h.json("sessions", "--guest", "web1")["sessions"]
        used = next(row["id"] for row in ident if row["bytes_in"])
        assert h.ctl("evict", "--session", used).out == "closed 1 connection, retired 0 contexts\n"
        assert first.closed()
        h.call(second)
        assert h.ctl("evict", "--guest", "web1").out == "closed 1 connection, retired 0 contexts\n"
        assert second.closed()
        h.call(other)
        for wrong in (("--session", used), ("--guest", "nobody"), ("--guest", ""), ("--principal", "a@B", "--guest", "nobody")):
            assert h.ctl("evict", *wrong).status == 1, wrong
        assert h.ctl("evict").status == 2 and h.ctl("evict", "--session", "x").status == 2
    assert h.gateway.counters("web1")["closed-evicted"] == 2


def test_drain_guest(host):
    """a drained guest finishes its calls, is closed and not let in again until the drain is undone; others notice nothing [T7]"""
    h = host()
    with h.connect() as busy, h.connect() as quiet, h.connect("web2") as other:
        h.call(busy)
        h.call(quiet)
        held = Held(h.script)
        busy.send(rpc.record(rpc.call(99, PROGRAM, 1, 1, USER, rpc.opaque(b"held"))))
        until(lambda: held.calls, "the held call at the backend")
        said = h.ctl("drain", "--guest", "web1")
        assert said.out == "web1: 2 connections to finish; new ones are refused until gatehousectl drain --guest web1 --undo\n"
        assert quiet.closed()
        h.script.answer = echo
        h.call(other)
        held.release()
        assert busy.read_reply().xid == 99 and busy.closed()
        with h.connect() as refused:
            assert refused.closed()
        assert {row["name"]: row["draining"] for row in h.json("guests")["guests"]} == {"web1": True, "web2": False}
        assert "yes,draining" in h.ctl("guests").out or "no,draining" in h.ctl("guests").out
        h.gateway.reload()
        with h.connect() as still:
            assert still.closed()
        assert h.ctl("drain", "--guest", "web1", "--undo").out == "web1 may connect again\n"
        with h.connect() as again:
            h.call(again)
    assert h.ctl("drain", "--guest", "nobody").status == 1 and h.ctl("drain", "--guest", "").status == 1
    assert h.ctl("drain", "--undo").status == 2


def test_drain_daemon(host):
    """drain ends the daemon as SIGTERM does: calls under way are answered first, and status says what goes on [T7]"""
    h = host()
    held = Held(h.script)
    with h.connect() as busy:
        busy.send(rpc.record(rpc.call(99, PROGRAM, 1, 1, USER, rpc.opaque(b"held"))))
        until(lambda: held.calls, "the held call at the backend")
        assert h.ctl("drain").out == "gatehoused ends: 1 connection to finish\n"
        until(lambda: h.json("status")["draining"], "the drain in status")
        refused = h.ctl("reload")
        assert refused.status == 1 and "draining" in refused.err
        held.release()
        assert busy.read_reply().xid == 99
    h.gateway.wait_end()
    gone = h.ctl("status")
    assert gone.status == 3 and str(h.admin) in gone.err and "is it running" in gone.err
    assert not h.admin.exists()


def test_reload(host):
    """reload waits until the configuration is in force and says what changed; a bad one is named by line and column, and changes nothing [T7]"""
    h = host()
    h.guests["web3"] = {"uid": 12345}
    del h.guests["web2"]
    h.gateway.config.write_text(h.text())
    said = h.ctl("reload")
    assert (said.status, said.out) == (0, "configuration 2 is in force: 2 guests; added: web3; removed: web2\n")
    status = h.json("status")
    assert status["snapshot"]["number"] == 2 and status["last_reload"]["good"] is True and status["last_reload"]["at"] >= status["started"]
    good = h.gateway.config.read_text()
    h.gateway.config.write_text(good + '\n[gateway]\nworkers = "two"\n')
    line = len(good.splitlines()) + 3
    bad = h.ctl("reload")
    assert bad.status == 1 and re.search(rf"{h.gateway.config}:{line}:\d+: .*workers", bad.err) and "stays in force" in bad.err
    problems = h.ctl("--json", "reload").json()
    assert problems["code"] == "refused" and problems["problems"][0]["line"] == line
    status = h.json("status")
    assert status["snapshot"]["number"] == 2 and status["last_reload"]["good"] is False and status["last_reload"]["problems"][0]["line"] == line
    assert "REFUSED" in h.ctl("status").out and f"{h.gateway.config}:{line}:" in h.ctl("status").out
    with h.connect() as user:
        h.call(user)
    h.gateway.config.write_text(good)
    assert h.json("reload")["snapshot"] == 3


def test_log_level(host):
    """log-level shows the level and sets it at once [T7]"""
    h = host()
    assert h.ctl("log-level").out == "info\n"
    assert h.ctl("log-level", "error").out == "error\n"
    with h.connect() as user:
        assert user.call(PROGRAM + 5, 1, 1, USER).outcome == "PROG_UNAVAIL"
        assert h.json("log-level", "info") == {"level": "info"}
        assert user.call(PROGRAM + 6, 1, 1, USER).outcome == "PROG_UNAVAIL"
    h.gateway.wait_event("refused", program=PROGRAM + 6)
    assert not h.gateway.events("refused", program=PROGRAM + 5)
    assert h.ctl("log-level", "loud").status == 2
    assert h.ctl("log-level").out == "info\n"


READING = (("status",), ("guests",), ("sessions",), ("contexts",), ("log-level",))
WRITING = (("evict", "--guest", "web1"), ("drain", "--guest", "web1"), ("drain", "--guest", "web1", "--undo"), ("reload",), ("log-level", "info"),
           ("trace", "--guest", "web1", "--for", "10ms"))


def test_rights(host):
    """members of the group may do everything, of the read group only look, and strangers nothing: by the kernel's word alone [L7]"""
    h = host(admin=GROUPS)
    os.chmod(h.directory, 0o755)
    assert h.admin.stat().st_mode & 0o777 == 0o666
    write, read = number(WRITERS), number(READERS)
    for command in READING:
        for gid, groups in ((write, ()), (read, ()), (STRANGER, (write,)), (STRANGER, (1, read, 3))):
            assert ctl_as(h.admin, STRANGER, gid, *command, groups=groups).status == 0, (command, gid, groups)
    for command in WRITING:
        for gid, groups in ((write, ()), (STRANGER, (1, write)), (read, (write,))):
            assert ctl_as(h.admin, STRANGER, gid, *command, groups=groups).status == 0, (command, gid, groups)
        for gid, groups in ((read, ()), (STRANGER, (read,))):
            said = ctl_as(h.admin, STRANGER, gid, "--json", *command, groups=groups)
            assert said.status == 4 and f"uid {STRANGER} may only read" in said.err and said.json()["code"] == "not-permitted", (command, said)
    for command in READING + WRITING:
        said = ctl_as(h.admin, STRANGER, STRANGER, *command, groups=(1, 3))
        assert said.status == 4 and said.out == "" and f"uid {STRANGER} may ask nothing here" in said.err, (command, said)
    h.gateway.wait_event("admin", command="trace", uid=STRANGER, guest="web1")
    assert {line["uid"] for line in h.gateway.events("admin-refused")} == {str(STRANGER)}
    assert h.gateway.events("admin", command="evict", uid=STRANGER, guest="web1")


def test_rights_without_groups(host):
    """where no group is stated, the file lets nobody in but root and the daemon's user; a reload that states one lets it in at once [L7]"""
    h = host()
    os.chmod(h.directory, 0o755)
    assert h.admin.stat().st_mode & 0o777 == 0o600
    said = ctl_as(h.admin, STRANGER, number(WRITERS), "status")
    assert said.status == 4 and "Permission denied" in said.err and "[admin] group" in said.err
    h.gateway.reload(h.text(admin={"socket": str(h.admin), **GROUPS}))
    assert ctl_as(h.admin, STRANGER, number(WRITERS), "reload").status == 0
    h.gateway.reload(h.text())
    assert ctl_as(h.admin, STRANGER, number(WRITERS), "status").status == 4
    os.chmod(h.admin, 0o666)
    assert "may ask nothing" in ctl_as(h.admin, STRANGER, number(WRITERS), "status").err


def test_daemons_user(gateway, directory, script):
    """the user that runs the daemon may ask it everything, whatever the groups [L7]"""
    os.chmod(directory, 0o777)
    (directory / "state").mkdir(mode=0o700)
    os.chown(directory / "state", STRANGER, STRANGER)
    admin = directory / "admin.sock"
    text = toml.config({"one": f"unix:{directory}/one.sock"}, {"peer": {"address": script.address, "programs": [f"{PROGRAM}:1"]}},
                       {"web1": {"listener": "one", "backends": ["peer"]}}, admin={"socket": str(admin)})
    started = gateway(text, prefix=["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"])
    assert started.process.pid
    assert ctl_as(admin, STRANGER, 7, "log-level", "debug").status == 0
    assert ctl_as(admin, STRANGER + 1, STRANGER, "status").status == 4
    assert ctl(admin, "status").status == 0


def test_path_of_the_configuration(host, directory):
    """the socket is the one that the configuration states; where that may not be read, the default, which is named [T7]"""
    h = host()
    assert run("gatehousectl", "--config", h.gateway.config, "guests").status == 0
    nothing = run("gatehousectl", "--config", directory / "none.conf", "status")
    assert nothing.status == 3 and "/run/gatehouse/admin.sock: " in nothing.err
    os.chmod(h.directory, 0o755)
    os.chmod(h.gateway.config, 0o640)
    private = subprocess.run(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", str(program("proxy/gatehousectl")), "--config", str(h.gateway.config),
                              "status"], capture_output=True, text=True, cwd="/")
    assert private.returncode == 3 and "/run/gatehouse/admin.sock" in private.stderr


def test_audit(lab5, directory):
    """what was done, and what was refused, is in the audit log with who asked, and so is each context that was ended [L7, T7]"""
    path, log = directory / "admin.sock", directory / "audit.log"
    lab = lab5(admin={"socket": str(path), "read_group": "g65534"}, audit={"log": str(log)})
    os.chmod(directory, 0o755)
    context = lab.context()
    assert ctl(path, "evict", "--principal", f"alice@{REALM}", "--guest", "web1").status == 0
    assert ctl(path, "evict", "--guest", "nobody").status == 1
    assert ctl_as(path, STRANGER, 65534, "log-level", "debug").status == 4
    assert ctl(path, "status").status == 0

    def told():
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        return [line for line in lines if line["event"] in ("admin", "context-ended")]
    until(lambda: len(told()) >= 4, "the audit log's lines")
    ended, evicted, missing, refused = told()
    assert (ended["cause"], ended["principal"], ended["guest"]) == ("admin", f"alice@{REALM}", "web1")
    assert (evicted["act"], evicted["result"], evicted["detail"], evicted["uid"]) == ("evict", "done", f"guest=web1 principal=alice@{REALM}", os.getuid())
    assert (missing["act"], missing["result"], missing["detail"]) == ("evict", "refused", "there is no guest nobody")
    assert (refused["act"], refused["result"], refused["uid"], refused["pid"] > 0) == ("log-level", "refused", STRANGER, True)
    assert context.handle.hex() not in log.read_text()


def test_unknown_group(directory):
    """a group that the host does not have is an error of the configuration, with its place, and nothing starts [L7]"""
    config = directory / "gatehouse.conf"
    config.write_text('[admin]\nsocket = "/x"\ngroup = "no-such-group"\n')
    for name, arguments in (("gatehousectl", ("check",)), ("gatehoused", ("--check-config",)), ("gatehoused", ())):
        said = run(name, "--config", config, *arguments)
        assert said.status == 2 and f"{config}:3:9: group is \"no-such-group\": there is no such group" in said.err


def test_socket_that_cannot_be_had(host, directory):
    """a socket that cannot be had is said, and the guests' calls go on without it; a second gatehoused takes no socket away [L7]"""
    h = host()
    with h.connect() as user:
        h.call(user)
        other = directory / "second"
        other.mkdir()
        second = Gateway(other, toml.config({}, {}, {}, admin={"socket": str(h.admin)}))
        try:
            assert "another process listens" in second.wait_event("admin-socket-missing")["error"]
            assert h.json("status")["pid"] == h.gateway.process.pid
        finally:
            second.stop()
        assert h.admin.exists() and h.json("status")["pid"] == h.gateway.process.pid
        h.call(user)


def test_no_socket(gateway, directory, script):
    """"" is no socket, and gatehousectl says so [T7]"""
    started = gateway(toml.config({}, {}, {}, admin={"socket": ""}))
    said = run("gatehousectl", "--config", started.config, "status")
    assert said.status == 3 and 'says [admin] socket = ""' in said.err


def test_json_errors(host):
    """with --json each refusal is JSON on standard output as well, whatever its kind [T7]"""
    h = host()
    for arguments, status in ((("sessions", "--guest", "x"), 1), (("evict",), 2), (("trace", "--guest", "web1", "--for", "soon"), 2)):
        said = h.ctl(*arguments, "--json")
        assert said.status == status and said.json()["error"] and said.json()["problems"] == [] and said.err.startswith("gatehousectl: ")
    said = run("gatehousectl", "--socket", h.directory / "none", "--json", "status")
    assert said.status == 3 and str(h.directory / "none") in said.json()["error"]


def test_signals_and_commands(host):
    """a reload by a signal and one by gatehousectl are the same, and status tells of both [T7]"""
    h = host()
    h.gateway.reload()
    assert h.json("status")["snapshot"]["number"] == 2 and h.json("status")["last_reload"]["good"] is True
    h.gateway.reload(h.text() + "nonsense", good=False)
    assert h.json("status")["last_reload"]["good"] is False
    h.gateway.process.popen.send_signal(signal.SIGTERM)
    h.gateway.wait_end()


def test_strangers(gateway, directory):
    """users without rights who connect without end are told so before a byte is read, logged a few times a second, and take nobody's place [L7]"""
    os.chmod(directory, 0o755)
    admin = directory / "admin.sock"
    started = gateway(toml.config({}, {}, {}, admin={"socket": str(admin), "group": WRITERS}))
    script = ("import socket, sys\nseen = 0\nfor _ in range(3000):\n s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1])\n"
              " seen += b'not-permitted' in s.recv(4096); s.close()\nprint(seen)\n")
    with Admin(admin) as held:
        stranger = subprocess.Popen(["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", sys.executable, "-c", script, str(admin)],
                                    stdout=subprocess.PIPE, text=True, cwd="/")
        while stranger.poll() is None:
            assert "done" in held.ask("status")
        assert stranger.communicate()[0] == "3000\n"
    started.wait_event("admin-refused", uid=STRANGER)
    lines = started.events("admin-refused", uid=STRANGER)
    assert lines and sum(1 + int(line.get("suppressed", 0)) for line in lines) <= 3000 and len(lines) < 1000
