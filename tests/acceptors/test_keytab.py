"""The acceptor that has the keys itself, with a real KDC and tokens of real clients."""

import os
import shutil
import stat
import subprocess
import time

import pytest
from driver import BAD_MECH, CREDENTIALS_EXPIRED, DEFECTIVE_TOKEN, NO_CRED, establish, refused
from peers.wait import until
from realm import BY_NUMBER, SPNEGO


@pytest.fixture
def acceptor(drive, realm, directory):
    """acceptor accepts for nfs/localhost, with a replay cache of its own."""
    return drive(realm.environment()).keytab(realm.keytab, directory / "rcache")


def test_accepts(acceptor, realm, alice):
    """A client's token is accepted: principal, ticket's end and a key with which each side verifies the other's MIC [G4]"""
    answer = establish(acceptor, realm.context(alice))
    assert answer["principal"] == "alice@GATEHOUSE.TEST"
    assert 0 < answer["ticket_end"] - time.time() <= 3600
    assert answer["subkey"] and not answer["looked_up"] and answer["ids"] is None


@pytest.mark.parametrize("number", BY_NUMBER)
def test_enctypes(drive, realm, alice, directory, number):
    """Encryption type {number} is taken, from the ticket to the context's key [G11]"""
    driver = drive(realm.environment()).keytab(realm.keytab_of(f"nfs/e{number}.test"), directory / "rcache")
    answer = establish(driver, realm.context(realm.login("alice", only=number), f"nfs@e{number}.test", only=number))
    assert answer["enctype"] == number
    assert answer["key_size"] == (16 if number in (17, 19) else 32)


def test_session_key(acceptor, realm, alice):
    """Without mutual authentication there is no acceptor's subkey and no token back; with it there are both [G4]"""
    #= rfc4121#2
    ## per-message tokens use the acceptor's subkey if it asserted one, else the initiator's or the ticket's session key
    plain = acceptor.accept(realm.made(alice, "plain"))
    assert plain["accepted"] and not plain["subkey"] and plain["token"] == ""
    mutual = acceptor.accept(realm.made(alice, "mutual"))
    assert mutual["accepted"] and mutual["subkey"] and mutual["token"] != ""


@pytest.mark.parametrize("service", ["rc4", "des3", "camellia"])
def test_weak_service(drive, realm, directory, service):
    """A service whose only key is of {service} is refused, even where krb5.conf permits it on both sides [G11]"""
    driver = drive(realm.environment(weak=True)).keytab(realm.keytab_of(f"nfs/{service}.test"), directory / "rcache")
    refused(driver.accept(realm.token(realm.login("alice"), f"nfs@{service}.test")),
            "has keys for nfs/*, but only of encryption types that are not taken", NO_CRED, unavailable=True)


def test_weak_ticket(drive, realm, directory):
    """A ticket under an RC4 key is refused though its session key is of AES: who cracks the key can make tickets [G11]"""
    keytab = realm.merge(directory / "krb5.keytab", "nfs/localhost", "nfs/rc4.test")
    driver = drive(realm.environment(weak=True)).keytab(keytab, directory / "rcache")
    cache = realm.login("alice")
    refused(driver.accept(realm.token(cache, "nfs@rc4.test")), "nfs/rc4.test@GATEHOUSE.TEST not found in keytab")
    assert driver.accept(realm.token(cache))["accepted"]


@pytest.mark.parametrize("number", [23, 16, 26])
def test_weak_session(drive, realm, directory, number):
    """A session key of encryption type {number} is refused though the ticket is under AES [G11]"""
    driver = drive(realm.environment(weak=True)).keytab(realm.keytab_of("nfs/mixed.test"), directory / "rcache")
    refused(driver.accept(realm.made(realm.login("alice"), "session", number, "nfs@mixed.test")), "not permitted")


def test_other_service(drive, realm, alice, directory):
    """A host/ ticket is refused though its key is in the keytab; any nfs/HOST of the keytab is taken [G4]"""
    keytab = realm.merge(directory / "all.keytab", "nfs/localhost", "host/localhost", "nfs/other.test")
    driver = drive(realm.environment()).keytab(keytab, directory / "rcache")
    refused(driver.accept(realm.token(alice, "host@localhost")), "host/localhost@GATEHOUSE.TEST not found in keytab")
    assert driver.accept(realm.token(alice, "nfs@other.test"))["accepted"]
    assert driver.accept(realm.token(alice))["accepted"]


def test_only_host_key(drive, realm, alice, directory):
    """A keytab with no key for the service says so, and refuses host/ tickets as it refuses all [G10]"""
    driver = drive(realm.environment()).keytab(realm.keytab_of("host/localhost"), directory / "rcache")
    refused(driver.accept(realm.token(alice, "host@localhost")), "has no key for nfs/*, only keys for others", NO_CRED, unavailable=True)


