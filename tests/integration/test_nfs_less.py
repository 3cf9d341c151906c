"""What a guest gets is less than the server offers: flavors, read-only, paths of MOUNT, and file handles of its own."""

import os

import pytest
from nfs4lab import SECS, caller, ganesha, new, two  # noqa: F401
from peers import nfs3, nfs4, rpc
from peers.nfs4 import Caller, Client
from peers.rpc import opaque, u32

SYS, KRB5I, KRB5P = 1, 390004, 390005
ACCES, STALE, ROFS = 13, 70, 30


def version3(one: Caller):
    """version3 makes calls of NFSv3."""
    def call(procedure: int, arguments: bytes) -> bytes:
        reply = one.call(nfs3.PROGRAM, nfs3.VERSION, procedure, arguments)
        assert reply.outcome == "SUCCESS", reply
        return reply.results
    return call


def mnt(one: Caller, path: bytes) -> tuple[int, bytes, list[int]]:
    """mnt asks MOUNT for a path: status, handle and flavors."""
    reply = one.call(nfs3.MOUNT, 3, 1, opaque(path))
    assert reply.outcome == "SUCCESS", reply
    reader = rpc.Reader(reply.results)
    answered = (status, reader.opaque(), reader.array()) if (status := reader.u32()) == 0 else (status, b"", [])
    reader.end()
    return answered


# --- flavors [V10] ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sec", SECS)
def test_flavors(two, sec):
    """SECINFO, SECINFO_NO_NAME and MNT over {sec} name the guest's flavors in the order of `sec`, not the server's, which is sys alone [V10]"""
    lab = two(sec=["krb5p", "sys", "krb5i"])
    one = caller(lab, "web1", sec)
    client, every = Client(one, new().encode()), [KRB5P, SYS, KRB5I]
    assert nfs4.flavors(client.within(nfs4.PUTROOTFH, nfs4.secinfo("both")).last) == every
    assert nfs4.flavors(client.within(*nfs4.walk("both"), nfs4.secinfo_no_name()).last) == every
    assert nfs4.flavors(one.say(nfs4.PUTROOTFH, nfs4.secinfo("both"), minor=0).last) == every
    assert mnt(one, b"/both")[2] == every


def test_flavors_of_krb5p(two):
    """a guest that may use krb5p alone for NFS is told krb5p, also by MOUNT over sys [V10]"""
    lab = two(web2={"sec": ["krb5p"], "sec_by_program": {"mountd": ["sys"]}})
    assert mnt(caller(lab, "web2"), b"/both")[2] == [KRB5P]
    client = Client(caller(lab, "web2", "krb5p"), new().encode())
    assert nfs4.flavors(client.within(nfs4.PUTROOTFH, nfs4.secinfo("both")).last) == [KRB5P]


@pytest.mark.parametrize("sec", SECS)
def test_state_protection(two, sec):
    """EXCHANGE_ID that asks for SP4_MACH_CRED over {sec} is answered with SP4_NONE, and the client goes on [V10]"""
    lab = two()
    made = caller(lab, "web1", sec).say(nfs4.exchange_id(b"its boot", new().encode(), nfs4.SP4_MACH_CRED))
    reader = rpc.Reader(made.last)
    client, number, _, protection = reader.take(8), reader.u32(), reader.u32(), reader.u32()
    assert (made.word, protection) == ("OK", 0)
    assert caller(lab, "web1", sec).say(nfs4.create_session(client, number)).word == "OK"


# --- ro [P9] ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sec", SECS)
def test_read_only_version_3(two, ganesha, sec):
    """a read-only guest reads over NFSv3 with {sec}; each procedure that changes something is ROFS, in its own shape [P9]"""
    lab = two(web1={"ro": True})
    (ganesha.path("both") / (name := new())).write_bytes(b"content")
    one = caller(lab, "web1", sec)
    call, root = version3(one), mnt(one, b"/both")[1]
    file, there = nfs3.lookup(call, root, name), opaque(root) + opaque(name.encode())
    attributes, wcc = u32(0, 0, 0, 0, 0, 0), u32(0, 0)
    changes = {2: (opaque(file) + attributes + u32(0), wcc), 7: (opaque(file) + u32(0, 0, 4, 2) + opaque(b"none"), wcc),
               8: (there + u32(0) + attributes, wcc), 9: (there + attributes, wcc), 10: (there + attributes + opaque(b"to"), wcc),
               11: (there + u32(7) + attributes, wcc), 12: (there, wcc), 13: (there, wcc), 14: (there * 2, wcc * 2),
               15: (opaque(file) + there, u32(0) + wcc)}
    for procedure, (arguments, rest) in changes.items():
        assert call(procedure, arguments) == u32(ROFS) + rest, procedure
    assert nfs3.read(call, file, 100) == b"content" == (ganesha.path("both") / name).read_bytes()
    other = caller(lab, "web2", sec)
    nfs3.write(version3(other), nfs3.create(version3(other), mnt(other, b"/both")[1], new()), b"web2 may")


