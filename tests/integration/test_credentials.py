"""What a server made with libtirpc receives instead of the credential that a guest claimed."""

import pytest
from lanes import TRUST, open_lanes
from peers import rpc, tirpc
from peers.gateway import explain
from peers.tirpc import TirpcServer, parse_who

NOBODY = 65534


@pytest.fixture(scope="module")
def server(shared_directory):
    server = TirpcServer(shared_directory / "server.log", path=shared_directory / "server.sock")
    yield server
    server.stop()


@pytest.fixture
def lanes(gateway, directory, server):
    """lanes starts the gateway with the keys given for both guests."""
    return lambda guest=None, **sections: open_lanes(gateway, directory, server.address, guest=guest, **sections)


def test_machine_name(lanes):
    """the machine name in the credential is the guest's name, whatever the guest claims [L3]"""
    assert lanes().over_unix("who", uid=1000, gid=100, machine="db7.example").words["machine"] == "web1"


def test_ids_pass(lanes):
    """ids other than 0 pass unchanged, groups included [V7]"""
    assert lanes().over_unix("who", uid=1000, gid=100, gids=[4, 20, 27]).ids == (1000, 100, [4, 20, 27])


def test_root_is_squashed(lanes):
    """uid 0, gid 0 and a group 0 become anonymous by default, other groups stay [T1]"""
    assert lanes().over_unix("who", uid=0, gid=0, gids=[5, 0, 6]).ids == (NOBODY, NOBODY, [5, NOBODY, 6])


def test_group_zero_of_a_user(lanes):
    """gid 0 of an ordinary user is squashed, his uid is not [T1]"""
    assert lanes().over_unix("who", uid=1000, gid=0, gids=[0]).ids == (1000, NOBODY, [NOBODY])


def test_squash_all(lanes):
    """squash = "all" makes everybody the anonymous ids that are configured, without groups [T1]"""
    answer = lanes({"squash": "all", "anonuid": 7001, "anongid": 7002}).over_unix("who", uid=1000, gid=100, gids=[4, 5])
    assert answer.ids == (7001, 7002, [])


def test_trusted_root(lanes):
    """a guest with both keys of trust and squash = "none" keeps uid 0 [T2]"""
    answer = lanes({"trusted": True, "squash": "none"}, **TRUST).over_unix("who", uid=0, gid=0, gids=[0, 5])
    assert answer.ids == (0, 0, [0, 5])


@pytest.mark.parametrize("squash", ["none", "root", "all"])
def test_minus_one(lanes, squash):
    """ids of -1 are anonymous with squash = {squash} [T1]"""
    guest = {"squash": squash, "trusted": True}
    uid, gid, gids = lanes(guest, **TRUST).over_unix("who", uid=0xFFFFFFFF, gid=0xFFFFFFFF, gids=[]).ids
    assert (uid, gid, gids) == (NOBODY, NOBODY, [])


@pytest.mark.parametrize("claimed,seen", [(1, 100001), (999, 100999), (1000, 9000), (1999, 9999), (2000, NOBODY), (0, NOBODY)])
def test_uid_map(lanes, claimed, seen):
    """uid {claimed} becomes {seen} by uid_map 0-999:100000 and 1000-1999:9000 [T1]"""
    answer = lanes({"uid_map": ["0-999:100000", "1000-1999:9000"], "gid_map": ["70-79:70"]}).over_unix("who", uid=claimed, gid=77)
    assert answer.ids == (seen, 77, [])


def test_gid_map(lanes):
    """gid_map moves the primary group and the list; a group in no range becomes anonymous [T1]"""
    answer = lanes({"gid_map": ["100-199:5100"]}).over_unix("who", uid=1000, gid=100, gids=[150, 199, 200])
    assert answer.ids == (1000, 5100, [5150, 5199, NOBODY])


def test_uid_map_alone(lanes):
    """without a gid_map of its own a guest's groups go through its uid_map [T1]"""
    assert lanes({"uid_map": ["0-999:100000"]}).over_unix("who", uid=500, gid=100, gids=[5, 1000]).ids == (100500, 100100, [100005, NOBODY])


def test_sixteen_groups(lanes):
    """all of 16 groups reach the server in their order [G7]"""
    groups = list(range(216, 200, -1))
    assert lanes({"groups": "first16"}).over_unix("who", uid=1000, gid=100, gids=groups).gids == groups


