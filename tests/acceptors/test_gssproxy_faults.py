"""A gssproxy that is not there, dies, stops or comes back; and a stranger on its socket that answers wrongly."""

import signal
import socket
import time
from pathlib import Path

import pytest
from driver import NO_CRED, refused, sockets
from peers.gssproxy import Gssproxy
from peers.wait import until
from stranger import Stranger


def test_absent_then_there(drive, realm, alice, own_proxy):
    """gssproxy may come after the gateway: until then each accept says that it cannot be reached, and none is remembered [G9]"""
    driver = drive(realm.environment()).gssproxy(own_proxy.socket)
    refused(driver.accept(realm.token(alice)), f"gssproxy at {own_proxy.socket} cannot be reached: No such file or directory", unavailable=True)
    refused(driver.accept(realm.token(alice)), "No such file or directory", unavailable=True)
    own_proxy.start()
    assert driver.accept(realm.token(alice))["accepted"]


def test_restarted(drive, realm, alice, own_proxy):
    """After a restart of gssproxy the next token is taken, on a new connection, without one that fails [G9]"""
    own_proxy.start()
    driver = drive(realm.environment()).gssproxy(own_proxy.socket, connections=4)
    for _ in range(3):
        tokens = [realm.token(alice).hex() for _ in range(8)]
        answers = driver.ask("accept_all", tokens=tokens, threads=4)
        assert all(answer["accepted"] for answer in answers), answers
        own_proxy.restart()
        assert driver.accept(realm.token(alice))["accepted"]


def test_gone(drive, realm, alice, own_proxy):
    """While gssproxy is gone each accept says so; when it is back, the next token is taken [G9]"""
    own_proxy.start()
    driver = drive(realm.environment()).gssproxy(own_proxy.socket)
    assert driver.accept(realm.token(alice))["accepted"]
    own_proxy.kill()
    refused(driver.accept(realm.token(alice)), "cannot be reached: Connection refused", unavailable=True)
    own_proxy.start()
    assert driver.accept(realm.token(alice))["accepted"]


def test_killed_in_mid_handshake(drive, realm, alice, own_proxy):
    """A gssproxy that is killed while it has a token costs that token; the next is taken [G9]"""
    own_proxy.start()
    driver = drive(realm.environment()).gssproxy(own_proxy.socket)
    assert driver.accept(realm.token(alice))["accepted"]
    own_proxy.process.popen.send_signal(signal.SIGSTOP)
    driver.send("accept", token=realm.token(alice).hex(), patience_ms=60_000)
    until(lambda: queued(own_proxy.process.pid), "the token is with gssproxy")
    own_proxy.kill()
    refused(driver.answer(), "gssproxy", unavailable=True)
    own_proxy.start()
    assert driver.accept(realm.token(alice))["accepted"]


def test_stopped(drive, realm, alice, own_proxy):
    """A gssproxy that does not answer costs the time that was granted, not more; when it goes on, so do we [G9]"""
    own_proxy.start()
    driver = drive(realm.environment()).gssproxy(own_proxy.socket, connections=1)
    assert driver.accept(realm.token(alice))["accepted"]
    own_proxy.process.popen.send_signal(signal.SIGSTOP)
    before = time.monotonic()
    refused(driver.accept(realm.token(alice), patience_ms=300), "gssproxy did not answer in time", unavailable=True)
    assert time.monotonic() - before >= 0.3
    tokens = [realm.token(alice).hex() for _ in range(3)]
    answers = driver.ask("accept_all", tokens=tokens, threads=3, patience_ms=300)
    for answer in answers:
        assert not answer["accepted"] and answer["unavailable"], answer
        assert answer["text"] in ("gssproxy did not answer in time", "all connections to gssproxy are in use") or "cannot be reached" in answer["text"]
    own_proxy.process.popen.send_signal(signal.SIGCONT)
    assert driver.accept(realm.token(alice))["accepted"]


def queued(pid: int) -> bool:
    """queued: bytes wait for a process that is stopped: one of its sockets can be read from."""
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state == "T"


def test_full_queue(drive, realm, alice, directory):
    """A socket whose queue of connections is full costs the time that was granted [G9]"""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(directory / "full.sock"))
        listener.listen(0)
        first.connect(str(directory / "full.sock"))
        driver = drive(realm.environment()).gssproxy(directory / "full.sock")
        refused(driver.accept(realm.token(alice), patience_ms=200), "cannot be reached: it takes no connections", unavailable=True)


def test_no_keytab(drive, realm, alice, directory, stopping):
    """A gssproxy whose keytab is not there is our fault, not the client's; when it is, the next token is taken [G9]"""
    proxy = stopping(Gssproxy(directory / "gssproxy", realm, keytab=directory / "keytab"))
    driver = drive(realm.environment()).gssproxy(proxy.socket)
    refused(driver.accept(realm.token(alice)), "gssproxy: ", NO_CRED, unavailable=True)
    realm.merge(directory / "keytab", "nfs/localhost")
    assert driver.accept(realm.token(alice))["accepted"]


def test_other_euid(drive, realm, alice, directory, stopping):
    """A gssproxy that serves another user hangs up: that is said, and at once [G9]"""
    proxy = Gssproxy(directory / "gssproxy", realm, start=False)
    config = directory / "gssproxy" / "gssproxy.conf"
    config.write_text(config.read_text().replace("allow_any_uid = yes", "").replace("euid = 0", "euid = 4711"))
    proxy.start()
    stopping(proxy)
    driver = drive(realm.environment()).gssproxy(proxy.socket)
    refused(driver.accept(realm.token(alice)), "gssproxy closed the connection before it had answered", unavailable=True)


