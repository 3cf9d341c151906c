"""gatehousectl doctor and NFS servers: a real nfs-ganesha whose exports admit guests or do not, and demand reserved ports or do not."""

from pathlib import Path

import pytest
from nfslab import WEB1, WEB2, backends
from peers import rpc, toml
from peers.doctor import doctor
from peers.ganesha import Export, Ganesha
from peers.gateway import write_config
from peers.ports import free_port
from peers.rpc import opaque, u32
from peers.scripted import Scripted


WEB3 = "127.66.0.44"


@pytest.fixture(scope="module")
def ganesha(shared_directory):
    """ganesha admits WEB1 to one export and another address to another, and asks them for reserved ports."""
    server = Ganesha(shared_directory / "ganesha", [Export("web1", clients=(WEB1,)), Export("web3", clients=(WEB3,))])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def careless(shared_directory):
    """careless has an export for everybody in 127.66.0.0/16, from any port."""
    server = Ganesha(shared_directory / "careless", [Export("all", clients=("127.66.0.0/16",), privileged_port=False)])
    yield server
    server.stop()


@pytest.fixture
def config(directory):
    """config writes a configuration before the server, with guests name = source address."""
    def write(servers: dict[str, dict], guests: dict[str, str]) -> Path:
        return write_config(directory, toml.config(
            {name: f"unix:{directory}/{name}.sock" for name in guests}, servers,
            {name: {"listener": name, "source_address": address, "backends": list(servers)} for name, address in guests.items()},
            gateway={"secret": str(directory / "secret")}, admin={"socket": ""}, defaults={"sec": ["sys"]}))
    return write


def listing(*exports: tuple[str, tuple[str, ...]]):
    """listing answers MOUNT's EXPORT with these paths and groups, and everything else with success."""
    def answer(call: rpc.Call) -> bytes:
        if (call.program, call.procedure) != (100005, 5):
            return rpc.record(rpc.success(call.xid))
        body = b"".join(u32(1) + opaque(path.encode()) + b"".join(u32(1) + opaque(group.encode()) for group in groups) + u32(0)
                        for path, groups in exports)
        return rpc.record(rpc.success(call.xid, body + u32(0)))
    return answer


@pytest.fixture
def mountd(stopping):
    """mountd is a backend whose MOUNT lists what is given."""
    def start(answer) -> dict[str, dict]:
        port = free_port()
        stopping(Scripted(port=port, answer=answer))
        return {"nfs": {"address": f"tcp:127.0.0.1:{port}", "programs": ["nfs:3", "mountd:3"]}}
    return start


def test_admitted(ganesha, config):
    """a real server that admits the guest and demands reserved ports is sound; NULL of NFS and MOUNT is answered [L4]"""
    said = doctor(config(backends(ganesha), {"web1": WEB1}))
    said.one("backends", "ok", "nfs (tcp:", f"from {WEB1}", "nfs 3, nfs 4")
    said.one("backends", "ok", "mountd 3")
    said.one("exports", "ok", "MOUNT of mountd", f"an export admits web1 ({WEB1})")
    said.one("insecure-ports", "ok", "refuses calls from ports above 1023")
    assert said.status == 0


def test_not_admitted(ganesha, config):
    """a guest whose source address no export admits is named with it [L4]"""
    for guests in ({"web1": WEB1, "web2": WEB2, "web3": WEB3}, {"web2": WEB2, "web1": WEB1, "web3": WEB3}):
        said = doctor(config(backends(ganesha), guests))
        assert "exports" in said.one("exports", "problem", f"no export admits web2 ({WEB2})")["mend"]
        said.one("exports", "ok", f"an export admits web1 ({WEB1}), web3 ({WEB3})")
        said.one("insecure-ports", "ok", "refuses calls from ports above 1023")
        assert said.status == 1


def test_insecure(careless, config):
    """a real server that takes calls from any port lets any process be a guest: a warning with the cure for each server [L4]"""
    said = doctor(config(backends(careless), {"web1": WEB1}))
    assert "PrivilegedPort = true" in said.one("insecure-ports", "warning", "any process of this host can be a guest")["mend"]
    said.one("exports", "ok", f"an export admits web1 ({WEB1})")
    assert said.status == 0


def test_version_switched_off(ganesha, config):
    """a version that the real server does not have is a problem that says which it has [P6]"""
    servers = backends(ganesha)
    servers["nfs"]["programs"] = ["nfs:2-4"]
    doctor(config(servers, {"web1": WEB1})).one("backends", "problem", "NULL of nfs 2", "PROG_MISMATCH (it has versions 3 to 4)")


def test_server_down(config, ganesha):
    """a real server that is down makes one problem; what depends on it is unknown [P10]"""
    servers = backends(ganesha)
    for server in servers.values():
        server["address"] = f"tcp:127.0.0.1:{free_port()}"
    said = doctor(config(servers, {"web1": WEB1}))
    assert said.results("exports") == said.results("insecure-ports") == {"unknown"}
    assert said.results("backends") == {"problem"}


@pytest.mark.parametrize("groups,result", [
    ((WEB1,), "ok"), (("127.66.0.0/24",), "ok"), (("127.66.0.0/255.255.0.0",), "ok"), (("*",), "ok"), ((), "ok"), ((WEB2,), "problem"),
    (("127.67.0.0/16",), "problem"), (("::1", "fe80::/10"), "problem"), (("gss/krb5i",), "problem"), (("@trusted",), "unknown"),
    (("web1.example.com",), "unknown"), (("*.example.com", WEB1), "ok")], ids=str)
def test_specs(mountd, config, groups, result):
    """an export for {groups} admits the guest: {result} [L4]"""
    assert doctor(config(mountd(listing(("/srv", groups))), {"web1": WEB1})).results("exports") == {result}


def test_many_guests(mountd, config):
    """of a thousand guests that nobody admits five are named, and the rest counted [L6]"""
    guests = {f"g{number:04}": f"127.70.{number // 250}.{number % 250 + 1}" for number in range(1000)}
    said = doctor(config(mountd(listing(("/srv", (WEB1,)))), guests))
    assert "g0004 (127.70.0.5) and 995 more" in said.one("exports", "problem", "g0000 (127.70.0.1)")["seen"]


def test_nothing_exported(mountd, config):
    """a server that exports nothing is a problem [L4]"""
    doctor(config(mountd(listing()), {"web1": WEB1})).one("exports", "problem", f"no export admits web1 ({WEB1})")


@pytest.mark.parametrize("what,body", [("cut", u32(1) + opaque(b"/srv")), ("too long a name", u32(1) + opaque(b"/" * 1025) + u32(0, 0)),
                                       ("a length that lies", u32(1, 0xfffffff0)), ("no boolean", u32(2)), ("bytes behind its end", u32(0, 0))],
                         ids=lambda value: value if isinstance(value, str) else "")
def test_malformed(mountd, config, what, body):
    """a list of exports with {what} is said to be malformed [A1]"""
    said = doctor(config(mountd(lambda call: rpc.record(rpc.success(call.xid, body))), {"web1": WEB1}))
    said.one("exports", "unknown", "its list is malformed")


def test_without_mountd(ganesha, config):
    """where no backend has MOUNT the exports cannot be told, and the ports not of a server that is not this host's knfsd [L4]"""
    said = doctor(config({"nfs": backends(ganesha)["nfs"]}, {"web1": WEB1}))
    said.one("exports", "unknown", "showmount -e")
    said.one("insecure-ports", "unknown", "tells nothing of its exports")
