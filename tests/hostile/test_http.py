"""Whoever reaches [admin] http can do no harm: whatever it sends, reads or does not read, calls go on and the next scrape works."""

import socket
from contextlib import ExitStack

import pytest
from peers import http, rpc, tirpc, toml
from peers.client import connect_unix
from peers.gateway import Gateway
from peers.ports import free_port
from peers.wait import until
from scene import P, USER

# As many as are served at a time.
SERVED = 16


class Watched:
    """Watched is a gateway with metrics, and a guest that works all the time."""

    def __init__(self, directory, register):
        register(tirpc.TirpcServer(directory / "server.log", path=directory / "server.sock"))
        self.port = free_port()
        self.gateway = register(Gateway(directory, toml.config(
            {"honest": f"unix:{directory}/honest.sock"}, {"server": {"address": f"unix:{directory}/server.sock", "programs": [f"{P}:1"]}},
            {"web1": {"listener": "honest", "backends": ["server"]}}, admin={"http": f"127.0.0.1:{self.port}"})))
        self.honest = connect_unix(directory / "honest.sock")

    def calls_go_on(self) -> None:
        assert self.honest.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"honest")).outcome == "SUCCESS"

    def works(self) -> None:
        self.calls_go_on()
        answer = http.get(self.port, "/metrics")
        assert answer.status == 200 and "gatehouse_build_info" in answer.body
        assert http.get(self.port, "/healthz").status == 200


@pytest.fixture(scope="module")
def watched(shared_directory):
    peers = []
    running = Watched(shared_directory, lambda peer: peers.append(peer) or peer)
    yield running
    running.honest.close()
    for peer in reversed(peers):
        peer.stop()


