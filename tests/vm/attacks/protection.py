#!/usr/bin/python3
"""protection.py RECORDING: the protection of state that a client asked for in its first EXCHANGE_ID, and the one that it was given.

RECORDING is the prefix of a recording by relay.py of a client whose state calls are made with sys or krb5i, as the kernel's are. Prints
"asked A given G", of SP4_NONE, SP4_MACH_CRED and SP4_SSV (RFC 8881, section 18.35); the exit status is 1 when there is no such call.
"""

import glob
import sys
from pathlib import Path

from loot import messages
from nfs4 import rpc

HOW = {0: "SP4_NONE", 1: "SP4_MACH_CRED", 2: "SP4_SSV"}
EXCHANGE_ID = 42


def plain(body: bytes, flavor: int) -> rpc.Reader:
    """plain is what krb5i protects, behind its sequence number, or the body itself."""
    if flavor == rpc.Flavor.GSS:
        body = rpc.Reader(body).opaque()[4:]
    return rpc.Reader(body)


def asked(reader: rpc.Reader) -> int | None:
    """asked is state_protect4_a of a COMPOUND that begins with EXCHANGE_ID."""
    reader.opaque()
    reader.take(4)
    if reader.u32() == 0 or reader.u32() != EXCHANGE_ID:
        return None
    reader.take(8)
    reader.opaque()
    reader.take(4)
    return reader.u32()


def given(reader: rpc.Reader) -> str:
    """given is state_protect4_r of its results, or why there is none."""
    if status := reader.u32():
        return f"nothing: status {status}"
    reader.opaque()
    reader.take(4 + 8 + 8 + 4 + 4)
    return HOW[reader.u32()]


def main() -> int:
    for path in sorted(glob.glob(f"{glob.escape(sys.argv[1])}-*.calls")):
        replies = {reply[:4]: reply for reply in messages(Path(path).with_suffix(".replies").read_bytes(), rpc.REPLY)}
        for message in messages(Path(path).read_bytes(), rpc.CALL):
            call = rpc.parse_call(message)
            first_word = rpc.Reader(call.credential).data[4:8]
            if (call.program, call.procedure) != (100003, 1) or call.flavor == rpc.Flavor.GSS and first_word != bytes(4):
                continue
            if (how := asked(plain(call.arguments, call.flavor))) is not None:
                print("asked", HOW[how], "given", given(plain(rpc.parse_reply(replies[message[:4]]).results, call.flavor)))
                return 0
    print("there is no EXCHANGE_ID in the recording")
    return 1


if __name__ == "__main__":
    sys.exit(main())
