"""Somebody else on gssproxy's socket, who answers as he likes."""

import socket
import threading
import time
from pathlib import Path
from typing import Callable


class Stranger:
    """Stranger listens on a unix socket. To each call it sends what `answer` returns, then hangs up, unless it shall `keep` the
    connection; nothing: it hangs up. With `pause` it sends byte by byte, that many seconds apart. `calls` counts the calls of each
    connection."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None], pause: float = 0, keep: bool = False):
        self.path, self.answer, self.pause, self.keep = path, answer, pause, keep
        self.calls: list[int] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.calls.append(0)
                while call := read_record(connection):
                    self.calls[-1] += 1
                    reply = self.answer(call)
                    self._send(connection, reply or b"")
                    if not (reply and self.keep):
                        break

    def _send(self, connection: socket.socket, reply: bytes) -> None:
        try:
            if not self.pause:
                connection.sendall(reply)
                return
            for at in range(len(reply)):
                connection.sendall(reply[at:at + 1])
                time.sleep(self.pause)
        except OSError:
            pass  # the other side had enough

    @staticmethod
    def relay(to: Path) -> Callable[[bytes], bytes]:
        """relay answers with what the real gssproxy at `to` answers."""
        def answer(call: bytes) -> bytes:
            with socket.socket(socket.AF_UNIX) as real:
                real.connect(str(to))
                real.sendall(call)
                return read_record(real)
        return answer

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def read_record(connection: socket.socket) -> bytes:
    """read_record reads a record of one fragment, its mark included; nothing if the stream ends before."""
    data = b""
    while len(data) < 4 or len(data) < 4 + (int.from_bytes(data[:4], "big") & 0x7FFFFFFF):
        try:
            piece = connection.recv(1 << 20)
        except ConnectionResetError:  # it was closed with bytes of ours unread
            piece = b""
        if not piece:
            return b""
        data += piece
    return data
