"""The server and the client made with libtirpc (tests/support/tirpc): an RPC implementation that is not ours."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .build import program
from .process import Process
from .rpc import Reader

PROGRAM = 0x20000001
NULL, WHO, ECHO, SLOW = range(4)


class TirpcServer:
    """TirpcServer runs tirpc-server on a unix socket (`path`) or on a loopback TCP port. `address` is what the gateway's
    configuration calls it. Its program is PROGRAM, versions 1 to 2, unless stated."""

    def __init__(self, log: Path, path: Path | None = None, port: int | None = None, program_number: int = PROGRAM,
                 versions: tuple[int, int] = (1, 2)):
        self.where = ["--unix", str(path)] if path else ["--tcp", "127.0.0.1", str(port)]
        self.address = f"unix:{path}" if path else f"tcp:127.0.0.1:{port}"
        self._argv = [str(program("tests/support/tirpc/tirpc-server")), *self.where, "--program", str(program_number),
                      "--versions", *map(str, versions)]
        self._log = log
        self.start()

    def start(self) -> None:
        """start starts the server (again, after stop())."""
        before = self._log.read_text().count("ready\n") if self._log.exists() else 0
        self.process = Process(self._argv, self._log)
        self.process.wait_for(lambda: self.process.log().count("ready\n") > before, f"tirpc-server on {self.address}")

    def stop(self) -> None:
        self.process.stop()


@dataclass(frozen=True)
class Answer:
    """Answer is what tirpc-client printed: `ok`, and the words key=value that followed."""
    ok: bool
    words: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> str:
        """error is the failure in a word or two, such as "RPC_AUTHERROR AUTH_TOOWEAK"; empty after success."""
        limits = f"{self.words['low']}-{self.words['high']}" if "low" in self.words else ""
        return "" if self.ok else " ".join(filter(None, [self.words.get("stat"), self.words.get("why"), limits]))

    @property
    def gids(self) -> list[int]:
        return [int(gid) for gid in self.words["gids"].split(",") if gid]

    @property
    def ids(self) -> tuple[int, int, list[int]]:
        """ids are uid, gid and supplementary gids that the server received."""
        return int(self.words["uid"]), int(self.words["gid"]), self.gids


def client_command(where: list[str], *command, none: bool = False, uid: int = 0, gid: int = 0, gids=(), machine: str = "a-guest",
                   source_port: int | None = None, version: int = 1, program_number: int = PROGRAM, sec: str | None = None,
                   repeat: int = 1) -> list[str]:
    """client_command returns the command line of one tirpc-client; `where` as in listener(), `command` such as "echo", 100. `sec` is
    krb5, krb5i, krb5p, or mixed: then the ids are the ticket's."""
    argv = [str(program("tests/support/tirpc/tirpc-client")), *where, "--program", str(program_number), "--version", str(version)]
    argv += ["--sec", sec] if sec else ["--none"] if none else ["--uid", str(uid), "--gid", str(gid), "--machine", machine]
    if gids:
        argv += ["--gids", ",".join(map(str, gids))]
    if repeat != 1:
        argv += ["--repeat", str(repeat)]
    if source_port:
        argv += ["--source-port", str(source_port)]
    return [*argv, *map(str, command)]


def parse_answer(text: str) -> Answer:
    """parse_answer takes the line that tirpc-client printed; raises AssertionError for anything else."""
    words = text.split()
    assert words and words[0] in ("ok", "error"), f"tirpc-client printed: {text!r}"
    return Answer(words[0] == "ok", dict(word.split("=", 1) for word in words[1:]))


def call(where: list[str], *command, env: dict[str, str] | None = None, **options) -> Answer:
    """call makes one call with tirpc-client and returns its answer; `env` is added to its environment (Realm.env: tickets)."""
    done = subprocess.run(client_command(where, *command, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, text=True, env={**os.environ, **(env or {})})
    return parse_answer(done.stdout)


def parse_who(results: bytes) -> dict:
    """parse_who takes the results of WHO apart, for callers that encode their calls themselves."""
    reader = Reader(results)
    who = {"flavor": reader.u32(), "stamp": reader.u32(), "machine": reader.opaque().decode(), "uid": reader.u32(),
           "gid": reader.u32(), "gids": reader.array(16), "peer": reader.opaque().decode()}
    reader.end()
    return who


def unix(path) -> list[str]:
    """unix is the `where` of a unix socket."""
    return ["--unix", str(path)]


def tcp(port: int) -> list[str]:
    """tcp is the `where` of a loopback TCP port."""
    return ["--tcp", "127.0.0.1", str(port)]
