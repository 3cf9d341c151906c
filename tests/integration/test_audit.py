"""What is in the audit log of the real daemon."""

import os
import re

import pytest
from auditlab import USER, WEB1, WEB2, connect, flood, log, reload, serve, works  # noqa: F401
from krb5lab import ANY
from peers import gss, rpc
from peers.audit import counted, having
from peers.gateway import run
from peers.rpc import auth_sys
from peers.tirpc import ECHO, PROGRAM
from peers.wait import until


def test_calls(serve, log, connect):
    """refused calls are in the audit log with who, what and which rule, from start to stop; calls that go on are not [L6]"""
    gateway = serve(log.section)
    with connect() as web1, connect(WEB2) as web2:
        for _ in range(3):
            works(web1)
        assert web1.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
        assert web1.call(PROGRAM, 1, ECHO, rpc.auth(99)).outcome == "AUTH_ERROR REJECTEDCRED"
        assert web2.call(100003, 4, 1, auth_sys(7, 7)).outcome == "PROG_UNAVAIL"
        gateway.stop()
    lines = log.lines()
    assert [line["event"] for line in lines] == ["start", "call-refused", "call-refused", "call-refused", "admin", "stop"]
    version = run("gatehoused", "--version").out.split()[-1]
    assert (lines[0]["daemon_version"], lines[0]["guests"]) == (version, 2)
    uid = os.getuid()
    assert without_time(lines[1]) == {
        "event": "call-refused", "guest": WEB1, "peer": f"unix:uid={uid}", "peer_uid": uid, "program": str(PROGRAM), "version": 9,
        "procedure": str(ECHO), "flavor": 1, "rule": "version", "reply": "PROG_MISMATCH", "claimed_uid": 1000, "detail": lines[1]["detail"]}
    assert (lines[2]["rule"], lines[2]["flavor"], "claimed_uid" in lines[2]) == ("unknown-flavor", 99, False)
    assert (lines[3]["guest"], lines[3]["program"], lines[3]["procedure"], lines[3]["rule"]) == (WEB2, "nfs", "COMPOUND", "program")
    assert lines[3]["uuid"] == "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e"
    assert (lines[4]["act"], lines[4]["uid"], lines[4]["pid"], lines[4]["result"]) == ("drain", uid, os.getpid(), "done")
    assert oct(log.path.stat().st_mode & 0o7777) == "0o640"


def without_time(line: dict) -> dict:
    return {key: value for key, value in line.items() if key != "time"}


def test_connections(serve, log, connect):
    """a connection of no guest, one over the limit and one closed for what it sent are told of; one that ends is not [L6]"""
    gateway = serve(log.section, web1={"limits": {"connections": 1, "record_bytes": "64KiB"}})
    with connect("strangers") as stranger:
        assert stranger.closed()
    with connect() as first:
        works(first)
        with connect() as second:
            assert second.closed()
        log.wait("connection-refused", 2)
        first.send(b"\xff\xff\xff\xff")
        assert first.closed()
    (closed,) = log.wait("connection-closed")
    assert (closed["guest"], closed["rule"]) == (WEB1, "record-too-long")
    stranger, over = log.of("connection-refused")
    assert (stranger["rule"], stranger["listener"], "guest" in stranger) == ("no-guest", "strangers", False)
    assert (over["guest"], over["rule"], over["listener"]) == (WEB1, "connections", WEB1)
    until(lambda: gateway.counters(WEB1)["in_flight"] == 0, "the guest's end")
    with connect() as ordinary:
        works(ordinary)
    gateway.stop()
    assert len(log.of("connection-closed")) == 1


def test_contexts(lab5, log, realm):
    """contexts are told of when they are made, with principal, ids and end, when they are refused and when they end [L6, G12]"""
    lab = lab5(audit=log.section, guests={WEB1: {"limits": {"contexts": 1}}, WEB2: {"principals": ["bob@*"]}})
    connection = lab.connect()
    first = lab.context(over=connection)
    (made,) = log.wait("context-made")
    assert (made["guest"], made["principal"], made["acceptor"]) == (WEB1, f"alice@{realm_of(realm)}", "keytab")
    assert (made["uid"], made["gid"]) == (5001, 5001) and made["until"] > made["time"]
    second = lab.context("bob", over=connection)
    (evicted,) = log.wait("context-ended")
    assert (evicted["cause"], evicted["principal"]) == ("evicted", made["principal"])
    assert second.destroy(connection, *ANY[:2]).outcome == "SUCCESS"
    (destroyed,) = log.wait("context-ended", cause="destroyed")
    assert destroyed["principal"].startswith("bob@")
    # A handle that is gone, and a principal that this guest's policy does not let in.
    connection.send(rpc.record(first.message(*ANY, b"data")))
    assert connection.read_reply().outcome == "AUTH_ERROR GSS_CREDPROBLEM"
    (refused,) = log.wait("call-refused")
    assert (refused["rule"], refused["finding"], refused["flavor"]) == ("rpcsec-gss", "unknown-handle", 6)
    with pytest.raises(AssertionError, match="major"):
        lab.context(over=lab.connect(WEB2))
    (denied,) = log.wait("context-refused")
    assert (denied["guest"], denied["rule"], denied["principal"]) == (WEB2, "principal", made["principal"])
    # What a token that cannot be read leads to.
    rubbish = gss.converse(lab.connect(WEB2), gss.creation(*ANY[:2], b"rubbish"))
    assert gss.parse_creation(rubbish).major != gss.COMPLETE
    (bad,) = log.wait("context-refused", rule="acceptor")
    assert "principal" not in bad
    text = log.path.read_bytes()
    for secret in (first.handle, second.handle):
        assert secret not in text and secret.hex().encode() not in text


