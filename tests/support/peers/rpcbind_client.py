"""libtirpc's own questions to the rpcbind of a host: rpcb_getaddr and rpcb_gettime.

    python3 rpcbind_client.py HOST PROGRAM VERSION

prints "getaddr=UADDR apart=SECONDS", the difference between the clocks, with what the library made of the answers. To be run in a network namespace
where port 111 leads to the rpcbind that is asked. See ask().
"""

import ctypes
import os
import subprocess
import sys
import time

class Netbuf(ctypes.Structure):
    """Netbuf is struct netbuf of <rpc/types.h>."""
    _fields_ = [("maxlen", ctypes.c_uint), ("len", ctypes.c_uint), ("buf", ctypes.c_void_p)]


def ask(prefix, host: str, program: int, version: int) -> dict[str, str]:
    """ask runs this file behind `prefix` (Namespace.prefix), asking over TCP alone, and returns its words."""
    done = subprocess.run([*prefix, "/usr/bin/python3", __file__, host, str(program), str(version)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, env={**os.environ, "NETPATH": "tcp"})
    assert done.returncode == 0, done
    return dict(word.split("=", 1) for word in done.stdout.split())


def main(host: str, program: int, version: int) -> None:
    library = ctypes.CDLL("libtirpc.so.3")
    library.getnetconfigent.restype = library.taddr2uaddr.restype = ctypes.c_void_p
    tcp = ctypes.c_void_p(library.getnetconfigent(b"tcp"))
    room = ctypes.create_string_buffer(128)
    found = Netbuf(128, 0, ctypes.cast(room, ctypes.c_void_p))
    uaddr = b""
    if library.rpcb_getaddr(program, version, tcp, ctypes.byref(found), host.encode()):
        uaddr = ctypes.string_at(library.taddr2uaddr(tcp, ctypes.byref(found)))
    there = ctypes.c_long(0)
    if not library.rpcb_gettime(host.encode(), ctypes.byref(there)):
        there.value = 0
    print(f"getaddr={uaddr.decode()} apart={abs(there.value - int(time.time()))}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
