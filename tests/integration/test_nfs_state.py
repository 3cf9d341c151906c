"""Session ids, client ids and state ids of NFSv4 belong to the guest that was given them, and so do the names of its clients."""

import pytest
from nfs4lab import SECS, caller, ganesha, new, two  # noqa: F401
from peers import nfs4
from peers.nfs4 import Client, Client0


def destroy(attacker, victim) -> nfs4.Answer:
    """destroy is DESTROY_SESSION over a connection that belongs to the session, if BIND_CONN_TO_SESSION was taken."""
    attacker.say(nfs4.bind_connection(victim.session))
    return attacker.say(nfs4.destroy_session(victim.session))


# What a guest does with what another one was given: what it hears, and what it would hear with state_ids = "plain". Each is a function of the
# attacker's caller and the victim.
ATTACKS = {
    "SEQUENCE": (lambda b, a: b.say(nfs4.sequence(a.session, a.number + 1)), "BADSESSION", "OK"),
    "BIND_CONN_TO_SESSION": (lambda b, a: b.say(nfs4.bind_connection(a.session)), "BADSESSION", "OK"),
    "DESTROY_SESSION": (destroy, "BADSESSION", "OK"),
    "CREATE_SESSION": (lambda b, a: b.say(nfs4.create_session(a.id, a.next + 1)), "STALE_CLIENTID", "OK"),
    "DESTROY_CLIENTID": (lambda b, a: b.say(nfs4.destroy_client(a.id)), "STALE_CLIENTID", "CLIENTID_BUSY"),
}
ATTACKS0 = {
    "RENEW": (lambda b, a: b.say(nfs4.renew(a.id), minor=0), "STALE_CLIENTID"),
    "SETCLIENTID_CONFIRM": (lambda b, a: b.say(nfs4.confirm_client(a.id, a.confirm), minor=0), "STALE_CLIENTID"),
}


@pytest.mark.parametrize("sec", SECS)
def test_sessions(two, ganesha, sec):
    """session and client ids of another guest are none over {sec}; its session and open file go on, and each attempt is logged [T3]"""
    lab = two()
    victim = Client(caller(lab, "web1", sec), new().encode())
    state = victim.open("both", name := new())
    for operation, (attack, status, _) in ATTACKS.items():
        assert attack(caller(lab, "web2", sec), victim).word == status, operation
        line = lab.gateway.wait_event("unknown-state", guest="web2", operation=operation)
        assert line["status"] == "NFS4ERR_" + status and line["peer"]
    assert victim.write(f"both/{name}", state, b"goes on") == "OK"
    assert (ganesha.path("both") / name).read_bytes() == b"goes on"
    assert not lab.gateway.events("unknown-state", guest="web1")


@pytest.mark.parametrize("operation", ATTACKS)
def test_sessions_plain(two, operation):
    """with state_ids = "plain" {operation} with an id of another guest reaches what it names [T3]"""
    lab = two(state_ids="plain")
    victim = Client(caller(lab, "web1"), new().encode())
    attack, _, status = ATTACKS[operation]
    assert attack(caller(lab, "web2"), victim).word == status
    assert victim.alive() == (operation != "DESTROY_SESSION")


@pytest.mark.parametrize("sec", SECS)
def test_version_0(two, ganesha, sec):
    """client and state ids of NFSv4.0 of another guest are none over {sec}; its lease and open file go on, and each attempt is logged [T3]"""
    lab = two()
    victim, attacker = Client0(caller(lab, "web1", sec), new().encode()), caller(lab, "web2", sec)
    state = victim.open("both", name := new())
    for operation, (attack, status) in ATTACKS0.items():
        assert attack(attacker, victim).word == status, operation
        assert lab.gateway.wait_event("unknown-state", guest="web2", operation=operation)["status"] == "NFS4ERR_" + status
    own = Client0(attacker, new().encode())
    for operation, attack in (("WRITE", lambda: own.write(f"both/{name}", state, b"not this")),
                              ("CLOSE", lambda: attacker.say(*nfs4.walk(f"both/{name}"), nfs4.close(state, victim.seqid), minor=0).word)):
        assert (word := attack()) in ("BAD_STATEID", "STALE_STATEID"), operation
        assert lab.gateway.wait_event("unknown-state", guest="web2", operation=operation)["status"] == "NFS4ERR_" + word
    assert victim.write(f"both/{name}", state, b"goes on") == "OK"
    assert (ganesha.path("both") / name).read_bytes() == b"goes on"
    assert victim.alive()


