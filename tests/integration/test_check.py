"""gatehousectl check and gatehoused --check-config: a configuration's errors, with their places."""

import pytest
from peers import toml
from peers.client import connect_unix
from peers.gateway import Gateway, ctl, explain, run, write_config

GOOD = '''[[listener]]
name = "in"
address = "unix:/tmp/in.sock"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4"]
[[guest]]
name = "web1"
listener = "in"
backends = ["nfs"]
'''


@pytest.fixture
def check(directory):
    """check writes the configuration and returns what both programs say of it: they must agree."""
    def both(text: str, drop_ins=None):
        config = write_config(directory, text, drop_ins)
        outcome, daemon = ctl(config, "check"), run("gatehoused", "--config", config, "--check-config")
        assert (outcome.status == 0) == (daemon.status == 0)
        return outcome
    return both


def test_good(check):
    """a good configuration passes with exit status 0 [T6]"""
    assert check(GOOD).status == 0


# Line 12 is the one after GOOD.
ERRORS = [
    ("an unknown key", "squish = 1", (12, 1), "squish"),
    ("a string for a boolean", 'secure = "true"', (12, 10), "secure"),
    ("a number for a string", "source_address = 5", (12, 18), "source_address"),
    ("a boolean for a list", "sec = true", (12, 7), "sec"),
    ("a flavor nobody knows", 'sec = ["sis"]', (12, 8), "sis"),
    ("a squash mode nobody knows", 'squash = "most"', (12, 10), "most"),
    ("trust without the second key", "trusted = true", (12, 11), "web1"),
    ("squash = none without trust", 'squash = "none"', (12, 10), "web1"),
    ("secure = false without trust", "secure = false", (12, 10), "web1"),
    ("a map that emits id 0 without trust", 'uid_map = ["1000-1001:0"]', (12, 12), "web1"),
    ("AUTH_NONE without trust", 'sec = ["none"]', (12, 8), "web1"),
    ("a size without a unit that is known", 'limits = { record_bytes = "2 parsecs" }', (12, 27), "2 parsecs"),
    ("a pattern without a realm", 'principals = ["*@R", "alice"]', (12, 22), "alice"),
    ("a Kerberos budget below record_bytes", 'limits = { gss_reply_bytes = "1MiB" }', (12, 30), "record_bytes"),
    ("a keytab that is no path", '[kerberos]\nkeytab = "FILE:/k"', (13, 10), "FILE:/k"),
    ("a sequence window that is too small", "[kerberos]\nsequence_window = 16", (13, 19), "sequence_window"),
    ("a rule that can match nobody", '[[principal]]\nmatch = "alice"\nmap = "alice"', (13, 9), "alice"),
    ("a source address of 127.0.0.0/16", 'source_address = "127.0.5.5"', (12, 18), "127.0.5.5"),
    ("a listener nobody defined", '[[guest]]\nname = "web2"\nlistener = "out"\nbackends = ["nfs"]', (14, 12), "out"),
    ("a backend nobody defined", '[[guest]]\nname = "web2"\ncid = 42\nbackends = ["nfs", "nsf"]', (15, 20), "nsf"),
    ("two guests of one name", '[[guest]]\nname = "web1"\ncid = 42\nbackends = ["nfs"]', (13, 8), "web1"),
    ("two guests of one identity", '[[guest]]\nname = "web2"\nlistener = "in"\nbackends = ["nfs"]', None, "web1"),
    ("a TCP listener on any address", '[[listener]]\nname = "x"\naddress = "tcp:0.0.0.0:2049"', (14, 11), "0.0.0.0"),
    ("a mount path with ..", 'mount_paths = ["/srv/../etc"]', (12, 16), '".."'),
    ("file handles bound by a word nobody knows", 'filehandles = "on"', (12, 15), '"bound"'),
    ("a secret that is no path", '[gateway]\nsecret = "s3cret"', (13, 10), "s3cret"),
    ("a syntax error", "squash = = 1", (12, 10), ""),
]


@pytest.mark.parametrize("what,text,place,named", ERRORS, ids=[case[0] for case in ERRORS])
def test_error(check, directory, what, text, place, named):
    """{what} is an error with file, line and column [T6, T2, L2]"""
    outcome = check(GOOD + text + "\n")
    assert outcome.status == 2
    where = f"{directory}/gatehouse.conf:" + (f"{place[0]}:{place[1]}:" if place else "")
    assert where in outcome.err and named in outcome.err


def test_all_errors(check, directory):
    """all errors are shown, not the first alone [T6]"""
    outcome = check(GOOD + 'squish = 1\nsecure = "true"\n')
    assert f"{directory}/gatehouse.conf:12:1:" in outcome.err and f"{directory}/gatehouse.conf:13:10:" in outcome.err


def test_missing_file(directory):
    """a file that is not there is an error that names it [T6]"""
    outcome = ctl(directory / "missing.conf", "check")
    assert outcome.status == 2 and str(directory / "missing.conf") in outcome.err


def test_drop_in_adds(directory):
    """a drop-in adds a guest [L2]"""
    config = write_config(directory, GOOD, {"20-web2.conf": toml.entry("guest", "web2", cid=42, backends=["nfs"])})
    assert explain(config, "web2", port=900, uid=1, gid=1, program="nfs", version=4, procedure=1).status == 0


