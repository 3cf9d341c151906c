"""The Kerberos part of the demonstration: alice and bob with tickets of a private realm work on the same server through krb5p."""

import os
from contextlib import ExitStack
from pathlib import Path

from demo_table import Row, verdict
from peers import client, gss, kerberos, nfs3, rpc
from peers.gateway import explain
from peers.realm import REALM, Realm

IDS = {"alice": (5001, 5001), "bob": (5002, 5002)}
GUEST = "krb1"


class Users:
    """Users are alice, bob and carol in the guest krb1; carol has a ticket, but is nobody on this host."""

    def __init__(self, directory: Path, stack: ExitStack):
        self.directory = directory
        self.realm = Realm(directory / "realm")
        stack.callback(self.realm.stop)
        self.rows: list[Row] = []

    def sections(self) -> str:
        """sections is what the gateway's configuration says about Kerberos."""
        maps = {f"{name}@{REALM}": {"uid": uid, "gid": gid, "groups": [6001]} for name, (uid, gid) in IDS.items()}
        return kerberos.toml.section("kerberos", **kerberos.section(self.realm, self.directory)) + "\n" + kerberos.rules(maps)

    def run(self, config: Path, port: int, path: Path) -> None:
        self.config, self.port, self.path = config, port, path
        for name in IDS:
            self.writes(name)
        self.weaker("alice", "krb5i", gss.INTEGRITY)
        self.nobody("carol")

    def writes(self, name: str) -> None:
        """writes: a user makes a file through krb5p and reads it back; this host says whose it is and whether it is the same."""
        data = os.urandom(500_000)
        with client.connect_tcp(self.port) as connection:
            root = nfs3.mount(connection, "/shared", rpc.auth_sys(0, 0))
            context = gss.Context(self.realm.kinit(name)).create(connection, nfs3.PROGRAM, nfs3.VERSION)

            def call(procedure: int, arguments: bytes) -> bytes:
                reply = context.call(connection, nfs3.PROGRAM, nfs3.VERSION, procedure, arguments, gss.PRIVACY)
                assert reply.accepted == rpc.AcceptStat.SUCCESS, reply
                return reply.results
            handle = nfs3.create(call, root, f"of-{name}")
            nfs3.write(call, handle, data)
            read = nfs3.read(call, nfs3.lookup(call, root, f"of-{name}"), len(data))
            context.destroy(connection, nfs3.PROGRAM, nfs3.VERSION)
        file = self.path / f"of-{name}"
        owner = (file.stat().st_uid, file.stat().st_gid)
        good = owner == IDS[name] and file.read_bytes() == data == read
        self.rows.append(Row(GUEST, "writes, reads NFSv3 /shared", f"{name}, krb5p", f"owner {owner[0]}:{owner[1]}, 500 KB, identical" if good else "wrong",
                             verdict(True), self.why(name, "krb5p"), good))

    def weaker(self, name: str, flavor: str, service: int) -> None:
        """weaker: a service below what `sec` lists is refused."""
        with client.connect_tcp(self.port) as connection:
            context = gss.Context(self.realm.cache(name)).create(connection, nfs3.PROGRAM, nfs3.VERSION)
            reply = context.call(connection, nfs3.PROGRAM, nfs3.VERSION, 1, rpc.opaque(bytes(32)), service)
        refused = reply.outcome == "AUTH_ERROR TOOWEAK"
        self.rows.append(Row(GUEST, "calls NFSv3 GETATTR", f"{name}, {flavor}", "nothing", verdict(not refused), self.why(name, flavor), refused))

    def nobody(self, name: str) -> None:
        """nobody: a principal that is no account here gets no context."""
        with client.connect_tcp(self.port) as connection:
            token = gss.Context(self.realm.kinit(name)).token()
            created = gss.parse_creation(gss.converse(connection, gss.creation(nfs3.PROGRAM, nfs3.VERSION, token)))
        refused = created.major == gss.UNAUTHORIZED
        self.rows.append(Row(GUEST, "creates a context", f"{name}, krb5p", "nothing", verdict(not refused), self.why(name, "krb5p"), refused))

    def why(self, name: str, flavor: str) -> str:
        answer = explain(self.config, GUEST, sec=flavor, principal=f"{name}@{REALM}", program="nfs", version=3, procedure="write").json()
        return answer["reason"].removeprefix(f"guest {GUEST}: ")
