#!/usr/bin/python3
"""attack_gss.py RECORDING PORT OWN-PORT CACHE ATTACK...: one guest's attacks on another's Kerberos contexts.

RECORDING is the prefix of the victim's recorded calls (relay.py), PORT the attacker's relay on 127.0.0.1 and OWN-PORT the victim's; CACHE
has a ticket of a user of the victim's, so that an attack can have the right key. Prints a line "ATTACK WORD" an attack: the status of
NFSv4, the refusal of RPC, "major N" of a context that was not made, or "closed". It judges nothing.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loot import Loot, of_recording
from nfs4 import COMPOUND, GETFH, PROGRAM, PUTROOTFH, VERSION, Closed, Machine, answer, compound, rpc

from peers import gss

CALL = (PROGRAM, VERSION, COMPOUND, compound(PUTROOTFH, GETFH, minor=0), gss.PRIVACY)
MIC = 16 + 12  # bytes of one, as long as those of aes256-cts-hmac-sha1-96


@dataclass
class Attacker:
    port: int
    victims_port: int
    loot: Loot
    context: gss.Context  # made by the victim's user, over the victim's relay

    def send(self, message: bytes, port: int | None = None) -> str:
        """send says a record as it is."""
        try:
            reply = gss.converse(Machine(port or self.port).connection, message)
        except Closed:
            return "closed"
        return answer(reply).word if reply.outcome != "SUCCESS" else "SUCCESS"

    def call(self, port: int) -> str:
        """call makes a call with the right key."""
        return answer(self.context.call(Machine(port).connection, *CALL)).word


def forged(a: Attacker) -> str:
    """forged is the handle with a checksum of no key."""
    call = rpc.parse_call(a.loot.protected[0])
    return a.send(rpc.call(call.xid, call.program, call.version, call.procedure, rpc.auth(rpc.Flavor.GSS, call.credential), call.arguments,
                           rpc.auth(rpc.Flavor.GSS, os.urandom(MIC))))


def replayed_init(a: Attacker) -> str:
    """replayed_init says the victim's own first token."""
    reply = gss.converse(Machine(a.port).connection, a.loot.inits[0])
    return f"major {gss.parse_creation(reply).major:#x}"


ATTACKS: dict[str, Callable[[Attacker], str]] = {
    "forged": forged,
    "right": lambda a: a.call(a.port),
    "replay": lambda a: a.send(a.loot.protected[0]),
    "replay-last": lambda a: a.send(a.loot.protected[-1]),
    "replay-at-home": lambda a: a.send(a.loot.protected[0], a.victims_port),
    "replay-init": replayed_init,
    "victim": lambda a: a.call(a.victims_port),  # no attack: the victim's own call
}


def main() -> None:
    recording, port, own, cache, *attacks = sys.argv[1:]
    context = gss.Context(Path(cache), target="nfs@gw.test").create(Machine(int(own)).connection, PROGRAM, VERSION)
    attacker = Attacker(int(port), int(own), of_recording(recording), context)
    for name in attacks:
        print(name, ATTACKS[name](attacker), flush=True)


if __name__ == "__main__":
    main()
