"""Real NFS: nfs-ganesha with the privileged-port rule on, through the gateway, by the utilities of libnfs."""

import itertools
import os

import pytest
from nfslab import WEB1, WEB2, open_lab, owner
from peers import nfs
from peers.ganesha import Export, Ganesha

NOBODY = 65534
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ganesha(shared_directory):
    server = Ganesha(shared_directory / "ganesha",
                     [Export("both", (WEB1, WEB2)), Export("one", (WEB1,)), Export("two", (WEB2,)), Export("host", ("127.0.0.1",))])
    yield server
    server.stop()


@pytest.fixture
def lab(gateway, ganesha):
    return lambda **keys: open_lab(gateway, ganesha, **keys)


@pytest.fixture
def payload(directory):
    """payload is a local file of 5 MB that does not repeat itself."""
    path = directory / "payload"
    path.write_bytes(os.urandom(5_000_000))
    return path


@pytest.fixture
def name():
    """name is a file name that no other test uses: the server remembers names that were removed behind its back."""
    return f"file{next(numbers)}"


def test_v3_write_and_read(lab, ganesha, payload, directory, name):
    """a file written over NFSv3 is the same on the host and when it is read back [V7, L4]"""
    mount = lab().mount("web1", "both", uid=1000, gid=100)
    assert nfs.put(mount, payload, name).ok
    assert (ganesha.path("both") / name).read_bytes() == payload.read_bytes()
    assert nfs.get(mount, name, directory / "back").ok
    assert (directory / "back").read_bytes() == payload.read_bytes()


def test_v40_read(lab, ganesha, payload, name):
    """a file of the host is listed and read over NFSv4.0 [V7, L4]"""
    (ganesha.path("both") / name).write_bytes(payload.read_bytes())
    mount = lab().mount("web1", "both", version=4, uid=1000, gid=100)
    assert f"5000000 {name}" in nfs.ls(mount).output
    assert nfs.cat(mount, name) == payload.read_bytes()


def test_v40_write(lab, ganesha, directory, name):
    """a small file is written over NFSv4.0 and owned by the caller [V7]"""
    small = directory / "small"
    small.write_bytes(os.urandom(2000))
    assert nfs.put(lab().mount("web1", "both", version=4, uid=1000, gid=100), small, name).ok
    assert (ganesha.path("both") / name).read_bytes() == small.read_bytes()
    assert owner(ganesha.path("both") / name) == (1000, 100)


@pytest.mark.parametrize("uid,gid,seen", [(1000, 100, (1000, 100)), (0, 0, (NOBODY, NOBODY)), (1000, 0, (1000, NOBODY)), (0, 100, (NOBODY, 100))])
def test_ids_recorded(lab, ganesha, payload, uid, gid, seen, name):
    """a file written as {uid}:{gid} is recorded on the host as {seen} [T1]"""
    assert nfs.put(lab().mount("web1", "both", uid=uid, gid=gid), payload, name).ok
    assert owner(ganesha.path("both") / name) == seen


def test_trusted_root_recorded(lab, ganesha, payload, name):
    """a file of a trusted guest's root belongs to root on the host [T2]"""
    lab = lab(web1={"trusted": True, "squash": "none"}, trust={"allowed": ["web1"]})
    assert nfs.put(lab.mount("web1", "both", uid=0, gid=0), payload, name).ok
    assert owner(ganesha.path("both") / name) == (0, 0)


def test_two_policies_recorded(lab, ganesha, payload, name):
    """one claim of two guests is recorded by each guest's own policy [T1, L1]"""
    lab = lab(web1={"uid_map": ["0-65535:100000"], "gid_map": ["0-65535:200000"]}, web2={"squash": "all", "anonuid": 7001, "anongid": 7002})
    for guest, seen in (("web1", (101000, 200100)), ("web2", (7001, 7002))):
        assert nfs.put(lab.mount(guest, "both", uid=1000, gid=100), payload, guest + name).ok
        assert owner(ganesha.path("both") / (guest + name)) == seen


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("guest,export,admitted", [("web1", "one", True), ("web1", "two", False), ("web2", "one", False), ("web2", "two", True),
                                                   ("web1", "host", False), ("web2", "host", False)])
def test_exports_by_address(lab, ganesha, version, guest, export, admitted, name):
    """the server's own rule by source address holds: {guest} and export {export}, NFSv{version}, admitted: {admitted} [L4, V8]"""
    (ganesha.path(export) / name).write_bytes(b"")
    result = nfs.ls(lab().mount(guest, export, version))
    assert result.ok == admitted
    assert (name in result.output) == admitted


@pytest.mark.parametrize("version", [3, 4])
def test_unprivileged_guest_process(lab, ganesha, version):
    """a guest's process without a port below 1024 is refused over NFSv{version} [V5]"""
    lab = lab()
    mount = lab.mount("web1", "both", version)
    assert not nfs.ls(mount, unprivileged=True).ok
    assert nfs.ls(mount).ok
    assert lab.gateway.counters("web1")["rejections"] >= 1
    assert lab.gateway.events("refused", guest="web1")


def test_unprivileged_guest_process_squashed(lab, ganesha, name):
    """with insecure_action = "squash" that process works as the anonymous user, and the server takes the gateway's port [V5]"""
    lab = lab(web1={"insecure_action": "squash"})
    local = ganesha.directory / "payload"
    local.write_bytes(b"0123456789")
    local.chmod(0o644)
    result = nfs.put(lab.mount("web1", "both", uid=1000, gid=100), local, name, unprivileged=True)
    assert result.ok, result.output
    assert owner(ganesha.path("both") / name) == (NOBODY, NOBODY)


def test_server_demands_a_privileged_port(ganesha):
    """beside the gateway the server refuses a port of 1024 or above: what the gateway's own port proves [L4]"""
    direct = nfs.Mount(ganesha.port, "host", 3, ganesha.mount_port)
    assert nfs.ls(direct).ok
    assert not nfs.ls(direct, unprivileged=True).ok


def test_versions_granted(lab):
    """a guest granted NFSv4 alone cannot mount by NFSv3 [L1]"""
    lab = lab(web1={"programs": ["nfs:4"]})
    assert nfs.ls(lab.mount("web1", "both", 4)).ok
    assert not nfs.ls(lab.mount("web1", "both", 3)).ok


def test_server_restart(lab, ganesha):
    """after a restart of the server guests work again, without a restart of the gateway [P10]"""
    lab = lab()
    assert nfs.ls(lab.mount("web1", "both")).ok
    ganesha.halt()
    ganesha.start()
    assert nfs.ls(lab.mount("web1", "both")).ok
    assert nfs.ls(lab.mount("web2", "both", 4)).ok
