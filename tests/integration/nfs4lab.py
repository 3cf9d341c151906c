"""Two guests before one nfs-ganesha, each calling by AUTH_SYS or by Kerberos: the arrangement of the tests of NFS messages."""

import itertools

import pytest
from nfslab import WEB1, WEB2, backends
from peers import kerberos, nfs3, toml
from peers.build import program
from peers.ganesha import Export, Ganesha
from peers.kerberos import Lab
from peers.nfs4 import Caller
from peers.ports import free_port

SECS = ["sys", "krb5i", "krb5p"]
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ganesha(shared_directory):
    """ganesha is a server that a file's tests share, with an export /both for two guests."""
    server = Ganesha(shared_directory / "ganesha", [Export("both", (WEB1, WEB2)), Export("other", (WEB1, WEB2))])
    yield server
    server.stop()


def caller(lab: Lab, guest: str = "web1", sec: str = "sys") -> Caller:
    """caller calls as the guest, over a connection of its own; by Kerberos as alice."""
    connection = lab.connect(guest)
    if sec == "sys":
        return Caller(connection)
    return Caller(connection, lab.context("alice", connection, nfs3.PROGRAM, nfs3.VERSION), sec)


@pytest.fixture
def two(gateway, ganesha, realm, accounts, directory):
    """two starts a gateway with the keys given for both guests, for web1 and for web2, on the same ports each time."""
    ports = {"web1": free_port(), "web2": free_port()}
    labs = []

    def begin(web1: dict | None = None, web2: dict | None = None, **both) -> Lab:
        guests = {name: {"listener": name, "source_address": source, "backends": ["nfs", "mountd"], "insecure_action": "squash",
                         "anonuid": 1000, "anongid": 100, **both, **(own or {})}
                  for name, source, own in (("web1", WEB1, web1), ("web2", WEB2, web2))}
        text = toml.config({name: f"tcp:127.0.0.1:{port}" for name, port in ports.items()}, backends(ganesha), guests,
                           kerberos=kerberos.section(realm, directory)) + kerberos.rules(kerberos.MACHINES)
        labs.append(Lab(gateway(text, env={**realm.env(), **accounts.env(program("proxy/gatehoused"))}), realm, {}, ports))
        return labs[-1]
    yield begin
    for each in labs:
        each.close()


def new() -> str:
    """new is a name of a file, or of a client, that no other test uses."""
    return f"name{next(numbers)}"
