"""Which flavors a guest may use: sec, sec_by_program, and the state operations of NFSv4."""

import pytest
from compound import COMPOUND, GETFH, PROGRAM, PUTROOTFH, STATE, VERSION, compound
from krb5lab import ANY
from peers import gss, nfs4, rpc

MOUNTD = 100005
SECS = ["krb5", "krb5i", "krb5p"]
WEAK = "AUTH_ERROR TOOWEAK"


@pytest.fixture
def script(script):
    """script answers calls of NFS and MOUNT as a server does, others with their arguments."""
    echo = script.answer
    script.answer = lambda call: nfs4.carry_out(call) if call.program in (PROGRAM, MOUNTD) else echo(call)
    return script


#= rfc2203#5.2.1
## the server enforces mechanism and service on every request
@pytest.mark.parametrize("listed", [["krb5"], ["krb5i"], ["krb5p"], ["krb5", "krb5p"], ["sys", "krb5i", "krb5p"]], ids="+".join)
def test_exact_list(lab5, script, listed):
    """with sec = {listed} calls by other Kerberos flavors are AUTH_TOOWEAK and reach nobody, those listed pass [G1]"""
    lab = lab5(guests={"web1": {"sec": listed}})
    connection = lab.connect()
    context = lab.context(over=connection)
    for sec in SECS:
        before = len(script.calls)
        reply = context.call(connection, *ANY, b"data", gss.SERVICES[sec])
        assert reply.outcome == ("SUCCESS" if sec in listed else WEAK)
        assert len(script.calls) - before == (sec in listed)


def test_null_by_any(lab5):
    """NULL passes by every service of a context where one Kerberos flavor is listed [G1]"""
    lab = lab5(guests={"web1": {"sec": ["krb5p"]}})
    connection = lab.connect()
    context = lab.context(over=connection)
    assert [context.call(connection, ANY[0], 1, 0, b"", service).outcome for service in (1, 2, 3)] == ["SUCCESS"] * 3


def test_sys_where_only_krb5p(lab5):
    """AUTH_SYS is AUTH_TOOWEAK where only Kerberos flavors are listed [G1]"""
    lab = lab5(guests={"web1": {"sec": ["krb5p"]}})
    assert lab.connect().call(*ANY, rpc.auth_sys(1000, 100), b"data").outcome == WEAK


@pytest.mark.parametrize("listed", [["sys"], ["none", "sys"]], ids=lambda listed: "+".join(listed))
def test_no_kerberos(lab5, script, listed):
    """with sec = {listed} no context can even be begun: INIT is AUTH_TOOWEAK [G1]"""
    lab = lab5(guests={"web1": {"sec": listed, "trusted": True}}, trust={"allowed": ["web1"]})
    context = gss.Context(lab.ticket("alice"))
    assert gss.converse(lab.connect(), gss.creation(*ANY[:2], context.token())).outcome == WEAK
    assert script.calls == []


def test_by_program(lab5, script):
    """sec_by_program has MOUNT by sys and NFS by krb5p alone [G1]"""
    lab = lab5(programs=["nfs:3-4", "mountd:3"], guests={"web1": {"sec": ["krb5p"], "sec_by_program": {"mountd": ["sys"]}}})
    connection = lab.connect()
    context = lab.context(over=connection, number=PROGRAM, version=3)
    assert connection.call(MOUNTD, 3, 1, rpc.auth_sys(1000, 100), rpc.opaque(b"/export")).outcome == "SUCCESS"
    assert context.call(connection, MOUNTD, 3, 1, rpc.opaque(b"/export"), gss.PRIVACY).outcome == WEAK
    assert connection.call(PROGRAM, 3, 1, rpc.auth_sys(1000, 100), b"").outcome == WEAK
    assert context.call(connection, PROGRAM, 3, 1, b"", gss.INTEGRITY).outcome == WEAK
    assert context.call(connection, PROGRAM, 3, 1, b"", gss.PRIVACY).outcome == "SUCCESS"
    assert [call.program for call in script.calls] == [MOUNTD, PROGRAM]


def test_other_programs(lab5, script):
    """programs, versions and procedures that are not granted are refused behind a good verifier, as for AUTH_SYS [G1, L1]"""
    lab = lab5(programs=["nfs:4"], guests={"web1": {}})
    connection = lab.connect()
    context = lab.context(over=connection, number=PROGRAM, version=4)
    for service in (gss.NONE, gss.INTEGRITY, gss.PRIVACY):
        assert context.call(connection, MOUNTD, 3, 1, b"", service).outcome == "PROG_UNAVAIL"
        assert context.call(connection, PROGRAM, 3, 1, b"", service).outcome == "PROG_MISMATCH 4-4"
    assert script.calls == []


