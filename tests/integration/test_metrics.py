"""/metrics, /healthz and /readyz of the real daemon, with real calls, read by Prometheus' own tool."""

import ctypes
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from krb5lab import ANY
from peers import http, rpc, toml
from peers.build import program
from peers.client import connect_unix
from peers.ports import free_port
from peers.rpc import auth_sys
from peers.scripted import Scripted
from peers.tirpc import PROGRAM
from peers.wait import holds_for, until

TOP = Path(__file__).resolve().parents[2]
MONITORING = TOP / "conf" / "monitoring"
USER = auth_sys(1000, 100)
# PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH and __WALL of the kernel's headers.
SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


def value(found: dict, name: str, **labels) -> float:
    """value is the sum of all samples of the name that have these labels."""
    return sum(each for (other, has), each in found.items() if other == name and set(labels.items()) <= has)


class Page:
    """Page is where a gateway serves its metrics."""

    def __init__(self):
        self.port = free_port()
        self.section = {"http": f"127.0.0.1:{self.port}"}

    def text(self) -> str:
        answer = http.get(self.port, "/metrics")
        assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        return answer.body

    def samples(self) -> dict:
        return http.samples(self.text())

    def value(self, name: str, **labels) -> float:
        return value(self.samples(), name, **labels)


@pytest.fixture
def page():
    return Page()


def promtool(*arguments, data: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *map(str, arguments)], input=data, capture_output=True, text=True, timeout=60)


@pytest.fixture
def simple(gateway, directory, script, page):
    """simple is a gateway without Kerberos before a scripted backend."""
    return gateway(toml.config({"in": f"unix:{directory}/in.sock"}, {"peer": {"address": script.address, "programs": [f"{PROGRAM}:1"]}},
                               {"web1": {"listener": "in", "backends": ["peer"]}}, admin=page.section, gateway={"workers": 2}))


def test_calls(lab5, page):
    """calls are counted by guest, flavor, program and decision, with AUTH_SYS and each flavor of Kerberos; promtool finds nothing to mend [L6]"""
    lab = lab5(admin=page.section)
    user = lab.connect()
    for _ in range(3):
        assert user.call(*ANY, USER, rpc.opaque(b"data")).outcome == "SUCCESS"
    assert user.call(PROGRAM + 5, 1, 1, USER).outcome == "PROG_UNAVAIL"
    assert user.call(PROGRAM, 1, 0, rpc.auth(7)).outcome == "SUCCESS"
    other = lab.connect("web2")
    for service, times in ((1, 2), (2, 3), (3, 4)):
        context = lab.context(over=other)
        for _ in range(times):
            assert context.call(other, *ANY, rpc.opaque(b"data"), service=service).results == rpc.opaque(b"data")
    text = page.text()
    assert (promtool("check", "metrics", data=text).returncode, http.kinds(text).get("gatehouse_calls_total")) == (0, "counter")
    found = http.samples(text)

    def calls(**labels) -> float:
        return value(found, "gatehouse_calls_total", **labels)
    name = str(PROGRAM)
    assert calls(guest="web1", flavor="sys", program=name, decision="forwarded") == 3
    assert calls(guest="web1", flavor="sys", program="other", decision="refused") == 1
    assert calls(guest="web1", decision="answered") == 1
    assert [calls(guest="web2", flavor=flavor, program=name, decision="forwarded") for flavor in ("krb5", "krb5i", "krb5p")] == [2, 3, 4]
    assert calls(guest="web2", decision="refused") == 0
    assert calls(guest="web2", decision="answered") == value(found, "gatehouse_inits_total", guest="web2", result="established") == 3
    assert value(found, "gatehouse_contexts", guest="web2") == 3
    assert value(found, "gatehouse_refusals_total", guest="web1", by="rule", reason="program") == 1
    assert value(found, "gatehouse_gss_headers_total", guest="web2", finding="data") == 9
    assert value(found, "gatehouse_connections", guest="web1") == 1
    assert value(found, "gatehouse_received_bytes_total", guest="web1") > 200 < value(found, "gatehouse_sent_bytes_total", guest="web2")
    for metric in ("gatehouse_gateway_latency_seconds", "gatehouse_backend_latency_seconds"):
        assert value(found, f"{metric}_count", backend="peer") == value(found, f"{metric}_bucket", backend="peer", le="+Inf") == 12
    # The figures that the daemon writes to its log are the same.
    assert value(found, "gatehouse_calls_total", guest="web2") == lab.gateway.counters("web2")["calls"]


def test_large_replies_are_timed(lab5, page, stopping, directory):
    """a call is timed once, however large its reply, in the clear, signed and sealed [L6]"""
    big = stopping(Scripted(directory / "big.sock"))
    big.answer = lambda call: rpc.record(rpc.success(call.xid, b"abcd" * 100000))
    lab = lab5(big.address, admin=page.section)
    connection = lab.connect()
    assert len(connection.call(*ANY, USER).results) == 400000
    for service in (1, 2, 3):
        assert len(lab.context(over=connection).call(connection, *ANY, service=service).results) == 400000
    assert page.value("gatehouse_backend_latency_seconds_count") == page.value("gatehouse_gateway_latency_seconds_count") == 4


