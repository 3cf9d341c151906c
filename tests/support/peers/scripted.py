"""An RPC server that does what a test tells it, and remembers every record exactly as it came."""

import socket
import threading
from pathlib import Path
from typing import Callable

from . import rpc
from .client import Connection
from .wait import until

Answer = Callable[[rpc.Call], bytes | None]


def echo(call: rpc.Call) -> bytes:
    """echo answers any call with success and its own arguments as results."""
    return rpc.record(rpc.success(call.xid, call.arguments))


class Scripted:
    """Scripted listens on a unix socket or a loopback port and answers each call with the bytes that `answer` returns (record
    mark included; None: nothing). It keeps `calls`, `fragments` (the lengths of the fragments of each record, in order),
    `replies` (to calls the test sent through `connections`), `sources` (peer addresses), `ended` (the number of connections that
    the other end closed) and `errors` (what it could not read)."""

    def __init__(self, path: Path | None = None, port: int | None = None, answer: Answer = echo):
        self.answer = answer
        self.address = f"unix:{path}" if path else f"tcp:127.0.0.1:{port}"
        self.calls: list[rpc.Call] = []
        self.fragments: list[list[int]] = []
        self.replies: list[rpc.Reply] = []
        self.connections: list[Connection] = []
        self.sources: list[tuple] = []
        self.errors: list[Exception] = []
        self.ended = 0
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        if not path:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(str(path) if path else ("127.0.0.1", port))
        self._listener.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """stop closes the listener and every connection."""
        for sock in [self._listener, *(connection.sock for connection in self.connections)]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def drop(self) -> None:
        """drop closes the connections but goes on listening."""
        for connection in self.connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait_calls(self, count: int, seconds: float = 10.0) -> list[rpc.Call]:
        """wait_calls waits until `count` calls have come and returns them all."""
        until(lambda: len(self.calls) >= count, f"{count} calls at the backend (now {len(self.calls)}; errors {self.errors})", seconds)
        return list(self.calls)

    def _accept(self) -> None:
        while True:
            try:
                sock, source = self._listener.accept()
            except OSError:
                return
            connection = Connection(sock, timeout=600.0)
            self.sources.append(source)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            while True:
                fragments = connection.read_fragments()
                message = b"".join(fragments)
                self.fragments.append([len(fragment) for fragment in fragments])
                if rpc.message_type(message) == rpc.REPLY:
                    self.replies.append(rpc.parse_reply(message))
                    continue
                call = rpc.parse_call(message)
                self.calls.append(call)
                answer = self.answer(call)
                if answer is not None:
                    connection.send(answer)
        except OSError:
            self.ended += 1
        except Exception as error:
            self.errors.append(error)