def test_primary_group_only(lanes):
    """groups = "primary" sends the primary group alone [G7]"""
    assert lanes({"groups": "primary"}).over_unix("who", uid=1000, gid=100, gids=[4, 5, 6]).ids == (1000, 100, [])


def test_stamp_is_not_the_guests(lanes):
    """nothing of the guest's own credential is passed on but its ids: the stamp is the gateway's [L3]"""
    with lanes().connect() as connection:
        replies = [connection.call(tirpc.PROGRAM, 1, tirpc.WHO, rpc.auth_sys(1000, 100, stamp=stamp)) for stamp in (0x11111111, 0x22222222)]
    assert not {parse_who(reply.results)["stamp"] for reply in replies} & {0x11111111, 0x22222222}


def test_reply_verifier(lanes):
    """the reply to AUTH_SYS has the call's xid and an empty AUTH_NONE verifier [V7]"""
    with lanes().connect() as connection:
        reply = connection.call(tirpc.PROGRAM, 2, tirpc.WHO, rpc.auth_sys(1000, 100), xid=0xFEEDFACE)
    assert (reply.xid, reply.verifier_flavor, reply.verifier) == (0xFEEDFACE, rpc.Flavor.NONE, b"")


def test_none_for_null(lanes):
    """AUTH_NONE is taken for the NULL procedure [V7]"""
    assert lanes().over_unix("null", none=True).ok


def test_none_for_data(lanes):
    """AUTH_NONE for any other procedure is refused as too weak [V7]"""
    assert lanes().over_unix("who", none=True).error == "RPC_AUTHERROR AUTH_TOOWEAK"


def test_none_for_a_trusted_guest(lanes):
    """a trusted guest whose sec lists none calls with AUTH_NONE and the server sees AUTH_NONE [T1]"""
    answer = lanes({"trusted": True, "sec": ["none", "sys"]}, **TRUST).over_unix("who", none=True)
    assert answer.words["flavor"] == str(int(rpc.Flavor.NONE))


@pytest.mark.parametrize("port", [1, 665, 1023])
def test_privileged_port(lanes, port):
    """a call from port {port} is taken [V5]"""
    assert lanes().over_tcp("who", source_port=port, uid=1000, gid=100).ids == (1000, 100, [])


@pytest.mark.parametrize("port", [1024, 1025, 31999])
def test_unprivileged_port(lanes, port):
    """a call from port {port} is refused as too weak [V5]"""
    lanes = lanes()
    assert lanes.over_tcp("who", source_port=port, uid=1000, gid=100).error == "RPC_AUTHERROR AUTH_TOOWEAK"
    assert lanes.gateway.counters("web2")["rejections"] == 1


def test_unprivileged_port_squashed(lanes):
    """insecure_action = "squash" makes a caller from a port of 1024 or above anonymous, without groups [V5]"""
    answer = lanes({"insecure_action": "squash"}).over_tcp("who", source_port=1024, uid=1000, gid=100, gids=[4])
    assert answer.ids == (NOBODY, NOBODY, [])


def test_insecure_trusted_guest(lanes):
    """a trusted guest with secure = false is believed from port 1024 [T2, V5]"""
    answer = lanes({"trusted": True, "secure": False}, **TRUST).over_tcp("who", source_port=1024, uid=1000, gid=100)
    assert answer.ids == (1000, 100, [])


def test_explain_agrees(lanes, directory):
    """gatehousectl explain shows the credential that the server then receives [L1]"""
    lanes = lanes({"uid_map": ["0-999:100000"], "insecure_action": "squash", "anonuid": 4711})
    for port, uid, gid, gids in [(900, 0, 0, [0, 5]), (900, 500, 100, [7]), (900, 5000, 100, []), (1024, 500, 100, [7])]:
        said = explain(lanes.gateway.config, "web2", port=port, uid=uid, gid=gid, gids=",".join(map(str, gids)) or "0", program=tirpc.PROGRAM,
                       version=1, procedure=tirpc.WHO).json()["credential"]
        seen = lanes.over_tcp("who", source_port=port, uid=uid, gid=gid, gids=gids or [0]).ids
        assert (said["uid"], said["gid"], said["gids"]) == seen
