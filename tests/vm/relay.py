#!/usr/bin/python3
"""relay.py LISTEN CID PORT --source keep|high [--record PREFIX]: carries bytes between TCP 127.0.0.1:LISTEN and AF_VSOCK CID:PORT.

It stands for the byte relay inside a virtual machine, since a kernel's NFS client speaks TCP only. It knows nothing of RPC.
`--source keep` binds the vsock side to the TCP client's own port when that is privileged and to an unprivileged one otherwise, as an
honest relay propagates privilege and never raises it. `--source high` always takes an unprivileged port. `--record` writes the first
4 MiB or so of what each connection carries to PREFIX-N.calls (from the TCP client) and PREFIX-N.replies, N from 1. Runs inside user-mode
Linux only: AF_VSOCK has no network namespaces. Prints "ready" when it listens and a line "relay TCP-PORT -> VSOCK-PORT" a connection.
"""

import argparse
import contextlib
import errno
import io
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable

PRIVILEGED = 1024
PATIENCE = 30.0
HIGH = range(40000, 60000)
RECORDED = 4 << 20


def connect(cid: int, port: int, source: int | None) -> socket.socket:
    """connect returns a vsock connection to cid:port from the source port, or from the first free unprivileged one.

    It tries for PATIENCE seconds while nobody listens there. To close the TCP side instead would be no answer: the kernel's NFS client
    takes an accepted connection for success and comes again at once, hundreds of times a second. OSError when the time is up.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        sock = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        try:
            bind(sock, HIGH if source is None else [source])
            sock.connect((cid, port))
            return sock
        except ConnectionResetError:  # what AF_VSOCK says for a port without a listener
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        except OSError:
            sock.close()
            raise


def bind(sock: socket.socket, ports: Iterable[int]) -> None:
    """bind takes the first port of `ports` that is free. OSError when none is."""
    for port in ports:
        try:
            sock.bind((socket.VMADDR_CID_ANY, port))
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "the vsock source port is taken")


def copy(source: socket.socket, sink: socket.socket, record: Callable[[bytes], object]) -> None:
    """copy moves bytes until the source ends, then passes the end on. A reset of either side ends both."""
    try:
        while data := source.recv(256 * 1024):
            record(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was already closed by its peer


def recorders(stack: contextlib.ExitStack, prefix: str, number: int) -> list[Callable[[bytes], object]]:
    """recorders returns what takes the bytes of the connection's two directions: files, unbuffered, or nothing."""
    if not prefix:
        return [lambda _: None] * 2
    return [recorder(stack.enter_context(open(f"{prefix}-{number}.{side}", "wb", buffering=0))) for side in ("calls", "replies")]


def recorder(file: io.FileIO) -> Callable[[bytes], object]:
    return lambda data: file.write(data) if file.tell() < RECORDED else None


def serve(client: socket.socket, client_port: int, number: int, args: argparse.Namespace) -> None:
    """serve relays one connection and closes both of its sides."""
    with client, contextlib.ExitStack() as stack:
        source = client_port if args.source == "keep" and client_port < PRIVILEGED else None
        try:
            upstream = stack.enter_context(connect(args.cid, args.port, source))
        except OSError as error:
            print(f"refused: {client_port}: {error}", flush=True)
            return
        calls, replies = recorders(stack, args.record, number)
        print(f"relay {client_port} -> {upstream.getsockname()[1]}", flush=True)
        back = threading.Thread(target=copy, args=(upstream, client, replies))
        back.start()
        copy(client, upstream, calls)
        back.join()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("listen", type=int)
    parser.add_argument("cid", type=int)
    parser.add_argument("port", type=int)
    parser.add_argument("--source", choices=("keep", "high"), default="keep")
    parser.add_argument("--record", default="")
    args = parser.parse_args()
    with socket.create_server(("127.0.0.1", args.listen)) as listener:
        print("ready", flush=True)
        for number in itertools.count(1):
            client, address = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(client, address[1], number, args), daemon=True).start()


if __name__ == "__main__":
    main()
