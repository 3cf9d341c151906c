"""How the seeds in corpus/saved_contexts were made: what one gatehoused leaves to the next, decrypted.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/saved_contexts_seeds.py [CORPUS]

saved-*: of gateways that were stopped under a service manager, with contexts of each enctype. edge-*: made of one of these, with values at and
beyond their bounds. Needs root and python3-cryptography.
"""

import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import os  # noqa: E402

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from peers import gss, kerberos  # noqa: E402
from peers.accounts import Accounts  # noqa: E402
from peers.gateway import Gateway  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.realm import ENCTYPES, Realm  # noqa: E402
from peers.scripted import Scripted  # noqa: E402
from peers.service_manager import ServiceManager  # noqa: E402
from peers.tirpc import ECHO, PROGRAM  # noqa: E402

HEADER = 32


def opened(manager: ServiceManager) -> bytes:
    """opened is the save that the manager has, decrypted."""
    memory, key = [stored.fd for stored in manager.take()]
    sealed = os.pread(memory, 1 << 24, 0)
    return AESGCM(os.read(key, 32)).decrypt(sealed[12:24], sealed[HEADER:], sealed[:HEADER])


def save(directory: Path, realm: Realm, enctypes, calls: int, window: int) -> bytes:
    """save lets clients make contexts, one of each enctype, and calls, and stops their gateway."""
    directory.mkdir()
    manager, backend = ServiceManager(directory), Scripted(path=directory / "backend.sock")

    def start(text: str, env: dict) -> Gateway:
        with manager.starting() as options:
            return Gateway(directory, text, **{**options, "env": {**options["env"], **env}})
    lab = kerberos.open_lab(start, realm, Accounts(directory / "accounts"), directory, backend.address, kerberos={"sequence_window": window})
    for enctype in enctypes:
        cache = realm.kinit("alice", cache=directory / f"{enctype}.cc", enctype=enctype)
        context = gss.Context(cache, enctype=enctype).create(lab.connect(), PROGRAM, 1)
        for _ in range(calls):
            assert context.call(lab.connect(), PROGRAM, 1, ECHO, b"data").outcome == "SUCCESS"
    lab.gateway.stop()
    lab.close()
    backend.stop()
    return opened(manager)


def edges(good: bytes) -> dict[str, bytes]:
    """edges are saves with a wrong value each."""
    def put(at: int, value: int) -> bytes:
        return good[:at] + struct.pack(">I", value) + good[at + 4:]
    words = {f"edge-word-{at}-{value:x}": put(at, value) for at in range(16, min(len(good) - 4, 260), 4) for value in (0, 0xFFFFFFFF)}
    return {**words, "edge-empty": b"", "edge-none": good[:16] + bytes(4), "edge-cut": good[:-4], "edge-more": good + bytes(4)}


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus" / "saved_contexts"
    corpus.mkdir(parents=True, exist_ok=True)
    directory = private_directory()
    realm = Realm(directory / "realm")
    try:
        seeds = {f"saved-{enctype}": save(directory / str(enctype), realm, [enctype], 3, 128) for enctype in ENCTYPES}
        seeds["saved-unused"] = save(directory / "unused", realm, [17], 0, 32)
        seeds["saved-several"] = save(directory / "several", realm, ENCTYPES, 1, 64)
        seeds.update(edges(seeds["saved-unused"]))
    finally:
        realm.stop()
        remove_directory(directory)
    for name, content in seeds.items():
        (corpus / name).write_bytes(content)
    print(f"{corpus.name}: {len(seeds)} files")


if __name__ == "__main__":
    main()
