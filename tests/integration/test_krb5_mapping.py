"""Whom a principal becomes: rules, accounts, groups, squash."""

import pytest
from krb5lab import ANY
from peers import gss, kerberos
from peers.accounts import COUNTS, FIRST_GROUP, Accounts, many
from peers.realm import REALM
from peers.wait import until

PROGRAM, VERSION, ECHO = ANY
NOBODY = 65534
ALICE = (5001, 5001, (6001, 6002, 6003, 6004))


@pytest.fixture
def served(script):
    """served makes a call with a context and returns whom the backend was told: uid, gid and groups."""
    def call(lab, user: str = "alice", guest: str = "web1", service: int = gss.NONE):
        connection = lab.connect(guest)
        reply = lab.context(user, connection).call(connection, *ANY, b"data", service)
        return kerberos.seen(script.calls[-1]) if reply.outcome == "SUCCESS" else reply.outcome
    return call


def refusal(lab, user: str, guest: str = "web1") -> int:
    """refusal is the major status that an INIT of the user fails with, in the RFC's shape."""
    context = gss.Context(lab.ticket(user))
    return gss.parse_creation(gss.converse(lab.connect(guest), gss.creation(PROGRAM, VERSION, context.token()))).major


def test_accounts(lab5, served):
    """without a rule a principal is the account of its name, with all its groups as far as AUTH_SYS has room [G6, G7]"""
    lab = lab5()
    assert served(lab, "alice") == ALICE
    assert served(lab, "bob") == (5002, 5002, (6001, *range(7001, 7016)))


def test_unmapped(lab5, script):
    """a principal without an account is refused at INIT, and logged [G6]"""
    lab = lab5()
    assert refusal(lab, "carol") == gss.UNAUTHORIZED
    assert lab.gateway.wait_event("context-refused", guest="web1")["principal"] == f"carol@{REALM}"
    assert script.calls == []


def test_deny(lab5, served):
    """a deny rule refuses who has an account, and no one else [G6]"""
    lab = lab5(principals={f"alice@{REALM}": "deny"})
    assert refusal(lab, "alice") == gss.UNAUTHORIZED
    assert served(lab, "bob")[0] == 5002


def test_first_rule_decides(lab5, served):
    """of several rules the first that matches decides: an account, ids, a pattern [G6]"""
    lab = lab5(principals={f"carol@{REALM}": {"uid": 7100, "gid": 7200, "groups": [7300, 7301]}, "c*": "deny", "alice@*": "bob", "alic*": "deny"})
    assert served(lab, "carol") == (7100, 7200, (7300, 7301))
    assert served(lab, "alice") == (5002, 5002, (6001, *range(7001, 7016)))
    assert served(lab, "bob")[0] == 5002


def test_rule_to_no_account(lab5):
    """a rule that names an account which is not there refuses [G6]"""
    lab = lab5(principals={"alice@*": "nosuch"})
    assert refusal(lab, "alice") in (gss.UNAUTHORIZED, gss.FAILURE)


def test_machine(lab5, served):
    """a machine's principal is nobody by the rule that is shipped, and refused without one [G6]"""
    assert served(lab5(), "root/localhost")[:2] == (NOBODY, NOBODY)


def test_machine_without_rule(lab5):
    """a machine's principal is refused without a rule [G6]"""
    assert refusal(lab5(principals={}), "root/localhost") == gss.UNAUTHORIZED


def test_auth_to_local(lab5, served, realm, directory):
    """auth_to_local of krb5.conf decides what no rule does [G6]"""
    config = directory / "krb5.conf"
    rules = "auth_to_local = RULE:[1:$1](carol)s/carol/bob/\n    auth_to_local = DEFAULT\n    kdc ="
    config.write_text(realm.config.read_text().replace("kdc =", rules))
    lab = lab5(env={"KRB5_CONFIG": str(config)})
    assert served(lab, "carol")[0] == 5002
    assert served(lab, "alice")[0] == 5001


