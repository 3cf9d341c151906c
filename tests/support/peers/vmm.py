"""The host's socket of a virtual machine monitor, as Firecracker and Cloud Hypervisor have it."""

import socket
import threading
from pathlib import Path

from .wait import until


class Monitor:
    """Monitor listens on a unix socket, reads "CONNECT PORT\\n" from who connects, and answers as documented: "OK HOST_PORT\\n" and
    from then on the bytes of the service on that port (a unix socket in `ports`), or nothing but a close where there is none. What
    it answers instead can be set: `answer` is sent as it is, in the given pieces, and the connection is then kept open without a service
    unless `connected` says otherwise. `requests` are the lines that came, each with whatever came right behind it."""

    def __init__(self, path: Path, ports: dict[int, Path] | None = None):
        self.path, self.address = path, f"hybrid:{path}"
        self.ports = ports or {}
        self.answer: list[bytes] | None = None
        self.connected = False
        self.requests: list[bytes] = []
        self.opened: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """stop ends the monitor, and with it its virtual machine."""
        for sock in [self._listener, *self.opened]:
            _shut(sock)
            sock.close()

    def wait_requests(self, count: int) -> list[bytes]:
        """wait_requests waits until so many connections have asked for a port, and returns the lines."""
        until(lambda: len(self.requests) >= count, f"{count} requests at the monitor")
        return list(self.requests)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.opened.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        line = b""
        while not line.endswith(b"\n"):
            byte = sock.recv(1)
            if not byte:
                return
            line += byte
        self.requests.append(line)
        port = int(line.split()[1])
        if self.answer is None and port not in self.ports:
            return _shut(sock)
        for piece in self.answer or [b"OK 1073741824\n"]:
            sock.sendall(piece)
        if self.answer is not None and not self.connected:
            return None
        service = socket.socket(socket.AF_UNIX)
        service.connect(str(self.ports[port]))
        self.opened.append(service)
        threading.Thread(target=_pump, args=(service, sock), daemon=True).start()
        return _pump(sock, service)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _shut(target)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
