"""The benchmark's Kerberos tools: they work with a peer that has libgssapi alone, and notice everything that is wrong."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kerberos
from helpers import load, receive_record, record, run_tool, words
from programs import Relay
from tickets import Tickets

SECS = ("krb5", "krb5i", "krb5p")
QUICK = ("--warm-up", "0.01")
GSS = words(6)


@pytest.mark.parametrize("digest", kerberos.ENCTYPES)
@pytest.mark.parametrize("mode", ["16x1", "16x8", "16x8b", "read", "write"])
@pytest.mark.parametrize("sec", SECS)
def test_every_flavor_measures_a_peer_on_libgssapi(terminator: Relay, tickets: Tickets, sec: str, mode: str, digest: str) -> None:
    calls = 2000 if mode.startswith("16") else 12
    done = load(terminator.socket, mode, "--sec", sec, "--calls", calls, "--pid", terminator.pid, *QUICK, env=tickets.clients[digest])
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout)
    assert sample["calls"] >= calls and sample["cpu_us_per_call"] > 0
    assert sample["enctype"] == kerberos.ENCTYPES[digest]
    assert ("mb_per_cpu_s" in sample) == (mode in ("read", "write"))


@pytest.mark.parametrize("size", [8, 4096, 65536, 4 << 20])
@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize("sec", SECS)
def test_protected_payloads_of_every_size_arrive_whole(terminator: Relay, tickets: Tickets, sec: str, mode: str, size: int) -> None:
    done = load(terminator.socket, mode, "--sec", sec, "--calls", 6, "--size", size, "--sample", 1, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 0, done.stderr


def test_many_large_calls_wait_in_one_connection(terminator: Relay, tickets: Tickets) -> None:
    done = load(terminator.socket, "write", "--sec", "krb5i", "--connections", 1, "--depth", 16, "--calls", 48, *QUICK,
                env=tickets.clients["sha1"])
    assert done.returncode == 0, done.stderr


def test_contexts_that_carry_nothing_may_be_there(terminator: Relay, tickets: Tickets) -> None:
    for used in (1, 3, 30):
        done = load(terminator.socket, "16x8", "--sec", "krb5p", "--calls", 2000, "--contexts", 30, "--used", used, *QUICK,
                    env=tickets.clients["sha1"])
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["contexts"] == 30


def test_churn_counts_contexts(terminator: Relay, tickets: Tickets) -> None:
    done = load(terminator.socket, "churn", "--tokens", 100, "--calls", 400, "--pid", terminator.pid, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout)
    assert sample["contexts_per_cpu_s"] == pytest.approx(5e5 / sample["cpu_us_per_call"], rel=0.01)


class Meddler:
    """Stands before the peer and puts every record of one direction through `change`, which gets the record without its mark
    and the number of the call (from 0: INITs count), until either side closes."""

    def __init__(self, sock: Path, to: Path) -> None:
        self.socket = sock
        self.to = to
        self.reply: Callable[[bytes, int], bytes] = lambda reply, number: reply
        self.call: Callable[[bytes, int], bytes] = lambda call, number: call
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(sock))
        self.listener.listen()
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self) -> None:
        number = 0
        while True:
            connection, _ = self.listener.accept()
            with connection, socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(self.to))
                peer.settimeout(20)
                while call := receive_record(connection):
                    if call == b"stop":
                        return
                    peer.sendall(record(self.call(call, number)))
                    reply = receive_record(peer)
                    if not reply:
                        break
                    connection.sendall(record(self.reply(reply, number)))
                    number += 1

    def stop(self) -> None:
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.socket))
            last.sendall(record(b"stop"))
            self.thread.join(20)
        self.listener.close()


@pytest.fixture
def meddler(terminator: Relay, tmp_path: Path) -> Iterator[Meddler]:
    made = Meddler(tmp_path / "meddler.sock", terminator.socket)
    yield made
    made.stop()


def flipped(at: int) -> Callable[[bytes], bytes]:
    """The record with one bit changed; a negative place counts from the end."""
    return lambda body: body[:at % len(body)] + bytes([body[at] ^ 1]) + body[at % len(body) + 1:]


def mixed(number: int, earlier: int, at: int) -> Callable[[bytes, int], bytes]:
    """Record `number` from `at` on is that of an earlier one; all others are as they are."""
    kept: list[bytes] = []

    def change(body: bytes, count: int) -> bytes:
        kept.append(body)
        return body[:at] + kept[earlier][at:] if count == number else body

    return change


# Of a reply: xid, REPLY, accepted, flavor, length at 16, MIC at 20 (28 bytes with aes256-sha1), accept_stat at 48, results.
WRONG = {
    "another xid": ("krb5", flipped(3), "xid"),
    "AUTH_NONE as verifier": ("krb5", lambda r: r[:12] + words(0, 0) + r[48:], "verifier is wrong"),
    "the verifier's flavor": ("krb5", flipped(15), "verifier is wrong"),
    "the verifier's token": ("krb5", flipped(20), "verifier is wrong"),
    "the verifier's last byte": ("krb5", flipped(47), "verifier is wrong"),
    "no success": ("krb5", flipped(51), "without success"),
    "a denial": ("krb5", lambda r: r[:4] + words(1, 1, 1, 13), "CREDPROBLEM"),
    "a damaged result": ("krb5", flipped(-1), "damaged"),
    "a longer record": ("krb5", lambda r: r + bytes(4), "wrong length"),
    "a result that is not signed": ("krb5i", lambda r: r[:52] + r[60:], "wrong length"),
    "a signed result's last byte": ("krb5i", flipped(-33), "checksum is wrong"),
    "the number that is signed": ("krb5i", flipped(59), "checksum is wrong"),
    "a signature": ("krb5i", flipped(-1), "checksum is wrong"),
    "a sealed result": ("krb5p", flipped(100), "token is wrong"),
    "a seal's last byte": ("krb5p", flipped(-1), "token is wrong"),
    "the flag Sealed": ("krb5p", lambda r: r[:58] + bytes([r[58] ^ 2]) + r[59:], "token is wrong"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_reply_is_noticed(meddler: Meddler, tickets: Tickets, what: str) -> None:
    sec, change, complaint = WRONG[what]
    # The first reply is that to INIT; the next ones are right, so that the tenth is what is noticed.
    meddler.reply = lambda reply, number: change(reply) if number == 10 else reply
    done = load(meddler.socket, "1x1", "--sec", sec, "--calls", 30, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "after 9 right replies" in done.stderr
    assert done.stdout == ""


def test_a_reply_to_another_call_is_noticed(meddler: Meddler, tickets: Tickets) -> None:
    """Its verifier and seal are right, but for another number."""
    meddler.reply = mixed(10, 5, 4)
    done = load(meddler.socket, "1x1", "--sec", "krb5p", "--calls", 30, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "verifier is wrong" in done.stderr


@pytest.mark.parametrize("sec", ["krb5i", "krb5p"])
def test_results_of_another_call_are_noticed(meddler: Meddler, tickets: Tickets, sec: str) -> None:
    """The verifier is the call's own, the results are protected, and have another number inside."""
    meddler.reply = mixed(10, 5, 52)
    done = load(meddler.socket, "1x1", "--sec", sec, "--calls", 30, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "sequence number inside" in done.stderr


@pytest.mark.parametrize("sec", ["krb5i", "krb5p"])
def test_a_bulk_reply_that_is_always_wrong_is_in_the_sample(meddler: Meddler, tickets: Tickets, sec: str) -> None:
    meddler.reply = lambda reply, number: flipped(5000)(reply) if len(reply) > 5000 else reply
    done = load(meddler.socket, "read", "--sec", sec, "--connections", 1, "--depth", 1, "--sample", 4, "--calls", 30, *QUICK,
                env=tickets.clients["sha1"])
    assert done.returncode == 1 and "is wrong (after 3 right replies)" in done.stderr


@pytest.mark.parametrize("at", [20, 47, 60, -9], ids=["MIC", "MIC's end", "major", "token"])
def test_a_wrong_reply_to_init_is_noticed(meddler: Meddler, tickets: Tickets, at: int) -> None:
    meddler.reply = lambda reply, number: flipped(at)(reply)
    done = load(meddler.socket, "1x1", "--sec", "krb5", "--calls", 3, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "establishing the contexts" in done.stderr


@pytest.mark.parametrize("number", [0, 1], ids=["to INIT", "to DESTROY"])
def test_churn_notices_a_wrong_reply(meddler: Meddler, tickets: Tickets, number: int) -> None:
    meddler.reply = lambda reply, at: flipped(47)(reply) if at == number else reply
    done = load(meddler.socket, "churn", "--connections", 1, "--tokens", 1, "--calls", 10, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "verifier" in done.stderr


# Of a call with a handle of four bytes: credential's body at 32, verifier at 56 and MIC at 64, arguments at 92.
@pytest.mark.parametrize(("sec", "at"), [("krb5", 7), ("krb5", 43), ("krb5", 64), ("krb5", 91), ("krb5i", 99), ("krb5i", -1),
                                         ("krb5p", 150), ("krb5p", -1)])
def test_the_terminator_takes_no_wrong_call(meddler: Meddler, tickets: Tickets, sec: str, at: int) -> None:
    meddler.call = lambda call, number: flipped(at)(call) if number == 5 else call
    done = load(meddler.socket, "1x1", "--sec", sec, "--calls", 30, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "closed (after 4 right replies)" in done.stderr


@pytest.mark.parametrize("sec", ["krb5i", "krb5p"])
def test_the_terminator_takes_no_arguments_of_another_call(meddler: Meddler, tickets: Tickets, sec: str) -> None:
    meddler.call = mixed(5, 3, 92)
    done = load(meddler.socket, "1x1", "--sec", sec, "--calls", 30, *QUICK, env=tickets.clients["sha1"])
    assert done.returncode == 1 and "closed (after 4 right replies)" in done.stderr


def test_accepting_is_measured_with_right_tokens_only(tickets: Tickets, tmp_path: Path) -> None:
    env = tickets.clients["sha1"]
    done = run_tool("bench_accept", "--tokens", 50, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contexts"] == 50
    wrong = tickets.realm.add("nfs/elsewhere", keytab=tmp_path / "wrong.keytab")
    done = run_tool("bench_accept", "--tokens", 50, env={**env, "KRB5_KTNAME": f"FILE:{wrong}"})
    assert done.returncode == 1 and "gss_accept_sec_context" in done.stderr


@pytest.mark.parametrize("operation", [f"{way}-{digest}" for way in ("seal", "open", "mac") for digest in ("sha1", "sha384")])
def test_ciphers_are_measured(operation: str) -> None:
    done = run_tool("bench_ciphers", "--operation", operation, "--seconds", "0.01")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mb_per_cpu_s"] > 10
