"""Waiting for a condition with a deadline, the only way in which the tests wait."""

import time
from typing import Callable, TypeVar

Value = TypeVar("Value")


class TimedOut(AssertionError):
    """A condition did not come true in time; the text says which."""


def until(condition: Callable[[], Value], what: str, seconds: float = 10.0, pause: float = 0.01) -> Value:
    """until calls `condition` until it returns something true and returns that.

    Raises TimedOut, naming `what`, when `seconds` have gone by. The condition is tried at least once.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimedOut(f"waited {seconds:g} s for: {what}")
        time.sleep(pause)


def holds_for(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """holds_for says whether `condition` stays true for `seconds`: for what must NOT happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(pause)
    return True


def tick() -> None:
    """tick waits until the coarse clock by which the gateway compares contexts has gone on."""
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + 0.03, "the clock")
