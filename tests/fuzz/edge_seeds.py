"""The seeds in corpus/ that were made by hand: what no real peer sends. Files are named edge-WHAT.

    /usr/bin/python3 tests/fuzz/edge_seeds.py [CORPUS]
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import rpc  # noqa: E402
from peers.rpc import Flavor, auth, auth_sys_body, fragment, opaque, u32  # noqa: E402

LENGTHS = {"0": 0, "400": 400, "401": 401, "2p31": 1 << 31, "2p32m1": 0xFFFFFFFF}
CALL = rpc.call(7, 100003, 3, 1, rpc.auth_sys(1000, 100, [5, 6]), b"argument")


def record_seeds() -> dict[str, bytes]:
    """record_seeds are streams: fragments of all kinds, bad lengths, and protocols that are not RPC."""
    return {
        "one-byte-fragments": rpc.record(CALL[:40], 1),
        "empty-fragments": fragment(b"", last=False) * 70 + fragment(CALL),
        "empty-record": fragment(b"") * 3 + fragment(CALL),
        "empty-last-fragment": fragment(CALL, last=False) + fragment(b""),
        "longest-mark": u32(0x7FFFFFFF), "longest-last-mark": u32(0xFFFFFFFF) + CALL,
        "half-mark": rpc.record(CALL) + b"\x80\x00", "half-record": rpc.record(CALL)[:50],
        "half-gathered": rpc.record(CALL, 20)[:50],
        "sum-over-64": fragment(bytes(40), last=False) + fragment(bytes(40)),
        "sum-is-64": fragment(bytes(40), last=False) + fragment(bytes(24)),
        "sum-overflows": fragment(bytes(60), last=False) + u32(0xFFFFFFF8),
        "mixed": rpc.record(CALL, 16) + rpc.record(CALL) + rpc.record(CALL, 28),
        "http": b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n",
        "client-hello": bytes.fromhex("16030100310100002d0303") + bytes(32) + bytes.fromhex("000002130101000000"),
    }


def call_seeds() -> dict[str, bytes]:
    """call_seeds are call headers with the lengths and numbers that a parser must not trust."""
    head = u32(7, 0, 2, 100003, 3, 1)
    seeds = {f"cred-length-{name}": head + u32(1, length) + bytes(404) for name, length in LENGTHS.items()}
    seeds |= {f"verf-length-{name}": head + rpc.AUTH_NONE + u32(0, length) + bytes(404) for name, length in LENGTHS.items()}
    seeds |= {f"cut-at-{at}": CALL[:at] for at in (3, 8, 12, 24, 28, 32, 40, 64, 68, 72)}
    return seeds | {
        "rpcvers-3": u32(7, 0, 3) + head[12:], "message-type-2": u32(7, 2, 2), "reply": u32(7, 1, 0, 0, 0, 0),
        "tls-probe": head + auth(Flavor.TLS) + rpc.AUTH_NONE, "short": head + auth(Flavor.SHORT, b"short") + rpc.AUTH_NONE,
        "dh": head + auth(Flavor.DH, bytes(16)) + rpc.AUTH_NONE, "gss": head + auth(Flavor.GSS, u32(1, 1, 0, 1, 0)) + rpc.AUTH_NONE,
        "padding-not-zero": head + u32(1, 5) + b"\xff" * 8 + rpc.AUTH_NONE,
        "largest": head + auth(99, bytes(400)) + auth(98, bytes(400)),
    }


def reply_seeds() -> dict[str, bytes]:
    """reply_seeds are reply headers of every kind that RFC 5531 has, and some that it has not."""
    seeds = {f"accept-stat-{stat}": u32(7, 1, 0) + rpc.AUTH_NONE + u32(stat, 1, 2) for stat in range(7)}
    seeds |= {f"auth-stat-{stat}": rpc.auth_error(7, stat) for stat in (0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 99)}
    seeds |= {f"verf-length-{name}": u32(7, 1, 0, 6, length) + bytes(408) for name, length in LENGTHS.items()}
    return seeds | {"rpc-mismatch": u32(7, 1, 1, 0, 2, 2), "reject-stat-2": u32(7, 1, 1, 2, 0), "reply-stat-2": u32(7, 1, 2, 0, 0, 0),
                    "short-verifier": u32(7, 1, 0) + auth(Flavor.SHORT, b"opaque") + u32(0), "call": u32(7, 0, 2, 0),
                    "starttls": u32(7, 1, 0) + auth(Flavor.NONE, b"STARTTLS") + u32(0)}


def auth_sys_seeds() -> dict[str, bytes]:
    """auth_sys_seeds are bodies around each limit."""
    seeds = {f"gids-{count}": auth_sys_body(0, 0, range(count)) for count in (0, 1, 15, 16, 17, 32)}
    seeds |= {f"name-{length}": auth_sys_body(0, 0, machine=b"m" * length) for length in (0, 1, 2, 3, 4, 254, 255, 256)}
    seeds |= {f"gid-count-{count:x}": u32(0, 0, 0, 0, count) + bytes(64) for count in (17, 1 << 30, 1 << 31, 0xFFFFFFFF)}
    seeds |= {f"name-length-{length:x}": u32(0, length) + bytes(64) for length in (256, 1 << 31, 0xFFFFFFFC, 0xFFFFFFFF)}
    return seeds | {"one-word-more": auth_sys_body(0, 0) + bytes(4), "one-word-less": auth_sys_body(0, 0)[:-4],
                    "nobody": auth_sys_body(0xFFFFFFFF, 0xFFFFFFFF, [0xFFFFFFFF]),
                    "unprintable": auth_sys_body(0, 0, machine=b"a\nlevel=error\x1b[2J\"\\\0"),
                    "padding-not-zero": u32(0, 1) + b"mmmm" + u32(0, 0, 0)}


def gss_cred_seeds() -> dict[str, bytes]:
    """gss_cred_seeds are RPCSEC_GSS credentials with every number around its limits, and handles of all lengths."""
    handle = opaque(bytes(range(16)))
    seeds = {f"version-{number}": u32(number, 0, 1, 1) + handle for number in (0, 2, 3, 4, 0xFFFFFFFF)}
    seeds |= {f"procedure-{number}": u32(1, number, 1, 1) + handle for number in (1, 2, 3, 4, 5, 6, 7)}
    seeds |= {f"seq-{number:x}": u32(1, 0, number, 1) + handle for number in (0, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF)}
    seeds |= {f"service-{number}": u32(1, 0, 1, number) + handle for number in (0, 4, 5)}
    seeds |= {f"handle-{length}": u32(1, 0, 1, 1) + opaque(bytes(length)) for length in (0, 1, 2, 3, 4, 15, 17, 380, 381)}
    seeds |= {f"handle-length-{length:x}": u32(1, 0, 1, 1, length) + bytes(16) for length in (17, 20, 1 << 31, 0xFFFFFFFC, 0xFFFFFFFF)}
    return seeds | {"one-word-more": u32(1, 0, 1, 1) + handle + bytes(4), "padding-not-zero": u32(1, 0, 1, 1, 13) + b"\xff" * 16}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    seeds = {"record": record_seeds(), "call_head": call_seeds(), "reply_head": reply_seeds(), "auth_sys": auth_sys_seeds(),
             "gss_cred": gss_cred_seeds()}
    for target, files in seeds.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / target / f"edge-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
