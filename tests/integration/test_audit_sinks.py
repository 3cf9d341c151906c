"""Where the audit log of the real daemon goes, and what happens when it cannot be written."""

import json
import os
import re
import subprocess

from auditlab import USER, WEB1, WEB2, Page, connect, flood, gateway_path, log, reload, serve, works  # noqa: F401
from peers import audit
from peers.audit import AuditLog, counted, having
from peers.build import ROOT
from peers.gateway import run
from peers.tirpc import ECHO, PROGRAM
from peers.wait import until


def test_full_disk(serve, directory, connect):
    """a full disk delays no call, leaves no half line and loses nothing uncounted; when there is room it goes on by itself [L6]"""
    (directory / "disk").mkdir()
    page = Page()
    # Room for 16 KiB until the filler goes.
    mount = 'mount -t tmpfs -o size=1m none "$0" && head -c 1032192 /dev/zero >"$0/filler" && exec "$@"'
    gateway = serve({"log": f"{directory}/disk/audit.log"}, {"prefix": ["unshare", "--mount", "sh", "-c", mount, str(directory / "disk")]},
                    web1={"limits": {"audit_lines": 1000000}}, admin=page.section)
    disk = gateway_path(gateway, directory / "disk")
    log = AuditLog(disk / "audit.log")
    count = 5000
    web1, web2 = connect(), connect(WEB2)
    flood(web1, count)
    works(web1)
    works(web2)
    until(lambda: page.value("gatehouse_audit_working") == 0, "the metric of a full disk")
    until(lambda: page.events("dropped") > 0, "drops")
    gateway.wait_event("audit-failed", error="No space left on device")
    full = log.path.read_bytes()
    stored = audit.parse(full)  # whole lines to the last byte
    assert 10 < len(stored) < 100
    (disk / "filler").unlink()
    gateway.wait_event("audit-recovered")
    (lost,) = log.wait("lost")
    lines = log.lines()
    assert lines[:len(stored)] == stored
    assert len(having(lines, "call-refused", guest=WEB1)) + lost["count"] == count
    assert (page.events("dropped"), page.value("gatehouse_audit_working")) == (lost["count"], 1)
    assert page.events("written") == len(lines)
    assert len(gateway.events("audit-failed")) == 1
    assert web2.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    log.wait("call-refused", guest=WEB2)


def test_full_disk_at_the_end(serve, directory, connect):
    """a disk that stays full holds up the end of the daemon no longer than it must, and what is lost is said [L6]"""
    (directory / "disk").mkdir()
    mount = 'mount -t tmpfs -o size=16k none "$0" && exec "$@"'
    gateway = serve({"log": f"{directory}/disk/audit.log"}, {"prefix": ["unshare", "--mount", "sh", "-c", mount, str(directory / "disk")]},
                    web1={"limits": {"audit_lines": 1000000}})
    flood(connect(), 1000)
    gateway.stop()
    assert int(gateway.events("audit-lost")[-1]["events"]) > 800


def test_fifo(serve, directory, connect):
    """a FIFO that nobody reads delays no call, and whoever reads it then finds whole lines and the number of those lost [L6]"""
    path = directory / "fifo"
    os.mkfifo(path, 0o600)
    gateway = serve({"log": str(path)}, web1={"limits": {"audit_lines": 1000000}})
    count = 5000
    web1 = connect()
    flood(web1, count)
    works(web1)
    gateway.wait_event("audit-failed")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    data = bytearray()

    def all_there():
        try:
            data.extend(os.read(reader, 1 << 20))
        except BlockingIOError:
            pass
        lines = audit.parse(bytes(data))
        return len(having(lines, "call-refused")) + counted(lines, "lost") == count
    until(all_there, "every refusal, written or counted")
    os.close(reader)