BIG = "x" * 100000
# What is sent, and the statuses that may come back; 0: the connection is closed without an answer.
NONSENSE = {
    "nothing": (b"", {0}),
    "bytes that are no text": (bytes(range(256)) * 200, {0, 400}),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 508, {0, 400}),
    "an RPC call": (rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, rpc.opaque(b"x" * 64))), {0, 400}),
    "half a request line": (b"GET /met", {0, 400}),
    "half a header": (b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept", {0, 400}),
    "a method nobody knows": (http.request("/metrics", "BREW"), {405}),
    "a request line without a path": (b"GET\r\n\r\n", {0, 400}),
    "a path of 100 kB": (http.request("/" + BIG), {0, 400, 414, 431}),
    "a header of 100 kB": (http.request("/metrics", headers=f"X-Big: {BIG}\r\n"), {0, 400, 413, 431}),
    "ten thousand headers": (http.request("/metrics", headers="A: b\r\n" * 10000), {0, 400, 413, 431}),
    "a header without a colon": (http.request("/metrics", headers="nonsense\r\n"), {0, 200, 400}),
    "a header with a NUL": (http.request("/metrics", headers="A: \0\r\n"), {0, 200, 400}),
    "a version nobody knows": (b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n", {0, 400, 505}),
    "HTTP 1.0 without a host": (b"GET /metrics HTTP/1.0\r\n\r\n", {200}),
    "HTTP 1.1 without a host": (b"GET /metrics HTTP/1.1\r\n\r\n", {400}),
    "lines that end in a newline alone": (b"GET /metrics HTTP/1.0\n\n", {0, 200, 400}),
    "two lengths of a body": (http.request("/metrics", headers="Content-Length: 3\r\nContent-Length: 5\r\n"), {0, 400}),
    "a length that is no number": (http.request("/metrics", headers="Content-Length: -1\r\n"), {0, 400, 413}),
    "a length beyond 64 bits": (http.request("/metrics", headers="Content-Length: 99999999999999999999\r\n"), {0, 400, 413}),
    "a body with GET": (http.request("/metrics", headers="Content-Length: 5\r\n") + b"hello", {400}),
    "a chunked body": (http.request("/metrics", headers="Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", {0, 400}),
    "a chunk whose length lies": (http.request("/metrics", "POST", "Transfer-Encoding: chunked\r\n") + b"ffffffffffffffff\r\nx", {0, 400, 405}),
    "POST": (http.request("/metrics", "POST", "Content-Length: 0\r\n"), {405}),
    "POST with a body of 1 MB": (http.request("/metrics", "POST", "Content-Length: 1000000\r\n") + b"x" * 1000000, {0, 405}),
    "PUT that waits to be told to go on": (http.request("/metrics", "PUT", "Content-Length: 9\r\nExpect: 100-continue\r\n"), {405}),
    "DELETE": (http.request("/metrics", "DELETE"), {405}),
    "an upgrade": (http.request("/metrics", headers="Upgrade: h2c\r\n"), {200}),
    "HTTP 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 405, 505}),
    "a path that is not there": (http.request("/"), {404}),
    "a path that climbs": (http.request("/metrics/../../etc/passwd"), {404}),
    "a path with a NUL in it": (http.request("/metrics%00"), {200, 400, 404}),
    "a path with broken escapes": (http.request("/%zz%"), {404, 400}),
    "a whole address": (http.request("http://x/metrics"), {404, 400}),
    "a question": (http.request("/metrics?a=b&&=&%"), {200}),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense(watched, what):
    """{what}: refused or closed, and what follows works [L6]"""
    data, statuses = NONSENSE[what]
    answer = http.ask(watched.port, data)
    assert answer.status in statuses, answer
    assert answer.status != 405 or answer.headers["allow"] == "get, head"
    watched.works()


def test_every_cut(watched):
    """a request that ends behind any of its bytes: closed, or refused [L6]"""
    whole = http.request("/healthz")
    for size in range(len(whole)):
        assert http.ask(watched.port, whole[:size]).status in (0, 400)
    assert http.ask(watched.port, whole).status == 200
    watched.works()


def test_byte_by_byte(watched):
    """a request that comes byte by byte is answered [L6]"""
    with http.connected(watched.port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in http.request("/readyz"):
            sock.sendall(bytes([byte]))
        assert http.parse(http.read_all(sock)).status == 200


def test_pipelining(watched):
    """requests sent together on one connection are answered in their order [L6]"""
    sent = [http.request(path, method, close=False) for path, method in
            [("/healthz", "GET"), ("/nowhere", "GET"), ("/metrics", "HEAD"), ("/readyz", "GET")]]
    with http.connected(watched.port) as sock:
        sock.sendall(b"".join(sent) + http.request("/healthz"))
        answers = http.read_all(sock).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"404", b"200", b"200", b"200"]
    assert answers[2].endswith(b"\r\n\r\n"), "HEAD has no body"


def test_thousand_connections(watched):
    """a thousand connections at a time: few are served, calls go on, and when they are gone the next scrape works [L6]"""
    before = watched.gateway.descriptors()
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(http.connect(watched.port)).sendall(b"GET /metrics HTTP/1.1\r\n")
        for _ in range(100):
            watched.calls_go_on()
        assert watched.gateway.descriptors() <= before + SERVED
    watched.works()
    until(lambda: watched.gateway.descriptors() <= before, "the descriptors to be given back")


def test_never_reads(watched):
    """scrapers that never read, or never end their request, hold up no call, and are closed after a while: the next one is served [L6]"""
    with ExitStack() as stack:
        silent = []
        for index in range(SERVED):
            sock = http.connect(watched.port)
            stack.enter_context(sock)
            sock.setblocking(False)
            sent = http.request("/metrics", close=False) * (5000 if index % 2 else 0) + b"GET /metr"
            try:
                sock.send(sent)
            except BlockingIOError:
                pass
            silent.append(sock)
        for _ in range(200):
            watched.calls_go_on()
        # It waits until those before it were given up.
        assert http.get(watched.port, "/metrics", timeout=60).status == 200
        watched.calls_go_on()
