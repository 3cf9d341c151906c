"""A real rpcbind, with /run and the network all to itself; reachable through its unix socket."""

import socket
from pathlib import Path

from .process import Process


def connects(path: Path) -> bool:
    """connects says whether somebody listens on the unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


class Rpcbind:
    """Rpcbind runs rpcbind(8) in a mount namespace of its own, where /run is `directory`/run, and in a network namespace of its
    own, so that no port 111 is taken on this machine. `socket` is the unix socket it listens on. Needs root."""

    SCRIPT = 'mount --bind "$0" /run && ip link set lo up && exec rpcbind -f'

    def __init__(self, directory: Path):
        self.run = directory / "run"
        (self.run / "rpcbind").mkdir(parents=True)
        self.socket = self.run / "rpcbind.sock"
        self.process = Process(["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", self.SCRIPT, str(self.run)],
                               directory / "rpcbind.log")
        self.process.wait_for(lambda: connects(self.socket), f"rpcbind listens on {self.socket}")

    def stop(self) -> None:
        self.process.stop()
