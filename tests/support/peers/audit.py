"""The gateway's audit log, as its readers see it: lines of a file, held against the schema, and a journal."""

import json
import socket
import struct
from pathlib import Path

import jsonschema

from .build import ROOT
from .wait import until

SCHEMA = ROOT / "conf" / "audit.schema.json"


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def parse(text: bytes) -> list[dict]:
    """parse returns the lines, which must be whole, ASCII and of the schema."""
    assert text == b"" or text.endswith(b"\n"), f"half a line: {text[-200:]!r}"
    lines = [json.loads(line) for line in text.decode("ascii").splitlines()]
    check = validator()
    for line in lines:
        check.validate(line)
    return lines


def having(lines: list[dict], event: str, **fields) -> list[dict]:
    """having are the lines of an event that have all these fields; None: not at all."""
    return [line for line in lines if line["event"] == event and all(line.get(key) == value for key, value in fields.items())]


def counted(lines: list[dict], event: str, **fields) -> int:
    """counted is the sum of `count` of an event, `suppressed` or `lost`."""
    return sum(line["count"] for line in having(lines, event, **fields))


class AuditLog:
    """AuditLog is a file that a gateway writes."""

    def __init__(self, path: Path):
        self.path = path
        self.section = {"log": str(path)}

    def lines(self) -> list[dict]:
        """lines are all whole lines that are there now: the last may be on its way."""
        data = self.path.read_bytes() if self.path.exists() else b""
        return parse(data[:data.rfind(b"\n") + 1])

    def of(self, event: str, **fields) -> list[dict]:
        return having(self.lines(), event, **fields)

    def wait(self, event: str, count: int = 1, **fields) -> list[dict]:
        """wait waits until there are so many lines of an event with these fields, and returns them."""
        return until(lambda: len(found := self.of(event, **fields)) >= count and found, f"{count} of {event} {fields} in {self.path}")


class Journal:
    """Journal stands for journald: a socket of its native protocol (systemd's JOURNAL_NATIVE_PROTOCOL), in a directory that the gateway
    sees as /run/systemd/journal (`prefix`). It reads when it is asked to."""

    def __init__(self, directory: Path):
        directory.mkdir()
        self._directory = directory
        self.entries: list[dict[str, str]] = []
        self.start()

    def start(self) -> None:
        """start begins to listen, again after stop()."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(self._directory / "socket"))

    @property
    def prefix(self) -> list[str]:
        return ["unshare", "--mount", "sh", "-c", 'mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal && exec "$@"',
                str(self._directory)]

    def read(self) -> list[dict[str, str]]:
        """read takes what is there, and returns everything that ever was."""
        while True:
            try:
                self.entries.append(fields_of(self.sock.recv(1 << 18, socket.MSG_DONTWAIT)))
            except BlockingIOError:
                return self.entries

    def wait(self, condition, what: str) -> list[dict[str, str]]:
        return until(lambda: condition(self.read()) and self.entries, what)

    def stop(self) -> None:
        self.sock.close()
        (self._directory / "socket").unlink(missing_ok=True)


def fields_of(datagram: bytes) -> dict[str, str]:
    """fields_of takes an entry apart: NAME=value and a newline, or NAME, a newline, eight bytes of length, the value and a newline."""
    found: dict[str, str] = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack_from("<Q", rest)
            value, datagram = rest[8:8 + length], rest[8 + length + 1:]
        else:
            datagram = rest
        assert name.decode() not in found, f"{name!r} twice"
        found[name.decode()] = value.decode()
    return found
