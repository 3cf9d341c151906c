"""The arrangement of the hostile-input tests of RPCSEC_GSS: contexts of a guest that attacks, and contexts that must go on."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from peers import gss, kerberos, rpc
from peers.accounts import Accounts
from peers.client import Connection
from peers.realm import Realm
from peers.scripted import Scripted
from peers.tirpc import ECHO, PROGRAM
from peers.wait import until

CALL = (PROGRAM, 1, ECHO)
ROOMY = {"log_lines": 100000, "connections": 100000, "contexts": 100000, "inits_per_second": 1000000}


@dataclass
class GssScene:
    """GssScene is a running gateway before a server that answers with what it was sent. `attacker` is a context of the guest web1, to be
    misused over fresh connections; `witness` are a context of the same guest and one of web2, with their connections."""
    lab: kerberos.Lab
    server: Scripted
    attacker: gss.Context
    witness: list[tuple[gss.Context, Connection]] = field(default_factory=list)

    def witnesses_work(self) -> None:
        """witnesses_work makes a call by each of the witnesses, and one by the attacker's own context: it is as good as before."""
        for context, connection in self.witness:
            for service in (gss.NONE, gss.INTEGRITY, gss.PRIVACY):
                assert context.call(connection, *CALL, b"fine", service).results == b"fine"

    def attacker_works(self) -> None:
        """attacker_works makes a good call with the attacker's context over a connection of its own."""
        with self.lab.connect() as connection:
            assert self.attacker.call(connection, *CALL, b"good", gss.PRIVACY).results == b"good"

    @contextmanager
    def nothing_forwarded(self):
        """nothing_forwarded demands that no call but the scene's own good ones reaches the server meanwhile, and that all contexts work
        afterwards."""
        before = len(self.server.calls)
        yield
        assert [call for call in self.server.calls[before:] if call.procedure != 0 and call.arguments not in (b"good", b"fine")] == []
        assert self.server.errors == []
        self.attacker_works()
        self.witnesses_work()

    def ask(self, message: bytes) -> rpc.Reply:
        """ask sends a message over a fresh connection, which must still be good for a call after the answer."""
        with self.lab.connect() as connection:
            reply = gss.converse(connection, message)
            assert connection.call(PROGRAM, 1, 0, rpc.auth_sys(1000, 100)).outcome == "SUCCESS"
            return reply

    def denied(self, *messages: bytes, outcome: str) -> None:
        """denied demands that each message is denied with AUTH_`outcome` and nothing else happens."""
        with self.nothing_forwarded():
            for message in messages:
                assert self.ask(message).outcome == f"AUTH_ERROR {outcome}", message.hex()

    def garbage(self, service: int, *bodies: dict, arguments: bytes = b"evil") -> None:
        """garbage demands that each call of the attacker, its hooks given, is answered GARBAGE_ARGS with a valid verifier, and not forwarded."""
        with self.nothing_forwarded(), self.lab.connect() as connection:
            for hooks in bodies:
                reply = self.attacker.call(connection, *CALL, arguments, service, **hooks)
                assert reply.outcome == "GARBAGE_ARGS", hooks
            assert self.lab.gateway.process.running()

    def closes(self, *messages: bytes, reason: str = "gss-sequence") -> None:
        """closes demands that each message closes its connection without an answer, counted under the reason."""
        before = self.lab.gateway.counters("web1").get(f"closed-{reason}", 0)
        with self.nothing_forwarded():
            for message in messages:
                with self.lab.connect() as connection:
                    connection.send(rpc.record(message))
                    assert connection.closed(), message.hex()
        assert self.lab.gateway.counters("web1")[f"closed-{reason}"] == before + len(messages)

    def message(self, arguments: bytes = b"evil", service: int = gss.NONE, **hooks) -> bytes:
        """message encodes a call of the attacker's context."""
        return self.attacker.message(*CALL, arguments, service, **hooks)

    def fresh(self, user: str = "alice", guest: str = "web1", **options) -> gss.Context:
        """fresh is a new context of that guest."""
        with self.lab.connect(guest) as connection:
            return self.lab.context(user, connection, **options)

    def wait_idle(self, guest: str = "web1", seconds: float = 20.0) -> None:
        """wait_idle waits until nothing of the guest is under way: calls, bytes, creations."""
        def idle():
            counters = self.lab.gateway.counters(guest)
            return not any(counters[key] for key in ("in_flight", "buffered_bytes", "nascent_contexts", "gss_request_bytes", "gss_reply_bytes"))
        until(idle, f"nothing of {guest} under way", seconds, pause=0.05)

    def close(self) -> None:
        self.lab.close()


def open_gss_scene(start, realm: Realm, accounts: Accounts, directory: Path, register, limits: dict | None = None, **keys) -> GssScene:
    """open_gss_scene starts server and gateway and makes the first contexts. `limits` are web1's, `keys` are open_lab's."""
    server = register(Scripted(path=directory / "backend.sock"))
    guests = {"web1": {"insecure_action": "squash", "limits": {**ROOMY, **(limits or {})}}, "web2": {}}
    lab = kerberos.open_lab(start, realm, accounts, directory, server.address, guests=guests, **keys)
    witnesses = []
    for guest, user in (("web1", "bob"), ("web2", "alice")):
        connection = lab.connect(guest)
        witnesses.append((lab.context(user, connection), connection))
    scene = GssScene(lab, server, lab.context("alice"), witnesses)
    scene.witnesses_work()
    return scene