def test_version_0_plain(two, ganesha):
    """with state_ids = "plain" another guest renews a lease of NFSv4.0 and writes by a state id that it was not given [T3]"""
    lab = two(state_ids="plain")
    victim, attacker = Client0(caller(lab, "web1"), new().encode()), caller(lab, "web2")
    state = victim.open("both", name := new())
    assert attacker.say(nfs4.renew(victim.id), minor=0).word == "OK"
    assert Client0(attacker, new().encode()).write(f"both/{name}", state, b"stolen") == "OK"
    assert (ganesha.path("both") / name).read_bytes() == b"stolen"


def test_what_ids_tell(two):
    """what the server's client ids have in common, no two that guests see have [T3]"""
    for keys, alike in (("plain", True), ("bound", False)):
        lab = two(state_ids=keys)
        ids = [Client(caller(lab, guest), new().encode()).id for guest in ("web1", "web1", "web2")]
        lab.gateway.stop()
        words = [each[at:at + 4] for each in ids for at in (0, 4)]
        assert (len(set(words)) < len(words)) == alike, ids


@pytest.mark.parametrize("sec", ["sys", "krb5p"])
def test_restart(two, ganesha, sec):
    """a session, its open file and a lease of NFSv4.0 go on over {sec} after the gateway was started again [T3, P15]"""
    lab = two()
    client, client0 = Client(caller(lab, "web1", sec), new().encode()), Client0(caller(lab, "web1", sec), new().encode())
    state, state0 = client.open("both", name := new()), client0.open("both", name0 := new())
    lab.gateway.stop()
    lab = two()
    client.caller, client0.caller = caller(lab, "web1", sec), caller(lab, "web1", sec)
    assert client.write(f"both/{name}", state, b"goes on") == "OK"
    assert client0.write(f"both/{name0}", state0, b"goes on, too") == "OK"
    assert ((ganesha.path("both") / name).read_bytes(), (ganesha.path("both") / name0).read_bytes()) == (b"goes on", b"goes on, too")


def test_restart_with_another_secret(two, directory):
    """with another secret the ids of before are none, as after a restart of the server [T3]"""
    lab = two()
    client = Client(caller(lab, "web1"), new().encode())
    lab.gateway.stop()
    (directory / "state" / "secret").unlink()
    client.caller = caller(two(), "web1")
    assert client.within().word == "BADSESSION"
    assert Client(client.caller, client.owner, b"2nd boot").alive()


@pytest.mark.parametrize("sec", SECS)
def test_owners(two, sec):
    """two guests that call themselves the same over {sec} keep two clients, whatever their verifiers [T3]"""
    lab = two()
    name = new().encode()
    first, second = Client(caller(lab, "web1", sec), name), Client(caller(lab, "web2", sec), name, b"2nd boot")
    assert first.alive() and second.alive()
    third = Client(caller(lab, "web2", sec), name, b"3rd boot")
    assert first.alive() and third.alive() and not second.alive()


def test_owners_plain(two):
    """with client_owners = "plain" a guest that calls itself as another one does ends its session [T3]"""
    lab = two(client_owners="plain")
    name = new().encode()
    first = Client(caller(lab, "web1"), name)
    second = Client(caller(lab, "web2"), name, b"2nd boot")
    assert second.alive() and not first.alive()


def test_owners_version_0(two):
    """two guests that call themselves the same in SETCLIENTID keep two leases; with client_owners = "plain" they do not [T3]"""
    for keys, both in (({}, True), ({"client_owners": "plain"}, False)):
        lab = two(**keys)
        name = new().encode()
        first = Client0(caller(lab, "web1"), name)
        second = Client0(caller(lab, "web2"), name, b"2nd boot")
        assert (first.alive(), second.alive()) == (both, True)
        lab.gateway.stop()
