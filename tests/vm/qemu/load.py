#!/usr/bin/python3
"""load.py run FILE STOP TIMES: writes blocks to FILE, reads them again and compares, until the file STOP exists.

Neither is cached: O_DIRECT makes each a call to the server. A turn is one write and one read; TIMES gets a line a turn,
"END-MS MS", by the clock of `date +%s%3N`. Exit status 1 and a line when a byte is wrong or a call fails.

load.py say TIMES NAME BEGIN-MS END-MS...: prints a line "# NAME: turns a second, median and worst ms" for each period.
load.py worst TIMES MS: exit status 1 and a line when a turn took longer than that.
"""

import mmap
import os
import random
import statistics
import sys
import time
from pathlib import Path

BLOCK = 64 * 1024
BLOCKS = 32


def turn(fd: int, number: int, buffer: mmap.mmap) -> None:
    """turn writes one block and reads one that was written before. OSError when a call fails, ValueError when a byte is wrong."""
    data = random.Random(number).randbytes(BLOCK)
    buffer[:] = data
    if os.pwritev(fd, [buffer], number % BLOCKS * BLOCK) != BLOCK:
        raise ValueError(f"block {number} was not written whole")
    older = max(number - random.randrange(BLOCKS), 0)
    if os.preadv(fd, [buffer], older % BLOCKS * BLOCK) != BLOCK or buffer[:] != random.Random(older).randbytes(BLOCK):
        raise ValueError(f"block {older} is not what was written")


def run(path: str, stop: str, times: str) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_DIRECT | os.O_SYNC, 0o600)
    number = 0
    with open(times, "w", buffering=1, encoding="ascii") as log, mmap.mmap(-1, BLOCK) as buffer:
        while not os.path.exists(stop):
            begin = time.time()
            turn(fd, number, buffer)
            number += 1
            log.write(f"{time.time() * 1000:.0f} {(time.time() - begin) * 1000:.1f}\n")
    os.close(fd)


def say(times: str, *periods: str) -> None:
    turns = [tuple(map(float, line.split())) for line in Path(times).read_text(encoding="ascii").splitlines()]
    for name, begin, end in zip(*[iter(periods)] * 3, strict=True):
        taken = [ms for at, ms in turns if float(begin) <= at < float(end)] or [float("nan")]
        seconds = (float(end) - float(begin)) / 1000
        print(f"# {name}: {len(taken) / seconds:.1f} turns/s, median {statistics.median(taken):.0f} ms, worst {max(taken):.0f} ms")


def worst(times: str, most: str) -> None:
    taken = max(float(line.split()[1]) for line in Path(times).read_text(encoding="ascii").splitlines())
    if taken > float(most):
        raise ValueError(f"a turn took {taken:.0f} ms")


def main() -> int:
    try:
        {"run": run, "say": say, "worst": worst}[sys.argv[1]](*sys.argv[2:])
    except (OSError, ValueError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
