"""No memory is kept of those who misbehave with contexts, and none of contexts that ended."""

import itertools
import os

import pytest
from gss_scene import CALL, GssScene
from peers import gss, rpc
from peers.gss import flip
from peers.wait import until

PROGRAM, VERSION, _ = CALL
GROWTH_KIB = 8 * 1024
BATCH = 500


@pytest.fixture
def lean(gss_scene):
    """lean is a GssScene whose gateway gives freed memory back at once, also when it was built with AddressSanitizer."""
    return gss_scene(env={"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"},
                     limits={"log_lines": 1, "nascent_contexts": 1000})


def flat(scene: GssScene, act, warm: int, count: int) -> None:
    """flat demands that `act`, done `count` times after `warm`, leaves memory, descriptors and budgets as they were."""
    gateway, descriptors = scene.lab.gateway, scene.lab.gateway.descriptors()

    def settle() -> int:
        scene.wait_idle()
        until(lambda: gateway.descriptors() <= descriptors + 4, "the descriptors given back")
        return gateway.memory_kib()
    act(warm)
    memory = settle()
    act(count)
    grown = settle() - memory
    assert grown < GROWTH_KIB, f"{grown} KiB more"
    scene.attacker_works()
    scene.witnesses_work()


def refused_inits(scene: GssScene, tokens: list[bytes]):
    """refused_inits sends so many INITs with these tokens in turn, many at a time, each of which must fail in the RFC's shape."""
    messages = itertools.cycle([rpc.record(gss.creation(PROGRAM, VERSION, token, xid=7)) for token in tokens])

    def act(count: int) -> None:
        with scene.lab.connect() as connection:
            for left in range(count, 0, -BATCH):
                batch = min(left, BATCH)
                connection.send(b"".join(itertools.islice(messages, batch)))
                for _ in range(batch):
                    assert gss.parse_creation(connection.read_reply()).major not in (gss.COMPLETE, gss.CONTINUE_NEEDED)
    return act


def test_failed_inits(lean):
    """100 000 INITs with tokens that are none leave no memory behind [G13]"""
    good = gss.Context(lean.lab.ticket("alice")).token()
    tokens = [b"", b"x", bytes(100), os.urandom(1000), good[:300], good[:-1] + b"\0", gss.flip(400)(good)]
    flat(lean, refused_inits(lean, tokens), 5000, 100_000)
    assert lean.lab.gateway.counters("web1")["contexts_refused"] >= 105_000


def test_failed_inits_of_good_tickets(lean):
    """20 000 INITs whose tickets are good, but replayed, for another service or of nobody, leave no memory behind [G13]"""
    replayed = gss.Context(lean.lab.ticket("alice"))
    token = replayed.token()
    with lean.lab.connect() as connection:
        replayed.create(connection, PROGRAM, VERSION, token)
    tokens = [token, gss.Context(lean.lab.ticket("alice"), "host@localhost").token()]
    flat(lean, refused_inits(lean, tokens), 2000, 20_000)


def test_large_refused_tokens(lean):
    """2000 INITs with 64 KiB of noise, whole or given up in the middle, leave no memory behind [G13, G5]"""
    noise = os.urandom(65536)

    def act(count: int) -> None:
        refused_inits(lean, [noise])(count // 2)
        message = rpc.record(gss.creation(PROGRAM, VERSION, noise))
        for number in range(count // 2):
            with lean.lab.connect() as connection:
                connection.send(message[:100 + number * 7919 % len(message)])
    flat(lean, act, 200, 2000)


@pytest.mark.parametrize("count", [100_000])
def test_replay_closes(lean, count):
    """{count} connections that are closed for a replay leave no memory, no descriptor and no context behind [G13]"""
    message = rpc.record(lean.message(b"good", gss.PRIVACY))
    with lean.lab.connect() as connection:
        connection.send(message)
        assert connection.read_reply().outcome == "SUCCESS"

    def act(times: int) -> None:
        for _ in range(times):
            with lean.lab.connect() as connection:
                connection.send(message)
                assert connection.closed()
    flat(lean, act, 1000, count)
    assert lean.lab.gateway.counters("web1")["closed-gss-sequence"] == 1000 + count


def test_context_churn(lean):
    """4000 contexts that are made, used and destroyed, or made and left to be evicted, leave no memory behind [G12, G13]"""
    def act(count: int) -> None:
        with lean.lab.connect() as connection:
            for number in range(count):
                context = lean.lab.context("alice" if number % 2 else "bob", connection)
                assert context.call(connection, *CALL, b"good", 1 + number % 3).results == b"good"
                assert context.destroy(connection, PROGRAM, VERSION).outcome == "SUCCESS"
    before = lean.lab.gateway.counters("web1")["contexts"]
    flat(lean, act, 500, 4000)
    assert lean.lab.gateway.counters("web1")["contexts"] == before


#= rfc2203#5.4
## contexts that no client destroys are cleaned up
def test_eviction_churn(gss_scene):
    """3000 contexts that nobody destroys, under a cap of 50, leave no memory behind [G12, G13]"""
    scene = gss_scene(env={"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}, limits={"contexts": 50})

    def act(count: int) -> None:
        with scene.lab.connect() as connection:
            for number in range(count):
                scene.lab.context("alice", connection)
                if number % 20 == 0:  # they shall not be the ones unused longest
                    scene.attacker_works()
                    scene.witnesses_work()
    flat(scene, act, 500, 3000)
    assert scene.lab.gateway.counters("web1")["contexts"] == 50
    assert scene.lab.gateway.counters("web1")["contexts_evicted"] >= 3400


def test_refused_calls(lean):
    """20 000 refused calls of every kind on one connection leave no memory behind [G13]"""
    def act(count: int) -> None:
        with lean.lab.connect() as connection:
            for _ in range(count // 400):
                batch = []
                for _ in range(50):
                    batch += [lean.message(mic=flip(-1)), lean.message(handle=bytes(16)), lean.message(service_number=9), lean.message(gss_version=3),
                              lean.message(service=gss.PRIVACY, token=flip(30)), lean.message(service=gss.INTEGRITY, checksum=flip(-1)),
                              lean.message(service=gss.PRIVACY, body=gss.put(b"")), lean.message(bytes(2000), gss.PRIVACY, token=flip(-1))]
                connection.send(b"".join(map(rpc.record, batch)))
                assert "SUCCESS" not in [connection.read_reply().outcome for _ in batch]
    flat(lean, act, 2000, 20_000)


def test_vanishing_in_large_calls(lean):
    """clients that vanish in the middle of krb5i and krb5p calls of 1 MiB leave no memory, no room and no call behind [G13, P6]"""
    def act(count: int) -> None:
        for number in range(count):
            message = rpc.record(lean.message(bytes(1 << 20), gss.INTEGRITY + number % 2))
            with lean.lab.connect() as connection:
                connection.send(message[:100 + number * 65537 % (len(message) - 100)])
    flat(lean, act, 40, 200)
