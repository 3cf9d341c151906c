"""The gateway itself and its control tool, as a test or the demonstration runs them."""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from .build import program
from .process import Process
from .wait import until

# A word of a log line: key=value, or key="value with \" and spaces".
WORD = re.compile(r'([\w-]+)=("(?:[^"\\]|\\.)*"|\S*)')
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")


def write_config(directory: Path, text: str, drop_ins: Mapping[str, str] | None = None) -> Path:
    """write_config writes gatehouse.conf and conf.d/ into the directory and returns the file's path."""
    config = directory / "gatehouse.conf"
    config.write_text(text)
    for name, content in (drop_ins or {}).items():
        (directory / "conf.d").mkdir(exist_ok=True)
        (directory / "conf.d" / name).write_text(content)
    return config


def parse_line(line: str) -> dict[str, str]:
    """parse_line returns the key=value words of a log line; quotes and their escapes are left as they were written."""
    return {key: value[1:-1] if value.startswith('"') else value for key, value in WORD.findall(line)}


class Gateway:
    """Gateway runs gatehoused with the configuration given until stop(), which demands a clean end. It is ready when the
    constructor returns. `prefix` is put before the command line (another user, limits);
    `pass_fds` are descriptors that it inherits, `env` is added to its environment. Its secret is kept in the directory, so that
    another one started there goes on with the same keys."""

    def __init__(self, directory: Path, config: str, drop_ins: Mapping[str, str] | None = None, prefix: Sequence[str] = (),
                 pass_fds: Sequence[int] = (), env: Mapping[str, str] | None = None):
        self.config = write_config(directory, config, drop_ins)
        self._stopped = False
        log, state = directory / "gatehoused.log", directory / "state"
        before = log.read_text().count("event=ready") if log.exists() else 0
        state.mkdir(mode=0o700, exist_ok=True)
        self.process = Process([*prefix, str(program("proxy/gatehoused")), "--config", str(self.config)], log,
                               env={"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1",
                                    "STATE_DIRECTORY": str(state), **(env or {})}, pass_fds=pass_fds)
        try:
            self.process.wait_for(lambda: len(self.events("ready")) > before, "event=ready in the gateway's log", 20)
        except BaseException:
            self.process.kill()
            raise

    def log(self) -> str:
        """log is everything that the gateway has logged until now: its log is written by a thread of its own, which is waited for."""
        until(self._log_rests, "the end of what is being logged", pause=0.0005)
        return self.process.log()

    def _log_rests(self) -> bool:
        # Who puts a line into the queue wakes the thread: while it sleeps there is none. Twice, since it may sleep for the queue's lock.
        return all(self._log_sleeps() for _ in range(2))

    def _log_sleeps(self) -> bool:
        for task in self._tasks():
            try:
                state = (task / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            if state.partition("(")[2].startswith("log) "):
                return state.partition("(log) ")[2][0] in "STt"
        return True

    def _tasks(self) -> list[Path]:
        try:
            return list(Path(f"/proc/{self.process.pid}/task").iterdir())
        except (FileNotFoundError, ProcessLookupError):
            return []

    def events(self, event: str, **words) -> list[dict[str, str]]:
        """events returns the log lines of an event that have all the words given, as dictionaries, oldest first."""
        lines = [parse_line(line) for line in self.log().splitlines() if "event=" in line]
        return [line for line in lines if line.get("event") == event and all(line.get(key) == str(value) for key, value in words.items())]

    def wait_event(self, event: str, seconds: float = 10.0, **words) -> dict[str, str]:
        """wait_event waits for a log line and returns the newest one."""
        wanted = " ".join([f"event={event}", *(f"{key}={value}" for key, value in words.items())])
        return self.process.wait_for(lambda: self.events(event, **words), f"{wanted} in the log:\n{self.log()}", seconds)[-1]

    def counters(self, guest: str) -> dict[str, int]:
        """counters asks for the counters (SIGUSR1) and returns those of a guest; words that are not numbers are left out."""
        def reports():
            # The line about peers that are no guest ends a report.
            return [line for line in self.events("counters") if "no_guest" in line]
        before = len(reports())
        self.process.popen.send_signal(signal.SIGUSR1)
        self.process.wait_for(lambda: len(reports()) > before, "counters in the log")
        lines = self.events("counters", guest=guest)
        return {key: int(value) for key, value in lines[-1].items() if value.isdigit()}

    def wait_counter(self, guest: str, name: str, least: int, seconds: float = 10.0) -> dict[str, int]:
        """wait_counter waits until a counter of the guest has reached `least` and returns all counters."""
        def reached():
            counters = self.counters(guest)
            return counters if counters.get(name, 0) >= least else None
        return until(reached, f"counter {name} of {guest} >= {least}", seconds, pause=0.05)

    def memory_kib(self) -> int:
        """memory_kib is the resident memory of the process, in KiB."""
        return self._status("VmRSS")

    def peak_kib(self) -> int:
        """peak_kib is the most resident memory that the process ever had, in KiB."""
        return self._status("VmHWM")

    def descriptors(self) -> int:
        """descriptors is the number of open file descriptors of the process."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def _status(self, key: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", status).group(1))

    def reload(self, text: str | None = None, good: bool = True) -> dict[str, str]:
        """reload writes the configuration, if one is given, sends SIGHUP and returns the log line that says what came of it, which must be
        that it is in force, or that it was refused."""
        if text is not None:
            write_config(self.config.parent, text)
        event = "reloaded" if good else "reload-refused"
        before = len(self.events(event)), len(self.events("reload-refused" if good else "reloaded"))
        self.process.popen.send_signal(signal.SIGHUP)
        self.process.wait_for(lambda: len(self.events("reloaded") + self.events("reload-refused")) > sum(before), "the end of a reload")
        assert len(self.events(event)) > before[0], f"no event={event}:\n{self.log()}"
        return self.events(event)[-1]

    def stop(self) -> None:
        """stop sends SIGTERM and raises AssertionError unless the process ends with status 0 and no sanitizer reported."""
        if self._stopped:
            return
        alive = self.process.running()
        status = self.process.stop(20.0)
        assert alive, f"the gateway had ended by itself with status {status}:\n{self.log()}"
        self._ended_well(status)

    def wait_end(self) -> None:
        """wait_end waits for the end of a gateway that was told to end, and makes the demands of stop()."""
        until(lambda: not self.process.running(), "the end of the gateway")
        self._ended_well(self.process.popen.returncode)

    def _ended_well(self, status: int) -> None:
        self._stopped = True
        log = self.log()
        assert not SANITIZER.search(log), f"a sanitizer reported:\n{log}"
        assert status == 0, f"the gateway ended with status {status} on SIGTERM:\n{log}"


@dataclass(frozen=True)
class Outcome:
    """Outcome is what a run of a program left: its exit status and its two streams."""
    status: int
    out: str
    err: str

    def json(self) -> dict:
        return json.loads(self.out)


def run(name: str, *arguments, env: Mapping[str, str] | None = None) -> Outcome:
    """run runs a program of the build's proxy/ folder to its end; `env` is added to its environment."""
    done = subprocess.run([str(program(f"proxy/{name}")), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, text=True, errors="replace", env={**os.environ, **(env or {})})
    return Outcome(done.returncode, done.stdout, done.stderr)


def ctl(config: Path, *arguments) -> Outcome:
    """ctl runs gatehousectl --config CONFIG with the arguments."""
    return run("gatehousectl", "--config", config, *arguments)


def explain(config: Path, guest: str, **claim) -> Outcome:
    """explain runs gatehousectl explain --json for a claim, such as uid=0, port=900, program="nfs"; sec defaults to sys."""
    claim = {"sec": "sys", **claim}
    return ctl(config, "explain", "--json", "--guest", guest, *(word for key, value in claim.items() for word in (f"--{key}", str(value))))