def test_other_realm(drive, realm, alice, directory):
    """A ticket of a realm that is not the keytab's is refused [G11]"""
    keytab = directory / "other.keytab"
    subprocess.run(["ktutil"], input=f"addent -password -p nfs/localhost@OTHER.TEST -k 1 -e {BY_NUMBER[18]}\nsecret\nwkt {keytab}\n",
                   text=True, check=True, capture_output=True)
    driver = drive(realm.environment()).keytab(keytab, directory / "rcache")
    refused(driver.accept(realm.token(alice)), "nfs/localhost@GATEHOUSE.TEST not found in keytab")


def test_replay(acceptor, drive, realm, alice, directory):
    """A token is taken once, also after a restart; the replay cache is a private directory of its own [G11]"""
    token = realm.token(alice)
    assert acceptor.accept(token)["accepted"]
    refused(acceptor.accept(token), "replay")
    restarted = drive(realm.environment()).keytab(realm.keytab, directory / "rcache")
    refused(restarted.accept(token), "replay")
    assert stat.S_IMODE(os.stat(directory / "rcache").st_mode) == 0o700
    assert [file.name for file in (directory / "rcache").iterdir()] == ["gatehouse.rcache2"]


def test_replay_cache_fault(acceptor, realm, alice, directory):
    """A replay cache that cannot be relied upon refuses every token and says why, until it is repaired [G11]"""
    assert acceptor.accept(realm.token(alice))["accepted"]
    (directory / "rcache").chmod(0o777)
    refused(acceptor.accept(realm.token(alice)), "must belong to uid", NO_CRED, unavailable=True)
    (directory / "rcache").chmod(0o700)
    assert acceptor.accept(realm.token(alice))["accepted"]
    shutil.rmtree(directory / "rcache")
    assert acceptor.accept(realm.token(alice))["accepted"]
    shutil.rmtree(directory / "rcache")
    (directory / "rcache").write_text("")
    refused(acceptor.accept(realm.token(alice)), "is no directory", NO_CRED, unavailable=True)


def test_default_replay_cache(drive, realm, alice, directory):
    """Without a directory of its own the library's replay cache is used [G11]"""
    driver = drive({**realm.environment(), "KRB5RCACHENAME": f"file2:{directory}/theirs"}).keytab(realm.keytab, "")
    token = realm.token(alice)
    assert driver.accept(token)["accepted"]
    refused(driver.accept(token), "replay")
    assert (directory / "theirs").exists()


def test_expired(acceptor, realm, directory):
    """A ticket that has ended is refused at once, although libkrb5 would take it for some minutes more [G12]"""
    cache = realm.login("alice", life="4s")
    token = realm.token(cache)
    end = acceptor.accept(realm.token(cache))["ticket_end"]
    until(lambda: time.time() >= end + 1, "the ticket ends")  # time(2) may be some milliseconds behind
    refused(acceptor.accept(token), "expired", CREDENTIALS_EXPIRED)


def test_long_expired(drive, realm, directory):
    """A ticket that ended longer ago than clocks may differ is refused by libkrb5 [G12]"""
    strict = directory / "krb5.conf"
    strict.write_text(realm.config.read_text().replace("[libdefaults]\n", "[libdefaults]\n clockskew = 1\n"))
    driver = drive({**realm.environment(), "KRB5_CONFIG": str(strict)}).keytab(realm.keytab, directory / "rcache")
    cache = realm.login("alice", life="4s")
    token = realm.token(cache)
    end = driver.accept(realm.token(cache))["ticket_end"]
    # Well into the second: libkrb5 asks a clock that is some milliseconds behind.
    until(lambda: time.time() >= end + 2.5, "the ticket has ended a while ago")
    refused(driver.accept(token), "Ticket expired")


def test_skew(acceptor, realm, alice):
    """A client whose clock is ten minutes off is refused [G11]"""
    refused(acceptor.accept(realm.made(alice, "skew", 600)), "Clock skew too great")


def test_mechanisms(acceptor, realm, alice):
    """Only krb5 tokens are taken: SPNEGO, IAKERB and other frames around the same request are refused [G11]"""
    #= rfc4121#4.1
    ## an initial token has the frame of RFC 2743 section 3.1 with the object identifier of the krb5 mechanism
    refused(acceptor.accept(realm.token(alice, mech=SPNEGO)), "another mechanism", BAD_MECH)
    token = realm.made(alice, "mutual")
    krb5 = bytes.fromhex("06092a864886f712010202")
    for oid in ("06062b0601050205", "06092a864882f712010202", "06052b05010502", "060a2b06010401823702021e"):
        body = bytes.fromhex(oid) + token.split(krb5, 1)[1]
        refused(acceptor.accept(b"\x60\x83" + len(body).to_bytes(3, "big") + body), "another mechanism", BAD_MECH)
    assert acceptor.accept(token)["accepted"]


def test_dce_style(acceptor, realm, alice):
    """DCE style, which wants a third leg, is refused, raw as such clients send it and in a frame [G11]"""
    refused(acceptor.accept(realm.made(alice, "dce")), "no initial token", DEFECTIVE_TOKEN)
    refused(acceptor.accept(realm.made(alice, "dce-framed")), "Invalid token", DEFECTIVE_TOKEN)