def test_drop_in_order(directory):
    """of two drop-ins that set one key the later by name decides; other keys of the table stay [L1]"""
    drop_ins = {"20-b.conf": toml.section("defaults", anonuid=2002), "10-a.conf": toml.section("defaults", anonuid=1001, anongid=1002)}
    config = write_config(directory, toml.section("defaults", anonuid=5, anongid=6) + GOOD, drop_ins)
    credential = explain(config, "web1", uid=0, gid=0, program="nfs", version=4, procedure=1).json()["credential"]
    assert (credential["uid"], credential["gid"]) == (2002, 1002)


def test_drop_in_without_suffix(check):
    """a file of conf.d whose name does not end in .conf is not read [T6]"""
    assert check(GOOD, {"notes.txt": "this is = not [toml"}).status == 0


def test_error_in_drop_in(check, directory):
    """an error in a drop-in is reported with the drop-in's name [T6]"""
    outcome = check(GOOD, {"50-x.conf": "\n[defaults]\nsquosh = 1\n"})
    assert outcome.status == 2 and f"{directory}/conf.d/50-x.conf:3:1:" in outcome.err


def test_printed_configuration(directory):
    """--print-config prints a configuration that passes the check and prints the same again [T6]"""
    first = run("gatehoused", "--config", write_config(directory, GOOD), "--print-config")
    second = run("gatehoused", "--config", write_config(directory, first.out), "--print-config")
    assert (first.status, second.status) == (0, 0)
    assert first.out == second.out and 'name = "web1"' in first.out


def test_printed_kerberos(directory):
    """what [kerberos], [[principal]] and the guest say of Kerberos is printed, and prints the same again [T6]"""
    text = GOOD + '''principals = ["*@LAB.TEST"]
limits = { contexts = 5, nascent_contexts = 6, inits_per_second = 7, gss_request_bytes = "8MiB", gss_reply_bytes = "9MiB" }
[kerberos]
acceptor = "gssproxy"
replay_cache = ""
accept_timeout = "3s"
id_cache = "4min"
sequence_window = 64
[[principal]]
match = "host/*@LAB.TEST"
map = "nobody"
[[principal]]
match = "backup@LAB.TEST"
map = { uid = 1500, gid = 1500, groups = [1501] }
'''
    first = run("gatehoused", "--config", write_config(directory, text), "--print-config")
    second = run("gatehoused", "--config", write_config(directory, first.out), "--print-config")
    assert (first.status, second.status, first.out) == (0, 0, second.out)
    for line in ('acceptor = "gssproxy"', 'replay_cache = ""', 'accept_timeout = "3s"', 'id_cache = "4min"', "sequence_window = 64",
                 'match = "host/*@LAB.TEST"', "map = { uid = 1500, gid = 1500, groups = [1501] }", 'principals = ["*@LAB.TEST"]'):
        assert line in first.out.splitlines()
    assert "contexts = 5, nascent_contexts = 6, inits_per_second = 7, gss_request_bytes = \"8MiB\", gss_reply_bytes = \"9MiB\" }" in first.out


def test_printed_nfs(directory):
    """what is changed in a guest's NFS messages is printed, and prints the same again [T6, T3]"""
    lines = ('state_ids = "bound"', 'client_owners = "bound"', 'callback_addresses = "plain"', 'filehandles = "bound"', "ro = true",
             'unknown_operations = "pass"', 'mount_paths = ["/srv/a"]')
    text = "[gateway]\nsecret = \"/etc/gatehouse/secret\"\n" + GOOD + "".join(line + "\n" for line in lines if "owners" not in line)
    text += '[[guest]]\nname = "web2"\ncid = 42\nbackends = ["nfs"]\n'
    first = run("gatehoused", "--config", write_config(directory, text), "--print-config")
    second = run("gatehoused", "--config", write_config(directory, first.out), "--print-config")
    assert (first.status, second.status, first.out) == (0, 0, second.out)
    for line in (*lines, 'secret = "/etc/gatehouse/secret"'):
        assert line in first.out.splitlines()


def test_plain_owners(check, directory):
    """client_owners = "plain" at a server that two guests share is a warning with its place that says what clones do [T3, T6]"""
    outcome = check(GOOD + 'client_owners = "plain"\n[[guest]]\nname = "web2"\ncid = 42\nbackends = ["nfs"]\n')
    assert outcome.status == 0
    assert f"{directory}/gatehouse.conf:12:17:" in outcome.err and "clones" in outcome.err and "(warning)" in outcome.err


def test_unreachable_rule(check):
    """a [[principal]] of a drop-in that an earlier rule leaves nothing to is a warning that names both files [T6]"""
    outcome = check('[[principal]]\nmatch = "*"\nmap = "deny"\n' + GOOD, {"10-host.conf": '[[principal]]\nmatch = "host/*"\nmap = "nobody"\n'})
    assert outcome.status == 0
    assert "conf.d/10-host.conf:2:9: this rule is never reached" in outcome.err and "gatehouse.conf:2:9" in outcome.err


def test_daemon_refuses(directory):
    """the daemon does not start with a configuration that has an error, and says where it is [T6]"""
    outcome = run("gatehoused", "--config", write_config(directory, GOOD + "squish = 1\n"))
    assert outcome.status not in (0, None) and f"{directory}/gatehouse.conf:12:1:" in outcome.err


def test_strangers(gateway, directory):
    """a peer that no guest entry names is closed before it has sent a byte [V6, L8]"""
    path = directory / "in.sock"
    started: Gateway = gateway(toml.config({"in": f"unix:{path}"}, {"nfs": {"address": "tcp:127.0.0.1:2049", "programs": ["nfs:4"]}},
                                           {"web1": {"listener": "in", "uid": 4242, "backends": ["nfs"]}}))
    with connect_unix(path) as connection:
        assert connection.closed(5.0)
    assert started.process.running()
