#!/usr/bin/python3
"""manager.py NAME PORT PROGRAM [ARGUMENT...]: the service manager of one service, with a descriptor store and a listener.

It listens on vsock port PORT of any CID and passes that socket, named "nfs", to PROGRAM, which it starts at each SIGHUP. What it then does is
as start_gateway of lib.sh has it: log /lab/NAME.log, process id /run/NAME.pid, exit status /run/NAME.status. Prints "ready".
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.service_manager import ServiceManager  # noqa: E402


def listener(port: int) -> socket.socket:
    made = socket.socket(socket.AF_VSOCK)
    made.bind((socket.VMADDR_CID_ANY, port))
    made.listen(64)
    return made


def run(manager: ServiceManager, name: str, argv: list[str]) -> None:
    """run runs the service once, to its end."""
    with open(f"/lab/{name}.log", "ab") as log, manager.starting() as options:
        service = subprocess.Popen([*options["prefix"], *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=options["pass_fds"],
                                   env={**os.environ, **options["env"]})
    Path(f"/run/{name}.pid").write_text(f"{service.pid}\n")
    status = service.wait()
    Path(f"/run/{name}.status").write_text(f"{status}\n")


def main(name: str, port: str, *argv: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    manager = ServiceManager(Path("/run"))
    manager.hold("nfs", listener(int(port)))
    print("ready", flush=True)
    while True:
        signal.sigwait({signal.SIGHUP})
        run(manager, name, list(argv))


if __name__ == "__main__":
    main(*sys.argv[1:])
