"""What peers say never breaks a log line, and floods of refusals stay few lines."""

import re

import pytest
from peers import rpc, tirpc
from peers.rpc import Flavor, auth, auth_sys, auth_sys_body
from scene import GUESTS, P, echo

# The shape of every line the daemon writes.
LINE = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d level=(debug|info|warning|error) event=[\w-]+'
                  r'( [\w-]+=("([^"\\]|\\.)*"|[^\s"\\=]*))*$')
NAMES = [("a newline", b"a\n2024-01-01T00:00:00.000+00:00 level=error event=stopped"), ("a carriage return", b"a\rlevel=error"),
         ("quotes", b'" event=stopped guest="honest'), ("ESC sequences", b"\x1b[2J\x1b]0;title\x07"), ("NUL", b"a\0b"),
         ("a backslash at the end", b"a\\"), ("bytes above 127", bytes(range(128, 256))), ("format directives", b"%s%n{}{0}$(id)")]


def well_formed(log: str) -> None:
    """well_formed demands that every line of the daemon's has the shape of a log line and only printable ASCII."""
    for line in log.splitlines():
        assert LINE.match(line), f"not a log line: {line!r}"
    assert all(" " <= c <= "~" or c == "\n" for c in log)


@pytest.mark.parametrize("what,name", NAMES, ids=[case[0] for case in NAMES])
def test_machine_name(standing, what, name):
    """a machine name with {what} breaks no log line and is never sent on [V5, P11]"""
    before = len(standing.tap.of(GUESTS["unix"]))
    with standing.connect() as connection:
        assert connection.call(P, 9, tirpc.ECHO, auth_sys(1000, 100, machine=name)).outcome == "PROG_MISMATCH 1-2"
        bad = auth(Flavor.SYS, auth_sys_body(1000, 100, range(17), machine=name))
        assert connection.call(P, 1, tirpc.ECHO, bad).outcome == "AUTH_ERROR BADCRED"
        assert connection.call(P, 1, tirpc.ECHO, auth_sys(1000, 100, machine=name), rpc.opaque(b"data")).outcome == "SUCCESS"
    assert len(standing.tap.of(GUESTS["unix"])) == before + 1
    standing.gateway.wait_event("refused", rule="bad-credential", guest=GUESTS["unix"])
    assert not standing.gateway.events("stopped")
    well_formed(standing.gateway.log())


def test_payload_is_not_logged(standing):
    """neither arguments nor the machine name of a refused call get into the log [P11]"""
    with standing.connect() as connection:
        connection.call(P, 1, tirpc.ECHO, auth(99, b"private-credential"), rpc.opaque(b"private-file-name"))
        connection.call(P, 9, 1, auth_sys(1000, 100, machine=b"private-machine"), rpc.opaque(b"private-file-name"))
    standing.gateway.wait_event("refused", rule="unknown-flavor")
    assert "private" not in standing.gateway.log()


def test_refusals_are_rate_limited(scene):
    """5 000 refused calls of a guest make no more lines a second than log_lines, the rest is counted; another guest's refusal is logged at
    once [L6]"""
    opened = scene(hostile={"limits": {"log_lines": 3}})
    count = 5000
    with opened.connect() as connection:
        connection.send(rpc.record(echo(credential=auth(99))) * count)
        assert {connection.read_reply().outcome for _ in range(count)} == {"AUTH_ERROR REJECTEDCRED"}
    opened.witness.call(P, 9, tirpc.ECHO, auth_sys(1000, 100))
    opened.gateway.wait_event("refused", guest=GUESTS["honest"], rule="version", seconds=2.0)
    lines = opened.gateway.events("refused", guest=GUESTS["unix"])
    seconds = {line[:19] for line in opened.gateway.log().splitlines() if f"event=refused guest={GUESTS['unix']}" in line}
    assert 1 <= len(lines) <= 3 * (len(seconds) + 1)
    assert opened.counters()["log_lines_suppressed"] == count - len(lines)