def test_creation_for_other_programs(lab5, script):
    """INIT names a program, too: for one that is not granted it is refused as a call is, and the context is not begun [G1, L1]"""
    lab = lab5(programs=["nfs:4"], guests={"web1": {}})
    connection = lab.connect()
    for number, version, outcome in ((MOUNTD, 3, "PROG_UNAVAIL"), (PROGRAM, 3, "PROG_MISMATCH 4-4")):
        reply = gss.converse(connection, gss.creation(number, version, gss.Context(lab.ticket("alice")).token()))
        assert (reply.outcome, reply.verifier_flavor) == (outcome, rpc.Flavor.NONE)
    assert lab.gateway.counters("web1")["contexts"] == 0
    assert lab.context(over=connection, number=PROGRAM, version=4).call(connection, PROGRAM, 4, 0).outcome == "SUCCESS"


@pytest.mark.parametrize("name", list(STATE))
def test_state_operations(lab5, script, name):
    """{name} alone passes by krb5i where only krb5p is listed, and neither by krb5 nor by AUTH_SYS [G1]"""
    lab = lab5(programs=["nfs:3-4"], guests={"web1": {"sec": ["krb5p"], "state_ids": "plain"}})
    connection = lab.connect()
    context = lab.context("root/localhost", connection, PROGRAM, VERSION)
    arguments = compound(STATE[name], minor=0 if name in ("SETCLIENTID", "SETCLIENTID_CONFIRM", "RENEW") else 1)
    assert context.call(connection, PROGRAM, VERSION, COMPOUND, arguments, gss.INTEGRITY).outcome == "SUCCESS"
    assert [call.arguments for call in script.calls] == [arguments]
    assert context.call(connection, PROGRAM, VERSION, COMPOUND, arguments, gss.NONE).outcome == WEAK
    assert connection.call(PROGRAM, VERSION, COMPOUND, rpc.auth_sys(1000, 100), arguments).outcome == WEAK
    assert len(script.calls) == 1


def test_state_operations_together(lab5, script):
    """several state operations in one COMPOUND pass, as Linux sends SEQUENCE with RECLAIM_COMPLETE [G1]"""
    lab = lab5(programs=["nfs:3-4"], guests={"web1": {"sec": ["krb5"], "state_ids": "plain"}})
    connection = lab.connect()
    context = lab.context(over=connection, number=PROGRAM, version=VERSION)
    arguments = compound(STATE["SEQUENCE"], STATE["RECLAIM_COMPLETE"])
    assert context.call(connection, PROGRAM, VERSION, COMPOUND, arguments, gss.INTEGRITY).outcome == "SUCCESS"
    assert [call.arguments for call in script.calls] == [arguments]


SMUGGLED = {
    "an operation on data behind one on state": compound(STATE["SEQUENCE"], PUTROOTFH, GETFH),
    "an operation on data before one on state": compound(PUTROOTFH, STATE["SEQUENCE"]),
    "no operation": compound(),
    "fewer operations stated than are there": rpc.opaque(b"") + rpc.u32(1, 1) + STATE["SEQUENCE"] + PUTROOTFH,
    "more operations stated than are there": rpc.opaque(b"") + rpc.u32(1, 2) + STATE["SEQUENCE"],
    "an operation that does not end": compound(STATE["SEQUENCE"])[:-4],
    "nothing at all": b"",
}


@pytest.mark.parametrize("case", list(SMUGGLED))
def test_not_of_state_alone(lab5, script, case):
    """{case}: by krb5i AUTH_TOOWEAK behind a good header where only krb5p is listed; nothing reaches the backend [G1]"""
    lab = lab5(programs=["nfs:3-4"], guests={"web1": {"sec": ["krb5p"]}})
    connection = lab.connect()
    context = lab.context(over=connection, number=PROGRAM, version=VERSION)
    assert context.call(connection, PROGRAM, VERSION, COMPOUND, SMUGGLED[case], gss.INTEGRITY).outcome == WEAK
    assert script.calls == []
    assert context.call(connection, PROGRAM, VERSION, COMPOUND, compound(STATE["SEQUENCE"]), gss.INTEGRITY).outcome == "SUCCESS"


def test_state_operations_of_v3(lab5):
    """the exception is NFSv4's COMPOUND: the same procedure of NFSv3 is AUTH_TOOWEAK by krb5i [G1]"""
    lab = lab5(programs=["nfs:3-4"], guests={"web1": {"sec": ["krb5p"]}})
    connection = lab.connect()
    context = lab.context(over=connection, number=PROGRAM, version=VERSION)
    assert context.call(connection, PROGRAM, 3, COMPOUND, compound(STATE["SEQUENCE"]), gss.INTEGRITY).outcome == WEAK


def test_groups_rejected(lab5, script):
    """groups = "reject" denies a call of somebody with more groups than AUTH_SYS has room for, by every service [G7]"""
    lab = lab5(guests={"web1": {"groups": "reject"}})
    connection = lab.connect()
    bob, alice = lab.context("bob", connection), lab.context("alice", connection)
    for service in (1, 2, 3):
        assert bob.call(connection, *ANY, b"data", service).outcome == WEAK
        assert alice.call(connection, *ANY, b"data", service).outcome == "SUCCESS"
    assert len(script.calls) == 3
