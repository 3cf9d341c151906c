"""Real NFS by Kerberos: nfs-ganesha, which knows AUTH_SYS alone, behind the gateway."""

import itertools
import os

import pytest
from compound import COMPOUND, GETFH, PUTROOTFH, compound
from nfslab import WEB1, WEB2, backends, owner
from peers import gss, kerberos, nfs, nfs3, rpc, tirpc, toml
from peers.build import program
from peers.ganesha import Export, Ganesha
from peers.gss import SERVICES
from peers.kerberos import Lab
from peers.ports import free_port

SECS = ["krb5", "krb5i", "krb5p"]
NOBODY = 65534
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ganesha(shared_directory):
    server = Ganesha(shared_directory / "ganesha", [Export("both", (WEB1, WEB2)), Export("one", (WEB1,))])
    yield server
    server.stop()


@pytest.fixture
def lab(gateway, ganesha, realm, accounts, directory):
    """lab starts a gateway before ganesha for web1 (by Kerberos; MOUNT by AUTH_SYS) and web2 (also AUTH_SYS), on loopback ports."""
    def begin(sec: str = "krb5p", **web1) -> Lab:
        ports = {"web1": free_port(), "web2": free_port()}
        guests = {"web1": {"listener": "web1", "source_address": WEB1, "backends": ["nfs", "mountd"], "sec": [sec],
                           "sec_by_program": {"mountd": ["sys"]}, "insecure_action": "squash", **web1},
                  "web2": {"listener": "web2", "source_address": WEB2, "backends": ["nfs", "mountd"]}}
        text = toml.config({name: f"tcp:127.0.0.1:{port}" for name, port in ports.items()}, backends(ganesha), guests,
                           kerberos=kerberos.section(realm, directory)) + kerberos.rules(kerberos.MACHINES)
        return Lab(gateway(text, env=accounts.env(program("proxy/gatehoused"))), realm, {}, ports)
    return begin


def calls(connection, context: gss.Context, sec: str = "krb5p") -> nfs3.Call:
    """calls makes NFSv3 calls by a context."""
    def call(procedure: int, arguments: bytes) -> bytes:
        reply = context.call(connection, nfs3.PROGRAM, nfs3.VERSION, procedure, arguments, SERVICES[sec])
        assert reply.outcome == "SUCCESS", reply
        return reply.results
    return call


def root(lab: Lab) -> bytes:
    """root is the file handle of the export `both`, by MOUNT with AUTH_SYS as a Linux client asks for it."""
    return nfs3.mount(lab.connect(), "/both", rpc.auth_sys(0, 0))


def user(lab: Lab, name: str, sec: str = "krb5p", connection=None) -> nfs3.Call:
    """user makes NFSv3 calls as a user, over a connection of his own unless one is given."""
    connection = connection or lab.connect()
    return calls(connection, lab.context(name, connection, nfs3.PROGRAM, nfs3.VERSION), sec)


def new() -> str:
    """new is a file name that no other test uses."""
    return f"file{next(numbers)}"


@pytest.mark.parametrize("sec", SECS)
def test_ids_recorded(lab, ganesha, sec):
    """files that alice, bob and a machine make over {sec} belong to their ids on the host [G6, V7]"""
    lab = lab(sec)
    for who, ids in (("alice", (5001, 5001)), ("bob", (5002, 5002)), ("root/localhost", (NOBODY, NOBODY))):
        nfs3.create(user(lab, who, sec), root(lab), name := new())
        assert owner(ganesha.path("both") / name) == ids


@pytest.mark.parametrize("sec", SECS)
def test_data(lab, ganesha, sec):
    """1 MiB written over {sec} in one call is the same on the host and when it is read back [G1, V7]"""
    lab = lab(sec)
    alice, data = user(lab, "alice", sec), os.urandom(1 << 20)
    file = nfs3.create(alice, root(lab), name := new())
    nfs3.write(alice, file, data)
    assert (ganesha.path("both") / name).read_bytes() == data
    assert nfs3.read(alice, nfs3.lookup(alice, root(lab), name), 1 << 20) == data


