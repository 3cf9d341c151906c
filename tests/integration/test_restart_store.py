"""What is in the service manager's descriptor store at the start of a gateway is not believed."""

import fcntl
import os
import socket

import pytest
from restartlab import host, manager, unknown, works  # noqa: F401

KEY_BYTES = 32
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def memory_of(content: bytes, sealed: bool = True) -> int:
    """memory_of is a memfd with that content."""
    fd = os.memfd_create("test", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.write(fd, content)
    if sealed:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


def pipe_of(content: bytes) -> int:
    """pipe_of is a pipe with that content; nobody can write to it any more."""
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    return out


def good(taken) -> tuple[bytes, bytes]:
    """good is memory and key of a save, which is used up by it."""
    memory, key = [each.fd for each in taken]
    return os.pread(memory, 1 << 20, 0), os.read(key, 100)


def with_byte(content: bytes, at: int, value: int) -> bytes:
    return content[:at] + bytes([value]) + content[at + 1:]


# What is put into the store, made of the memory and the key of a good save; and whether the gateway is to say so.
HOSTILE = {
    "random bytes": lambda memory, key: [memory_of(os.urandom(4096)), pipe_of(key)],
    "nothing": lambda memory, key: [memory_of(b""), pipe_of(key)],
    "cut short": lambda memory, key: [memory_of(memory[:-1]), pipe_of(key)],
    "too long": lambda memory, key: [memory_of(memory + b"\0"), pipe_of(key)],
    "an old version": lambda memory, key: [memory_of(with_byte(memory, 11, 0)), pipe_of(key)],
    "a changed byte": lambda memory, key: [memory_of(with_byte(memory, 60, memory[60] ^ 1)), pipe_of(key)],
    "another key": lambda memory, key: [memory_of(memory), pipe_of(os.urandom(KEY_BYTES))],
    "no key": lambda memory, key: [memory_of(memory)],
    "an empty pipe": lambda memory, key: [memory_of(memory), pipe_of(b"")],
    "an open pipe": lambda memory, key: [memory_of(memory), *os.pipe()],
    "two keys": lambda memory, key: [memory_of(memory), pipe_of(key), pipe_of(key)],
    "unsealed memory": lambda memory, key: [memory_of(memory, sealed=False), pipe_of(key)],
    "a directory": lambda memory, key: [os.open("/", os.O_RDONLY), pipe_of(key)],
    "/dev/zero": lambda memory, key: [os.open("/dev/zero", os.O_RDONLY), pipe_of(key)],
    "a file": lambda memory, key: [os.open("/etc/passwd", os.O_RDONLY), pipe_of(key)],
    "sockets": lambda memory, key: [each.detach() for each in socket.socketpair()],
    "a listening socket": lambda memory, key: [listening(), pipe_of(key)],
}


def listening() -> int:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen()
    return made.detach()


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_store(host, manager, what):
    """of a store with {what} nothing is taken; it is said, thrown out, and the gateway serves [L8, V3]"""
    lab = host.start()
    context = lab.context()
    lab.gateway.stop()
    taken = manager.take()
    manager.put(*HOSTILE[what](*good(taken)))
    for each in taken:
        os.close(each.fd)
    lab = host.start()
    assert lab.gateway.events("contexts-refused")
    manager.wait_empty()
    assert unknown(lab, context)
    assert works(lab, lab.context())


def test_good_store(host, manager):
    """the same save, put back as it was, is taken: what the others are refused for is what was changed [L8]"""
    lab = host.start()
    context = lab.context()
    lab.gateway.stop()
    memory, key = good(manager.take())
    manager.put(pipe_of(key), memory_of(memory))
    lab = host.start()
    assert works(lab, context)


def test_strange_descriptors(host, manager):
    """descriptors under other names that are no sockets are closed and named, and nothing else comes of them [L8]"""
    manager.put(memory_of(b"x"), name="stored")
    manager.put(os.open("/", os.O_RDONLY), name="nfs")
    lab = host.start()
    assert {line["name"] for line in lab.gateway.events("descriptor-unknown")} == {"stored", "nfs"}
    targets = [os.readlink(f"/proc/{lab.gateway.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{lab.gateway.process.pid}/fd")]
    assert not [target for target in targets if target == "/" or "memfd" in target]
    assert works(lab, lab.context())
