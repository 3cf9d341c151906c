"""The program that runs our acceptors and mapper, asked in lines of JSON."""

import json
import os
import selectors
import subprocess
from pathlib import Path
from typing import Any

from peers.build import program
from peers.wait import TimedOut

PROGRAM = "tests/acceptors/acceptor-driver"
BAD_MECH, NO_CRED, DEFECTIVE_TOKEN, CREDENTIALS_EXPIRED, FAILURE = 1 << 16, 7 << 16, 9 << 16, 11 << 16, 13 << 16


class Driver:
    """Driver is one process of the program. Requests are sent by ask(), or by send() and answer() when something is to happen
    meanwhile."""

    def __init__(self, env: dict[str, str], command: tuple[str, ...] = ()):
        self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command, str(program(PROGRAM))], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env={**os.environ, **env})

    def send(self, what: str, **arguments: Any) -> None:
        self.popen.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        self.popen.stdin.flush()

    def answered(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as ready:
            ready.register(self.popen.stdout, selectors.EVENT_READ)
            return bool(ready.select(seconds))

    def answer(self, seconds: float = 60) -> Any:
        if not self.answered(seconds):
            raise TimedOut(f"waited {seconds:g} s for the driver's answer")
        line = self.popen.stdout.readline()
        assert line, f"the driver ended with {self.popen.wait(10)}"
        return json.loads(line)

    def ask(self, what: str, **arguments: Any) -> Any:
        self.send(what, **arguments)
        return self.answer(seconds=300)

    def keytab(self, keytab: Path, replay_cache: Path | str, service: str = "nfs") -> "Driver":
        self.ask("keytab", keytab=str(keytab), service=service, replay_cache=str(replay_cache))
        return self

    def gssproxy(self, socket: Path, service: str = "nfs", connections: int = 2) -> "Driver":
        self.ask("gssproxy", socket=str(socket), service=service, connections=connections)
        return self

    def mapper(self, rules: list[dict] = (), ttl_ms: int = 600_000) -> "Driver":
        self.ask("mapper", rules=list(rules), ttl_ms=ttl_ms)
        return self

    def accept(self, token: bytes, patience_ms: int = 10_000) -> dict[str, Any]:
        return self.ask("accept", token=token.hex(), patience_ms=patience_ms)

    def stop(self) -> None:
        """stop ends the program, which must end well: its sanitizers may have found something at the end."""
        self.popen.stdin.close()
        assert self.popen.wait(60) == 0, f"the driver ended with {self.popen.returncode}"


def establish(driver: Driver, context) -> dict[str, Any]:
    """establish accepts a client's token, completes the client's side, and checks each side's MIC with the other's key."""
    answer = driver.accept(context.step())
    assert answer["accepted"], answer
    if answer["token"]:
        context.step(bytes.fromhex(answer["token"]))
    assert context.complete
    assert driver.ask("verify_mic", message="00112233", mic=context.get_signature(b"\x00\x11\x22\x33").hex())
    context.verify_signature(b"to the client", bytes.fromhex(driver.ask("get_mic", message=b"to the client".hex())))
    return answer


def refused(answer: dict[str, Any], text: str, major: int = FAILURE, unavailable: bool = False) -> None:
    """refused asserts that the token was refused for the reason that `text` is part of."""
    assert not answer["accepted"], answer
    assert text in answer["text"], answer
    assert (answer["major"], answer["unavailable"]) == (major, unavailable), answer


def sockets(pid: int) -> list[str]:
    """sockets are those that a process has open."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return [link for link in links if link.startswith("socket:")]
