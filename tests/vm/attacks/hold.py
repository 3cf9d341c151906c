#!/usr/bin/python3
"""hold.py FILE HELD GO: opens and locks a file, writes "before", makes the file HELD, and writes "after" once there is a file GO.

Every write is flushed to the server. Any error is a line and exit status 1: EIO is what the kernel's client says of a lock that it lost.
"""

import fcntl
import os
import sys
import time


def main() -> int:
    file, held, go = sys.argv[1:]
    try:
        with open(os.open(file, os.O_RDWR | os.O_CREAT, 0o644), "wb", buffering=0) as out:
            fcntl.lockf(out, fcntl.LOCK_EX)
            out.write(b"before\n")
            os.fsync(out)
            open(held, "w").close()
            while not os.path.exists(go):
                time.sleep(0.05)
            out.write(b"after\n")
            os.fsync(out)
    except OSError as error:
        print(f"{file}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
