#!/usr/bin/python3
"""writers.py DIRECTORY COUNT STOP ENDS: so many processes write and verify a file each in DIRECTORY until the file STOP exists.

writers.py --check DIRECTORY COUNT ENDS: whether the files are what they wrote, whole.

A file is a ring of blocks, for the server's memory is small: block N stands at place N modulo the ring's length and says whose it is and
which, all through. Every eighth is flushed to the server, and one written before is then read back from there. Any error of any call,
and any wrong byte, is a line and exit status 1. ENDS-W then holds how many blocks writer W wrote. Prints "written BLOCKS".
"""

import os
import random
import struct
import sys

BLOCK = 16384
RING = 64
FLUSHED = 8


def block(writer: int, number: int) -> bytes:
    """block is what writer `writer` writes as its block `number`."""
    return struct.pack(">II", writer, number) * (BLOCK // 8)


def path_of(directory: str, writer: int) -> str:
    return os.path.join(directory, f"writer-{writer}")


def standing(place: int, written: int) -> int:
    """standing is the number of the block at a place after so many were written."""
    return (written - 1 - place) // RING * RING + place


def verify(file: int, writer: int, place: int, written: int) -> None:
    """verify reads one block, past the cache where the file system allows it."""
    os.posix_fadvise(file, place * BLOCK, BLOCK, os.POSIX_FADV_DONTNEED)
    if os.pread(file, BLOCK, place * BLOCK) != block(writer, standing(place, written)):
        raise ValueError(f"the block at place {place} of writer {writer} is not the last that was written there, {standing(place, written)}")


def write(directory: str, writer: int, stop: str) -> int:
    """write returns the number of blocks it wrote."""
    choose = random.Random(writer)
    file = os.open(path_of(directory, writer), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
    written = 0
    while written < RING or written % FLUSHED or not os.path.exists(stop):
        if os.pwrite(file, block(writer, written), written % RING * BLOCK) != BLOCK:
            raise ValueError(f"writer {writer} wrote a part of a block")
        written += 1
        if written % FLUSHED == 0:
            os.fsync(file)
            verify(file, writer, choose.randrange(min(written, RING)), written)
    os.close(file)
    return written


def child(directory: str, writer: int, stop: str, ends: str) -> None:
    try:
        written = write(directory, writer, stop)
        with open(f"{ends}-{writer}", "w") as end:
            end.write(str(written))
    except (OSError, ValueError) as error:
        print(f"writer {writer}: {error}", flush=True)
        os._exit(1)
    os._exit(0)


def ends_of(ends: str, writer: int) -> int:
    with open(f"{ends}-{writer}") as end:
        return int(end.read())


def run(directory: str, count: int, stop: str, ends: str) -> int:
    children = []
    for writer in range(count):
        process = os.fork()
        if process == 0:
            child(directory, writer, stop, ends)
        children.append(process)
    if any([os.waitpid(process, 0)[1] for process in children]):
        return 1
    print(f"written {sum(ends_of(ends, writer) for writer in range(count))}")
    return 0


def check(directory: str, count: int, ends: str) -> int:
    try:
        for writer in range(count):
            file = os.open(path_of(directory, writer), os.O_RDONLY)
            for place in range(RING):
                verify(file, writer, place, ends_of(ends, writer))
            os.close(file)
    except (OSError, ValueError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        sys.exit(check(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    sys.exit(run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
