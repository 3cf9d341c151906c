"""A child process with its output in a file, stopped by its own process id."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from .wait import until


class Process:
    """Process runs one program until stop() or the end of the test run.

    Its standard output and error go to `log` (appended). Should the test run itself be killed, the child gets SIGTERM.
    Programs that change their user or start under unshare(1) exec, so the process id stays the one that is known here.
    """

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None,
                 pass_fds: Sequence[int] = ()):
        self.argv = [str(word) for word in argv]
        self.log_path = log
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *self.argv],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(env or {})}, pass_fds=pass_fds)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        return self.popen.poll() is None

    def log(self) -> str:
        """log returns everything that the process wrote until now."""
        return self.log_path.read_text(errors="replace")

    def wait_for(self, condition, what: str, seconds: float = 10.0):
        """wait_for is until(), but fails at once, with the log, when the process ends instead."""
        def check():
            if not self.running():
                raise AssertionError(f"{self.argv[0]} ended with {self.popen.returncode} before: {what}\n{self.log()}")
            return condition()
        return until(check, what, seconds)

    def stop(self, seconds: float = 10.0) -> int:
        """stop ends the process (SIGTERM; SIGKILL after `seconds`) and returns its exit status."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait(seconds)

    def kill(self) -> None:
        """kill ends the process without letting it clean up."""
        if self.running():
            self.popen.kill()
        self.popen.wait(10.0)


def private_directory(prefix: str = "gh-") -> Path:
    """private_directory makes an empty directory with a name short enough for unix sockets; remove_directory() removes it."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    return path


def remove_directory(path: Path) -> None:
    """remove_directory removes a directory and all that is in it."""
    shutil.rmtree(path, ignore_errors=True)