def test_latency_is_the_backends(simple, script, page, directory):
    """the time that a backend takes is the backend's, and gateway and backend together took no longer than the client waited [L6]"""
    script.answer = lambda call: None
    with connect_unix(directory / "in.sock") as connection:
        asked = time.monotonic()
        xid = connection.send_call(PROGRAM, 1, 1, USER)
        script.wait_calls(1)
        there = time.monotonic()
        assert holds_for(lambda: page.value("gatehouse_calls_in_flight", guest="web1") == 1, 0.3)
        assert page.value("gatehouse_backend_latency_seconds_count") == 0
        least = time.monotonic() - there
        script.connections[0].send(rpc.record(rpc.success(xid)))
        assert connection.read_reply().outcome == "SUCCESS"
        most = time.monotonic() - asked
    found = page.samples()
    assert value(found, "gatehouse_calls_in_flight", guest="web1") == 0
    assert value(found, "gatehouse_backend_latency_seconds_sum") >= least
    assert value(found, "gatehouse_gateway_latency_seconds_sum") + value(found, "gatehouse_backend_latency_seconds_sum") <= most


def test_ready(gateway, directory, script, page):
    """readyz names the listener that does not listen and the backend that is down, and says ok when they are there [L6]"""
    late = directory / "late"
    gone = directory / "gone.sock"
    gateway(toml.config({"in": f"unix:{directory}/in.sock", "late": f"unix:{late}/in.sock"},
                        {"peer": {"address": script.address, "programs": [f"{PROGRAM}:1"]}, "gone": {"address": f"unix:{gone}", "programs": [f"{PROGRAM + 1}:1"]}},
                        {"web1": {"listener": "in", "backends": ["peer", "gone"]}}, admin=page.section))
    answer = http.get(page.port, "/readyz")
    assert (answer.status, answer.body) == (503, "listener late: not listening\n")
    with connect_unix(directory / "in.sock") as connection:
        connection.send_call(PROGRAM + 1, 1, 1, USER)
        wanted = "listener late: not listening\nbackend gone: down\n"
        until(lambda: http.get(page.port, "/readyz").body == wanted, "the backend to be seen down")
        assert (page.value("gatehouse_backend_up", backend="gone"), page.value("gatehouse_listener_up", listener="late")) == (0, 0)
        assert http.get(page.port, "/healthz").body == "ok\n"
        late.mkdir()
        script_two = Scripted(path=gone)
        until(lambda: http.get(page.port, "/readyz").status == 200, "both to be there")
        assert connection.read_reply().outcome == "SUCCESS"
        script_two.stop()
    assert (page.value("gatehouse_backend_up", backend="gone"), page.value("gatehouse_listener_up", listener="late")) == (1, 1)


def thread_of(pid: int, name: str) -> int:
    return next(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().strip() == name)


def test_stuck(simple, page):
    """healthz names the worker whose event loop stands still, and says ok again when it goes on; metrics are served meanwhile [L6]"""
    assert http.get(page.port, "/healthz").body == "ok\n"
    trace = ctypes.CDLL(None, use_errno=True).ptrace
    trace.argtypes, trace.restype = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p], ctypes.c_long
    thread = thread_of(simple.process.pid, "worker-2")
    assert trace(SEIZE, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    try:
        assert trace(INTERRUPT, thread, None, None) == 0
        os.waitpid(thread, WALL)
        stuck = until(lambda: (a := http.get(page.port, "/healthz")).status == 503 and a, "healthz to fail")
        assert re.fullmatch(r"worker-2: not seen for \d{4,5} ms\n", stuck.body)
        assert page.value("gatehouse_thread_idle_seconds", thread="worker-2") > 3
    finally:
        assert trace(DETACH, thread, None, None) == 0
    until(lambda: http.get(page.port, "/healthz").body == "ok\n", "healthz to be well again")


def test_unix_socket(gateway, directory):
    """metrics are served on a socket file that others cannot open, and the file goes with the daemon [L5, L7]"""
    path = directory / "metrics.sock"
    running = gateway(toml.config({}, {}, {}, admin={"http": f"unix:{path}"}))
    assert path.stat().st_mode & 0o777 == 0o660
    assert http.get(str(path), "/metrics").status == 200
    running.stop()
    assert not path.exists()


def test_ipv6_and_absence(gateway, page, directory):
    """metrics are served on ::1, and nowhere else; without the key nowhere [L5]"""
    running = gateway(toml.config({}, {}, {}, admin={"http": f"[::1]:{page.port}"}))
    with pytest.raises(ConnectionRefusedError):
        http.get(page.port, "/metrics")
    assert running.events("http", address=f"tcp:[::1]:{page.port}")
    running.stop()
    running = gateway(toml.config({}, {}, {}))
    sockets = [os.readlink(each) for each in Path(f"/proc/{running.process.pid}/fd").iterdir() if each.exists()]
    tables = "".join(Path(f"/proc/{running.process.pid}/net/{kind}").read_text() for kind in ("tcp", "tcp6"))
    inodes = {line.split()[9] for line in tables.splitlines() if " 0A " in line}
    assert not inodes & set(re.findall(r"socket:\[(\d+)\]", " ".join(sockets)))


def test_taken_port(directory, page, gateway, simple):
    """an address that is taken already ends the start with a line that says so [T7]"""
    config = directory / "second.conf"
    config.write_text(toml.config({}, {}, {}, admin=page.section))
    done = subprocess.run([program("proxy/gatehoused"), "--config", config], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "STATE_DIRECTORY": str(directory / "state")})
    assert done.returncode == 1
    assert 'event=start-failed what="[admin] http"' in done.stderr + done.stdout and "Address already in use" in done.stderr + done.stdout


