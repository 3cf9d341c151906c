"""gatehousectl explain: decisions without a daemon."""

import pytest
from peers import toml
from peers.gateway import ctl, explain, write_config

TEXT = toml.config(
    {"nfs": "vsock:any:2049", "fc1": "hybrid:/run/fc1.sock:2049"},
    {"nfs": {"address": "tcp:127.0.0.1:2049", "programs": ["nfs:3-4"]}, "mountd": {"address": "tcp:127.0.0.1:20048", "programs": ["mountd:3"]},
     "rpcbind": {"address": "unix:/run/rpcbind.sock", "programs": ["100000:3-4"]}},
    {"web1": {"cid": 42, "listener": "nfs", "backends": ["nfs", "mountd", "rpcbind"]},
     "web2": {"cid": 43, "backends": ["nfs"], "insecure_action": "squash", "uid_map": ["0-65535:100000"]},
     "build1": {"cid": 44, "backends": ["nfs"], "trusted": True, "squash": "none", "secure": False, "sec": ["none", "sys"]},
     "safe": {"cid": 45, "backends": ["nfs", "mountd"], "sec": ["krb5p"], "sec_by_program": {"mountd": ["sys"]}},
     "micro": {"listener": "fc1", "backends": ["nfs"]}},
    trust={"allowed": ["build1"]})

NOBODY = 65534


@pytest.fixture
def config(directory):
    return write_config(directory, TEXT)


def ask(config, guest="web1", **claim):
    """ask returns the exit status and the JSON of an explanation; a claim is of a user who reads over NFSv4 unless stated."""
    claim = {"port": 900, "uid": 1000, "gid": 100, "program": "nfs", "version": 4, "procedure": 1, **claim}
    outcome = explain(config, guest, **{key: value for key, value in claim.items() if value is not None})
    assert outcome.status in (0, 1), outcome.err
    answer = outcome.json()
    assert answer["decision"] == ("allowed", "refused")[outcome.status]
    return answer


def test_by_name(config):
    """the example: root of web1 on port 900 is allowed, and squashed to nobody [L1]"""
    outcome = ctl(config, "explain", "--guest", "web1", "--port", 900, "--sec", "sys", "--uid", 0, "--gid", 0, "--gids", "0,5",
                  "--program", "nfs", "--version", 4, "--procedure", 1)
    assert outcome.status == 0, outcome.err
    assert all(word in outcome.out for word in ("allowed", "squash", str(NOBODY)))


def test_by_cid(config):
    """--cid 42 is the guest with that CID [L1]"""
    words = ["--port", 900, "--sec", "sys", "--uid", 0, "--gid", 0, "--gids", "0,5", "--program", "nfs", "--version", 4, "--procedure", 1]
    by_cid, by_name = (ctl(config, "explain", "--json", *who, *words) for who in (("--cid", 42), ("--guest", "web1")))
    assert (by_cid.status, by_cid.json()) == (0, by_name.json())


def test_json_keys(config):
    """--json has decision, rule and credential [L1]"""
    answer = ask(config, uid=0, gid=0, gids="0,5")
    assert (answer["decision"], answer["rule"]) == ("allowed", "squash")
    credential = answer["credential"]
    assert (credential["uid"], credential["gid"], credential["gids"]) == (NOBODY, NOBODY, [NOBODY, 5])


ALLOWED = [
    ("an ordinary user", "web1", {}, "granted", (1000, 100)),
    ("the last privileged port", "web1", {"port": 1023}, "granted", (1000, 100)),
    ("a user of a mapped guest", "web2", {}, "granted", (101000, 100100)),
    ("port 1024 of a guest that squashes", "web2", {"port": 1024}, "insecure-squash", (NOBODY, NOBODY)),
    ("an id in no range", "web2", {"uid": 70000}, "id-map", (NOBODY, 100100)),
    ("root of a trusted guest", "build1", {"uid": 0, "gid": 0}, "granted", (0, 0)),
    ("an insecure port of a trusted guest", "build1", {"port": 40000}, "granted", (1000, 100)),
    ("MOUNT of a guest with sec_by_program", "safe", {"program": "mountd", "version": 3}, "granted", (1000, 100)),
    ("a guest without ports", "micro", {"port": None}, "granted", (1000, 100)),
    ("root of a guest without ports", "micro", {"port": None, "uid": 0, "gid": 0}, "squash", (NOBODY, NOBODY)),
]


@pytest.mark.parametrize("what,guest,claim,rule,ids", ALLOWED, ids=[case[0] for case in ALLOWED])
def test_allowed(config, what, guest, claim, rule, ids):
    """{what}: allowed by rule {rule}, as {ids} [L1, V5, T1]"""
    answer = ask(config, guest, **claim)
    assert (answer["decision"], answer["rule"]) == ("allowed", rule)
    assert (answer["credential"]["uid"], answer["credential"]["gid"]) == ids


REFUSED = [
    ("port 1024", "web1", {"port": 1024}, "secure"),
    ("a program nobody serves", "web1", {"program": "100021", "version": 4}, "program"),
    ("a version that is not granted", "web1", {"version": 2}, "version"),
    ("SET of rpcbind", "web1", {"program": "100000", "version": 4, "procedure": 1}, "rpcbind-builtin"),
    ("AUTH_SYS of a Kerberos guest", "safe", {}, "sec"),
    ("AUTH_NONE for data", "web1", {"sec": "none", "uid": None, "gid": None}, "sec"),
]


@pytest.mark.parametrize("what,guest,claim,rule", REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(config, what, guest, claim, rule):
    """{what}: refused by rule {rule}, exit status 1 and no credential [L1, V5, V7, P8]"""
    answer = ask(config, guest, **claim)
    assert (answer["decision"], answer["rule"]) == ("refused", rule)
    assert not answer.get("credential")


def test_unknown_cid(config):
    """a CID that no guest entry names: refused by rule no-guest, with exit status 1 [V6, L8]"""
    outcome = ctl(config, "explain", "--json", "--cid", 999, "--program", "nfs", "--version", 4, "--procedure", 1, "--sec", "sys")
    answer = outcome.json()
    assert (outcome.status, answer["decision"], answer["rule"], answer.get("credential")) == (1, "refused", "no-guest", None)


WRONG = [
    ("an unknown guest", ["explain", "--guest", "nobody", "--program", "nfs", "--version", 4, "--procedure", 1, "--sec", "sys"], "nobody"),
    ("an unknown program name", ["explain", "--guest", "web1", "--program", "nfsd", "--version", 4, "--procedure", 1, "--sec", "sys"], "nfsd"),
    ("a flavor nobody knows", ["explain", "--guest", "web1", "--program", "nfs", "--version", 4, "--procedure", 1, "--sec", "sis"], "sis"),
    ("an unknown option", ["explain", "--gest", "web1"], "gest"),
    ("no subcommand", [], ""),
]


@pytest.mark.parametrize("what,arguments,named", WRONG, ids=[case[0] for case in WRONG])
def test_wrong_usage(config, what, arguments, named):
    """{what}: exit status 2 and an error that names it [L1]"""
    outcome = ctl(config, *arguments)
    assert outcome.status == 2
    assert named in outcome.err


def test_bad_configuration(directory):
    """explain with a configuration that has an error exits 2 with its place [L1]"""
    config = write_config(directory, TEXT + "\n[nonsense]\nkey = 1\n")
    outcome = explain(config, "web1", port=900, uid=0, gid=0, program="nfs", version=4, procedure=1)
    assert outcome.status == 2
    assert f"{config}:" in outcome.err
