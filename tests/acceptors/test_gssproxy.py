"""The acceptor that asks gssproxy: a real one, with a real KDC."""

import time

import pytest
from driver import CREDENTIALS_EXPIRED, DEFECTIVE_TOKEN, establish, refused, sockets
from peers.accounts import ALICE, COUNTS, Accounts, many
from peers.build import ROOT
from peers.gssproxy import Gssproxy
from peers.wait import until
from realm import BY_NUMBER, SPNEGO
from stranger import Stranger


@pytest.fixture
def acceptor(drive, realm, proxy):
    return drive(realm.environment()).gssproxy(proxy.socket)


def test_accepts(acceptor, realm, alice):
    """A client's token is accepted: principal, ticket's end, account with groups, and a key with which each side verifies the other's
    MIC [G8]"""
    answer = establish(acceptor, realm.context(alice))
    assert answer["principal"] == "alice@GATEHOUSE.TEST"
    assert 0 < answer["ticket_end"] - time.time() <= 3600
    assert answer["looked_up"]
    assert answer["ids"] == {"uid": ALICE.uid, "gid": ALICE.gid, "groups": list(ALICE.groups)}


@pytest.mark.parametrize("number", BY_NUMBER)
def test_enctypes(acceptor, realm, number):
    """Encryption type {number} is taken, from the ticket to the context's key [G8, G11]"""
    answer = establish(acceptor, realm.context(realm.login("alice", only=number), f"nfs@e{number}.test", only=number))
    assert answer["enctype"] == number


@pytest.fixture(scope="module")
def crowded(realm, shared_directory):
    """crowded is a gssproxy that knows accounts with every number of groups that matters."""
    accounts = Accounts(shared_directory / "accounts", {f"in{count}": many(count) for count in (*COUNTS, 65535)})
    proxy = Gssproxy(shared_directory / "crowded", realm, accounts.env(), realm.keytab)
    yield proxy
    proxy.stop()


@pytest.mark.parametrize("count", [*COUNTS[:-1], 65535])
def test_groups(drive, realm, crowded, count):
    """An account in {count} groups has them all, and its primary group is not repeated [G6]"""
    realm.add(f"in{count}")
    user = many(count)
    acceptor = drive(realm.environment()).gssproxy(crowded.socket)
    answer = acceptor.accept(realm.token(realm.login(f"in{count}")))
    assert answer["ids"] == {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)}


def test_too_many_groups(drive, realm, crowded):
    """An account in more groups than gssproxy counts (65536 with the primary one) is refused, not cut short [G6]"""
    acceptor = drive(realm.environment()).gssproxy(crowded.socket)
    realm.add("in65536")
    refused(acceptor.accept(realm.token(realm.login("in65536"))), "gssproxy does not do the call (accept_stat 5)", unavailable=True)
    assert acceptor.accept(realm.token(realm.login("in16")))["accepted"]


def test_unmapped(acceptor, realm):
    """A principal without an account is accepted and has no ids [G6]"""
    for cache in (realm.login("carol"), realm.login("root/localhost")):
        answer = acceptor.accept(realm.token(cache))
        assert answer["accepted"] and answer["looked_up"] and answer["ids"] is None


def test_weak_session(acceptor, realm):
    """A context of RC4 or 3DES that gssproxy accepts, for its krb5.conf permits it, is refused here [G11]"""
    refused(acceptor.accept(realm.made(realm.login("alice"), "session", 23, "nfs@mixed.test")), "gssproxy's context: ")
    refused(acceptor.accept(realm.made(realm.login("alice"), "session", 16, "nfs@mixed.test")), "gssproxy's context: ")
    refused(acceptor.accept(realm.made(realm.login("alice"), "session", 26, "nfs@mixed.test")), "gssproxy's context: ")


def test_other_service(acceptor, realm, alice):
    """A host/ ticket is refused though gssproxy accepts it; any nfs/HOST of its keytab is taken [G8]"""
    refused(acceptor.accept(realm.token(alice, "host@localhost")), "the ticket is for host/localhost@GATEHOUSE.TEST, not for nfs/*")
    assert acceptor.accept(realm.token(alice, "nfs@other.test"))["accepted"]


def test_refusals(acceptor, realm, alice):
    """What gssproxy refuses is refused with its words, and the connection goes on [G8]"""
    token = realm.token(alice)
    assert acceptor.accept(token)["accepted"]
    refused(acceptor.accept(token), "gssproxy: Request is a replay")
    refused(acceptor.accept(realm.made(alice, "skew", 600)), "gssproxy: Clock skew too great")
    spoilt = bytearray(realm.token(alice))
    spoilt[-1] ^= 1
    refused(acceptor.accept(bytes(spoilt)), "gssproxy: Decrypt integrity check failed")
    assert acceptor.accept(realm.token(alice))["accepted"]


