"""A relay that writes down what real peers say to each other, for the seeds of the fuzz targets."""

import socket
import threading
from pathlib import Path


class Recorder:
    """Recorder listens on `listen`, passes every connection on to `to` (each a path or a loopback port) and keeps both
    directions of each: `streams` is a list of (what the client sent, what the server sent), in order of arrival."""

    def __init__(self, listen: Path | int, to: Path | int):
        self._to = to
        self.streams: list[tuple[bytearray, bytearray]] = []
        self._listener = _socket(listen)
        self._listener.bind(_address(listen))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = _socket(self._to)
            server.connect(_address(self._to))
            sent, received = bytearray(), bytearray()
            self.streams.append((sent, received))
            for source, sink, kept in ((client, server, sent), (server, client, received)):
                threading.Thread(target=_pass_on, args=(source, sink, kept), daemon=True).start()


def _socket(where: Path | int) -> socket.socket:
    made = socket.socket(socket.AF_INET if isinstance(where, int) else socket.AF_UNIX)
    if isinstance(where, int):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _address(where: Path | int):
    return ("127.0.0.1", where) if isinstance(where, int) else str(where)


def _pass_on(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    try:
        while data := source.recv(65536):
            kept += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
