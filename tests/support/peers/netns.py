"""A network namespace of a guest's or a host's own, and sockets inside it."""

import ctypes
import os
import socket
import subprocess
import threading
from pathlib import Path

from .process import Process

CLONE_NEWNET = 0x40000000


class Namespace:
    """Namespace is a network namespace that lasts until stop(). `prefix` put before a command runs it inside. Needs root."""

    def __init__(self, log: Path):
        self.process = Process(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"], log)
        self.process.wait_for(lambda: "up" in self.process.log(), "a network namespace")
        self.prefix = ("nsenter", "--target", str(self.process.pid), "--net")

    def ip(self, *words: str) -> None:
        """ip runs ip(8) inside; raises CalledProcessError."""
        subprocess.run([*self.prefix, "ip", *words], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def link_to(self, other: "Namespace", name: str, address: str, other_name: str, other_address: str) -> None:
        """link_to makes a pair of interfaces between two namespaces and gives each an IPv6 address at once usable."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", other_name, "netns", str(other.process.pid))
        for namespace, interface, interface_address in ((self, name, address), (other, other_name, other_address)):
            namespace.ip("link", "set", interface, "up")
            namespace.ip("address", "add", f"{interface_address}/64", "dev", interface, "nodad")

    def connect(self, address: str, interface: str, port: int, source_port: int = 0) -> socket.socket:
        """connect opens a TCP connection from inside to a link-local address; raises OSError."""
        outcome: list = []

        def inside() -> None:
            try:
                with open(f"/proc/{self.process.pid}/ns/net") as namespace:
                    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                sock = socket.socket(socket.AF_INET6)
                try:
                    sock.settimeout(10.0)
                    sock.bind(("::", source_port))
                    sock.connect((address, port, 0, socket.if_nametoindex(interface)))
                except OSError:
                    sock.close()  # now: the error keeps this frame, and the port would stay bound until it is collected
                    raise
                outcome.append(sock)
            except OSError as error:
                outcome.append(error)
        thread = threading.Thread(target=inside)  # the namespace is the thread's alone and ends with it
        thread.start()
        thread.join()
        if isinstance(outcome[0], OSError):
            raise outcome[0]
        return outcome[0]

    def stop(self) -> None:
        self.process.stop()
