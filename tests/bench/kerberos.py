"""The Kerberos part of a benchmark run: what is measured, with which tickets, and against what."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from programs import BenchError, Relay, Starter, pinned

SHA1, SHA384 = "sha1", "sha384"
ENCTYPES = {SHA1: 18, SHA384: 20}
GATEHOUSE = "gatehouse-krb5"
CHURNED = "gatehouse-churn"  # a process of its own: a replay cache that holds no more than that of the bare acceptor
TERMINATOR = "terminator"
MANY_CONTEXTS = 10000
SMALL_MODES = ("16x8", "16x8b", "16x1", "1000x1")
CHURN_TOKENS = 4000


@dataclass(frozen=True)
class Case:
    """One sample of a round. `key` and `relay` name it in the results; `program` is what runs: bench_load unless it is
    a reference that needs no relay."""

    key: str
    relay: str
    options: tuple[str, ...]
    digest: str = SHA1
    program: str = "bench_load"


def call_key(mode: str, sec: str, digest: str = SHA1) -> str:
    return f"{mode} {sec}" + (f" {digest}" if digest != SHA1 else "")


def load_case(mode: str, sec: str, relay: str = GATEHOUSE, digest: str = SHA1) -> Case:
    return Case(call_key(mode, sec, digest), relay, ("--mode", mode, "--sec", sec), digest)


def cipher_case(operation: str) -> Case:
    return Case(operation, "openssl", ("--operation", operation), program="bench_ciphers")


def contexts_case(there: int, used: int) -> Case:
    options = ("--mode", "16x8", "--sec", "krb5", "--contexts", str(there), "--used", str(used))
    return Case(f"contexts {there}/{used}", GATEHOUSE, options)


def all_cases() -> list[Case]:
    """Every sample of one round, in order: what is compared stands close together."""
    cases = []
    for mode in SMALL_MODES:
        cases += [load_case(mode, sec) for sec in ("sys", "krb5", "krb5i", "krb5p")]
    cases += [load_case("16x8", "krb5p", digest=SHA384)]
    cases += [load_case("16x8", sec, TERMINATOR) for sec in ("krb5i", "krb5p")]
    for mode, way in (("read", "seal"), ("write", "open")):
        cases += [load_case(mode, "krb5")]
        for digest in (SHA1, SHA384):
            cases += [load_case(mode, "krb5p", digest=digest), cipher_case(f"{way}-{digest}")]
            cases += [load_case(mode, "krb5i", digest=digest), *([cipher_case(f"mac-{digest}")] if mode == "read" else [])]
        cases += [load_case(mode, sec, TERMINATOR) for sec in ("krb5i", "krb5p")]
    churn = ("--mode", "churn", "--tokens", str(CHURN_TOKENS), "--calls", str(CHURN_TOKENS * 3 // 2), "--warm-up", "0.02")
    cases += [Case("churn", CHURNED, churn)]
    cases += [Case("churn", "accept", ("--tokens", str(CHURN_TOKENS)), program="bench_accept")]
    cases += [contexts_case(10, 10), contexts_case(MANY_CONTEXTS, 10), contexts_case(MANY_CONTEXTS, MANY_CONTEXTS)]
    return cases


def chosen(pattern: str) -> list[Case]:
    """The cases whose key matches the pattern of a shell."""
    return [case for case in all_cases() if fnmatch(case.key, pattern)]


def command_of(case: Case, starter: Starter, relay: Relay | None, seconds: float) -> list[str]:
    """The command line of a sample, through `relay` if it needs one."""
    command: list[str | Path] = [starter.tools / case.program, *case.options]
    if relay:
        command += ["--socket", relay.socket, "--pid", str(relay.pid)]
    if case.program == "bench_ciphers" or (relay and "--calls" not in case.options):
        command += ["--seconds", str(seconds)]
    # What needs no relay is measured itself: with --pin on the relays' core.
    return pinned(starter.core_of("load" if relay else case.relay), command)


def check(case: Case, sample: dict[str, object]) -> None:
    """A sample with another key than the one that was meant would be compared with the wrong reference."""
    if "enctype" in sample and sample["enctype"] != ENCTYPES[case.digest]:
        raise BenchError(f"{case.key}: the context's key has encryption type {sample['enctype']}, not "
                         f"{ENCTYPES[case.digest]}: look at permitted_enctypes of the clients' krb5.conf")


def sample_of(case: Case, command: list[str], env: dict[str, str]) -> dict[str, float]:
    """Runs the command, with the client's variables added, and returns the numbers it prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **env})
    if done.returncode != 0:
        raise BenchError(f"{case.key} through {case.relay}: {done.stderr.strip()}")
    sample = json.loads(done.stdout)
    check(case, sample)
    return {key: value for key, value in sample.items() if isinstance(value, (int, float))}