@pytest.mark.parametrize("sec", SECS)
def test_read_only_version_4(two, ganesha, sec):
    """a read-only guest reads over NFSv4 with {sec}; an operation that changes something is ROFS, those before it are done [P9]"""
    lab = two(web1={"ro": True})
    (ganesha.path("both") / (name := new())).write_bytes(b"content")
    client = Client(caller(lab, "web1", sec), new().encode())
    below = nfs4.walk("both")
    for operation, change in ((18, nfs4.open_new(new(), client.id)), (28, nfs4.remove(name)), (6, nfs4.make_directory(new()))):
        answer = client.within(*below, change, nfs4.GETFH)
        assert (answer.word, answer.operation, answer.count) == ("ROFS", operation, 4)
    assert caller(lab, "web1", sec).say(*below, nfs4.remove(name), minor=0).word == "ROFS"
    alone = caller(lab, "web1", sec).say(nfs4.remove(name), minor=0)
    assert (alone.word, alone.operation, alone.count) == ("ROFS", 28, 1)
    assert opaque(b"content") in client.within(*nfs4.walk(f"both/{name}"), nfs4.read()).last
    assert (ganesha.path("both") / name).read_bytes() == b"content"
    (ganesha.path("both") / name).chmod(0o666)
    beside = Client(caller(lab, "web2", sec), new().encode())
    assert beside.write(f"both/{name}", beside.open("both", name), b"written") == "OK"


# --- mount_paths [P9] ---------------------------------------------------------------------------------------------------------

OTHERS = [b"/other", b"/both/../other", b"/both/..", b"/both/.", b"/both//", b"//both", b"/bothx", b"/bot", b"both", b"/", b"",
          b"/both\0", b"/both/\0/x", b"/BOTH", b"/\xff"]


@pytest.mark.parametrize("sec", ["sys", "krb5p"])
def test_mount_paths(two, ganesha, sec):
    """MNT over {sec} gives the guest's paths and what is below them; of others it says ACCES, whatever the server exports [P9]"""
    lab = two(web1={"mount_paths": ["/both"], "programs": ["nfs:3", "mountd"]})
    (ganesha.path("both") / (below := new())).mkdir()
    one = caller(lab, "web1", sec)
    for path in (b"/both", b"/both/", f"/both/{below}".encode()):
        assert mnt(one, path)[0] == 0, path
    for path in OTHERS:
        assert mnt(one, path) == (ACCES, b"", []), path
    assert mnt(caller(lab, "web2", sec), b"/other")[0] == 0
    reply = one.call(nfs3.MOUNT, 3, 3, opaque(b"/other"))  # UMNT is the server's
    assert reply.outcome == "SUCCESS"


def test_lists_of_mount(two):
    """EXPORT names the guest's paths alone, without hosts, and DUMP nobody: not what the server tells [P9]"""
    lab = two(web1={"mount_paths": ["/both", "/srv"], "programs": ["nfs:3", "mountd"]})
    for guest, paths in (("web1", [b"/both", b"/srv"]), ("web2", [])):
        one = caller(lab, guest)
        assert mnt(one, b"/both")[0] == 0
        listed = b"".join(u32(1) + opaque(path) + u32(0) for path in paths) + u32(0)
        assert one.call(nfs3.MOUNT, 3, 5, b"").results == listed
        assert one.call(nfs3.MOUNT, 3, 2, b"").results == u32(0)


