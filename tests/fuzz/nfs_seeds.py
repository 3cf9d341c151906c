"""The seeds kernel-* of nfs_args and nfs_results: runs in user-mode Linux, by nfs_record.sh.

Each version is mounted through a recorder; one file system is used in every way that a client has an operation for. Of all messages with
the same operation and outcome the first two are kept. Names: kernel-VERSION-OPERATION-NUMBER; of NFSv3 kernel-3-PROCEDURE-NUMBER, with
the number of the procedure. The seeds shapes-* are the unit tests' samples, some operations a file.
"""

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from kernel_seeds import OPERATION  # noqa: E402
from peers import rpc  # noqa: E402
from record_seeds import records  # noqa: E402
from recorder import Recorder  # noqa: E402

NFS, MOUNT = 100003, 100005
MNT, EXPORT = Path("/mnt/nfs"), Path("/export")
MOST = 900
PROCEDURE3 = {1: "getattr", 3: "lookup", 7: "write", 8: "create", 9: "mkdir", 10: "symlink", 11: "mknod", 14: "rename", 15: "link",
              17: "readdirplus"}
SHOWS_HANDLES = (3, 8, 9, 10, 11, 17)
NAMES = OPERATION | {5: "commit", 6: "create", 11: "link", 13: "lockt", 20: "open-confirm", 27: "readlink", 29: "rename", 47: "getdeviceinfo",
                     50: "layoutget", 51: "layoutreturn", 60: "copy", 62: "deallocate", 69: "seek", 71: "clone", 72: "getxattr",
                     73: "setxattr", 74: "listxattrs", 75: "removexattr", 33: "secinfo"}
PUTFH, CB_SEQUENCE = 22, 11
SKIPPED = {53: 32, PUTFH: 0, 24: 0, 32: 0}  # SEQUENCE, PUTROOTFH and SAVEFH with the bytes of their arguments


def shell(script: str) -> None:
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60)
    print("#", script, "->", done.returncode, done.stderr.strip()[:200])


def use_names(p: str) -> None:
    shell(f"mkdir {p}.d; echo hello >{p}; ln {p} {p}.l; ln -s target {p}.s; readlink {p}.s; mkfifo {p}.f; mknod {p}.n c 1 3; mv {p}.l {p}.m")
    shell(f"rm {p}.m; chmod 600 {p}; chown 5:6 {p}; truncate -s 3 {p}; ls -la {MNT} {MNT}/sub {p}.d; df {MNT}; cat {p}.absent; rmdir {p}.d")


def use_locks(p: str, label: str) -> None:
    with open(p, "r+") as mine, open(EXPORT / label, "r+") as servers:
        fcntl.lockf(mine, fcntl.LOCK_EX)
        fcntl.lockf(mine, fcntl.LOCK_UN)
        fcntl.lockf(servers, fcntl.LOCK_EX, 10, 0)
        with contextlib.suppress(OSError):
            fcntl.lockf(mine, fcntl.LOCK_EX | fcntl.LOCK_NB, 5, 2)
        fcntl.fcntl(mine, fcntl.F_GETLK, struct.pack("hhllhh", fcntl.F_WRLCK, 0, 0, 100, 0, 0))


def use_data(p: str) -> None:
    with open(os.open(p + ".h", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o640), "r+b", buffering=0) as file:
        os.ftruncate(file.fileno(), 100000)
        os.pwrite(file.fileno(), b"tail", 90000)
        os.fsync(file.fileno())
        os.lseek(file.fileno(), 0, os.SEEK_DATA)
        os.posix_fallocate(file.fileno(), 0, 4096)
    shell(f"fallocate -p -o 0 -l 4096 {p}.h; echo 3 >/proc/sys/vm/drop_caches; cat {p}.h >/dev/null")
    with open(p + ".h", "rb") as source, open(p + ".c", "wb") as target:
        os.copy_file_range(source.fileno(), target.fileno(), 5000, 0, 0)
        with contextlib.suppress(OSError):
            fcntl.ioctl(target, 0x40049409, source.fileno())  # FICLONE


def use_attributes(p: str) -> None:
    os.setxattr(p, "system.nfs4_acl", os.getxattr(p, "system.nfs4_acl"))
    os.setxattr(p, "user.one", b"value")
    os.getxattr(p, "user.one")
    os.listxattr(p)
    os.removexattr(p, "user.one")


