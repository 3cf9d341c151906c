"""What a new configuration means for the contexts that there are, and for those that are made next."""

import pytest
from krb5lab import ANY
from peers import gss, rpc
from peers.kerberos import rules
from peers.wait import until

UNKNOWN = "AUTH_ERROR GSS_CREDPROBLEM"


def works(context, connection) -> bool:
    return context.call(connection, *ANY, b"data", gss.PRIVACY).outcome == "SUCCESS"


def outcome(context, connection) -> str:
    return context.call(connection, *ANY, b"data", gss.PRIVACY).outcome


def edited(lab, old: str, new: str) -> str:
    """edited is the gateway's configuration with one piece of it replaced."""
    text = lab.gateway.config.read_text()
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new)


def test_contexts_stay(lab5):
    """contexts go on over reloads that are not about their guest or its principals, on the connection that is there [G12, T3]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    assert works(context, connection)
    text = lab.gateway.config.read_text()
    for timeout in ("5s", "6s", "7s"):
        line = lab.gateway.reload(f'[gateway]\nrecord_timeout = "{timeout}"\n{text}')
        assert line["contexts_retired"] == "0"
        assert works(context, connection)
    assert lab.gateway.counters("web1")["contexts_established"] == 1


def test_guest_goes_and_comes(lab5):
    """a guest that went and came back has no context of before: its handle is unknown [G12, T3]"""
    lab = lab5()
    context, other = lab.context(), lab.context("bob", over=lab.connect("web2"))
    text = lab.gateway.config.read_text()
    at = text.index('[[guest]]\nname = "web1"')
    without = text[:at] + text[text.index('[[guest]]\nname = "web2"'):]
    assert lab.gateway.reload(without)["contexts_retired"] == "1"
    lab.gateway.reload(text)
    assert outcome(context, lab.connect()) == UNKNOWN
    assert works(other, lab.connect("web2"))


def test_distrusted(lab5):
    """a guest that is no longer trusted has no context of before [G12, T3]"""
    lab = lab5(guests={"web1": {"trusted": True}, "web2": {}}, trust={"allowed": ["web1"]})
    context = lab.context()
    lab.gateway.reload(edited(lab, "trusted = true", "trusted = false"))
    assert outcome(context, lab.connect()) == UNKNOWN


def test_rule_changes(lab5, script):
    """contexts of a principal that another [[principal]] rule is for now are gone, those of others stay; the next context has the new
    ids [G6, T3]"""
    lab = lab5()
    connection = lab.connect()
    alice, bob = lab.context("alice", over=connection), lab.context("bob", over=connection)
    assert works(alice, connection) and works(bob, connection)
    text = lab.gateway.config.read_text()
    line = lab.gateway.reload(text + rules({"alice@*": {"uid": 7, "gid": 8, "groups": []}}))
    assert line["contexts_retired"] == "1"
    assert outcome(alice, connection) == UNKNOWN
    assert works(bob, connection)
    again = lab.context("alice", over=connection)
    assert works(again, connection)
    assert rpc.parse_auth_sys(script.calls[-1].credential).uid == 7
    lab.gateway.reload(text + rules({"alice@*": "deny"}))
    assert outcome(again, connection) == UNKNOWN


def test_principals_change(lab5):
    """contexts of principals that the guest's list lets in no more are gone [G6, T3]"""
    lab = lab5(guests={"web1": {"principals": ["*"]}, "web2": {}})
    connection = lab.connect()
    alice, bob = lab.context("alice", over=connection), lab.context("bob", over=connection)
    lab.gateway.reload(edited(lab, 'principals = ["*"]', 'principals = ["bob@*"]'))
    assert outcome(alice, connection) == UNKNOWN
    assert works(bob, connection)


def test_service_in_force(lab5):
    """a context made before is held to the flavors that its guest has now [G1, T3]"""
    lab = lab5(guests={"web1": {"sec": ["krb5", "krb5p"]}})
    connection = lab.connect()
    context = lab.context(over=connection)
    assert works(context, connection)
    lab.gateway.reload(edited(lab, 'sec = ["krb5", "krb5p"]', 'sec = ["krb5"]'))
    assert outcome(context, connection) == "AUTH_ERROR TOOWEAK"
    assert context.call(connection, *ANY, b"data").outcome == "SUCCESS"


