"""The programs a benchmark run starts: each with a configuration, a log, a readiness condition and a stop."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import guests
import seen

READY_SECONDS = 20.0


class BenchError(Exception):
    """What went wrong, where, and what to do: one message for the user."""


@dataclass
class Relay:
    """One way from the load generator to the server. `pid` is whose CPU time is measured."""

    name: str
    socket: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def connectable(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def pinned(core: int | None, command: list[str | Path]) -> list[str]:
    """The command, kept on one core. taskset becomes the program, so the process id stays."""
    return [*(["taskset", "-c", str(core)] if core is not None else []), *map(str, command)]


def start(name: str, command: list[str], sock: Path, ready: str | None, scratch: Path, env: dict[str, str]) -> Relay:
    """Start a program; return when its log says `ready` (if any) and its socket takes connections."""
    log = scratch / f"{name}.log"
    sock.unlink(missing_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **env})
    relay = Relay(name, sock, process)
    deadline = time.monotonic() + READY_SECONDS
    while not ((ready is None or ready in log.read_text(errors="replace")) and connectable(sock)):
        problem = None
        if process.poll() is not None:
            problem = f"ended with status {process.returncode} before it was ready"
        elif time.monotonic() > deadline:
            problem = f"was not ready within {READY_SECONDS:.0f} seconds"
        if problem:
            relay.stop()
            tail = log.read_text(errors="replace")[-2000:]
            raise BenchError(f"{name} ({' '.join(command)}) {problem}; its log:\n{tail}")
        time.sleep(0.01)  # the pace of polling; the condition above decides
    return relay


HAPROXY = """\
global
    nbthread 1
    maxconn 4096
defaults
    mode tcp
    timeout connect 10s
    timeout client 10m
    timeout server 10m
{options}
frontend in
    bind unix@{listen}
    default_backend out
backend out
    server bench unix@{server}
"""

GATEHOUSE = """\
[gateway]
workers = 1

[[listener]]
name = "bench"
address = "unix:{listen}"

[[backend]]
name = "nfs"
address = "unix:{server}"
programs = ["nfs:3-4"]

[[guest]]
name = "bench"
listener = "bench"
sec = [{sec}]
backends = ["nfs"]
filehandles = "{filehandles}"
limits = {{ connections = 2000, in_flight = 65536{limits} }}
"""


# What the Kerberos part adds: every flavor, and limits that are not what is measured. As many groups as AUTH_SYS sends.
KERBEROS = """
[kerberos]
keytab = "{keytab}"
replay_cache = "{replay_cache}"

[[principal]]
match = "*"
map = {{ uid = 1000, gid = 1000, groups = [24, 27, 100, 1001] }}
"""
ALL_FLAVORS = '"sys", "krb5", "krb5i", "krb5p"'
KERBEROS_LIMITS = ', contexts = 20000, nascent_contexts = 1000, inits_per_second = 1000000'


def find_haproxy() -> str:
    search = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    found = shutil.which("haproxy", path=search)
    if not found:
        raise BenchError("haproxy is not installed; the ratios are against it: apt-get install haproxy")
    return found


@dataclass
class Starter:
    """Starts the programs by name. `tools` is the directory of the bench binaries."""

    tools: Path
    gatehouse: Path | None
    scratch: Path
    pin: bool = False
    keytab: Path | None = None
    env: dict[str, str] = field(default_factory=dict)

    def start(self, name: str) -> Relay:
        sock = self.scratch / f"{name}.sock"
        server = self.scratch / "direct.sock"
        config = self.scratch / f"{name}.conf"
        ready: str | None = "ready"
        command: list[str | Path]
        if name == "direct":
            command = [self.tools / "bench_server", "--listen", f"unix:{sock}"]
        elif name == "relay":
            command = [self.tools / "bench_relay", "--listen", f"unix:{sock}", "--to", f"unix:{server}"]
        elif name == "terminator":
            command = [self.tools / "bench_terminator", "--listen", f"unix:{sock}"]
        elif name.startswith("gatehouse"):
            assert self.gatehouse is not None
            config.write_text(self.gatehouse_config(name, sock, server))
            command, ready = [self.gatehouse, "--config", config], "event=ready"
        else:
            splice = "    option splice-request\n    option splice-response" if name == "haproxy-splice" else ""
            config.write_text(HAPROXY.format(listen=sock, server=server, options=splice))
            command, ready = [find_haproxy(), "-db", "-f", config], None
        return start(name, pinned(self.core_of(name), command), sock, ready, self.scratch,
                     {**self.env, "STATE_DIRECTORY": str(self.scratch)})

    def gatehouse_config(self, name: str, sock: Path, server: Path) -> str:
        if name.startswith(guests.PREFIX):
            one = GATEHOUSE.format(listen=sock, server=server, sec='"sys"', limits="", filehandles="plain")
            return one + guests.config(int(name.removeprefix(guests.PREFIX)))
        if name in (seen.UNSEEN, seen.SEEN):
            return seen.config(name, self.scratch) + GATEHOUSE.format(listen=sock, server=server, sec='"sys"', limits="", filehandles="plain")
        if name in ("gatehouse", "gatehouse-bound"):
            handles = "bound" if name == "gatehouse-bound" else "plain"
            return GATEHOUSE.format(listen=sock, server=server, sec='"sys"', limits="", filehandles=handles)
        text = GATEHOUSE.format(listen=sock, server=server, sec=ALL_FLAVORS, limits=KERBEROS_LIMITS, filehandles="plain")
        return text + KERBEROS.format(keytab=self.keytab, replay_cache=self.scratch / f"{name}-rcache")

    def core_of(self, name: str) -> int | None:
        """With --pin the relay under measurement has core 1 and both its peers share core 0."""
        return (0 if name in ("direct", "load") else 1) if self.pin else None
