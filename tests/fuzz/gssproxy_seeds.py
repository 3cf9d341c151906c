"""How the seeds in corpus/gssproxy_reply were made: a real gssproxy's replies to tokens that it accepts and refuses.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/gssproxy_seeds.py [CORPUS]

Peers: krb5kdc with a realm of its own, clients of libgssapi and libkrb5, gssproxy. Needs root (gssproxy writes to /run, which is made
private to it). The keys in the replies are those of contexts of a realm that is gone.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "acceptors")]

from driver import Driver  # noqa: E402
from peers.accounts import Accounts, many, standard  # noqa: E402
from peers.gssproxy import Gssproxy  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from realm import BY_NUMBER, Realm  # noqa: E402
from stranger import Stranger  # noqa: E402

COUNTS = (0, 1, 15, 16, 17, 40, 300)


def tokens(realm: Realm):
    """tokens yields names and tokens: of users with more and fewer groups and none, of every encryption type, weak ones too, of other
    services, and such as gssproxy refuses."""
    alice = realm.login("alice")
    token = realm.token(alice)
    yield "alice", token
    yield "replay", token
    for name in ("bob", "carol", "root/localhost", *(f"in{count}" for count in COUNTS)):
        yield name.replace("/", "-"), realm.token(realm.login(name))
    for number in BY_NUMBER:
        yield f"enctype-{number}", realm.token(realm.login("alice", only=number), f"nfs@e{number}.test", only=number)
    for number in (16, 23, 26):
        yield f"session-{number}", realm.made(realm.login("alice"), "session", number, "nfs@mixed.test")
    yield "host", realm.token(alice, "host@localhost")
    yield "unknown-service", realm.token(alice, "nfs@unknown.test")
    for kind, number in (("plain", 0), ("mutual", 0), ("extension", 4000), ("skew", 600), ("dce-framed", 0)):
        yield kind, realm.made(alice, kind, number)
    spoilt = bytearray(realm.token(alice))
    spoilt[-1] ^= 1
    yield "spoilt", bytes(spoilt)
    yield "cut", frame(token[17:200])


def frame(body: bytes) -> bytes:
    body = bytes.fromhex("06092a864886f7120102020100") + body
    return b"\x60\x82" + len(body).to_bytes(2, "big") + body


def record(directory: Path, corpus: Path) -> None:
    realm = Realm(directory / "kdc")
    realm.add("alice", "bob", "carol", "root/localhost", "host/localhost", "nfs/localhost", "nfs/unknown.test", *(f"in{count}" for count in COUNTS))
    for number, enctype in BY_NUMBER.items():
        realm.add(f"nfs/e{number}.test", enctypes=enctype)
    realm.add("nfs/mixed.test", enctypes=f"{BY_NUMBER[18]} arcfour-hmac-md5 des3-cbc-sha1 camellia256-cts-cmac")
    keytab = realm.merge(directory / "keytab", "nfs/localhost", "host/localhost", "nfs/mixed.test", *(f"nfs/e{number}.test" for number in BY_NUMBER))
    accounts = Accounts(directory / "accounts", {**standard(), **{f"in{count}": many(count) for count in COUNTS}})
    proxy = Gssproxy(directory / "gssproxy", realm, {**accounts.env(), **realm.environment(weak=True)}, keytab)
    relay, seen = Stranger.relay(proxy.socket), []

    def answer(call: bytes) -> bytes:
        seen.append(relay(call))
        return seen[-1]
    stranger = Stranger(directory / "relay.sock", answer)
    driver = Driver(realm.environment()).gssproxy(stranger.path)
    for name, token in tokens(realm):
        said = driver.accept(token)
        (corpus / name).write_bytes(seen[-1][4:])
        print(f"{name}: {len(seen[-1]) - 4} bytes;", "accepted" if said["accepted"] else said["text"])
    for peer in (driver, stranger, proxy, realm):
        peer.stop()


def main() -> None:
    corpus = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus") / "gssproxy_reply"
    corpus.mkdir(parents=True, exist_ok=True)
    directory = private_directory()
    try:
        record(directory, corpus)
    finally:
        remove_directory(directory)


if __name__ == "__main__":
    main()