def test_asked_for_nothing(drive, realm, alice, directory):
    """Tokens of another mechanism, of DCE style and none are refused without asking gssproxy [G11]"""
    driver = drive(realm.environment()).gssproxy(directory / "nobody.sock")
    refused(driver.accept(realm.token(alice, mech=SPNEGO)), "another mechanism", 1 << 16)
    refused(driver.accept(realm.made(alice, "dce")), "no initial token", DEFECTIVE_TOKEN)
    refused(driver.accept(b""), "the token is empty", DEFECTIVE_TOKEN)


def test_framed_dce_style(acceptor, realm, alice):
    """A token of DCE style in a frame is refused [G11]"""
    refused(acceptor.accept(realm.made(alice, "dce-framed")), "gssproxy: ", DEFECTIVE_TOKEN)


def test_expired(acceptor, realm):
    """A ticket that has ended is refused at once [G12]"""
    cache = realm.login("alice", life="4s")
    token = realm.token(cache)
    end = acceptor.accept(realm.token(cache))["ticket_end"]
    until(lambda: time.time() >= end + 1, "the ticket ends")
    refused(acceptor.accept(token), "expired", CREDENTIALS_EXPIRED)


@pytest.mark.parametrize("size", [2 * 1024 + 1, 64 * 1024 + 1, 256 * 1024])
def test_large_tokens(acceptor, realm, alice, size):
    """A valid token of {size} bytes is taken through gssproxy [G5]"""
    assert acceptor.accept(realm.sized(alice, size))["accepted"]


def test_large_ticket(acceptor, realm):
    """A ticket with 64 KiB of authorization data, issued by the KDC, is taken through gssproxy [G5]"""
    assert acceptor.accept(realm.made(realm.login("alice"), "authdata", 64 * 1024))["accepted"]


def test_connections(drive, realm, alice, proxy):
    """Eight threads share three connections, which are kept; each token is taken once [G8]"""
    driver = drive(realm.environment()).gssproxy(proxy.socket, connections=3)
    tokens = [realm.token(alice).hex() for _ in range(60)]
    answers = driver.ask("accept_all", tokens=tokens, threads=8)
    assert all(answer["accepted"] for answer in answers), answers
    assert 1 <= len(sockets(driver.popen.pid)) <= 3


def test_call(drive, realm, alice, directory, stopping):
    """The call is one record of one fragment, sent by one write, with AUTH_NONE and the two options with their NULs [G8]"""
    seen = []

    def keep(call: bytes) -> None:
        seen.append(call)
    stranger = stopping(Stranger(directory / "strange.sock", keep))
    driver = drive(realm.environment()).gssproxy(stranger.path)
    token = realm.token(alice)
    driver.accept(token)
    call = seen[0]
    words = [int.from_bytes(call[at:at + 4], "big") for at in range(0, 44, 4)]
    assert words[0] == 0x80000000 | len(call) - 4
    assert words[2:] == [0, 2, 400112, 1, 9, 0, 0, 0, 0]
    option = b"\0\0\0\x16exported_context_type\0\0\0" + b"\0\0\0\x0flinux_lucid_v1\0\0"
    option += b"\0\0\0\x14exported_creds_type\0" + b"\0\0\0\x0flinux_creds_v1\0\0"
    padded = token + b"\0" * (-len(token) % 4)
    assert call[44:] == bytes(8) + b"\0\0\0\2" + option + bytes(8) + len(token).to_bytes(4, "big") + padded + bytes(12)


def test_drop_in(drive, realm, alice, directory, stopping):
    """The drop-in that we ship works with its user, socket and keytab filled in, and serves that user and nobody else [G8]"""
    proxy = Gssproxy(directory / "gssproxy", realm, start=False)
    (directory / "gssproxy" / "gssproxy.conf").write_text("[gssproxy]\n")
    shipped = (ROOT / "conf" / "gssproxy" / "99-gatehouse.conf").read_text()
    configured = next(line for line in (ROOT / "conf" / "gatehouse.conf").read_text().splitlines() if "gssproxy_socket" in line).split('"')[1]
    (directory / "gssproxy" / "none.d").mkdir()
    filled = shipped
    for shipped_value, ours in (("euid = gatehouse", "euid = 65534"), (f"socket = {configured}", f"socket = {proxy.socket}"),
                                ("keytab:/etc/krb5.keytab", f"keytab:{realm.keytab}")):
        assert filled.count(shipped_value) == 1
        filled = filled.replace(shipped_value, ours)
    (directory / "gssproxy" / "none.d" / "99-gatehouse.conf").write_text(filled)
    proxy.start()
    stopping(proxy)
    theirs = drive(realm.environment(), command=("setpriv", "--reuid=65534", "--clear-groups")).gssproxy(proxy.socket)
    assert theirs.accept(realm.token(alice))["accepted"]
    others = drive(realm.environment()).gssproxy(proxy.socket)
    refused(others.accept(realm.token(alice)), "gssproxy closed the connection before it had answered", unavailable=True)