def test_documented(simple, page):
    """every metric that the documentation names is exposed with its kind, and every exposed one is documented [L6]"""
    rows = re.findall(r"^\| `((?:gatehouse|process)_\w+)` \| (\w+) \|", (TOP / "docs/operations/metrics.md").read_text(), re.MULTILINE)
    assert len(rows) > 30 and dict(rows) == http.kinds(page.text())


def test_memory(simple, page):
    """thousands of scrapes and refused requests leave no memory and no descriptor behind [L6]"""
    def rounds(count: int) -> int:
        with http.connected(page.port) as sock:
            stream = sock.makefile("rb")
            for _ in range(count):
                sock.sendall(http.request("/metrics", "HEAD", close=False))
                while stream.readline() not in (b"\r\n", b""):
                    pass
        for _ in range(count // 20):
            assert http.ask(page.port, http.request("/metrics", "POST", "Content-Length: 9\r\n")).status == 405
        return simple.memory_kib()
    descriptors = simple.descriptors()
    settled = rounds(1000)
    assert rounds(3000) < settled + 4096
    until(lambda: simple.descriptors() == descriptors, "the descriptors to be given back")


def test_rules():
    """the alert rules are good and do what they should on made-up data: each fires, and each is silent [L6]"""
    assert promtool("check", "rules", MONITORING / "rules.yml").returncode == 0
    tested = promtool("test", "rules", MONITORING / "rules_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    alerts = set(re.findall(r"- alert: (\w+)", (MONITORING / "rules.yml").read_text()))
    cases = (MONITORING / "rules_test.yml").read_text()
    assert alerts == set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:", cases)) == set(re.findall(r"alertname: (\w+)\}", cases))


# In a query: a metric, and the labels in braces and behind by.
METRIC = re.compile(r"\b((?:gatehouse|process)_\w+)\b(?:\{([^}]*)\})?")
BY = re.compile(r"\bby \(([^)]*)\)")
# Labels that Prometheus adds, and the buckets'.
ADDED = {"instance", "job", "le"}


def labels_of_metrics() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `((?:gatehouse|process)_\w+)` \| (\w+) \| (.*?)\|", (TOP / "docs/operations/metrics.md").read_text(), re.MULTILINE)
    known = {}
    for name, kind, labels in rows:
        for end in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            known[name + end] = set(re.findall(r"`(\w+)`", labels)) | ADDED
    return known


def queries(path: Path) -> list[str]:
    if path.suffix == ".json":
        return [text.encode().decode("unicode_escape") for text in re.findall(r'"(?:expr|query)": "((?:[^"\\]|\\.)*)"', path.read_text()) if "(" in text or "{" in text]
    return re.findall(r"expr: (?:>-\n)?((?:.*\n)(?: {10}.*\n)*)", path.read_text())


@pytest.mark.parametrize("path", [MONITORING / "dashboard.json", MONITORING / "rules.yml"], ids=lambda path: path.name)
def test_queries(path):
    """every query of {path} asks for metrics that there are, by labels that they have [L6]"""
    known = labels_of_metrics()
    asked = queries(path)
    assert len(asked) > 10
    for query in asked:
        found = METRIC.findall(query)
        assert found or "up{" in query, query
        for name, selector in found:
            assert name in known, query
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) <= known[name], query
        for group in BY.findall(query):
            assert {word.strip() for word in group.split(",")} <= set.intersection(*(known[name] for name, _ in found)), query


def test_dashboard():
    """the dashboard is JSON as Grafana imports it: panels with a place of their own, and a data source that is asked for [L6]"""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    assert board["uid"] and {each["name"] for each in board["templating"]["list"]} == {"datasource", "instance", "guest"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 15
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] == "row" or all(target["expr"] and target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