def test_groups(lab, ganesha):
    """the server lets alice into a directory of one of her further groups, and not bob, who is not in it [G6, G7]"""
    lab = lab()
    path = ganesha.path("both") / (name := new())
    path.mkdir()
    os.chown(path, 0, 6003)
    path.chmod(0o770)
    alice, bob = user(lab, "alice"), user(lab, "bob")
    directory = nfs3.lookup(alice, root(lab), name)
    nfs3.create(alice, directory, "alice")
    with pytest.raises(AssertionError, match="NFS status 13"):
        nfs3.create(bob, directory, "bob")
    assert owner(path / "alice")[0] == 5001


def test_root_principal_squashed(lab, ganesha, realm):
    """a principal named root is squashed on the server's files as a guest's root is [T1, G6]"""
    keytab = realm.add("root", keytab=realm.directory / "superuser.keytab")
    cache = realm.kinit("root", cache=realm.directory / "superuser.cc", keytab=keytab)
    lab = lab()
    connection = lab.connect()
    nfs3.create(calls(connection, gss.Context(cache).create(connection, nfs3.PROGRAM, nfs3.VERSION)), root(lab), name := new())
    assert owner(ganesha.path("both") / name) == (NOBODY, NOBODY)


def test_two_users_on_one_connection(lab, ganesha):
    """alice and bob write by turns over one connection, each as himself [G6]"""
    lab = lab()
    connection = lab.connect()
    users = {uid: user(lab, name, connection=connection) for name, uid in (("alice", 5001), ("bob", 5002))}
    for uid in (5001, 5002) * 3:
        nfs3.create(users[uid], root(lab), name := new())
        assert owner(ganesha.path("both") / name)[0] == uid


@pytest.mark.parametrize("sec", SECS)
def test_libtirpc(lab, realm, sec):
    """libtirpc's client reaches NFSv3 and NFSv4 over {sec} [G1]"""
    lab = lab(sec)
    realm.kinit("alice")
    for version in (3, 4):
        options = {"program_number": nfs3.PROGRAM, "version": version, "env": realm.env("alice")}
        assert tirpc.call(tirpc.tcp(lab.ports["web1"]), "null", sec=sec, **options).ok


def test_v4_compound(lab):
    """an NFSv4 COMPOUND on data is answered over krb5p, and is AUTH_TOOWEAK over krb5i on a krb5p guest [G1]"""
    lab = lab()
    connection = lab.connect()
    context = lab.context(over=connection, number=nfs3.PROGRAM, version=4)
    reply = context.call(connection, nfs3.PROGRAM, 4, COMPOUND, compound(PUTROOTFH, GETFH, minor=0), gss.PRIVACY)
    assert rpc.Reader(reply.results).u32() == 0
    assert context.call(connection, nfs3.PROGRAM, 4, COMPOUND, compound(PUTROOTFH, GETFH, minor=0), gss.INTEGRITY).outcome == "AUTH_ERROR TOOWEAK"


def test_beside_auth_sys(lab, ganesha):
    """beside the Kerberos guest another one works by AUTH_SYS, and the Kerberos guest cannot [V7, G1]"""
    lab = lab()
    (ganesha.path("both") / (name := new())).write_bytes(b"")
    assert name in nfs.ls(nfs.Mount(lab.ports["web2"], "both", 3)).output
    assert not nfs.ls(nfs.Mount(lab.ports["web1"], "both", 3)).ok


def test_server_restart(lab, ganesha):
    """after a restart of the server the same contexts work on over new connections [P10, P15]"""
    lab = lab()
    connection = lab.connect()
    context = lab.context("alice", connection, nfs3.PROGRAM, nfs3.VERSION)
    nfs3.create(calls(connection, context), root(lab), new())
    ganesha.halt()
    ganesha.start()
    nfs3.create(calls(lab.connect(), context), root(lab), new())
