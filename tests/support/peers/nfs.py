"""The NFS utilities of libnfs, as the clients of the tests.

Two faults of libnfs 4.0.0 (Debian 12) to know: nfs-cp of 4000 bytes and more over NFSv4 fails in the client, before any WRITE is
sent; and a `sec=` other than sys in the URL is ignored without a word.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 60


@dataclass(frozen=True)
class Result:
    """Result is what a utility said: its exit status and its output, both streams together."""
    status: int
    output: str

    @property
    def ok(self) -> bool:
        return self.status == 0


@dataclass(frozen=True)
class Mount:
    """Mount says where a client finds an export and whom it claims to be. `mount_port` is NFSv3's MOUNT service."""
    port: int
    export: str
    version: int = 3
    mount_port: int | None = None
    uid: int | None = None
    gid: int | None = None

    def url(self, name: str = "") -> str:
        options = [f"nfsport={self.port}", f"version={self.version}"]
        if self.version == 3:
            options.append(f"mountport={self.mount_port or self.port}")
        options += [f"{key}={value}" for key, value in (("uid", self.uid), ("gid", self.gid)) if value is not None]
        return f"nfs://127.0.0.1/{self.export}/{name}?{'&'.join(options)}"


def run(*argv: str, unprivileged: bool = False) -> Result:
    """run runs a utility; `unprivileged` as a user who cannot bind a port below 1024."""
    prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if unprivileged else []
    done = subprocess.run([*prefix, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TIMEOUT, env={**os.environ, "LC_ALL": "C"})
    return Result(done.returncode, done.stdout.decode(errors="replace"))


def ls(mount: Mount, unprivileged: bool = False) -> Result:
    """ls lists an export."""
    return run("nfs-ls", mount.url(), unprivileged=unprivileged)


def put(mount: Mount, local: Path, name: str, unprivileged: bool = False) -> Result:
    """put copies a local file into an export."""
    return run("nfs-cp", str(local), mount.url(name), unprivileged=unprivileged)


def get(mount: Mount, name: str, local: Path, unprivileged: bool = False) -> Result:
    """get copies a file of an export into a local file."""
    return run("nfs-cp", mount.url(name), str(local), unprivileged=unprivileged)


def cat(mount: Mount, name: str) -> bytes:
    """cat returns the content of a file of an export; raises CalledProcessError."""
    return subprocess.run(["nfs-cat", mount.url(name)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT, check=True).stdout