def use_delegation(p: str, label: str) -> None:
    (EXPORT / f"{label}.deleg").write_text("one")
    with open(p + ".deleg") as file:
        file.read()
        shell(f"timeout 5 sh -c 'echo two >{EXPORT}/{label}.deleg'")


def use(label: str) -> None:
    """use does all of the above; what a version has not is passed over."""
    p = str(MNT / label)
    use_names(p)
    for step in (lambda: use_locks(p, label), lambda: use_data(p), lambda: use_attributes(p), lambda: use_delegation(p, label)):
        try:
            step()
        except OSError as error:
            print("#", label, error)


def results(message: bytes) -> bytes:
    """results are those of an accepted call that succeeded; empty otherwise."""
    if message[8:12] != bytes(4):
        return b""
    at = 20 + (int.from_bytes(message[16:20], "big") + 3) // 4 * 4
    return message[at + 4:] if message[at:at + 4] == bytes(4) else b""


def name_of(call: rpc.Call, callback: bool) -> str:
    """name_of names a COMPOUND by its first operation that is not one of those most begin with."""
    reader = rpc.Reader(call.arguments)
    reader.opaque()
    reader.take(8 if callback else 4)
    for _ in range(reader.u32()):
        number = reader.u32()
        if callback and number == CB_SEQUENCE:
            reader.take(32)
            if reader.u32():
                break
        elif not callback and number in SKIPPED:
            reader.opaque() if number == PUTFH else reader.take(SKIPPED[number])
        else:
            return f"cb-{number}" if callback else NAMES.get(number, str(number))
    return "cb-sequence" if callback else "sequence"


class Kept:
    """Kept numbers the seeds of one name, and writes the first two that are not too long."""

    def __init__(self, corpus: Path):
        self._corpus, self._seen = corpus, {}

    def put(self, target: str, name: str, data: bytes) -> None:
        if not 0 < len(data) <= MOST:
            return
        number = self._seen[target, name] = self._seen.get((target, name), 0) + 1
        if number <= 2:
            (self._corpus / target).mkdir(exist_ok=True)
            (self._corpus / target / f"kernel-{name}-{number}").write_bytes(data)

    def put_call(self, version: str, call: rpc.Call, callback: bool) -> None:
        if call.procedure == 1 and version != "3":
            self.put("nfs_args", f"{version}-{name_of(call, callback)}", call.arguments)
        elif call.program == NFS and call.procedure in PROCEDURE3 and version == "3":
            self.put("nfs_args", f"3-{PROCEDURE3[call.procedure]}-{call.procedure}", call.arguments)

    def put_reply(self, version: str, call: rpc.Call, body: bytes, callback: bool) -> None:
        failed = "" if body[:4] == bytes(4) else "-error"
        if call.procedure == 1 and version != "3":
            self.put("nfs_results", f"{version}-{name_of(call, callback)}{failed}", body)
        elif call.program == NFS and call.procedure in SHOWS_HANDLES and version == "3":
            self.put("nfs_results", f"3-{PROCEDURE3[call.procedure]}-{call.procedure}{failed}", body)
        elif call.program == MOUNT and call.procedure == 1:
            self.put("nfs_results", "3-mnt-1", body)

    def put_streams(self, version: str, recorder: Recorder) -> None:
        for pair in recorder.streams:
            for callback in (False, True):
                calls = {}
                for message in records(bytes(pair[callback])):
                    if rpc.message_type(message) == rpc.CALL:
                        call = rpc.parse_call(message)
                        calls[call.xid] = call
                        self.put_call(version, call, callback)
                for message in records(bytes(pair[not callback])):
                    call = calls.get(int.from_bytes(message[:4], "big"))
                    if rpc.message_type(message) == rpc.REPLY and call and (body := results(message)):
                        self.put_reply(version, call, body, callback)


def main() -> None:
    kept = Kept(Path(sys.argv[1]))
    for number, version in enumerate(("4.0", "4.1", "4.2", "3")):
        port = 21000 + number
        recorders = [Recorder(port, 2049), Recorder(port + 100, 20048)]
        options = f"vers={version},port={port}" + (f",mountport={port + 100},nolock,mountproto=tcp,proto=tcp" if version == "3" else "")
        shell(f"mount -t nfs -o {options} 127.0.0.1:{EXPORT if version == '3' else '/'} {MNT}")
        use("v" + version)
        shell(f"umount {MNT}")
        for recorder in recorders:
            recorder.stop()
            kept.put_streams(version, recorder)


if __name__ == "__main__":
    main()