def test_principals_of_a_guest(lab5, served):
    """a guest's list of principals refuses others at INIT; the other guest's list is its own [G6]"""
    lab = lab5(guests={"web1": {"principals": ["bob@*", f"root/*@{REALM}"]}, "web2": {"principals": [f"alice@{REALM}"]}})
    assert refusal(lab, "alice", "web1") == gss.UNAUTHORIZED
    assert refusal(lab, "bob", "web2") == gss.UNAUTHORIZED
    assert served(lab, "bob", "web1")[0] == 5002
    assert served(lab, "root/localhost", "web1")[0] == NOBODY
    assert served(lab, "alice", "web2") == ALICE


ROOT = {"alice@*": {"uid": 0, "gid": 100, "groups": [0, 5]}, "bob@*": {"uid": 0, "gid": 0, "groups": [5]}}


@pytest.mark.parametrize("sec", ["krb5", "krb5i", "krb5p"])
def test_squash_of_root(lab5, served, sec):
    """a principal that maps to uid 0 or gid 0 is squashed as a guest's root is, over {sec} [T1, G6]"""
    lab = lab5(principals=ROOT)
    assert served(lab, "alice", service=gss.SERVICES[sec]) == (NOBODY, 100, (NOBODY, 5))
    assert served(lab, "bob", service=gss.SERVICES[sec]) == (NOBODY, NOBODY, (5,))


def test_squash_by_guest(lab5, served):
    """one context's ids are squashed by the guest's own rules: all, none for a trusted one, other anonymous ids [T1, T2, G6]"""
    guests = {"web1": {"squash": "all", "anonuid": 7001, "anongid": 7002}, "web2": {"squash": "none", "trusted": True}, "web3": {"anonuid": 7003}}
    lab = lab5(principals=ROOT, guests=guests, trust={"allowed": ["web2"]})
    assert served(lab, "alice", "web1") == (7001, 7002, ())
    assert served(lab, "alice", "web2") == (0, 100, (0, 5))
    assert served(lab, "alice", "web3") == (7003, 100, (NOBODY, 5))
    assert served(lab, "bob", "web1") == (7001, 7002, ())


def test_no_id_maps(lab5, served):
    """a principal's ids are the host's: uid_map and gid_map leave them alone [T1, G6]"""
    lab = lab5(guests={"web1": {"uid_map": ["0-65535:100000"], "gid_map": ["0-65535:200000"]}})
    assert served(lab, "alice") == ALICE


@pytest.fixture(scope="module")
def crowd(shared_directory, realm):
    """crowd are users u0 to u65536 with so many groups, with principals."""
    for count in COUNTS:
        realm.add(f"u{count}")
    return Accounts(shared_directory / "crowd", {f"u{count}": many(count) for count in COUNTS})


def groups(count: int, strategy: str) -> tuple[int, ...] | None:
    """groups is what AUTH_SYS carries of so many groups; None: a refusal."""
    if strategy == "primary":
        return ()
    if strategy == "reject" and count > 16:
        return None
    return tuple(range(FIRST_GROUP, FIRST_GROUP + min(count, 16)))


@pytest.mark.parametrize("strategy", ["first16", "primary", "reject"])
def test_group_counts(lab5, served, crowd, strategy):
    """users with 0, 1, 16, 17, 5000 and 65536 groups have the list that groups = "{strategy}" gives [G6, G7]"""
    lab = lab5(guests={"web1": {"groups": strategy}}, accounts=crowd)
    for count in COUNTS:
        listed = groups(count, strategy)
        wanted = (10_000 + count, 10_000 + count, listed) if listed is not None else "AUTH_ERROR TOOWEAK"
        assert served(lab, f"u{count}") == wanted


def test_ids_are_frozen(lab5, script, shared_directory, realm):
    """a context keeps the ids that it began with; the next one, once id_cache is over, has those of the day [G6]"""
    changing = Accounts(shared_directory / "changing")
    lab = lab5(accounts=changing, kerberos={"id_cache": "1s"})
    connection = lab.connect()
    old = lab.context("alice", connection)
    changing.write({"alice": many(1), "root": many(0)})
    assert old.call(connection, *ANY).outcome == "SUCCESS" and kerberos.seen(script.calls[-1]) == ALICE

    def renewed():
        lab.context("alice", connection).call(connection, *ANY)
        return kerberos.seen(script.calls[-1])[0] == 10_001
    until(renewed, "the new ids")
    assert old.call(connection, *ANY).outcome == "SUCCESS" and kerberos.seen(script.calls[-1]) == ALICE
