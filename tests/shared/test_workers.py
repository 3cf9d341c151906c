"""Workers share a guest's budgets, a backend's state and the acceptor's counts: many connections on two of them."""

import json
import os
import subprocess
import threading

import pytest

from peers import http, kerberos
from peers.build import program
from peers.process import Process

CONFIG = """
[gateway]
workers = 2
[[listener]]
name = "in"
address = "unix:{directory}/in.sock"
[[backend]]
name = "nfs"
address = "unix:{directory}/back.sock"
programs = ["nfs:3"]
[[guest]]
name = "web1"
listener = "in"
backends = ["nfs"]
limits = {{ in_flight = {in_flight} }}
"""


@pytest.fixture
def server(directory, stopping):
    """server answers NFS-like calls on a unix socket."""
    started = stopping(Process([program("tests/bench/bench_server"), "--listen", f"unix:{directory}/back.sock"], directory / "server.log"))
    started.wait_for(lambda: "ready" in started.log(), "the server")
    return started


def load(directory, *arguments, env=None) -> dict:
    """load runs the load generator, which checks every reply, and returns its report."""
    done = subprocess.run([program("tests/bench/bench_load"), "--socket", f"{directory}/in.sock", *arguments],
                          capture_output=True, text=True, timeout=240, env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_in_flight_shared(gateway, server, directory):
    """16 connections on two workers share 5 calls in flight: all wait, none is lost, every slot comes back [L6]"""
    gate = gateway(CONFIG.format(directory=directory, in_flight=5))
    report = load(directory, "--mode", "16x8", "--calls", "20000")
    assert report["calls"] >= 20000
    counters = gate.wait_counter("web1", "replies", 20000)
    assert counters["in_flight"] == 0
    assert counters["waits_in_flight"] > 0
    assert counters["replies"] == counters["calls"]


@pytest.mark.parametrize("mode", ["16x8", "read", "write"])
def test_load(gateway, server, directory, mode):
    """calls, replies and large bodies of many connections pass two workers unharmed, and nothing is left behind [L6]"""
    gate = gateway(CONFIG.format(directory=directory, in_flight=1024))
    report = load(directory, "--mode", mode, "--calls", "20000" if mode == "16x8" else "600")
    counters = gate.wait_counter("web1", "closed-client-closed", 1)
    assert counters["replies"] == counters["calls"] >= report["calls"]
    assert (counters["in_flight"], counters["buffered_bytes"]) == (0, 0)


@pytest.mark.parametrize("mode,sec", [("16x8", "krb5"), ("16x8", "krb5i"), ("16x8", "krb5p"), ("read", "krb5p"), ("write", "krb5p")])
def test_contexts_shared(gateway, server, directory, realm, mode, sec):
    """{mode} calls of two contexts with {sec} over 16 connections pass two workers, every number once, and nothing is left behind [G1, G12]"""
    config = CONFIG.format(directory=directory, in_flight=1024)
    users = kerberos.rules({"alice@*": {"uid": 5001, "gid": 5001, "groups": [6001]}})
    gate = gateway(kerberos.toml.section("kerberos", **kerberos.section(realm, directory)) + users + config)
    env = realm.env(cache=realm.kinit("alice"))
    report = load(directory, "--mode", mode, "--sec", sec, "--contexts", "2", "--calls", "6000" if mode == "16x8" else "200", env=env)
    counters = gate.wait_counter("web1", "contexts_destroyed", 2)
    assert counters["replies"] >= report["calls"]
    assert counters["gss-data"] == counters["replies"]
    assert (counters["in_flight"], counters["buffered_bytes"], counters["contexts"]) == (0, 0, 0)
    assert (counters["gss_request_bytes"], counters["gss_reply_bytes"], counters["nascent_contexts"]) == (0, 0, 0)


@pytest.mark.parametrize("sec", ["sys", "krb5p"])
def test_reloaded(gateway, server, directory, realm, sec):
    """the configuration changes all the time while two workers carry {sec} calls: none is lost or decided by half of one [L6, T3]"""
    head = kerberos.toml.section("kerberos", **kerberos.section(realm, directory))
    head += kerberos.rules({"alice@*": {"uid": 5001, "gid": 5001, "groups": [6001]}})

    def text(turn: int) -> str:
        other = f'[[guest]]\nname = "other{turn % 2}"\nlistener = "in"\nuid = 4711\nsquash = "all"\n'
        return head + CONFIG.format(directory=directory, in_flight=64 + turn % 1000) + other
    gate = gateway(text(0))
    more = ["--calls", "20000"] if sec == "sys" else ["--sec", sec, "--contexts", "2", "--calls", "6000"]
    env, reports, turns = realm.env(cache=realm.kinit("alice")), [], 0
    loading = threading.Thread(target=lambda: reports.append(load(directory, "--mode", "16x8", *more, env=env)))
    loading.start()
    while loading.is_alive():
        turns += 1
        gate.reload(text(turns))
    loading.join()
    assert reports and turns > 2
    counters = gate.wait_counter("web1", "closed-client-closed", 1)
    assert counters["replies"] >= reports[0]["calls"]
    assert (counters["in_flight"], counters["buffered_bytes"]) == (0, 0)


def test_scraped(gateway, server, directory):
    """metrics are read all the time while two workers count, nobody waits for it, and in the end every call is there once [L6]"""
    metrics = f"{directory}/metrics.sock"
    gateway(f'[admin]\nhttp = "unix:{metrics}"\n' + CONFIG.format(directory=directory, in_flight=1024))
    over, read = threading.Event(), []

    def scrape():
        while not over.is_set():
            found = http.samples(http.get(metrics, "/metrics").body)
            read.append(sum(each for (name, _), each in found.items() if name == "gatehouse_calls_total"))
    reader = threading.Thread(target=scrape)
    reader.start()
    try:
        report = load(directory, "--mode", "16x8", "--calls", "20000")
    finally:
        over.set()
        reader.join()
    assert read == sorted(read) and len(read) > 2
    found = http.samples(http.get(metrics, "/metrics").body)
    calls = found["gatehouse_calls_total", frozenset({("guest", "web1"), ("flavor", "sys"), ("program", "nfs"), ("decision", "forwarded")})]
    assert calls >= report["calls"] >= 20000
    for metric in ("gatehouse_gateway_latency_seconds_count", "gatehouse_backend_latency_seconds_count"):
        assert found[metric, frozenset({("backend", "nfs")})] == calls
