"""The part of a benchmark run about being watched: what it costs a call that metrics are scraped and the audit log is written."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Iterator

from report import Results, against, number, ratio, table

if TYPE_CHECKING:
    from programs import Relay, Starter

UNSEEN, SEEN = "gatehouse-unseen", "gatehouse-seen"
MODE = "16x8"
KEY = "16x8 watched"
# Prometheus' habit is every 15 seconds or more; here every sample of one second has two.
SCRAPE_EVERY = 0.5  # seconds
GOAL = (1.03, 1.0)


def config(name: str, scratch: Path) -> str:
    """config is what stands before the rest of the gateway's configuration."""
    if name == UNSEEN:
        return '[audit]\nlog = "none"\n\n'
    return f'[audit]\nlog = "{scratch}/audit.log"\n\n[admin]\nhttp = "unix:{page(scratch)}"\n\n'


def page(scratch: Path) -> Path:
    return scratch / "metrics.sock"


def scrape(where: Path) -> int:
    """scrape reads /metrics to its end and returns how long it is; raises ValueError when it is not that."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(str(where))
        sock.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    if not answer.startswith(b"HTTP/1.") or b"gatehouse_calls_total" not in answer:
        raise ValueError(f"no metrics at {where}: {answer[:200]!r}")
    return len(answer)


@contextmanager
def scraped(where: Path) -> Iterator[None]:
    """scraped scrapes all the time; raises what went wrong with it."""
    done, failed = threading.Event(), []

    def run() -> None:
        try:
            while True:
                scrape(where)
                if done.wait(SCRAPE_EVERY):
                    return
        except (OSError, ValueError) as error:
            failed.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


def measure(starter: Starter, load, turn: int, results: Results, relays: dict[str, Relay]) -> None:
    """measure is one round: load(relay) is a sample of MODE. The two change places from round to round."""
    for name in (UNSEEN, SEEN) if turn % 2 == 0 else (SEEN, UNSEEN):
        if name not in relays:
            relays[name] = starter.start(name)
        if name == UNSEEN:
            results.add(KEY, name, load(relays[name]))
            continue
        with scraped(page(starter.scratch)):
            results.add(KEY, name, load(relays[name]))


def render(results: Results) -> str:
    unseen, seen = (results.pick(min, KEY, name, "cpu_us_per_call") for name in (UNSEEN, SEEN))
    own = ratio(seen, unseen)
    if own is None:
        return ""
    row = [f"{MODE}, scraped twice a second, audit log in a file", number(seen, 3), number(unseen, 3), f"{own:.3f}",
           f"<= {GOAL[0]:g}x (<= {GOAL[1]:g}x)", against(own, GOAL)]
    return table(["watched", "us CPU/call", "neither", "ratio", "must (reach for)", ""], [row])
