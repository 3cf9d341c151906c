"""Planned restarts: established contexts survive them by way of the service manager's descriptor store, listeners by its sockets."""

import fcntl
import os
import signal

import pytest
from krb5lab import ANY
from peers import gss, kerberos, rpc, toml
from peers.client import Closed, connect_unix
from peers.scripted import echo
from peers.service_manager import NAME
from peers.wait import tick, until
from restartlab import host, manager, unknown, works  # noqa: F401

PROGRAM, VERSION, ECHO = ANY
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@pytest.mark.parametrize("service", gss.SERVICES)
def test_contexts_survive(host, manager, script, service):
    """a context goes on over a restart, under its handle and with its next number ({service}), and none is made [L8, G12]"""
    number = gss.SERVICES[service]
    lab = host.start()
    contexts = {user: lab.context(user) for user in ("alice", "bob")}
    assert all(works(lab, context, number) for context in contexts.values())
    lab = host.restart()
    manager.wait_empty()
    for user, context in contexts.items():
        assert works(lab, context, number)
        assert kerberos.seen(script.calls[-1])[0] == {"alice": 5001, "bob": 5002}[user]
    counters = lab.gateway.counters("web1")
    assert (counters["contexts"], counters.get("contexts_established", 0)) == (2, 0)
    assert lab.gateway.events("contexts-saved", guests=1, contexts=2) and lab.gateway.events("contexts-restored", guests=1, contexts=2)
    # And over another one, and another.
    for _ in range(2):
        lab = host.restart()
        assert works(lab, contexts["alice"], number) and works(lab, contexts["bob"], number)


@pytest.mark.parametrize("enctype", [17, 18, 19, 20])
def test_every_enctype(host, enctype):
    """a context of enctype {enctype} goes on over a restart, with every protection [L8, G4]"""
    lab = host.start()
    realm = lab.realm
    context = gss.Context(realm.kinit("alice", cache=realm.directory / f"{enctype}.cc", enctype=enctype), enctype=enctype)
    context.create(lab.connect(), PROGRAM, VERSION)
    lab = host.restart()
    assert all(works(lab, context, service) for service in gss.SERVICES.values())


#= rfc2203#5.3.3.1
## a request whose number was seen gets no answer
def test_replay_over_restart(host, script):
    """a call that was seen before the restart is not answered after it, byte by byte or by its number; one that was not is [L8, G1]"""
    lab = host.start()
    context = lab.context()
    messages = [context.message(*ANY, b"data", service, seq=100 + service) for service in gss.SERVICES.values()]
    for message in messages:
        assert gss.converse(lab.connect(), message).outcome == "SUCCESS"
    lab = host.restart()
    before = len(script.calls)
    for message in [*messages, context.message(*ANY, b"othr", seq=101)]:
        with pytest.raises(Closed):
            gss.converse(lab.connect(), message)
    assert len(script.calls) == before
    assert works(lab, context, seq=99) and works(lab, context, seq=104)


def test_in_flight(host, script):
    """a krb5p call that is answered while the gateway drains, and one that the drain cuts off, are both seen calls after the restart [L8, G1]"""
    lab = host.start(gateway={"drain_timeout": "500ms"})
    context, connection = lab.context(), lab.connect()
    script.answer = lambda call: None
    messages = [context.message(*ANY, b"data", gss.PRIVACY) for _ in range(2)]
    for message in messages:
        connection.send(rpc.record(message))
    first = script.wait_calls(2)[0]
    lab.gateway.process.popen.send_signal(signal.SIGTERM)
    lab.gateway.wait_event("draining")
    script.connections[0].send(echo(first))
    assert connection.read_reply().outcome == "SUCCESS"
    lab.gateway.wait_end()
    script.answer = echo
    lab = host.start()
    for message in messages:
        with pytest.raises(Closed):
            gss.converse(lab.connect(), message)
    assert works(lab, context, gss.PRIVACY)


def guests(**changed) -> dict:
    """guests are web1 and web2, with web1's keys as given."""
    return {"web1": {"uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", **changed}, "web2": {}}


@pytest.mark.parametrize("change", ["uuid", "trust", "gone", "uid"])
def test_other_guest(host, change):
    """a guest that is somebody else now, lost its trust or is gone ({change}) inherits nothing, another keeps its contexts [L8, T3, L9]"""
    trust = {"trust": {"allowed": ["web1"]}}
    lab = host.start(guests=guests(trusted=True), **trust)
    lost, kept = lab.context(), lab.context(over=lab.connect("web2"))
    after = {"uuid": guests(uuid="6ba7b811-9dad-11d1-80b4-00c04fd430c8", trusted=True), "trust": guests(), "gone": {"web9": {}, "web2": {}},
             "uid": guests(uid=os.getuid(), trusted=True)}[change]
    lab = host.restart(guests=after, **trust)
    word = {"trust": "trust_lost", "gone": "guest_gone"}.get(change, "guest_changed")
    assert lab.gateway.events("contexts-restored", contexts=1, **{word: 1})
    guest = "web9" if change == "gone" else "web1"
    assert unknown(lab, lost, guest)
    assert works(lab, kept, guest="web2")
    assert lab.context(over=lab.connect(guest)).call(lab.connect(guest), *ANY, b"new.").results == b"new."


def test_rules_that_changed(host):
    """a principal that is not allowed any more, or mapped otherwise, loses its contexts at a restart, another keeps them [L8, G6]"""
    lab = host.start(guests={"web1": {}, "web2": {}})
    alice, bob = lab.context("alice"), lab.context("bob")
    other = lab.context("bob", over=lab.connect("web2"))
    lab = host.restart(guests={"web1": {"principals": ["bob@*"]}, "web2": {}})
    assert unknown(lab, alice) and works(lab, bob)
    lab = host.restart(principals={**kerberos.MACHINES, "bob@*": "nobody"})
    assert unknown(lab, bob) and unknown(lab, other, "web2")
    assert lab.gateway.events("contexts-restored", principal_changed=2)


