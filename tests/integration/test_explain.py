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


PRINCIPALS = TEXT + '''
[[principal]]
match = "host/*"
map = "nobody"
[[principal]]
match = "many@*"
map = { uid = 7000, gid = 7000, groups = [%s] }
[[principal]]
match = "daemon@*"
map = "deny"
[[guest]]
name = "realm"
cid = 50
backends = ["nfs"]
sec = ["krb5p"]
principals = ["*@LAB.TEST"]
''' % ", ".join(map(str, range(1, 18)))


@pytest.fixture
def ask_principal(directory, monkeypatch):
    """ask_principal(PRINCIPAL) is the answer about a krb5p call of guest realm on a host of the realm LAB.TEST."""
    (directory / "krb5.conf").write_text("""[libdefaults]
default_realm = LAB.TEST
[realms]
LAB.TEST = {
  auth_to_local = RULE:[2:$1/$2@$0](^web/admin@LAB.TEST$)s/.*/games/
  auth_to_local = DEFAULT
}
""")
    monkeypatch.setenv("KRB5_CONFIG", str(directory / "krb5.conf"))
    written = write_config(directory, PRINCIPALS)

    def answer(principal, sec="krb5p"):
        outcome = ctl(written, "explain", "--json", "--guest", "realm", "--sec", sec, "--principal", principal, "--program", "nfs", "--version", 4, "--procedure", 1)
        assert outcome.status in (0, 1), outcome.err
        said = outcome.json()
        assert said["decision"] == ("allowed", "refused")[outcome.status]
        return said
    return answer


KNOWN = [
    ("a user with an account", "games@LAB.TEST", (5, 60), 'auth_to_local gives "games"'),
    ("a principal that a rule of krb5.conf names", "web/admin@LAB.TEST", (5, 60), 'auth_to_local gives "games"'),
    ("a machine's principal", "host/a.example.com@LAB.TEST", (NOBODY, NOBODY), '[[principal]] rule 1 ("host/*") gives "nobody"'),
    ("root, which is squashed", "root@LAB.TEST", (NOBODY, NOBODY), "account root: uid 0"),
    ("a principal with ids of its own", "many@LAB.TEST", (7000, 7000), "gives uid 7000, gid 7000, 17 groups"),
]


@pytest.mark.parametrize("what,principal,ids,mapping", KNOWN, ids=[case[0] for case in KNOWN])
def test_principal(ask_principal, what, principal, ids, mapping):
    """{what}: {principal} calls as {ids}, and how that was found is said [L1, G7]"""
    answer = ask_principal(principal)
    assert answer["decision"] == "allowed" and mapping in answer["mapping"]
    assert (answer["credential"]["uid"], answer["credential"]["gid"]) == ids
    assert len(answer["credential"]["gids"]) == min(16, len(answer["account"]["groups"]))


NOBODIES = [
    ("a principal without an account", "no-such-user@LAB.TEST", "no-account", "there is none"),
    ("a principal with an instance", "games/admin@LAB.TEST", "no-account", "auth_to_local gives no local name"),
    ("a principal that a rule denies", "daemon@LAB.TEST", "principal", "rule 3"),
    ("a principal of another realm", "games@OTHER.TEST", "principal", "auth_to_local gives no local name"),
]


@pytest.mark.parametrize("what,principal,rule,mapping", NOBODIES, ids=[case[0] for case in NOBODIES])
def test_nobody(ask_principal, what, principal, rule, mapping):
    """{what}: {principal} is refused by rule {rule}, and why it is nobody is said [L1]"""
    answer = ask_principal(principal)
    assert (answer["rule"], answer["reply"], answer["credential"]) == (rule, "GSS_S_UNAUTHORIZED", None)
    assert mapping in answer["mapping"]


def test_machine_below_sec(ask_principal):
    """a machine's krb5i call to a krb5p guest: refused, but for state operations alone, and that is said [V7]"""
    answer = ask_principal("host/a.example.com@LAB.TEST", "krb5i")
    assert (answer["rule"], answer["reply"], answer["sec"]) == ("sec", "AUTH_TOOWEAK", ["krb5p"])
    assert "a COMPOUND of state operations alone is taken" in answer["reason"]


def test_unreadable_krb5_conf(ask_principal, directory):
    """a krb5.conf that cannot be understood makes nobody nobody: the lookup failed, and a rule still decides [G6]"""
    (directory / "krb5.conf").write_text("[libdefaults\ndefault_realm = LAB.TEST\n")
    answer = ask_principal("games@LAB.TEST")
    assert (answer["decision"], answer["rule"], answer["reply"]) == ("refused", "lookup-failed", "GSS_S_FAILURE")
    assert ask_principal("host/a@LAB.TEST")["decision"] == "allowed"


CALL = ["--program", "nfs", "--version", 4, "--procedure", 1]
WRONG = [
    ("an unknown guest", ["explain", "--guest", "nobody", "--program", "nfs", "--version", 4, "--procedure", 1, "--sec", "sys"], "nobody"),
    ("an unknown program name", ["explain", "--guest", "web1", "--program", "nfsd", "--version", 4, "--procedure", 1, "--sec", "sys"], "nfsd"),
    ("a flavor nobody knows", ["explain", "--guest", "web1", "--program", "nfs", "--version", 4, "--procedure", 1, "--sec", "sis"], "sis"),
    ("krb5p without a principal", ["explain", "--guest", "web1", "--sec", "krb5p", *CALL], "needs --principal"),
    ("a principal with sec sys", ["explain", "--guest", "web1", "--sec", "sys", "--principal", "a@R", *CALL], "--principal goes with"),
    ("a principal without a realm", ["explain", "--guest", "web1", "--sec", "krb5", "--principal", "alice", *CALL], "with its realm"),
    ("a principal with a uid", ["explain", "--guest", "web1", "--sec", "krb5", "--principal", "a@R", "--uid", 0, *CALL], "--uid"),
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
