"""Tokens and tickets that the keytab acceptor takes, and those that it does not."""

import subprocess

import pytest
from krb5lab import ANY
from peers import fat_ticket, gss, rpc
from peers.gss import Flag
from peers.kerberos import open_lab
from peers.realm import Realm

PROGRAM, VERSION, ECHO = ANY


def answer(lab, token: bytes, connection=None, size: int | None = None) -> gss.Creation:
    """answer sends a token and returns what INIT was answered with."""
    return gss.parse_creation(gss.converse(connection or lab.connect(), gss.creation(PROGRAM, VERSION, token), size))


def refused(created: gss.Creation) -> bool:
    """refused says that no context began and none is waited for."""
    return created.major not in (gss.COMPLETE, gss.CONTINUE_NEEDED)


@pytest.mark.parametrize("size", [2049, 65536, 65537, 262144])
def test_large(lab5, realm, size):
    """a good token of {size} bytes is accepted, whole and in fragments [G5]"""
    lab = lab5()
    connection = lab.connect()
    for pieces in (None, 1000):
        context, token = fat_ticket.context_with_token_of(size, realm)
        context.complete(gss.converse(connection, gss.creation(PROGRAM, VERSION, token), pieces))
        assert context.call(connection, *ANY, b"data", gss.PRIVACY).results == b"data"


def test_too_large(lab5, realm):
    """a good token of 256 KiB and a byte is refused, and the connection goes on [G5]"""
    lab = lab5()
    connection = lab.connect()
    assert answer(lab, fat_ticket.context_with_token_of(262145, realm)[1], connection).major == gss.DEFECTIVE_TOKEN
    assert lab.context(over=connection).call(connection, *ANY, b"data").results == b"data"


def test_other_service(lab5, realm):
    """a ticket for host/, whose key is in the keytab too, is refused, and taken where the configuration says service = "host" [G11]"""
    host = lambda lab: gss.Context(lab.ticket("alice"), "host@localhost")  # noqa: E731
    lab = lab5()
    assert refused(answer(lab, host(lab).token()))
    assert lab.gateway.wait_event("context-refused", guest="web1")


def test_configured_service(lab5, realm):
    """with service = "host" it is the host/ ticket that is taken and the nfs/ ticket that is not [G11]"""
    lab = lab5(kerberos={"service": "host"})
    assert answer(lab, gss.Context(lab.ticket("alice"), "host@localhost").token()).major == gss.COMPLETE
    assert refused(answer(lab, gss.Context(lab.ticket("alice")).token()))


def test_other_names_of_the_service(lab5, realm, directory):
    """a ticket for any nfs/ principal of the keytab is taken [G11]"""
    keytab = directory / "two.keytab"
    keytab.write_bytes(realm.keytab.read_bytes())
    realm.add("nfs/other.localhost", keytab=keytab)
    lab = lab5(kerberos={"keytab": str(keytab)})
    for name in ("nfs@localhost", "nfs@other.localhost"):
        assert answer(lab, gss.Context(lab.ticket("alice"), name).token()).major == gss.COMPLETE


def test_spnego(lab5):
    """a token of SPNEGO with a good krb5 token inside is refused [G11]"""
    lab = lab5()
    assert refused(answer(lab, gss.Context(lab.ticket("alice"), mech=gss.SPNEGO).token()))


def test_dce_style(lab5):
    """a context of DCE style, which wants a third leg, is refused [G11]"""
    lab = lab5()
    flags = Flag.mutual_authentication | Flag.integrity | Flag.confidentiality | Flag.dce_style
    assert refused(answer(lab, gss.Context(lab.ticket("alice"), flags=int(flags)).token()))


def test_other_mechanism_id(lab5):
    """a krb5 token under another object identifier is refused [G11]"""
    lab = lab5()
    token = gss.Context(lab.ticket("alice")).token()
    microsoft = bytes.fromhex("06092a864882f712010202")
    assert token.count(bytes.fromhex("06092a864886f712010202")) == 1
    assert refused(answer(lab, token.replace(bytes.fromhex("06092a864886f712010202"), microsoft)))


def test_replayed(lab5):
    """a token that was accepted is not accepted again, and its context goes on [G4]"""
    lab = lab5()
    connection = lab.connect()
    context = gss.Context(lab.ticket("alice"))
    token = context.token()
    context.create(connection, PROGRAM, VERSION, token)
    assert refused(answer(lab, token))
    assert refused(answer(lab, token, lab.connect("web2")))
    assert context.call(connection, *ANY, b"data").results == b"data"


