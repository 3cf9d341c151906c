"""How the seeds in corpus/compound were made that are not the kernel's: kernel_seeds.py made those.

    /usr/bin/python3 tests/fuzz/compound_seeds.py [CORPUS]

libnfs-*: COMPOUND arguments of the messages that libnfs sent to nfs-ganesha (corpus/call_head, record_seeds.py). edge-*: every
operation and every arm of its unions, by the XDR of RFC 7530 and RFC 8881, and what only just is no state operation.
"""

import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import rpc  # noqa: E402


def u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def opaque(data: bytes) -> bytes:
    return u32(len(data)) + data + bytes(-len(data) % 4)


def compound(minor: int, *operations: bytes, tag: bytes = b"", count: int | None = None) -> bytes:
    return opaque(tag) + u32(minor, len(operations) if count is None else count) + b"".join(operations)


SESSION = u32(0x1111, 0x2222, 0x3333, 0x4444)
CLIENT = u32(0x66778899, 0xAABBCCDD)
CHANNEL = u32(0, 1049620, 1049480, 7584, 8, 64)
IMPLEMENTATION = u32(1) + opaque(b"kernel.org") + opaque(b"Linux 6.12.117") + u32(0, 0, 0)
OPS = u32(2, 0x0018, 0x40000, 1, 0x8)
SYS = u32(1, 7) + opaque(b"a.example.com") + u32(0, 0, 3, 4, 5, 6)
GSS = u32(6, 3) + opaque(b"of the server") + opaque(b"of the client")

RENEW = u32(30) + CLIENT
SETCLIENTID = u32(35) + CLIENT + opaque(b"Linux NFSv4.0 a/127.0.0.1") + u32(0x40000000) + opaque(b"tcp") + opaque(b"127.0.0.1.139.87") + u32(1)
CONFIRM = u32(36) + CLIENT + CLIENT
BIND = u32(41) + SESSION + u32(3, 0)
SEQUENCE = u32(53) + SESSION + u32(1, 0, 0, 1)
RECLAIM = u32(58, 0)
DESTROY_SESSION = u32(44) + SESSION
DESTROY_CLIENTID = u32(57) + CLIENT
ROOT = u32(24)
LEASE = ROOT, u32(9, 1, 0x400)


def exchange_id(protection: bytes, implementation: bytes = IMPLEMENTATION) -> bytes:
    return u32(42) + CLIENT + opaque(b"Linux NFSv4.2 a.example.com") + u32(0x101) + protection + implementation


def create_session(callbacks: bytes, fore: bytes = u32(0), back: bytes = u32(0)) -> bytes:
    return u32(43) + CLIENT + u32(1, 3) + CHANNEL + fore + CHANNEL + back + u32(0x40000000) + callbacks


def edge() -> dict[str, bytes]:
    ssv = u32(2) + OPS + u32(2) + opaque(b"\x60\x86\x48\x01\x65\x03\x04\x02\x01") + opaque(b"x") + u32(1) + opaque(b"aes") + u32(64, 4)
    return {
        "renew": compound(0, RENEW), "setclientid": compound(0, SETCLIENTID), "confirm": compound(0, CONFIRM), "bind": compound(2, BIND),
        "bind-back-or-both": compound(1, BIND[:-8] + u32(7, 1)), "sequence-bind": compound(1, SEQUENCE, BIND), "renew-in-4.1": compound(1, RENEW),
        "exchange-none": compound(1, exchange_id(u32(0))), "exchange-mach-cred": compound(2, exchange_id(u32(1) + OPS)), "exchange-ssv": compound(2, exchange_id(ssv)),
        "exchange-no-implementation": compound(1, exchange_id(u32(0), u32(0))), "exchange-two": compound(1, exchange_id(u32(0), u32(2) + 2 * IMPLEMENTATION[4:])),
        "exchange-bitmap-count": compound(1, exchange_id(u32(1, 0xFFFFFFFF))), "exchange-in-4.0": compound(0, exchange_id(u32(0))),
        "create-none": compound(1, create_session(u32(0))), "create-auth-none": compound(1, create_session(u32(1, 0))), "create-sys": compound(2, create_session(u32(1) + SYS)),
        "create-gss": compound(1, create_session(u32(1) + GSS)), "create-three": compound(1, create_session(u32(3, 0) + GSS + SYS)),
        "create-rdma": compound(1, create_session(u32(0), u32(1, 9), u32(1, 7))), "create-rdma-two": compound(1, create_session(u32(0), u32(2, 9, 9))),
        "create-dh": compound(1, create_session(u32(1, 3))), "create-count": compound(1, create_session(u32(0x40000000, 0, 0))),
        "reclaim": compound(2, SEQUENCE, RECLAIM), "reclaim-two": compound(1, SEQUENCE, RECLAIM[:4] + u32(2)), "destroy-session": compound(1, DESTROY_SESSION),
        "destroy-clientid": compound(1, DESTROY_CLIENTID), "all-4.1": compound(1, SEQUENCE, BIND, exchange_id(u32(0)), create_session(u32(1) + SYS), RECLAIM, DESTROY_SESSION, DESTROY_CLIENTID),
        "all-4.0": compound(0, SETCLIENTID, CONFIRM, RENEW), "tag": compound(1, SEQUENCE, tag=b"a tag"), "tag-length": u32(0xFFFFFFFD) + compound(1, SEQUENCE),
        "no-operation": compound(1), "count-below": compound(1, SEQUENCE, RECLAIM, count=1), "count-above": compound(1, SEQUENCE, count=2), "count-huge": compound(1, SEQUENCE, count=0xFFFFFFFF),
        "lease": compound(0, *LEASE), "lease-4.2": compound(2, SEQUENCE, *LEASE), "lease-words": compound(1, SEQUENCE, ROOT, u32(9, 3, 0x400, 0, 0)),
        "lease-more": compound(1, SEQUENCE, ROOT, u32(9, 1, 0x401)), "lease-second-word": compound(0, ROOT, u32(9, 2, 0x400, 1)), "lease-no-root": compound(0, u32(9, 1, 0x400)),
        "lease-twice": compound(1, SEQUENCE, *LEASE, *LEASE), "lease-twice-getattr": compound(1, *LEASE, LEASE[1]), "lease-no-getattr": compound(0, ROOT),
        "minor-3": compound(3, SEQUENCE), "putrootfh-first": compound(1, ROOT, SEQUENCE), "putrootfh-last": compound(1, SEQUENCE, ROOT), "illegal": compound(1, u32(10044)),
    }


def recorded(corpus: Path) -> dict[str, bytes]:
    """recorded are the arguments of the COMPOUNDs that libnfs sent."""
    out = {}
    for path in sorted((corpus / "call_head").glob("libnfs-v4-100003-4-1-*")):
        out[path.name.removeprefix("libnfs-v4-100003-4-1-28-")] = rpc.parse_call(path.read_bytes()).arguments
    return out


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    folder = corpus / "compound"
    folder.mkdir(parents=True, exist_ok=True)
    for group, seeds in {"libnfs": recorded(HERE / "corpus"), "edge": edge()}.items():
        for name, data in seeds.items():
            (folder / f"{group}-{name}").write_bytes(data)
    print(f"compound: {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
