"""What the tests of the benchmark's tools share."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("GATEHOUSE_BUILD", "build/release")
TOOLS = BUILD / "tests/bench"


def run_tool(name: str, *options: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(TOOLS / name), *map(str, options)], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **(env or {})})


def load(sock: Path, mode: str, *options: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return run_tool("bench_load", "--socket", sock, "--mode", mode, *options, env=env)


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def record(body: bytes) -> bytes:
    return words(0x80000000 | len(body)) + body


def receive(connection: socket.socket, size: int) -> bytes:
    """`size` bytes, or fewer if the other side closes."""
    got = b""
    while len(got) < size and (more := connection.recv(size - len(got))):
        got += more
    return got


def receive_record(connection: socket.socket) -> bytes:
    """One record without its mark; nothing if the other side closes."""
    mark = receive(connection, 4)
    return receive(connection, struct.unpack(">I", mark)[0] & 0x7FFFFFFF) if len(mark) == 4 else b""
