"""The demonstration: two guests with different policies work on real servers through the gateway; run it by scripts/demo.

Each row of the table is one thing a guest did with a real client, what the server recorded of it (read on this host), and the
gateway's own explanation. The exit status is 0 when every row came out as the policies say.
"""

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from demo_krb5 import GUEST, Users
from demo_table import Row, table, verdict
from peers import client, nfs, rpc, toml
from peers.ganesha import Export, Ganesha
from peers.gateway import Gateway, explain
from peers.ports import free_port
from peers.process import private_directory, remove_directory

WEB1, BUILD1, KRB1 = "127.66.0.42", "127.66.0.43", "127.66.0.44"
RPCBIND, DUMP, SET = 100000, 4, 1
CREATE, READ, READDIR, COMPOUND = 8, 6, 16, 1


class Demo:
    """Demo owns the servers, the gateway and the two guests while the table is made."""

    def __init__(self, directory: Path, stack: ExitStack):
        self.directory = directory
        self.ganesha = Ganesha(directory / "ganesha", [Export("shared", (WEB1, BUILD1, KRB1)), Export("web", (WEB1,)), Export("build", (BUILD1,))])
        stack.callback(self.ganesha.stop)
        self.users = Users(directory, stack)
        self.ports = {"web1": free_port(), "build1": free_port(), GUEST: free_port()}
        self.gateway = Gateway(directory, self._config())
        stack.callback(self.gateway.stop)
        self.rows: list[Row] = []
        self.files = 0

    def _config(self) -> str:
        rpcbind = self.ganesha.rpcbind.socket
        return self.users.sections() + toml.config(
            {name: f"tcp:127.0.0.1:{port}" for name, port in self.ports.items()},
            {"nfs": {"address": f"tcp:127.0.0.1:{self.ganesha.port}", "programs": ["nfs:3-4"]},
             "mountd": {"address": f"tcp:127.0.0.1:{self.ganesha.mount_port}", "programs": ["mountd:3"]},
             "rpcbind": {"address": f"unix:{rpcbind}", "programs": [f"{RPCBIND}:2-4"]}},
            {"web1": {"listener": "web1", "source_address": WEB1, "backends": ["nfs", "mountd", "rpcbind"]},
             "build1": {"listener": "build1", "source_address": BUILD1, "backends": ["nfs", "mountd"], "programs": ["nfs:3", "mountd:3"],
                        "uid_map": ["0-65535:100000"], "gid_map": ["0-65535:200000"], "insecure_action": "squash"},
             GUEST: {"listener": GUEST, "source_address": KRB1, "backends": ["nfs", "mountd"], "sec": ["krb5p"], "sec_by_program": {"mountd": ["sys"]}}})

    def mount(self, guest: str, export: str, version: int, uid: int, gid: int) -> nfs.Mount:
        return nfs.Mount(self.ports[guest], export, version, uid=uid, gid=gid)

    def why(self, guest: str, uid: int, gid: int, port: int, program: str, version: int, procedure: int) -> str:
        answer = explain(self.gateway.config, guest, uid=uid, gid=gid, port=port, program=program, version=version, procedure=procedure).json()
        return answer["reason"].removeprefix(f"guest {guest}: ")

    def write(self, guest: str, uid: int, gid: int, expected: tuple[int, int], unprivileged: bool = False) -> None:
        """write: a guest writes a file over NFSv3; this host says whose it is."""
        self.files += 1
        name, source = f"{guest}-{self.files}", self.directory / "payload"
        source.write_bytes(os.urandom(100_000))
        source.chmod(0o644)
        done = nfs.put(self.mount(guest, "shared", 3, uid, gid), source, name, unprivileged)
        path = self.ganesha.path("shared") / name
        intact = done.ok and path.read_bytes() == source.read_bytes()
        owner = (path.stat().st_uid, path.stat().st_gid) if done.ok else None
        self.rows.append(Row(guest, "writes NFSv3 /shared", _claim(uid, gid, unprivileged), f"owner {owner[0]}:{owner[1]}" if owner else "nothing",
                             verdict(done.ok), self.why(guest, uid, gid, 40000 if unprivileged else 900, "nfs", 3, CREATE),
                             intact and owner == expected))

    def read(self, guest: str, version: int, uid: int, gid: int) -> None:
        """read: a guest lists an export and reads a file that this host put there."""
        content = os.urandom(1_000_000)
        (self.ganesha.path("shared") / "from-host").write_bytes(content)
        mount = self.mount(guest, "shared", version, uid, gid)
        listed = nfs.ls(mount)
        same = listed.ok and "from-host" in listed.output and nfs.cat(mount, "from-host") == content
        self.rows.append(Row(guest, f"reads NFSv{version} /shared", _claim(uid, gid), "1 MB, identical" if same else "nothing",
                             verdict(listed.ok), self.why(guest, uid, gid, 900, "nfs", version, READ if version == 3 else COMPOUND), same))

    def refused(self, guest: str, export: str, version: int, why: str | None = None, unprivileged: bool = False) -> None:
        """refused: a guest tries to list an export that it may not; the gateway's reason, or `why` when the server refuses."""
        done = nfs.ls(self.mount(guest, export, version, 1000, 100), unprivileged)
        reason = why or self.why(guest, 1000, 100, 40000 if unprivileged else 900, "nfs", version, READDIR if version == 3 else COMPOUND)
        self.rows.append(Row(guest, f"lists NFSv{version} /{export}", _claim(1000, 100, unprivileged), "nothing", verdict(done.ok), reason, not done.ok))

    def rpcbind(self, procedure: int, name: str, arguments: bytes, allowed: bool) -> None:
        """rpcbind: web1 calls rpcbind as root; what its table holds afterwards is asked beside the gateway."""
        with client.connect_tcp(self.ports["web1"]) as connection:
            done = connection.call(RPCBIND, 4, procedure, rpc.auth_sys(0, 0), arguments).accepted == rpc.AcceptStat.SUCCESS
        planted = PLANTED.to_bytes(4, "big") in self._table()
        self.rows.append(Row("web1", f"{name} of rpcbind", _claim(0, 0), "table unchanged" if not planted else "TABLE CHANGED", verdict(done),
                             self.why("web1", 0, 0, 900, str(RPCBIND), 4, procedure), done == allowed and not planted))

    def _table(self) -> bytes:
        with client.connect_unix(self.ganesha.rpcbind.socket) as connection:
            return connection.call(RPCBIND, 4, DUMP, rpc.auth_sys(0, 0)).results

    def run(self) -> None:
        self.write("web1", 1000, 100, (1000, 100))
        self.write("web1", 0, 0, (65534, 65534))
        self.write("build1", 1000, 100, (101000, 200100))
        self.write("build1", 0, 0, (65534, 65534))
        self.write("build1", 1000, 100, (65534, 65534), unprivileged=True)
        self.read("web1", 3, 1000, 100)
        self.read("web1", 4, 1000, 100)
        self.read("build1", 3, 1000, 100)
        self.refused("build1", "shared", 4)
        self.refused("web1", "shared", 3, unprivileged=True)
        self.refused("web1", "build", 3, f"the server admits {BUILD1} only, and sees web1 as {WEB1}")
        self.rpcbind(DUMP, "DUMP", b"", True)
        self.rpcbind(SET, "SET", rpc.u32(PLANTED, 1) + rpc.opaque(b"tcp") + rpc.opaque(b"127.0.0.1.8.1") + rpc.opaque(b"superuser"), False)
        self.users.run(self.gateway.config, self.ports[GUEST], self.ganesha.path("shared"))
        self.rows += self.users.rows


