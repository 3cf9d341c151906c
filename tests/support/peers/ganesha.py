"""A real NFS server in user space: nfs-ganesha, NFSv3 and NFSv4, on loopback TCP."""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

from .ports import free_pair, listening
from .process import Process, private_directory, remove_directory
from .rpcbind import Rpcbind

CORE = """
NFS_CORE_PARAM {{
  Bind_addr = 127.0.0.1; NFS_Port = {port}; MNT_Port = {mount_port}; NFS_Protocols = {protocols};
  Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; Clustered = false;
  fsid_device = true; mount_path_pseudo = true; Dbus_Name_Prefix = gatehouse{port};
}}
NFSV4 {{
  Graceless = true; Lease_Lifetime = 30; RecoveryBackend = fs; RecoveryRoot = {directory}/recovery;
  Only_Numeric_Owners = true; Allow_Numeric_Owners = true; Minor_Versions = 0,1,2;
}}
NFS_KRB5 {{ Active_krb5 = false; }}
EXPORT_DEFAULTS {{ Protocols = {protocols}; Transports = TCP; SecType = sys; Squash = No_Root_Squash; Access_Type = RW; }}
LOG {{ Default_Log_Level = EVENT; }}
"""

EXPORT = """
EXPORT {{
  Export_Id = {number}; Path = {path}; Pseudo = /{name}; Filesystem_Id = {number}.1; FSAL {{ Name = VFS; }}
  Attr_Expiration_Time = 0; PrivilegedPort = {privileged}; {access}
}}
"""


@dataclass(frozen=True)
class Export:
    """Export is a directory that the server offers as /name: to everybody, or to the source addresses in `clients` alone."""
    name: str
    clients: tuple[str, ...] = ()
    privileged_port: bool = True


class Ganesha:
    """Ganesha runs ganesha.nfsd with the exports given (NFS on `port`, MOUNT on `mount_port`) and, because NFSv3 cannot start
    without one, a private rpcbind. `path(name)` is the directory behind an export, on this host. Needs root."""

    SCRIPT = 'mount --bind "$0" /run && exec ganesha.nfsd -F -f "$1" -L "$2" -p "$3"'

    def __init__(self, directory: Path, exports: list[Export], port: int | None = None):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.exports = exports
        self.port = port or free_pair()
        self.mount_port = self.port + 1
        self.data = _data_directory()
        for export in exports:
            self.path(export.name).mkdir()
            self.path(export.name).chmod(0o1777)
        (directory / "recovery").mkdir()
        self.log_path = directory / "ganesha.log"
        self.rpcbind = Rpcbind(directory)
        self.process: Process | None = None
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def path(self, name: str) -> Path:
        return self.data / name

    def start(self) -> None:
        """start starts the server; it returns when NFS and MOUNT take connections. Also after halt()."""
        config = self.directory / "ganesha.conf"
        config.write_text(CORE.format(port=self.port, mount_port=self.mount_port, protocols="3,4", directory=self.directory)
                          + "".join(self._export(number, export) for number, export in enumerate(self.exports, 1)))
        self.process = Process(["unshare", "--mount", "--propagation", "private", "sh", "-c", self.SCRIPT, str(self.rpcbind.run),
                                str(config), str(self.log_path), str(self.directory / "ganesha.pid")], self.directory / "ganesha.out")
        self.process.wait_for(lambda: listening(self.port) and listening(self.mount_port), f"ganesha listens on {self.port}", 30)

    def halt(self) -> None:
        """halt stops the server but keeps its files, for start()."""
        if self.process:
            self.process.stop()

    def stop(self) -> None:
        self.halt()
        self.rpcbind.stop()
        remove_directory(self.data)

    def _export(self, number: int, export: Export) -> str:
        access = ""
        if export.clients:
            access = f"Access_Type = NONE; CLIENT {{ Clients = {', '.join(export.clients)}; Access_Type = RW; " \
                     f"PrivilegedPort = {_word(export.privileged_port)}; }}"
        return EXPORT.format(number=number, path=self.path(export.name), name=export.name, access=access,
                             privileged=_word(export.privileged_port))


def _word(value: bool) -> str:
    return "true" if value else "false"


def _data_directory() -> Path:
    """_data_directory makes a directory on a file system that has file handles, which the server's VFS back end needs (the
    layered file system of a container, for one, has none)."""
    made = private_directory("gh-data-")
    if _has_handles(made):
        return made
    remove_directory(made)
    made = Path("/dev/shm") / made.name
    made.mkdir(mode=0o755)
    return made


def _has_handles(path: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    handle = ctypes.create_string_buffer(8 + 128)
    ctypes.memmove(handle, (128).to_bytes(4, "little"), 4)
    mount = ctypes.c_int()
    return libc.name_to_handle_at(-100, os.fsencode(path), handle, ctypes.byref(mount), 0) == 0