def test_waiting_call(lab5, script):
    """a call that was verified and waits for in_flight is decided by the configuration in force when its turn comes [G1, T3]"""
    lab = lab5(guests={"web1": {"sec": ["krb5", "krb5p"], "limits": {"in_flight": 1}}})
    connection = lab.connect()
    context = lab.context(over=connection)
    answer, script.answer = script.answer, lambda call: None
    first = context.message(*ANY, b"first")
    second = context.message(*ANY, b"second", gss.PRIVACY)
    connection.send(rpc.record(first) + rpc.record(second))
    lab.gateway.wait_counter("web1", "waits_in_flight", 1)
    lab.gateway.reload(edited(lab, 'sec = ["krb5", "krb5p"]', 'sec = ["krb5"]'))
    script.wait_calls(1)
    script.connections[-1].send(answer(script.calls[0]))
    assert [connection.read_reply().outcome for _ in range(2)] == ["SUCCESS", "AUTH_ERROR TOOWEAK"]
    assert len(script.calls) == 1
    assert lab.gateway.counters("web1")["in_flight"] == 0


def test_kerberos_switched_on(lab5):
    """Kerberos that no guest could use when the gateway started is there when a reload permits it [G1, T3]"""
    lab = lab5(guests={"web1": {"sec": ["sys"]}})
    connection = lab.connect()
    context = gss.Context(lab.ticket("alice"))
    assert gss.converse(connection, gss.creation(*ANY[:2], context.token())).outcome == "AUTH_ERROR TOOWEAK"
    lab.gateway.reload(edited(lab, 'sec = ["sys"]', 'sec = ["sys", "krb5p"]'))
    assert works(lab.context(over=connection), connection)


@pytest.mark.parametrize("key", ["accept_timeout", "id_cache", "context_lifetime"])
def test_acceptor_changes(lab5, key):
    """contexts are accepted with the {key} in force, and those made before stay [G10, T3]"""
    lab = lab5()
    connection = lab.connect()
    before = lab.context(over=connection)
    lab.gateway.reload(edited(lab, "[kerberos]\n", f'[kerberos]\n{key} = "7s"\n'))
    assert works(before, connection)
    after = lab.context(over=connection)
    assert works(after, connection)


def test_accounts_anew(lab5, accounts):
    """a reload looks accounts up anew: what was remembered of them is forgotten [G6]"""
    lab = lab5()
    connection = lab.connect()
    refused = gss.Context(lab.ticket("carol"))
    reply = gss.parse_creation(gss.converse(connection, gss.creation(*ANY[:2], refused.token())))
    assert reply.major != gss.COMPLETE
    until(lambda: lab.gateway.events("context-refused", rule="no-account"), "the refusal in the log")
    lab.gateway.reload()
    again = gss.Context(lab.ticket("carol"))
    gss.converse(connection, gss.creation(*ANY[:2], again.token()))
    until(lambda: len(lab.gateway.events("context-refused", rule="no-account")) == 2, "the second refusal in the log")


def test_keytab_rotation(lab5, realm, directory):
    """a keytab whose key is changed is used as it is, without a reload: new tickets are taken, and contexts stay [G10]"""
    keytab = directory / "rotating.keytab"
    realm.add("nfs/rotating.test", keytab=keytab)
    lab = lab5(kerberos={"keytab": str(keytab)})
    connection = lab.connect()
    before = lab.context(over=connection, target="nfs@rotating.test")
    assert works(before, connection)
    realm.kadmin("ktadd", "-k", str(keytab), "nfs/rotating.test")
    ticket = realm.kinit("alice", cache=directory / "fresh")
    after = gss.Context(ticket, target="nfs@rotating.test").create(connection, *ANY[:2])
    assert works(after, connection) and works(before, connection)