PLANTED = 0x20000099


def _claim(uid: int, gid: int, unprivileged: bool = False) -> str:
    return f"{uid}:{gid}, port {'>' if unprivileged else '<'} 1024"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped then, too
    directory = private_directory("gatehouse-demo-")
    with ExitStack() as stack:
        stack.callback(remove_directory, directory)
        demo = Demo(directory, stack)
        print(f"nfs-ganesha (NFSv3, NFSv4) on 127.0.0.1:{demo.ganesha.port}, rpcbind on {demo.ganesha.rpcbind.socket},\n"
              f"gatehoused before them: guest web1 on 127.0.0.1:{demo.ports['web1']}, guest build1 on 127.0.0.1:{demo.ports['build1']},\n"
              f"guest {GUEST} on 127.0.0.1:{demo.ports[GUEST]}: alice, bob and carol with tickets of a private krb5kdc, through krb5p.\n")
        print(demo.gateway.config.read_text())
        demo.run()
        print(table(demo.rows) + "\n\nRefusals in the gateway's log:")
        print("\n".join(line for line in demo.gateway.log().splitlines() if "event=refused" in line or "event=context-refused" in line))
    print("\nEverything that was started has been stopped.")
    wrong = [row for row in demo.rows if not row.expected]
    for row in wrong:
        print("NOT AS THE POLICY SAYS:", "; ".join(row.cells()), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