# What a stranger on the socket does with a call, and what is said of it.
STRANGE = {
    "hangs up": (lambda call: None, "closed the connection before it had answered"),
    "half a mark": (lambda call: b"\x80\x00", "closed the connection before it had answered"),
    "a mark alone": (lambda call: b"\x80\x00\x00\x40", "closed the connection before it had answered"),
    "an empty record": (lambda call: b"\x80\x00\x00\x00", "gssproxy sent what is no reply"),
    "two fragments": (lambda call: b"\x00\x00\x00\x04" + call[4:8], "is not of one fragment"),
    "2 GiB declared": (lambda call: b"\xff\xff\xff\xff", "is longer than 1 MiB"),
    "1 MiB + 1 declared": (lambda call: b"\x80\x10\x00\x01", "is longer than 1 MiB"),
    "garbage": (lambda call: b"\x80\x00\x00\x20" + b"\xa5" * 32, "gssproxy sent what is no reply"),
    "its own call": (lambda call: call, "gssproxy sent what is no reply"),
    "another xid": (lambda call: record(b"\x7e\x57\x7e\x57", 1, 0, 0, 0, 0), "gssproxy answered another call"),
    "an auth error": (lambda call: record(call[4:8], 1, 1, 1, 7), "gssproxy denied the call (reject_stat 1, auth_stat 7)"),
    "no such procedure": (lambda call: record(call[4:8], 1, 0, 0, 0, 3), "gssproxy does not do the call (accept_stat 3)"),
    "no results": (lambda call: record(call[4:8], 1, 0, 0, 0, 0), "gssproxy's reply is malformed"),
    "results that end": (lambda call: record(call[4:8], 1, 0, 0, 0, 0, 0, 0, 9), "gssproxy's reply is malformed"),
    "4 GiB in a string": (lambda call: record(call[4:8], 1, 0, 0, 0, 0, 0, 0, 0xFFFFFFFF), "gssproxy's reply is malformed"),
    "success without a context": (lambda call: record(call[4:8], 1, 0, 0, 0, 0, *[0] * 13), "gssproxy's reply has no context"),
}


def record(xid: bytes, *words: int) -> bytes:
    body = xid + b"".join(word.to_bytes(4, "big") for word in words)
    return (0x80000000 | len(body)).to_bytes(4, "big") + body


@pytest.mark.parametrize("what", STRANGE)
def test_strangers(drive, realm, alice, directory, stopping, what):
    """Instead of a reply: {what}. That is said, the connection dropped, and gssproxy not blamed on the client [G9]"""
    answer, text = STRANGE[what]
    stranger = stopping(Stranger(directory / "strange.sock", answer))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    refused(driver.accept(realm.token(alice)), text, unavailable=True)
    refused(driver.accept(realm.token(alice)), text, unavailable=True)
    assert stranger.calls == [1, 1] or what == "hangs up"
    assert len(sockets(driver.popen.pid)) == 0


def test_closed_while_unused(drive, realm, alice, proxy, directory, stopping):
    """A connection that is closed when it is used again costs nothing: the call goes out once more, on a new one, and once only [G9]"""
    relay, answers = Stranger.relay(proxy.socket), iter([True, False, True, False, False])
    stranger = stopping(Stranger(directory / "strange.sock", lambda call: relay(call) if next(answers) else None, keep=True))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    assert driver.accept(realm.token(alice))["accepted"]
    assert driver.accept(realm.token(alice))["accepted"]
    assert stranger.calls == [2, 1]
    refused(driver.accept(realm.token(alice)), "closed the connection before it had answered", unavailable=True)
    assert stranger.calls == [2, 2, 1]


def test_more_than_a_reply(drive, realm, alice, proxy, directory, stopping):
    """Bytes behind a reply are not taken for the next call's: that goes out on a new connection [G9]"""
    relay = Stranger.relay(proxy.socket)
    stranger = stopping(Stranger(directory / "strange.sock", lambda call: relay(call) + b"more", keep=True))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    for _ in range(3):
        assert driver.accept(realm.token(alice))["accepted"]
    assert stranger.calls == [1, 1, 1]


def test_slow_reply(drive, realm, alice, proxy, directory, stopping):
    """A reply of gssproxy that comes byte by byte is read; one that comes too slowly is given up in time [G9]"""
    stranger = stopping(Stranger(directory / "slow.sock", Stranger.relay(proxy.socket), pause=0.0001))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    assert driver.accept(realm.token(alice))["accepted"]
    stranger.pause = 0.05
    refused(driver.accept(realm.token(alice), patience_ms=300), "gssproxy did not answer in time", unavailable=True)


@pytest.mark.parametrize("cut", [0, 4, 5, 28, 100, -1])
def test_partial_reply(drive, realm, alice, proxy, directory, stopping, cut):
    """A reply that ends after {cut} bytes is none, and nothing of it is used [G9]"""
    relay = Stranger.relay(proxy.socket)
    stranger = stopping(Stranger(directory / "cut.sock", lambda call: relay(call)[:cut]))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    refused(driver.accept(realm.token(alice)), "closed the connection before it had answered", unavailable=True)


def test_failures_cost_nothing(drive, realm, alice, own_proxy):
    """After 20 000 refused tokens memory is as it was and the next token is taken [G13]"""
    own_proxy.start()
    driver = drive({**realm.environment(), "ASAN_OPTIONS": "quarantine_size_mb=1"}).gssproxy(own_proxy.socket)
    spoilt = bytearray(realm.token(alice))
    spoilt[-1] ^= 1
    before = driver.ask("accept_often", token=spoilt.hex(), times=5000)["resident_kib"]
    answer = driver.ask("accept_often", token=spoilt.hex(), times=20_000)
    assert (answer["accepted"], answer["refused"]) == (0, 20_000)
    assert answer["resident_kib"] - before < 2048
    assert driver.accept(realm.token(alice))["accepted"]