def test_after_a_reload(host):
    """contexts of guests whose places a reload changed survive the restart after it, those of a guest that it took do not [L8, T3]"""
    lab = host.start()
    first, second = lab.context(), lab.context(over=lab.connect("web2"))
    text = lab.gateway.config.read_text()
    at = text.index("[[guest]]")
    lab.gateway.reload(text[:at] + toml.entry("guest", "web0", uid=7, backends=["peer"]) + text[at:])
    third = lab.context(over=lab.connect("web2"))
    lab = host.restart(guests={"web2": {}, "web1": {}})
    assert works(lab, first) and works(lab, second, guest="web2") and works(lab, third, guest="web2")
    text = lab.gateway.config.read_text()
    lab.gateway.reload(text.replace('name = "web1"\nlistener = "web1"\nbackends', 'name = "web9"\nlistener = "web1"\nbackends'))
    lab = host.restart()
    assert unknown(lab, first) and works(lab, second, guest="web2")


def test_cap(host):
    """of more contexts than limits.contexts lets a guest have now, those that were used last survive [L8, G12]"""
    lab = host.start()
    connection = lab.connect()
    contexts = [lab.context(over=connection) for _ in range(4)]
    for context in (contexts[2], contexts[0]):
        tick()
        assert context.call(connection, *ANY, b"data").results == b"data"
    lab = host.restart(guests={"web1": {"limits": {"contexts": 2}}, "web2": {}})
    assert [works(lab, context) for context in (contexts[0], contexts[2])] == [True, True]
    assert unknown(lab, contexts[1]) and unknown(lab, contexts[3])


def test_lifetime_goes_on(host, manager):
    """a restart gives a context no longer life: it ends with its ticket [L8, G12]"""
    lab = host.start()
    context = gss.Context(lab.realm.kinit("bob", "8s", cache=lab.realm.directory / "short.cc")).create(lab.connect(), PROGRAM, VERSION)
    lab = host.restart()
    assert works(lab, context)
    connection = lab.connect()
    until(lambda: context.call(connection, *ANY, b"data").outcome == "AUTH_ERROR GSS_CTXPROBLEM", "the end of the ticket", 20)


NO_STORE = {"a store without room": {}, "a store that is said to have no room": {"FDSTORE": "0"}, "no service manager": {"NOTIFY_SOCKET": ""}}


@pytest.mark.parametrize("why", NO_STORE)
def test_without_a_store(host, manager, why):
    """with {why} it is said that contexts are lost, a client is told that its context is unknown, and makes a new one [L8]"""
    manager.room = 0
    lab = host.start(env=NO_STORE[why])
    context = lab.context()
    lab = host.restart()
    assert lab.gateway.events("contexts-not-saved")
    assert manager.said("FDSTORE=1") == (1 if why == "a store without room" else 0)
    assert unknown(lab, context)
    assert works(lab, lab.context())


def test_crash(host, manager):
    """a gateway that is killed leaves nothing, and what it had restored is not restored a second time [L8, G1]"""
    lab = host.start()
    context = lab.context()
    lab = host.restart()
    manager.wait_empty()
    assert works(lab, context)
    lab.gateway.process.kill()
    lab.gateway._stopped = True
    lab = host.start()
    assert unknown(lab, context)


def test_nothing_on_disk(host, manager, directory):
    """what is stored is memory that nobody can change, its content does not show the principal, and the key is in a pipe [L8]"""
    lab = host.start()
    lab.context()
    lab.gateway.stop()
    memory, key = [stored.fd for stored in manager.store]
    assert manager.names() == [NAME, NAME]
    assert os.readlink(f"/proc/self/fd/{memory}").startswith("/memfd:") and os.readlink(f"/proc/self/fd/{key}").startswith("pipe:")
    assert fcntl.fcntl(memory, fcntl.F_GET_SEALS) & SEALS == SEALS
    content = os.pread(memory, 1 << 20, 0)
    assert len(content) > 200 and b"alice" not in content and b"web1" not in content
    assert not [path for path in directory.rglob("*") if path.is_file() and b"alice@" in path.read_bytes() and path.suffix != ".log"]


def test_listener_survives(host, manager, directory):
    """connections that arrive while no gateway runs wait at the service manager's socket, and are served with the old context [L7, L8]"""
    manager.listen("web1", directory / "web1.sock")
    lab = host.start(held=["web1"])
    context = lab.context()
    assert works(lab, context)
    lab.gateway.stop()
    waiting = [connect_unix(directory / "web1.sock", timeout=30) for _ in range(3)]
    messages = [context.message(*ANY, b"wait", gss.NONE) for _ in waiting]
    for connection, message in zip(waiting, messages):
        connection.send(rpc.record(message))
    assert not any(connection.readable() for connection in waiting)
    lab = host.start(held=["web1"])
    for connection in waiting:
        assert connection.read_reply().outcome == "SUCCESS"
        connection.close()
    assert lab.gateway.counters("web1").get("contexts_established", 0) == 0
    # A socket of the service manager is not taken away.
    lab.gateway.stop()
    assert (directory / "web1.sock").exists()


def test_store_is_no_listener(host, manager, directory):
    """what is in the store is no listener, though a listener asks for its name [L8]"""
    manager.listen("web1", directory / "web1.sock")
    lab = host.start(held=["web1"])
    context = lab.context()
    lab = host.restart(held=["web1"])
    assert works(lab, context)
    names = [line["listener"] for line in lab.gateway.events("listening")]
    assert names.count("web1") == 2 and NAME not in names