# --- filehandles = "bound" [P9] -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sec", SECS)
def test_handles_version_3(two, ganesha, sec):
    """bound handles of NFSv3 over {sec} work for their guest, from LOOKUP, CREATE and READDIRPLUS; another guest's are STALE [P9]"""
    lab = two(filehandles="bound")
    one, other = caller(lab, "web1", sec), caller(lab, "web2", sec)
    call, stranger = version3(one), version3(other)
    root = mnt(one, b"/both")[1]
    file = nfs3.create(call, root, name := new())
    nfs3.write(call, file, b"content")
    assert nfs3.lookup(call, root, name) == file == nfs3.handles(call, root)[name]
    assert nfs3.read(call, file, 100) == b"content" == (ganesha.path("both") / name).read_bytes()
    for handle in (root, file, file[:-8], file[:-1] + bytes([file[-1] ^ 1])):
        assert stranger(nfs3.GETATTR, opaque(handle)) == u32(STALE)
    lab.gateway.wait_event("foreign-handle", guest="web2", operation="GETATTR")
    assert call(nfs3.GETATTR, opaque(file[:-8])) == u32(STALE)  # nor the server's own
    assert nfs3.lookup(stranger, mnt(other, b"/both")[1], name) != file
    assert nfs3.read(call, file, 100) == b"content"


@pytest.mark.parametrize("sec", SECS)
def test_handles_version_4(two, ganesha, sec):
    """bound handles of NFSv4 over {sec} work for their guest, from GETFH and READDIR; another guest's are STALE, what stands before is done [P9]"""
    lab = two(filehandles="bound")
    client, stranger = Client(caller(lab, "web1", sec), new().encode()), Client(caller(lab, "web2", sec), new().encode())
    (ganesha.path("both") / (name := new())).write_bytes(b"content")
    file, directory = client.handle(f"both/{name}"), client.handle("both")
    listed = client.within(nfs4.putfh(directory), nfs4.readdir(1 << 19))
    assert nfs4.entry_handles(listed.last)[name] == file
    assert opaque(b"content") in client.within(nfs4.putfh(file), nfs4.read()).last
    for handle in (file, directory, file[:-16], file[:-1] + bytes([file[-1] ^ 1])):
        answer = stranger.within(nfs4.putfh(handle), nfs4.GETFH)
        assert (answer.word, answer.operation, answer.count) == ("STALE", 22, 2)
    lab.gateway.wait_event("foreign-handle", guest="web2", operation="PUTFH")
    assert stranger.handle(f"both/{name}") != file
    assert client.alive() and stranger.alive()


@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("handles", ["bound", "plain"])
def test_large(two, ganesha, sec, handles):
    """1 MiB in one call over {sec} with {handles} handles is the same on the host and when it is read back, in both versions [P3, P9]"""
    lab = two(filehandles=handles)
    client, one, data = Client(caller(lab, "web1", sec), new().encode()), caller(lab, "web1", sec), os.urandom((1 << 20) - 4096)
    for size in (len(data), 70001, 5000):
        state, name = client.open("both", name4 := new()), new()
        path = nfs4.putfh(client.handle(f"both/{name4}"))
        assert client.within(path, nfs4.write(state, data[:size]), nfs4.GETFH).word == "OK"
        assert (ganesha.path("both") / name4).read_bytes() == data[:size]
        assert client.within(path, nfs4.read(state, len(data))).last == u32(1) + opaque(data[:size])
        assert client.within(path, nfs4.read(state, len(data)), nfs4.GETFH).last == path[4:]
        file = nfs3.create(version3(one), mnt(one, b"/both")[1], name)
        nfs3.write(version3(one), file, data[:size])
        assert (ganesha.path("both") / name).read_bytes() == data[:size] == nfs3.read(version3(one), file, len(data))


def test_handles_after_a_restart(two, ganesha):
    """bound handles of both versions work after the gateway was started again, and not once they are no more bound [P9, P15]"""
    lab = two(filehandles="bound")
    one, client = caller(lab, "web1"), Client(caller(lab, "web1"), new().encode())
    (ganesha.path("both") / (name := new())).write_bytes(b"content")
    file3 = nfs3.lookup(version3(one), mnt(one, b"/both")[1], name)
    file4 = client.handle(f"both/{name}")
    for keys, worked in (({"filehandles": "bound"}, True), ({}, False)):
        lab.gateway.stop()
        lab = two(**keys)
        one, client.caller = caller(lab, "web1"), caller(lab, "web1")
        assert (version3(one)(nfs3.GETATTR, opaque(file3))[:4] == u32(0)) == worked
        assert (client.within(nfs4.putfh(file4), nfs4.read()).word == "OK") == worked


def test_plain_handles(two, ganesha):
    """without filehandles = "bound" the server takes another guest's handle [P9]"""
    lab = two()
    (ganesha.path("both") / (name := new())).write_bytes(b"content")
    first, second = Client(caller(lab, "web1"), new().encode()), Client(caller(lab, "web2"), new().encode())
    assert opaque(b"content") in second.within(nfs4.putfh(first.handle(f"both/{name}")), nfs4.read()).last
