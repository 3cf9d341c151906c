"""How the seeds in corpus/rpcbind_args were made: each is version, procedure and arguments of one question to rpcbind.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/rpcbind_seeds.py [CORPUS]

rpcinfo-*, libtirpc-*, showmount-*, mount-*: what these programs asked, in a network namespace whose port 111 a relay leads to the
gateway's rpcbind by way of a recorder. Needs root. edge-*: lengths that lie and procedures that are refused.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import rpc, rpcbind_client, toml  # noqa: E402
from peers.build import program  # noqa: E402
from peers.gateway import Gateway  # noqa: E402
from peers.netns import Namespace  # noqa: E402
from peers.process import Process, private_directory, remove_directory  # noqa: E402
from peers.rpc import opaque, u32  # noqa: E402
from record_seeds import records  # noqa: E402
from recorder import Recorder  # noqa: E402

HOST = "127.0.0.1"
RPCINFO = [["-p", HOST], [HOST], ["-s", HOST], ["-m", HOST], ["-l", HOST, "100000", "4"], ["-l", HOST, "100003", "3"], ["-T", "tcp", HOST, "100000"],
           ["-T", "tcp", HOST, "100000", "4"], ["-T", "tcp", HOST, "nfs", "3"], ["-T", "tcp", HOST, "mountd"], ["-t", HOST, "100000", "2"],
           ["-t", HOST, "nlockmgr", "4"], ["-n", "111", "-t", HOST, "100000", "2"]]
PROGRAMS = [(100000, 4), (100003, 4), (100005, 3), (100021, 4), (100227, 3), (0x20000001, 1), (0xFFFFFFFF, 0xFFFFFFFF)]


def talk(directory: Path) -> dict[str, Recorder]:
    """talk lets each program ask, with a recorder of its own."""
    listeners = [toml.entry("listener", name, address=f"hybrid:{directory}/g.sock:{port}", rpcbind=port == 111)
                 for name, port in (("in", 2049), ("rpcbind", 111))]
    nfs = {"address": f"unix:{directory}/nobody.sock", "programs": ["nfs:3-4", "mountd:3"]}
    server = Gateway(directory, "\n".join([*listeners, toml.config({}, {"nfs": nfs}, {"g": {"listener": ["in", "rpcbind"], "backends": ["nfs"]}})]))
    machine, recorders = Namespace(directory / "machine.log"), {}
    for name in ("rpcinfo", "libtirpc", "showmount", "mount"):
        recorders[name] = Recorder(directory / f"{name}.sock", directory / "g.sock_111")
        relay = Process([*machine.prefix, str(program("guest/gatehouse-guest")), "--listen", f"{HOST}:111", "--to",
                         f"unix:{directory}/{name}.sock"], directory / f"{name}.log")
        relay.wait_for(lambda: "event=ready" in relay.log(), "the relay is ready")
        if name == "rpcinfo":
            for arguments in RPCINFO:
                run(machine, "rpcinfo", *arguments)
        elif name == "libtirpc":
            for number, version in PROGRAMS:
                print("libtirpc:", rpcbind_client.ask(machine.prefix, HOST, number, version))
        elif name == "showmount":
            run(machine, "showmount", "-e", HOST)
        else:
            run(machine, "mount.nfs", f"{HOST}:/srv", str(directory), "-o", "vers=3,proto=tcp,mountproto=tcp,nolock,retry=0")
        relay.stop()
    machine.stop()
    server.stop()
    return recorders


def run(machine: Namespace, *command: str) -> None:
    done = subprocess.run([*machine.prefix, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    print(*command, "->", done.returncode, (done.stdout or done.stderr).strip().splitlines()[-1:])


def rpcb(netid: bytes, address: bytes = b"", owner: bytes = b"") -> bytes:
    return u32(100003, 4) + opaque(netid) + opaque(address) + opaque(owner)


def edge() -> dict[str, bytes]:
    question = rpcb(b"tcp", b"127.0.0.1.0.111", b"superuser")
    taddr = u32(16) + opaque(bytes.fromhex("28000000010800000200000000000000"))
    seeds = {f"procedure-{number}-of-{version}": u32(version, number) + question for version in (2, 3, 4) for number in (1, 2, 5, 10, 12)}
    seeds |= {f"netid-{netid.decode() or 'none'}": u32(4, 3) + rpcb(netid) for netid in (b"", b"vsockc", b"vsock", b"vsockd", b"udp", b"local", b"tcp6")}
    seeds |= {f"length-{length}": u32(4, 3, 100003, 4, length) + bytes(300) for length in (255, 256, 0x7FFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF)}
    seeds |= {f"uaddr-{text.decode()}": u32(4, 7) + opaque(text) for text in (b"2.2049", b"02.2049", b"4294967296.1", b"127.0.0.1.8.1", b"2.2049.1")}
    return seeds | {
        "taddr": u32(4, 8) + taddr, "taddr-short-maximum": u32(4, 8, 15) + taddr[4:], "taddr-of-inet": u32(3, 8, 16) + opaque(bytes.fromhex("02000801") + bytes(12)),
        "string-256": u32(4, 7) + opaque(bytes(256)), "netid-256": u32(4, 3) + rpcb(bytes(256)), "longest-strings": u32(4, 9) + rpcb(bytes(255), bytes(255), bytes(255)), "behind": u32(4, 3) + question + u32(0), "getport-udp": u32(2, 3, 100003, 3, 17, 0),
        "dump-with-arguments": u32(4, 4, 0), "version-5": u32(5, 3) + question, "version-1": u32(1, 4),
    }


def main() -> None:
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus") / "rpcbind_args"
    folder.mkdir(parents=True, exist_ok=True)
    known: set[bytes] = set()
    directory = private_directory()
    try:
        for peer, recorder in talk(directory).items():
            for sent, _ in recorder.streams:
                for call in map(rpc.parse_call, records(bytes(sent))):
                    data = u32(call.version, call.procedure) + call.arguments
                    if data not in known:
                        known.add(data)
                        (folder / f"{peer}-{call.version}-{call.procedure}-{len(known)}").write_bytes(data)
            recorder.stop()
    finally:
        remove_directory(directory)
    for name, data in edge().items():
        (folder / f"edge-{name}").write_bytes(data)
    print(f"rpcbind_args: {len(known)} recorded, {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
