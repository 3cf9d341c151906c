"""The seeds in corpus/ that the Linux kernel's NFS client made: files named kernel-WHAT. Runs in user-mode Linux, by tests/vm/record.sh.

    tests/vm/uml.sh tests/vm/record.sh "CORPUS=$PWD/tests/fuzz/corpus"

For each security flavor the file system is mounted through a recorder and read and written by root (the machine's principal) and by
alice (a ticket). From what was said come: streams (record), messages (call_head, reply_head), RPCSEC_GSS credentials (gss_cred),
arguments of context creations (init_args) and of COMPOUNDs without their protection (compound): those of sys, krb5 and krb5i,
which leaves them readable. Where rpc.gssd runs, the client makes its state calls with krb5i, on a sec=sys mount too. The krb5i
mount's connection is cut once, so that the client binds a new one to its session.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import rpc  # noqa: E402
from record_seeds import MOST_MESSAGE, MOST_STREAM, Corpus, records  # noqa: E402
from recorder import Recorder  # noqa: E402

NFS, COMPOUND = 100003, 1
MOUNTS = {"sys": ("sys", "4.2"), "krb5": ("krb5", "4.2"), "krb5i": ("krb5i", "4.2"), "krb5p": ("krb5p", "4.2"), "v40": ("krb5i", "4.0")}
SERVER_PORT, CUT_PORT, FIRST_PORT = 2049, 2050, 20500
ALICE = ["setpriv", "--reuid", "5001", "--regid", "5001", "--clear-groups"]
GSS_PROC = {0: "data", 1: "init", 2: "continue", 3: "destroy"}
SERVICE = {0: "", 1: "-krb5", 2: "-krb5i", 3: "-krb5p"}
OPERATION = {3: "access", 4: "close", 8: "delegreturn", 9: "getattr", 10: "getfh", 12: "lock", 14: "locku", 15: "lookup", 18: "open",
             22: "putfh", 24: "putrootfh", 25: "read", 26: "readdir", 28: "remove", 30: "renew", 34: "setattr", 35: "setclientid",
             36: "setclientid-confirm", 38: "write", 39: "release-lockowner", 41: "bind",
             42: "exchange-id", 43: "create-session", 44: "destroy-session", 45: "free-stateid", 52: "secinfo-no-name", 53: "sequence",
             55: "test-stateid", 57: "destroy-clientid", 58: "reclaim-complete", 59: "allocate", 63: "layoutstats"}


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    print("#", " ".join(command), "->", done.returncode, done.stderr.strip())


def use(name: str, user: list[str]) -> None:
    """use writes, reads, locks, renames and removes a file."""
    run(*user, "sh", "-c", 'echo some text >"$0" && cat "$0" && flock "$0" mv "$0" "$0.new" && ls -l /mnt/nfs && rm "$0.new"', name)


def forwarder() -> subprocess.Popen:
    """forwarder passes connections to CUT_PORT on to the server, until its process group is killed."""
    return subprocess.Popen(["socat", f"TCP-LISTEN:{CUT_PORT},fork,reuseaddr", f"TCP:127.0.0.1:{SERVER_PORT}"], start_new_session=True)


def talk(label: str, sec: str, version: str, port: int) -> Recorder:
    """talk mounts and unmounts through a recorder; in between root and alice use a file each."""
    way = forwarder() if label == "krb5i" else None
    recorder = Recorder(port, CUT_PORT if way else SERVER_PORT)
    run("mount", "-t", "nfs", "-o", f"vers={version},sec={sec},port={port}", "gw.test:/", "/mnt/nfs")
    use(f"/mnt/nfs/{label}-root", [])
    if way:
        os.killpg(way.pid, signal.SIGTERM)
        way.wait()
        way = forwarder()
    use(f"/mnt/nfs/{label}-alice", ALICE)
    run("umount", "/mnt/nfs")
    recorder.stop()
    if way:
        os.killpg(way.pid, signal.SIGTERM)
        way.wait()
    return recorder


def word(call: rpc.Call) -> str:
    """word names a call by its flavor, or what its RPCSEC_GSS credential says."""
    if call.flavor != rpc.Flavor.GSS:
        return {0: "none", 1: "sys"}.get(call.flavor, str(call.flavor))
    reader = rpc.Reader(call.credential)
    _, procedure, _, service = (reader.u32() for _ in range(4))
    return GSS_PROC[procedure] + (SERVICE[service] if procedure in (0, 3) else "")


def operations(arguments: bytes) -> str:
    """operations names a COMPOUND by its first operation and, where that is SEQUENCE, by the second."""
    reader = rpc.Reader(arguments)
    reader.opaque()
    reader.u32()
    count, first = reader.u32(), reader.u32()
    if first != 53 or count == 1:
        return OPERATION.get(first, str(first))
    reader.take(16 + 4 * 4)
    second = reader.u32()
    return f"sequence-{OPERATION.get(second, str(second))}"


def plain_arguments(call: rpc.Call) -> bytes:
    """plain_arguments are a call's arguments without RPCSEC_GSS around them; nothing where they are encrypted or not the program's."""
    kind = word(call)
    if kind in ("sys", "data-krb5"):
        return call.arguments
    return rpc.Reader(call.arguments).opaque()[4:] if kind == "data-krb5i" else b""


class Kept:
    """Kept numbers the seeds of one kind, and keeps the first `most` of them."""

    def __init__(self, corpus: Corpus, most: int):
        self._corpus, self._most, self._count = corpus, most, {}

    def put(self, target: str, name: str, data: bytes) -> None:
        number = self._count[target, name] = self._count.get((target, name), 0) + 1
        if number <= self._most:
            self._corpus.put(target, f"kernel-{name}-{number}", data)


def put_call(kept: Kept, label: str, call: rpc.Call, message: bytes) -> None:
    kept.put("call_head", f"{label}-{word(call)}", message[:MOST_MESSAGE])
    if call.flavor == rpc.Flavor.GSS:
        kept.put("gss_cred", f"{label}-{word(call)}", call.credential)
        if word(call) == "init":
            kept.put("init_args", label, call.arguments)
    if call.flavor == rpc.Flavor.SYS:
        kept.put("auth_sys", label, call.credential)
    if (call.program, call.procedure) == (NFS, COMPOUND) and (arguments := plain_arguments(call)):
        kept.put("compound", operations(arguments), arguments)


def put_streams(corpus: Corpus, kept: Kept, label: str, recorder: Recorder) -> None:
    for number, (sent, received) in enumerate(recorder.streams, 1):
        for side, stream in (("calls", sent), ("replies", received)):
            corpus.put("record", f"kernel-{label}-{number}-{side}", bytes(stream[:MOST_STREAM]))
        calls = {}
        for message in records(bytes(sent)):
            if rpc.message_type(message) == rpc.CALL:
                call = rpc.parse_call(message)
                calls[call.xid] = call
                put_call(kept, label, call, message)
        for message in records(bytes(received)):
            call = calls.get(int.from_bytes(message[:4], "big"))
            name = f"{label}-callback" if rpc.message_type(message) == rpc.CALL else f"{label}-{word(call)}" if call else f"{label}-stray"
            kept.put("reply_head" if rpc.message_type(message) == rpc.REPLY else "call_head", name, message[:MOST_MESSAGE])


def main() -> None:
    corpus = Corpus(Path(sys.argv[1]))
    kept = Kept(corpus, 3)
    for port, (label, (sec, version)) in enumerate(MOUNTS.items(), FIRST_PORT):
        put_streams(corpus, kept, label, talk(label, sec, version, port))
    for folder in sorted(corpus.folder.iterdir()):
        print(f"# {folder.name}: {len(list(folder.glob('kernel-*')))} of the kernel's")


if __name__ == "__main__":
    main()
