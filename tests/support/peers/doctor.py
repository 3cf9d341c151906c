"""gatehousectl doctor, as a test runs it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from .build import program
from .gateway import run

IDS = ("configuration", "files", "keytab", "kdc", "gssproxy", "vsock", "backends", "insecure-ports", "exports", "reserved-ports", "listeners",
       "admin", "limits")


@dataclass(frozen=True)
class Diagnosis:
    """Diagnosis is what the doctor said: its exit status and its findings."""
    status: int
    findings: list[dict]

    def of(self, check: str) -> list[dict]:
        """of are the findings of a check."""
        return [finding for finding in self.findings if finding["check"] == check]

    def results(self, check: str) -> set[str]:
        """results are the different results of a check."""
        return {finding["result"] for finding in self.of(check)}

    def one(self, check: str, result: str, *words: str) -> dict:
        """one is the only finding of a check with this result whose text has all the words; AssertionError when it is not there."""
        found = [each for each in self.of(check) if each["result"] == result and all(word in f"{each['seen']} -> {each['mend']}" for word in words)]
        assert len(found) == 1, f"{len(found)} findings of {check} are {result} with {words}:\n" + "\n".join(map(str, self.of(check)))
        return found[0]


def doctor(config: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Diagnosis:
    """doctor runs it with --json."""
    outcome = run("gatehousectl", "--config", config, "doctor", "--json", *arguments, env=env)
    return Diagnosis(outcome.status, outcome.json())


def as_user(uid: int) -> list[str]:
    """as_user are the words before a command that make it run as that uid, without any right of root's."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", str(program("proxy/gatehousectl"))]