def test_journal(serve, directory, connect, stopping):
    """the journal gets each event with the JSON line as its message and the fields by their names [L6]"""
    journal = stopping(audit.Journal(directory / "journal"))
    gateway = serve({}, {"prefix": journal.prefix})
    assert connect().call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    entries = journal.wait(lambda entries: len(entries) >= 2, "two entries")
    assert [entry["GATEHOUSE_EVENT"] for entry in entries] == ["start", "call-refused"]
    refused = entries[1]
    message = json.loads(refused["MESSAGE"])
    audit.validator().validate(message)
    assert (refused["GUEST"], refused["RULE"], refused["PEER"]) == (WEB1, "version", f"unix:uid={os.getuid()}")
    assert (refused["PRIORITY"], refused["SYSLOG_IDENTIFIER"]) == ("4", "gatehoused")
    named = {name if name in ("GUEST", "RULE", "PEER") else name.removeprefix("GATEHOUSE_"): value for name, value in refused.items()}
    assert {key.upper(): str(value) for key, value in message.items() if key != "time"}.items() <= named.items()
    # Where in our source it was made is nobody's business.
    assert not [name for name in refused if name.startswith("CODE_")]
    gateway.stop()
    assert journal.read()[-1]["GATEHOUSE_EVENT"] == "stop"


def test_journal_that_stops(serve, directory, connect, stopping):
    """a journald that reads no more delays no call; when it reads again it gets what waited and the number of what was lost [L6]"""
    journal = stopping(audit.Journal(directory / "journal"))
    page = Page()
    serve({}, {"prefix": journal.prefix}, web1={"limits": {"audit_lines": 1000000}}, admin=page.section)
    count = 5000
    web1, web2 = connect(), connect(WEB2)
    flood(web1, count)
    assert web2.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    works(web1)
    until(lambda: page.events("dropped") > 0 and page.value("gatehouse_audit_queue") > 0, "drops")

    def all_there(entries):
        lines = [json.loads(entry["MESSAGE"]) for entry in entries]
        return len(having(lines, "call-refused", guest=WEB1)) + counted(lines, "lost") == count and having(lines, "call-refused", guest=WEB2)
    journal.wait(all_there, "every refusal, written or counted")


def test_journal_that_stays_stopped(serve, directory, connect, stopping):
    """a journald that never reads again does not keep the daemon from ending in good order [L6]"""
    journal = stopping(audit.Journal(directory / "journal"))
    gateway = serve({}, {"prefix": journal.prefix}, web1={"limits": {"audit_lines": 1000000}})
    flood(connect(), 2000)
    gateway.stop()
    assert int(gateway.events("audit-lost")[-1]["events"]) > 0 and gateway.events("stopped")


def test_journal_that_goes(serve, directory, connect, stopping):
    """what is decided while there is no journald waits for the next one: libsystemd would drop it and say that all is well [L6]"""
    journal = stopping(audit.Journal(directory / "journal"))
    gateway = serve({}, {"prefix": journal.prefix})
    journal.wait(lambda entries: entries, "the first entry")
    journal.stop()
    assert connect().call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    gateway.wait_event("audit-failed", to="journal")
    journal.start()
    journal.wait(lambda entries: entries[-1]["GATEHOUSE_EVENT"] == "call-refused", "the refusal")
    gateway.wait_event("audit-recovered")


def test_no_journal(serve, directory, connect):
    """where there is no journal the default says so once, writes nothing and serves [L6]"""
    (directory / "empty").mkdir()
    mount = 'mkdir -p /run/systemd && mount --bind "$0" /run/systemd && exec "$@"'
    gateway = serve({}, {"prefix": ["unshare", "--mount", "sh", "-c", mount, str(directory / "empty")]})
    (off,) = gateway.events("audit-off")
    assert "/var/log/gatehouse/audit.log" in off["hint"]
    flood(connect(), 500)
    works(connect())
    assert not gateway.events("audit-failed") and len(gateway.events("audit-off")) == 1


def test_none(serve, connect):
    """log = "none" warns of nothing [L6]"""
    gateway = serve({"log": "none"})
    flood(connect(), 500)
    assert "event=audit" not in gateway.log()