def realm_of(realm) -> str:
    return re.search(r"default_realm\s*=\s*(\S+)", realm.config.read_text()).group(1)


def test_contexts_and_reload(lab5, log):
    """contexts of a guest that a reload removes are told of [L6, L8]"""
    lab = lab5(audit=log.section)
    lab.context()
    text = lab.gateway.config.read_text()
    lab.gateway.config.write_text(text.replace(f'name = "{WEB1}"\nlistener', f'name = "{WEB1}"\nprincipals = ["bob@*"]\nlistener'))
    reload(lab.gateway)
    (ended,) = log.wait("context-ended")
    assert (ended["cause"], ended["guest"]) == ("reload", WEB1) and ended["principal"].startswith("alice@")


def test_names_of_principals(lab5, log, realm):
    """whatever a principal is called, its line is one line of ASCII that says its name [L6, P11]"""
    names = ['quo"te', "b\xfccher", "x" * 200, "esc\x1b[2J", "\u202egnp"]
    lab = lab5(audit=log.section, principals={"*": {"uid": 1000, "gid": 100}})
    shown = []
    for number, name in enumerate(names):
        keytab = realm.add(name, keytab=realm.directory / f"hostile-{number}.keytab")
        cache = realm.kinit(name, keytab=keytab, cache=realm.directory / f"hostile-{number}.cc")
        gss.Context(cache).create(lab.connect(), *ANY[:2])
        shown.append(log.wait("context-made", number + 1)[-1]["principal"])
    assert shown[0] == f'quo"te@{realm_of(realm)}' and shown[1].startswith("b\xfccher@") and shown[4].startswith("\u202egnp@")
    assert shown[3].startswith("esc\x1b[2J@") and b"\x1b" not in log.path.read_bytes()
    assert shown[2].startswith("x" * 200)


def test_trust_and_reloads(serve, log):
    """who is trusted is told at the start and at each reload, and each reload by whom it was asked for and what came of it [L7]"""
    gateway = serve(log.section, web1={"trusted": True}, trust={"allowed": [WEB1]})
    assert [line["cause"] for line in log.wait("trust", guest=WEB1)] == ["start"]
    reload(gateway)
    assert [line["cause"] for line in log.wait("trust", 2)] == ["start", "reload"]
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace("trusted = true", "trusted = maybe"))
    reload(gateway)
    first, second = log.wait("admin", 2, act="reload")
    assert (first["result"], first["uid"], first["pid"]) == ("done", os.getuid(), os.getpid())
    assert second["result"] == "refused" and f"{gateway.config}:" in second["detail"]
    gateway.config.write_text(good.replace("trusted = true", "trusted = false"))
    reload(gateway)
    log.wait("admin", 3, act="reload")
    assert len(log.of("trust")) == 2


def test_rate(serve, log, connect):
    """a guest's flood makes audit_lines lines a second and is counted to the last; another guest's refusal is there at once [L6]"""
    serve(log.section, web1={"limits": {"audit_lines": 3}})
    count = 5000
    flood(connect(), count)
    assert connect(WEB2).call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    log.wait("call-refused", guest=WEB2)

    def all_there():
        lines = log.lines()
        return len(having(lines, "call-refused", guest=WEB1)) + counted(lines, "suppressed", guest=WEB1) == count and lines
    lines = until(all_there, "every refusal, written or counted")
    written = having(lines, "call-refused", guest=WEB1)
    seconds = len({line["time"][:19] for line in written})
    # The clock that counts lines and the one that is written need not turn at once.
    assert 3 <= len(written) <= 3 * (seconds + 1)
    assert not having(lines, "suppressed", guest=WEB2)


def test_strangers_rate(serve, log, connect):
    """peers that are no guest have a limit of their own, and their number is told without a name [L6]"""
    serve(log.section)
    count = 300
    for _ in range(count):
        with connect("strangers") as stranger:
            assert stranger.closed()

    def all_there():
        lines = log.lines()
        return len(having(lines, "connection-refused")) + counted(lines, "suppressed", guest=None) == count
    until(all_there, "every stranger, written or counted")