def test_no_token(acceptor, realm, alice):
    """No token at all, half a token and garbage are ordinary failures, and the next token is taken [G5]"""
    refused(acceptor.accept(b""), "the token is empty", DEFECTIVE_TOKEN)
    token = realm.token(alice)
    for size in [1, 2, 3, 10, 16, 17, 18, 40, len(token) // 2, len(token) - 1]:
        refused(acceptor.accept(token[:size]), "no initial token", DEFECTIVE_TOKEN)
    refused(acceptor.accept(token + b"\0"), "no initial token", DEFECTIVE_TOKEN)
    # Every byte of what is encrypted is protected; before it are names and options, which nobody signs.
    for at in range(len(token) - 200, len(token), 7):
        spoilt = bytearray(token)
        spoilt[at] ^= 0x41
        refused(acceptor.accept(bytes(spoilt)), "")
    assert acceptor.accept(token)["accepted"]


@pytest.mark.parametrize("size", [2 * 1024 + 1, 64 * 1024 + 1, 256 * 1024])
def test_large_tokens(acceptor, realm, alice, size):
    """A valid token of {size} bytes is taken [G5]"""
    assert acceptor.accept(realm.sized(alice, size))["accepted"]


def test_large_ticket(acceptor, realm):
    """A ticket with 64 KiB of authorization data, issued by the KDC, is taken [G5]"""
    token = realm.made(realm.login("alice"), "authdata", 64 * 1024)
    assert len(token) > 64 * 1024
    assert acceptor.accept(token)["accepted"]


def test_keytab_comes_and_goes(drive, realm, alice, directory):
    """A keytab that is missing, unreadable or empty is said at each accept; when it is there, the next token is taken [G10]"""
    keytab = directory / "krb5.keytab"
    driver = drive(realm.environment()).keytab(keytab, directory / "rcache")
    refused(driver.accept(realm.token(alice)), f"keytab {keytab} cannot be read: No such file or directory", NO_CRED, unavailable=True)
    keytab.write_bytes(b"")
    refused(driver.accept(realm.token(alice)), f"keytab {keytab} cannot be read", NO_CRED, unavailable=True)
    realm.merge(keytab, "nfs/localhost")
    assert driver.accept(realm.token(alice))["accepted"]
    realm.merge(keytab, "host/localhost")
    refused(driver.accept(realm.token(alice)), f"keytab {keytab} has no key for nfs/*", NO_CRED, unavailable=True)
    realm.merge(keytab, "nfs/other.test")
    refused(driver.accept(realm.token(alice)), "nfs/localhost@GATEHOUSE.TEST not found in keytab")
    assert driver.accept(realm.token(alice, "nfs@other.test"))["accepted"]
    realm.merge(keytab, "nfs/other.test", "nfs/localhost")
    assert driver.accept(realm.token(alice))["accepted"]
    keytab.unlink()
    refused(driver.accept(realm.token(alice)), "cannot be read", NO_CRED, unavailable=True)


def test_keytab_rights(drive, realm, alice, directory):
    """A keytab that this user may not read is named with the reason [G10]"""
    keytab = realm.merge(directory / "krb5.keytab", "nfs/localhost")
    keytab.chmod(0o600)
    driver = drive(realm.environment(), command=("setpriv", "--reuid=65534", "--clear-groups")).keytab(keytab, "")
    refused(driver.accept(realm.token(alice)), f"keytab {keytab} cannot be read: Permission denied", NO_CRED, unavailable=True)


def test_threads(acceptor, realm, alice):
    """Eight threads accept side by side; of 40 tokens sent twice each is taken once [G4]"""
    tokens = [realm.token(alice).hex() for _ in range(40)]
    answers = acceptor.ask("accept_all", tokens=tokens + tokens, threads=8)
    for first, second in zip(answers[:40], answers[40:]):
        assert sorted([first["accepted"], second["accepted"]]) == [False, True]


def test_failures_cost_nothing(drive, realm, alice, directory):
    """After 100 000 failed accepts, of four kinds, memory is as it was and the next token is taken [G13]"""
    # The sanitizer keeps what was freed for a while; here it shall not.
    acceptor = drive({**realm.environment(), "ASAN_OPTIONS": "quarantine_size_mb=1"}).keytab(realm.keytab, directory / "rcache")
    replayed = realm.token(alice)
    assert acceptor.accept(replayed)["accepted"]
    other = realm.token(alice, "nfs@other.test")
    broken = bytearray(realm.token(alice))
    broken[-1] ^= 1
    kinds = [replayed, other, bytes(broken), realm.made(alice, "skew", 600)]

    def resident(times: int) -> int:
        answers = [acceptor.ask("accept_often", token=token.hex(), times=times) for token in kinds]
        assert [answer["accepted"] for answer in answers] == [0] * len(kinds)
        return answers[-1]["resident_kib"]
    before = resident(times=10_000)
    assert resident(times=25_000) - before < 4096
    assert acceptor.accept(realm.token(alice))["accepted"]
