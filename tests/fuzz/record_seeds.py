"""How the seeds in corpus/ were made: real peers talk through a recording relay, and their messages are cut into files.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/record_seeds.py [CORPUS]

Peers: libnfs's nfs-ls, nfs-cp and nfs-cat to nfs-ganesha (NFSv3 with MOUNT, NFSv4.0), rpcinfo to rpcbind over its unix
socket, and a client to a server made with libtirpc. Needs root (ganesha, rpcbind). File names say who spoke and what was
said: peer-PROGRAM-VERSION-PROCEDURE. Seeds made by hand are in edge_seeds.py.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import nfs, rpc, tirpc  # noqa: E402
from peers.ganesha import Export, Ganesha  # noqa: E402
from peers.ports import free_port  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.rpcbind import Rpcbind  # noqa: E402
from recorder import Recorder  # noqa: E402

MOST_STREAM = 6000
MOST_MESSAGE = 4400


def talk_nfs(directory: Path) -> dict[str, Recorder]:
    """talk_nfs lists, writes and reads files over NFSv3 and NFSv4.0."""
    server = Ganesha(directory / "ganesha", [Export("e", privileged_port=False)])
    recorders = {}
    local = directory / "local"
    local.write_bytes(bytes(range(256)) * 12)
    for version in (3, 4):
        port, mount_port = free_port(), free_port()
        recorders[f"libnfs-v{version}"] = Recorder(port, server.port)
        recorders[f"libnfs-mount{version}"] = Recorder(mount_port, server.mount_port)
        mount = nfs.Mount(port, "e", version, mount_port=mount_port, uid=1000, gid=100)
        for done in (nfs.ls(mount), nfs.put(mount, local, f"file{version}"), nfs.ls(mount)):
            print(f"libnfs v{version}:", done.status, done.output.strip().replace("\n", "; "))
        print(len(nfs.cat(mount, f"file{version}")), "bytes read back;", nfs.run("nfs-cat", mount.url("absent")).output.strip())
    server.stop()
    return recorders


def talk_rpcbind(directory: Path) -> dict[str, Recorder]:
    """talk_rpcbind asks rpcbind what it knows, as rpcinfo does: over its unix socket, which is in /run."""
    server = Rpcbind(directory / "rpcbind")
    run = directory / "asked"
    run.mkdir()
    recorder = Recorder(run / "rpcbind.sock", server.socket)
    for arguments in ("", "-s"):
        command = f'mount --bind "$0" /run && rpcinfo {arguments}'
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", command, str(run)], capture_output=True, text=True)
        print("rpcinfo:", done.returncode, done.stdout.strip().splitlines()[-1:], done.stderr.strip())
    server.stop()
    return {"rpcinfo": recorder}


def talk_tirpc(directory: Path) -> dict[str, Recorder]:
    """talk_tirpc makes calls of every outcome with libtirpc."""
    server = tirpc.TirpcServer(directory / "tirpc.log", path=directory / "tirpc.sock")
    recorder = Recorder(directory / "relay.sock", directory / "tirpc.sock")
    where = tirpc.unix(directory / "relay.sock")
    for answer in (tirpc.call(where, "null"), tirpc.call(where, "null", none=True), tirpc.call(where, "who", uid=1000, gid=100, gids=range(16)),
                   tirpc.call(where, "who", machine="m" * 255), tirpc.call(where, "who", machine="", uid=0xFFFFFFFE),
                   tirpc.call(where, "echo", 4096), tirpc.call(where, "echo", 0), tirpc.call(where, "echo", 13), tirpc.call(where, "slow", 1),
                   tirpc.call(where, "procedure", 77), tirpc.call(where, "null", version=7), tirpc.call(where, "null", program_number=99),
                   tirpc.call(where, "who", version=2, gids=[5, 6, 7])):
        print("libtirpc:", answer.words)
    for count in range(17):  # group lists and machine names of every length that pads differently
        tirpc.call(where, "who", uid=1000 + count, gid=100, gids=range(5, 5 + count), machine="m" * (count * 5 + 1))
    server.stop()
    return {"tirpc": recorder}


def records(stream: bytes):
    """records yields the messages of a stream, their fragments put together; an unfinished one is left out."""
    at, message = 0, b""
    while at + 4 <= len(stream):
        mark = int.from_bytes(stream[at:at + 4], "big")
        end = at + 4 + (mark & 0x7FFFFFFF)
        if end > len(stream):
            return
        message += stream[at + 4:end]
        at = end
        if mark & rpc.LAST_FRAGMENT:
            yield message
            message = b""


class Corpus:
    """Corpus writes seeds into the folders of the targets; one seed a name, and none twice."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._known: dict[str, set[bytes]] = {}

    def put(self, target: str, name: str, data: bytes) -> None:
        folder = self.folder / target
        folder.mkdir(parents=True, exist_ok=True)
        known = self._known.setdefault(target, {path.read_bytes() for path in folder.iterdir()})
        if data and data not in known and not (folder / name).exists():
            known.add(data)
            (folder / name).write_bytes(data)

    def put_streams(self, peer: str, recorder: Recorder) -> None:
        for number, (sent, received) in enumerate(recorder.streams, 1):
            self.put("record", f"{peer}-{number}-calls", bytes(sent[:MOST_STREAM]))
            self.put("record", f"{peer}-{number}-replies", bytes(received[:MOST_STREAM]))
            calls = {call.xid: (call, message) for message in records(bytes(sent)) for call in [rpc.parse_call(message)]}
            for call, message in calls.values():
                self.put("call_head", f"{peer}-{_name(call)}", message[:MOST_MESSAGE])
                if call.flavor == rpc.Flavor.SYS:
                    self.put("auth_sys", f"{peer}-{_name(call)}", call.credential)
            for message in records(bytes(received)):
                xid = int.from_bytes(message[:4], "big")
                if xid in calls:
                    self.put("reply_head", f"{peer}-{_name(calls[xid][0])}", message[:MOST_MESSAGE])


def _name(call: rpc.Call) -> str:
    return f"{call.program}-{call.version}-{call.procedure}-{len(call.credential)}-{len(call.arguments)}"


def main() -> None:
    corpus = Corpus(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus")
    directory = private_directory()
    try:
        for talk in (talk_nfs, talk_rpcbind, talk_tirpc):
            for peer, recorder in talk(directory).items():
                corpus.put_streams(peer, recorder)
                recorder.stop()
    finally:
        remove_directory(directory)
    for folder in sorted(corpus.folder.iterdir()):
        print(f"{folder.name}: {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
