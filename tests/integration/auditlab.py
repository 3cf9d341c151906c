"""The arrangement of the audit log's tests: a gateway with two guests and a listener for strangers."""

import signal

import pytest
from peers import http, rpc, toml
from peers.audit import AuditLog
from peers.client import connect_unix
from peers.ports import free_port
from peers.rpc import auth_sys
from peers.tirpc import ECHO, PROGRAM

USER = auth_sys(1000, 100)
WEB1, WEB2 = "web1", "web2"


@pytest.fixture
def log(directory):
    return AuditLog(directory / "audit.log")


@pytest.fixture
def serve(gateway, directory, script):
    """serve starts a gateway with the guests web1 and web2, and a listener where everybody is a stranger."""
    def begin(section: dict, options=None, web1=None, **sections):
        text = toml.config({name: f"unix:{directory}/{name}.sock" for name in (WEB1, WEB2, "strangers")},
                           {"peer": {"address": script.address, "programs": [f"{PROGRAM}:1"]}},
                           {WEB1: {"listener": WEB1, "backends": ["peer"], **(web1 or {})},
                            WEB2: {"listener": WEB2, "backends": ["peer"], "uuid": "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e"}},
                           audit=section, **sections)
        return gateway(text, **(options or {}))
    return begin


@pytest.fixture
def connect(directory):
    opened = []

    def begin(guest: str = WEB1):
        opened.append(connect_unix(directory / f"{guest}.sock"))
        return opened[-1]
    yield begin
    for each in opened:
        each.close()


def works(connection) -> None:
    assert connection.call(PROGRAM, 1, ECHO, USER, rpc.opaque(b"data")).outcome == "SUCCESS"


def flood(connection, count: int) -> None:
    """flood makes refused calls, and reads all the answers."""
    for _ in range(count // 500):
        connection.send(rpc.record(rpc.call(7, PROGRAM, 9, ECHO, USER)) * 500)
        assert {connection.read_reply().outcome for _ in range(500)} == {"PROG_MISMATCH 1-1"}


def reload(gateway) -> None:
    """reload asks for one by SIGHUP and waits for its outcome."""
    def outcomes():
        return len(gateway.events("reloaded")) + len(gateway.events("reload-refused"))
    before = outcomes()
    gateway.process.popen.send_signal(signal.SIGHUP)
    gateway.process.wait_for(lambda: outcomes() > before, "the outcome of a reload")


class Page:
    """Page is the gateway's metrics of the audit log."""

    def __init__(self):
        self.port = free_port()
        self.section = {"http": f"127.0.0.1:{self.port}"}

    def value(self, name: str, **labels) -> float:
        found = http.samples(http.get(self.port, "/metrics").body)
        return sum(each for (other, has), each in found.items() if other == name and set(labels.items()) <= has)

    def events(self, result: str) -> int:
        return int(self.value("gatehouse_audit_events_total", result=result))


def gateway_path(gateway, path):
    """gateway_path is where this process sees a file of the gateway's mount namespace."""
    return type(path)(f"/proc/{gateway.process.pid}/root{path}")