def test_bad_files(serve, directory, log, stopping):
    """a file that cannot be opened stops a start with its reason, and is refused by a reload, which changes nothing [L6, T6]"""
    (directory / "link").symlink_to(directory / "target")
    gateway = serve(log.section)
    config = gateway.config.read_text()
    gateway.stop()
    for path, reason in (("no/where/audit.log", "No such file or directory"), ("link", "is a symbolic link"),
                         (".", "cannot be opened: Is a directory")):
        (directory / "gatehouse.conf").write_text(config.replace(str(log.path), str(directory / path)))
        done = run("gatehoused", "--config", directory / "gatehouse.conf", env={"STATE_DIRECTORY": str(directory / "state")})
        assert done.status == 1 and "event=start-failed" in done.err and reason in done.err and "[audit] log" in done.err
    assert not (directory / "target").exists()


def test_reload_to_bad_file(serve, directory, log, connect):
    """a reload that names a file which cannot be opened is refused, and the log before goes on [L6, T6]"""
    gateway = serve(log.section)
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace(str(log.path), f"{directory}/no/where"))
    reload(gateway)
    assert "[audit] log" in gateway.events("reload-refused")[-1]["error"]
    (refused,) = log.wait("admin", result="refused")
    assert "No such file or directory" in refused["detail"]
    assert connect().call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    log.wait("call-refused")
    other = AuditLog(directory / "other.log")
    gateway.config.write_text(good.replace(str(log.path), str(other.path)))
    reload(gateway)
    other.wait("admin", act="reload", result="done")
    before = log.path.read_bytes()
    assert connect().call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    other.wait("call-refused")
    assert log.path.read_bytes() == before
    gateway.config.write_text(good.replace(str(log.path), "none"))
    reload(gateway)
    assert connect().call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    gateway.stop()
    assert len(other.of("call-refused")) == 1 and not other.of("stop")


def test_rotation(serve, directory, log, connect):
    """logrotate with the snippet that is shipped leaves the old lines in one file and the next ones in another, and loses none [L6]"""
    gateway = serve(log.section)
    snippet = (ROOT / "conf/host/gatehouse.logrotate").read_text()
    assert "/var/log/gatehouse/*.log" in snippet and "su gatehouse gatehouse" in snippet
    kill = re.search(r"systemctl .* gatehoused\.service", snippet).group(0)
    assert "--signal=HUP" in kill
    rules = directory / "rotate"
    # The test's own file and process instead of the service's.
    rules.write_text(snippet.replace("/var/log/gatehouse/*.log", str(log.path)).replace("su gatehouse gatehouse", "su root root")
                     .replace(kill, f"kill -HUP {gateway.process.pid}"))
    rules.chmod(0o644)
    directory.chmod(0o755)
    web1 = connect()
    assert web1.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    log.wait("call-refused")
    subprocess.run(["/usr/sbin/logrotate", "--force", "--state", str(directory / "state.logrotate"), str(rules)], check=True, timeout=30)
    log.wait("admin", act="reload", result="done")
    assert web1.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
    log.wait("call-refused")
    old = AuditLog(directory / "audit.log.1")
    assert [line["event"] for line in old.lines()] == ["start", "call-refused"]
    gateway.stop()
    assert [line["event"] for line in log.lines()] == ["admin", "call-refused", "admin", "stop"]


def test_moved_away(serve, directory, log, connect):
    """a file that was moved away is made anew without a signal, also when the configuration cannot be read [L6]"""
    serve(log.section)
    web1 = connect()
    log.path.rename(directory / "moved")

    def anew():
        assert web1.call(PROGRAM, 9, ECHO, USER).outcome == "PROG_MISMATCH 1-1"
        return log.path.exists()
    until(anew, "a new file", pause=0.1)
    log.wait("call-refused")


def test_after_a_kill(serve, directory, log, connect):
    """a line that a killed daemon left unfinished stays alone on its line [L6]"""
    log.path.write_bytes(b'{"time":"2026-01-01T00:00:00.000000Z","event":"st')
    log.path.chmod(0o640)
    gateway = serve(log.section)
    until(lambda: log.path.read_bytes().endswith(b"}\n"), "the first line")
    gateway.stop()
    half, *rest = log.path.read_bytes().split(b"\n")
    assert half.endswith(b'"st')
    assert [line["event"] for line in audit.parse(b"\n".join(rest))] == ["start", "admin", "stop"]
