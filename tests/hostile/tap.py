"""What reaches a real server: a relay before it that takes the gateway's calls apart."""

import socket
import threading
from pathlib import Path

from peers import rpc


class Tap:
    """Tap listens on a unix socket and passes each connection on to the server at `to`. `connections` is how many there were,
    `calls` are the calls that came whole, `errors` whatever was no call: nothing of the kind may leave the gateway."""

    def __init__(self, path: Path, to: Path):
        self.address = f"unix:{path}"
        self.calls: list[rpc.Call] = []
        self.connections = 0
        self.errors: list[Exception] = []
        self._open: list[socket.socket] = []
        self._to = to
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def drop(self) -> None:
        """drop closes the connections that the gateway has made until now, as a server does that is restarted."""
        for sock in self._open:
            _end(sock)
        self._open.clear()

    def of(self, guest: str) -> list[rpc.Call]:
        """of returns the calls that carry the guest's name as their machine name."""
        return [call for call in list(self.calls) if call.flavor == rpc.Flavor.SYS and rpc.parse_auth_sys(call.credential).machine == guest.encode()]

    def _accept(self) -> None:
        while True:
            try:
                gateway, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(gateway)
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._to))
            threading.Thread(target=self._calls, args=(gateway, server), daemon=True).start()
            threading.Thread(target=_copy, args=(server, gateway), daemon=True).start()

    def _calls(self, gateway: socket.socket, server: socket.socket) -> None:
        seen = bytearray()
        try:
            while data := gateway.recv(1 << 18):
                seen += data
                self._take(seen)
                server.sendall(data)
        except OSError:
            pass
        _end(server)

    def _take(self, seen: bytearray) -> None:
        while len(seen) >= 4:
            mark = int.from_bytes(seen[:4], "big")
            end = 4 + (mark & 0x7FFFFFFF)
            if len(seen) < end:
                return
            message = bytes(seen[4:end])
            del seen[:end]
            with self._lock:
                try:
                    assert mark & rpc.LAST_FRAGMENT, "a record leaves as one fragment"
                    self.calls.append(rpc.parse_call(message))
                except (AssertionError, rpc.Malformed) as error:
                    self.errors.append(error)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(1 << 18):
            sink.sendall(data)
    except OSError:
        pass
    _end(sink)


def _end(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
