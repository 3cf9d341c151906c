"""nfs-ganesha behind the gateway: the arrangement of the NFS tests."""

from dataclasses import dataclass
from pathlib import Path

from peers import nfs, toml
from peers.ganesha import Ganesha
from peers.gateway import Gateway
from peers.ports import free_port

WEB1, WEB2 = "127.66.0.42", "127.66.0.43"


def backends(ganesha: Ganesha) -> dict[str, dict]:
    """backends are the two that a v3 and v4 server makes: NFS and MOUNT."""
    return {"nfs": {"address": f"tcp:127.0.0.1:{ganesha.port}", "programs": ["nfs:3-4"]},
            "mountd": {"address": f"tcp:127.0.0.1:{ganesha.mount_port}", "programs": ["mountd:3"]}}


@dataclass(frozen=True)
class NfsLab:
    """NfsLab is a gateway before a ganesha, with a loopback TCP listener for each of two guests, web1 and web2, whose source
    addresses are WEB1 and WEB2."""
    gateway: Gateway
    ports: dict[str, int]

    def mount(self, guest: str, export: str, version: int = 3, **claim) -> nfs.Mount:
        """mount is an export as the guest sees it; claim: uid and gid."""
        return nfs.Mount(self.ports[guest], export, version, **claim)


def open_lab(start, ganesha: Ganesha, web1: dict | None = None, web2: dict | None = None, **sections) -> NfsLab:
    """open_lab starts the gateway; `web1` and `web2` are further keys of the two guests."""
    ports = {"web1": free_port(), "web2": free_port()}
    guests = {"web1": {"listener": "web1", "source_address": WEB1, "backends": ["nfs", "mountd"], **(web1 or {})},
              "web2": {"listener": "web2", "source_address": WEB2, "backends": ["nfs", "mountd"], **(web2 or {})}}
    text = toml.config({name: f"tcp:127.0.0.1:{port}" for name, port in ports.items()}, backends(ganesha), guests, **sections)
    return NfsLab(start(text), ports)


def owner(path: Path) -> tuple[int, int]:
    """owner is uid and gid of a file, as this host recorded them."""
    status = path.stat()
    return status.st_uid, status.st_gid
