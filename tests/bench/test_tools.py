"""The benchmark's own tools: every mode runs, a wrong reply is an error, and what is no call gets no answer."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import report
from helpers import load, receive, record, words
from programs import Relay, Starter

SMALL_REPLY = 128


@pytest.fixture(scope="module")
def relay(starter: Starter, server: Relay) -> Iterator[Relay]:
    started = starter.start("relay")
    yield started
    started.stop()


def right_reply(xid: int) -> bytes:
    head = words(xid, 1, 0, 0, 0, 0)
    return record(head + bytes(SMALL_REPLY - 4 - len(head) - 4) + words(xid ^ 0xFFFFFFFF))


class Scripted:
    """A server that answers each 128-byte call of one connection with what `answer` makes of its xid."""

    def __init__(self, sock: Path, answer: Callable[[int], bytes]) -> None:
        self.socket = sock
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(sock))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection, self.listener:
            try:
                while len(call := receive(connection, SMALL_REPLY)) == SMALL_REPLY:
                    connection.sendall(self.answer(struct.unpack_from(">I", call, 4)[0]))
            except ConnectionError:
                return  # the load generator has seen enough


@pytest.mark.parametrize("mode", ["1x1", "16x1", "16x8", "16x8b", "1000x1", "read", "write"])
def test_every_mode_measures_a_relay(relay: Relay, mode: str) -> None:
    calls = 200 if mode in report.BULK_MODES else 20000
    done = load(relay.socket, mode, "--calls", str(calls), "--warm-up", "0.01", "--pid", str(relay.pid))
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout)
    assert sample["calls"] >= calls
    assert sample["cpu_us_per_call"] > 0
    assert 0 < sample["p50_us"] <= sample["p99_us"]
    assert ("cpu_s_per_gib" in sample) == (mode in report.BULK_MODES)


@pytest.mark.parametrize("version", ["3", "4"])
def test_small_calls_may_be_compounds_of_a_session(relay: Relay, version: str) -> None:
    done = load(relay.socket, "16x8", "--calls", "2000", "--warm-up", "0.01", "--compound", version)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["calls"] >= 2000


def test_compounds_are_for_small_calls_alone(relay: Relay) -> None:
    done = load(relay.socket, "read", "--compound", "4")
    assert done.returncode == 1
    assert "--compound is for the modes of small calls" in done.stderr


@pytest.mark.parametrize("size", [8, 65536, 1 << 20, 4 << 20])
@pytest.mark.parametrize("mode", ["read", "write"])
def test_payloads_of_every_size_arrive_whole(relay: Relay, mode: str, size: int) -> None:
    done = load(relay.socket, mode, "--calls", "20", "--warm-up", "0.01", "--depth", "5", "--size", str(size))
    assert done.returncode == 0, done.stderr


def test_idle_reports_the_memory_of_a_connection(relay: Relay) -> None:
    done = load(relay.socket, "idle", "--connections", "100", "--pid", str(relay.pid))
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout)
    grown = sample["private_dirty_after"] - sample["private_dirty_before"]
    assert sample["bytes_per_connection"] == pytest.approx(grown / 100, abs=1)


def patched(offset: int, value: int) -> Callable[[int], bytes]:
    """The right reply with one word replaced."""
    return lambda xid: right_reply(xid)[:offset] + words(value) + right_reply(xid)[offset + 4:]


WRONG = {
    "another slot's xid": (lambda xid: right_reply(xid ^ 1), "no call waits for"),
    "another call's xid": (lambda xid: right_reply(xid ^ 0x100), "xid is not the call's"),
    "a reply twice": (lambda xid: right_reply(xid) * 2, "xid"),
    "a call": (patched(8, 0), "not a reply"),
    "denied": (lambda xid: record(words(xid, 1, 1, 1, 1)), "denied"),
    "a verifier": (patched(16, 1), "verifier"),
    "SYSTEM_ERR": (lambda xid: record(words(xid, 1, 0, 0, 0, 5)), "without success"),
    "an NFS error": (patched(28, 13), "NFS status"),
    "a damaged result": (patched(SMALL_REPLY - 4, 0), "damaged"),
    "a longer record": (lambda xid: words(0x80000000 | SMALL_REPLY) + right_reply(xid)[4:] + bytes(4), "wrong length"),
    "two fragments": (lambda xid: words(SMALL_REPLY - 4) + right_reply(xid)[4:] + words(0x80000000), "fragment"),
    "nothing": (lambda xid: words(0x80000000), "shorter than any reply"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_reply_is_an_error(tmp_path: Path, what: str) -> None:
    answer, complaint = WRONG[what]
    liar = Scripted(tmp_path / "liar.sock", answer)
    done = load(liar.socket, "1x1", "--calls", "3", "--warm-up", "0.01")
    liar.thread.join(10)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stdout == ""


def test_the_right_reply_is_none(tmp_path: Path) -> None:
    honest = Scripted(tmp_path / "honest.sock", right_reply)
    done = load(honest.socket, "1x1", "--calls", "3", "--warm-up", "0.01")
    honest.thread.join(10)
    assert done.returncode == 0, done.stderr


def call(xid: int = 7, rpc_version: int = 2, program: int = 100003, procedure: int = 0, flavor: int = 1,
         slack: int = 0, verifier: int = 0) -> bytes:
    body = words(0, 4) + b"name" + words(1000, 1000, 1, 1000)
    return record(words(xid, 0, rpc_version, program, 3, procedure, flavor, len(body) + slack) + body + words(verifier, 0))


def answer_of(server: Relay, sent: bytes, size: int) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(server.socket))
        connection.sendall(sent)
        return receive(connection, size)


def test_the_server_answers_a_call_that_comes_in_pieces(server: Relay) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(server.socket))
        for byte in call(7) + call(8):
            connection.sendall(bytes([byte]))
        assert receive(connection, 2 * SMALL_REPLY) == right_reply(7) + right_reply(8)


@pytest.mark.parametrize(("changed", "stat"), [({"program": 100000}, 1), ({"procedure": 2}, 3), ({"procedure": 6}, 4)])
def test_the_server_says_what_it_does_not_serve(server: Relay, changed: dict[str, int], stat: int) -> None:
    assert answer_of(server, call(**changed), 28) == record(words(7, 1, 0, 0, 0, stat))


@pytest.mark.parametrize("changed", [{"rpc_version": 3}, {"flavor": 0}, {"slack": 4}, {"slack": -4}, {"verifier": 1}])
def test_the_server_closes_on_what_is_no_call(server: Relay, changed: dict[str, int]) -> None:
    assert answer_of(server, call(**changed), 1) == b""


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    before = f"a\n{report.BEGIN}\nold\n{report.END}\nb\n"
    assert report.replace_between_markers(before, "new\n") == f"a\n{report.BEGIN}\nnew\n{report.END}\nb\n"
    with pytest.raises(ValueError, match="once each"):
        report.replace_between_markers("no markers", "new\n")


def test_ratios_are_of_minima_and_judged_against_the_goals() -> None:
    results = report.Results()
    for relay, values in {"haproxy": (2.0, 3.0), "gatehouse": (1.9, 1.7)}.items():
        for value in values:
            results.add("16x8", relay, {"cpu_us_per_call": value, "p50_us": 1, "p99_us": 2})
    assert "| 16x8 | - | 2.000 | 1.700 | 0.85 | <= 1x (<= 0.85x) | reached |" in report.render(results, "conditions")
    assert report.against(1.01, (1.0, 0.85)) == "MISSED"
    assert report.against(0.6, (0.5, 0.65), at_most=False) == "met"