def test_no_mutual_authentication(lab5):
    """a client that does not ask for mutual authentication gets a context all the same [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = gss.Context(lab.ticket("alice"), flags=int(Flag.integrity | Flag.confidentiality))
    reply = gss.converse(connection, gss.creation(PROGRAM, VERSION, context.token()))
    created = gss.parse_creation(reply)
    assert (created.major, created.token) == (gss.COMPLETE, b"")
    context.check_verifier(reply, created.window)
    context.handle = created.handle
    assert context.call(connection, *ANY, b"data", gss.PRIVACY).results == b"data"


def test_replay_detection_of_the_client(lab5):
    """a client that turned on the mechanism's own replay detection and sequencing is served, in any order [G1]"""
    lab = lab5()
    connection = lab.connect()
    flags = Flag.mutual_authentication | Flag.integrity | Flag.confidentiality | Flag.replay_detection | Flag.out_of_sequence_detection
    context = gss.Context(lab.ticket("alice"), flags=int(flags)).create(connection, PROGRAM, VERSION)
    messages = [context.message(*ANY, b"data", 1 + turn % 3, xid=turn) for turn in range(6)]
    for turn in (3, 0, 5, 1, 4, 2):
        assert gss.converse(connection, messages[turn]).outcome == "SUCCESS"


def test_delegated(lab5, realm, directory):
    """a client that delegates its ticket is served as one that does not [G1]"""
    lab = lab5()
    connection = lab.connect()
    cache = directory / "forwardable.cc"
    subprocess.run(["kinit", "-f", "-k", "-t", str(realm.user_keytab("alice")), "-c", f"FILE:{cache}", "alice"], check=True)
    flags = Flag.mutual_authentication | Flag.integrity | Flag.confidentiality | Flag.delegate_to_peer
    context = gss.Context(cache, flags=int(flags)).create(connection, PROGRAM, VERSION)
    assert context.call(connection, *ANY, b"data", gss.PRIVACY).results == b"data"


def test_rc4(gateway, accounts, directory, script, stopping):
    """a ticket whose session key is RC4 is refused, although library and KDC would take it [G11]"""
    weak = stopping(Realm(directory / "weak", also="arcfour-hmac"))
    weak.kadmin("addprinc", "-randkey", "-e", "aes256-cts-hmac-sha1-96:normal,arcfour-hmac:normal", "nfs/rc4.localhost")
    weak.kadmin("ktadd", "-norandkey", "-k", str(weak.keytab), "nfs/rc4.localhost")
    lab = open_lab(gateway, weak, accounts, directory, script.address)
    token = gss.Context(lab.ticket("alice"), "nfs@rc4.localhost", enctype=23).token()
    assert refused(answer(lab, token))
    assert "arcfour" in lab.gateway.wait_event("context-refused", guest="web1")["reason"]
    assert answer(lab, gss.Context(lab.ticket("alice"), "nfs@rc4.localhost", enctype=18).token()).major == gss.COMPLETE
    lab.close()


def test_keytab_comes_later(lab5, realm, directory):
    """without a keytab INITs fail; once it is there, and after each change of it, the next INIT works [G9]"""
    keytab = directory / "later.keytab"
    lab = lab5(kerberos={"keytab": str(keytab)})
    connection = lab.connect()
    assert refused(answer(lab, gss.Context(lab.ticket("alice")).token(), connection))
    keytab.write_bytes(realm.keytab.read_bytes())
    assert answer(lab, gss.Context(lab.ticket("alice")).token(), connection).major == gss.COMPLETE
    realm.add("nfs/late.localhost", keytab=keytab)
    assert answer(lab, gss.Context(lab.ticket("alice"), "nfs@late.localhost").token(), connection).major == gss.COMPLETE


def test_token_in_small_fragments(lab5):
    """an INIT that comes in fragments of 7 bytes is one INIT [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = gss.Context(lab.ticket("alice"))
    context.complete(gss.converse(connection, gss.creation(PROGRAM, VERSION, context.token()), 7))
    assert context.call(connection, *ANY, b"data", size=7).results == b"data"


@pytest.mark.parametrize("tail", [b"", b"\0" * 4, b"\xff" * 5])
def test_arguments(lab5, tail):
    """arguments of INIT that are not exactly one token are answered GARBAGE_ARGS with an AUTH_NONE verifier, behind it {tail!r} [G1]"""
    lab = lab5()
    connection = lab.connect()
    token = gss.Context(lab.ticket("alice")).token()
    wrong = (lambda body: body[:-4]) if not tail else (lambda body: body + tail)
    reply = gss.converse(connection, gss.creation(PROGRAM, VERSION, token, body=wrong))
    assert (reply.outcome, reply.verifier_flavor, reply.verifier) == ("GARBAGE_ARGS", rpc.Flavor.NONE, b"")
