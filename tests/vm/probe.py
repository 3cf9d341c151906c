#!/usr/bin/python3
"""probe.py CID PORT [--expect closed|answer]: sends one NULL call of NFS version 4 over AF_VSOCK and says what came back.

Exit status 0 when the connection ended as expected: `closed` (an end of file or a reset with no byte before it) or `answer` (an accepted
reply to the call). The source port is privileged. Else status 1 and one line with the reason.
"""

import argparse
import socket
import struct
import sys

XID = 0x47A7E001
CALL = struct.pack(">10I", XID, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
ACCEPTED = struct.pack(">6I", XID, 1, 0, 0, 0, 0)
SECONDS = 10


def exchange(cid: int, port: int) -> bytes:
    """exchange returns all that the peer sends in return for the call, up to one reply. Empty when the peer closed or reset."""
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as sock:
        sock.settimeout(SECONDS)
        sock.bind((socket.VMADDR_CID_ANY, 600))
        sock.connect((cid, port))
        received = b""
        try:
            sock.sendall(struct.pack(">I", 0x80000000 | len(CALL)) + CALL)
            while len(received) < 4 + len(ACCEPTED) and (data := sock.recv(4096)):
                received += data
        except (ConnectionResetError, BrokenPipeError):
            pass  # a reset is one of the two ways to be closed
        return received


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("cid", type=int)
    parser.add_argument("port", type=int)
    parser.add_argument("--expect", choices=("closed", "answer"), default="closed")
    args = parser.parse_args()
    try:
        received = exchange(args.cid, args.port)
    except OSError as error:
        print(f"vsock {args.cid}:{args.port}: {error}")
        return 1
    wanted = b"" if args.expect == "closed" else struct.pack(">I", 0x80000000 | len(ACCEPTED)) + ACCEPTED
    if received != wanted:
        print(f"received {received.hex() or 'nothing'}, expected {wanted.hex() or 'nothing'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
