"""From principals to ids: rules, auth_to_local and accounts, with libkrb5, glibc and directories that work or do not."""

import time

import pytest
from driver import Driver
from peers.accounts import COUNTS, Accounts, User, many, standard
from peers.build import program
from peers.wait import holds_for, until

ALICE = {"uid": 5001, "gid": 5001, "groups": [6001, 6002, 6003, 6004]}
NOBODY = {"uid": 0, "gid": 0, "groups": []}


@pytest.fixture(scope="module")
def env(realm, accounts):
    return {**realm.environment(), **accounts.env(program("tests/acceptors/acceptor-driver"))}


def mapped(driver: Driver, principal: str) -> tuple[str, dict, str]:
    answer = driver.ask("map", principal=principal)
    return answer["outcome"], answer["ids"], answer["how"]


def test_account(drive, env):
    """Without a rule auth_to_local gives the local name, and the system the account with its groups [G6]"""
    assert mapped(drive(env).mapper(), "alice@GATEHOUSE.TEST") == (
        "ids", ALICE, 'no [[principal]] rule matches; auth_to_local gives "alice"; account alice: uid 5001, gid 5001, 4 groups')


@pytest.fixture
def system(drive, realm, directory):
    """system starts a driver that finds these accounts in /etc, by glibc's own code: libnss_wrapper needs minutes for 65536 groups."""
    def start(users: dict[str, User], switch: str = "files", env: dict[str, str] | None = None) -> Driver:
        Accounts(directory / "etc", {"root": User(0, 0), **users})
        (directory / "etc" / "nsswitch.conf").write_text(f"passwd: {switch}\ngroup: {switch}\n")
        binds = "".join(f"mount --bind {directory}/etc/{name} /etc/{name} && " for name in ("passwd", "group", "nsswitch.conf"))
        return drive({**realm.environment(), **(env or {})},
                     command=("unshare", "--mount", "--propagation", "private", "sh", "-c", binds + 'exec "$0"')).mapper(ttl_ms=0)
    return start


@pytest.mark.parametrize("count", COUNTS)
def test_groups(system, count):
    """An account in {count} groups has them all, and its primary group is not repeated [G6]"""
    user = many(count)
    outcome, ids, how = mapped(system({"much": user}), "much@GATEHOUSE.TEST")
    assert (outcome, ids) == ("ids", {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)})
    assert how.endswith(f"gid {user.gid}, {count} group{'' if count == 1 else 's'}")


@pytest.mark.parametrize("count", [0, 1, 16, 17])
def test_other_source(drive, realm, directory, count):
    """The same from a source that is not glibc's: an account in {count} groups has them all [G6]"""
    user = many(count)
    accounts = Accounts(directory / "accounts", {"much": user})
    driver = drive({**realm.environment(), **accounts.env(program("tests/acceptors/acceptor-driver"))}).mapper()
    assert mapped(driver, "much@GATEHOUSE.TEST")[1] == {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)}


def test_too_many_groups(system):
    """An account in more than 65536 groups is not cut short: nobody knows which of them matter [G6]"""
    outcome, _, how = mapped(system({"much": many(65537)}), "much@GATEHOUSE.TEST")
    assert outcome == "lookup_failed" and how.endswith("account much is in more than 65536 groups")


def test_long_entry(system, directory):
    """An account whose entry is longer than any first buffer is found [G6]"""
    driver = system({"alice": User(5001, 5001)})
    with open(directory / "etc" / "passwd", "a") as passwd:
        passwd.write(f"long:x:5003:5003:{'x' * 50_000}:/:/bin/sh\n")
    assert mapped(driver, "long@GATEHOUSE.TEST")[1]["uid"] == 5003


def test_no_account(drive, env):
    """A principal without an account is nobody, and is told where the look-up ended [G6]"""
    driver = drive(env).mapper()
    assert mapped(driver, "carol@GATEHOUSE.TEST") == (
        "no_account", NOBODY, 'no [[principal]] rule matches; auth_to_local gives "carol"; account carol: there is none')
    for principal in ("host/web1.test@GATEHOUSE.TEST", "alice@OTHER.TEST", "root/localhost@GATEHOUSE.TEST"):
        assert mapped(driver, principal) == ("no_account", NOBODY, "no [[principal]] rule matches; auth_to_local gives no local name")
    for principal in ("alice", "", "a@b@c"):
        assert mapped(driver, principal) == ("no_account", NOBODY, "no [[principal]] rule matches, and it is no principal with a realm")


def test_rules(drive, env):
    """The first rule that matches decides: ids, a local account or nobody; only then auth_to_local is asked [G6]"""
    driver = drive(env).mapper([
        {"match": "host/*@GATEHOUSE.TEST", "map": "nobody"},
        {"match": "bob@*", "map": "deny"},
        {"match": "carol@GATEHOUSE.TEST", "map": {"uid": 7, "gid": 8, "groups": [9]}},
        {"match": "nfs/*", "map": "missing"},
        {"match": "*@GATEHOUSE.TEST", "map": "alice"},
        {"match": "carol@GATEHOUSE.TEST", "map": "deny"},
    ])
    assert mapped(driver, "host/web1.test@GATEHOUSE.TEST") == (
        "ids", {"uid": 65534, "gid": 65534, "groups": []},
        '[[principal]] rule 1 ("host/*@GATEHOUSE.TEST") gives "nobody"; account nobody: uid 65534, gid 65534, 0 groups')
    assert mapped(driver, "bob@GATEHOUSE.TEST") == ("denied", NOBODY, '[[principal]] rule 2 ("bob@*") denies')
    assert mapped(driver, "carol@GATEHOUSE.TEST") == (
        "ids", {"uid": 7, "gid": 8, "groups": [9]}, '[[principal]] rule 3 ("carol@GATEHOUSE.TEST") gives uid 7, gid 8, 1 group')
    assert mapped(driver, "nfs/x@GATEHOUSE.TEST")[0] == "no_account"
    assert mapped(driver, "dave@GATEHOUSE.TEST")[:2] == ("ids", ALICE)
    assert mapped(driver, "alice@OTHER.TEST")[0] == "no_account"


def test_auth_to_local(drive, realm, env, directory):
    """auth_to_local rules of krb5.conf map what has no account of its name; a rule that cannot be read is a failure, not nobody [G6]"""
    config = directory / "krb5.conf"

    def write(rules: str) -> None:
        new = config.with_suffix(".new")
        new.write_text(realm.config.read_text().replace("GATEHOUSE.TEST = {\n", f"GATEHOUSE.TEST = {{\n{rules}\n"))
        new.replace(config)
    write("auth_to_local = RULE:[2:$1](host)s/host/nobody/\nauth_to_local = DEFAULT\nauth_to_local_names = {\n dave = alice\n}")
    driver = drive({**env, "KRB5_CONFIG": str(config)}).mapper(ttl_ms=0)
    assert mapped(driver, "host/web1.test@GATEHOUSE.TEST")[1]["uid"] == 65534
    assert mapped(driver, "dave@GATEHOUSE.TEST")[:2] == ("ids", ALICE)
    assert mapped(driver, "alice@GATEHOUSE.TEST")[:2] == ("ids", ALICE)
    write("auth_to_local = RULE:[2:$1](host\n")
    until(lambda: mapped(driver, "host/web1.test@GATEHOUSE.TEST")[0] == "lookup_failed", "krb5.conf is read anew")
    assert "auth_to_local cannot be asked: " in mapped(driver, "host/web1.test@GATEHOUSE.TEST")[2]
    config.write_text("[libdefaults\n")
    until(lambda: "auth_to_local cannot be asked: " in mapped(driver, "alice@GATEHOUSE.TEST")[2], "krb5.conf is read anew")


def test_as_found(drive, env):
    """What gssproxy found is taken as it is, no account too; only the rules come before it [G6]"""
    driver = drive(env).mapper([{"match": "host/*", "map": "alice"}, {"match": "bob@*", "map": "deny"}])

    def found(principal: str, ids: dict | None) -> tuple[str, dict, str]:
        answer = driver.ask("map_found", principal=principal, ids=ids)
        return answer["outcome"], answer["ids"], answer["how"]
    theirs = {"uid": 1, "gid": 2, "groups": [3]}
    assert found("alice@GATEHOUSE.TEST", theirs) == ("ids", theirs, "no [[principal]] rule matches; gssproxy gives uid 1, gid 2, 1 group")
    assert found("alice@GATEHOUSE.TEST", None) == ("no_account", NOBODY, "no [[principal]] rule matches; gssproxy finds no account")
    assert found("host/x@GATEHOUSE.TEST", None)[:2] == ("ids", ALICE)
    assert found("bob@GATEHOUSE.TEST", theirs)[0] == "denied"


def test_cache(drive, realm, directory):
    """What was found is kept for the time to live, and that there is no account for a tenth of it; then the directory is asked
    again [G6]"""
    accounts = Accounts(directory / "accounts")
    driver = drive({**realm.environment(), **accounts.env(program("tests/acceptors/acceptor-driver"))}).mapper(ttl_ms=8000)
    before = time.monotonic()
    assert mapped(driver, "alice@GATEHOUSE.TEST")[:2] == ("ids", ALICE)
    assert mapped(driver, "carol@GATEHOUSE.TEST")[0] == "no_account"
    accounts.write({**standard(), "alice": User(1, 2), "carol": User(3, 4)})
    until(lambda: mapped(driver, "carol@GATEHOUSE.TEST")[0] == "ids", "no account is forgotten")
    assert time.monotonic() - before >= 0.8
    assert mapped(driver, "alice@GATEHOUSE.TEST")[:2] == ("ids", ALICE)
    until(lambda: mapped(driver, "alice@GATEHOUSE.TEST")[1]["uid"] == 1, "the account is asked for again", seconds=30)
    assert time.monotonic() - before >= 8


@pytest.fixture
def switch(system, directory):
    """switch is a driver whose accounts come from /etc and from a directory behind it, which answers as answering() says."""
    library = program("tests/acceptors/libnss_gatehouse.so.2")
    driver = system({"alice": User(5001, 5001, (6001,))}, "files gatehouse",
                    {"LD_LIBRARY_PATH": str(library.parent), "NSS_GATEHOUSE": str(directory / "answers")})
    driver.answering = (directory / "answers").write_text
    return driver


def test_directory(switch):
    """Accounts and groups of glibc's files and of a directory behind them add up [G6]"""
    driver = switch
    switch.answering("ok")
    assert mapped(driver, "alice@GATEHOUSE.TEST")[1] == {"uid": 5001, "gid": 5001, "groups": [6001, 9001]}
    assert mapped(driver, "dora@GATEHOUSE.TEST")[1] == {"uid": 9000, "gid": 9000, "groups": [9001]}
    assert mapped(driver, "carol@GATEHOUSE.TEST")[0] == "no_account"


@pytest.mark.parametrize("error", ["ECONNREFUSED", "ETIMEDOUT", "EIO", "EAGAIN"])
def test_directory_down(switch, error):
    """A directory that fails ({error}) is neither "no such account" nor "no groups", and its failure is not kept [G6]"""
    driver = switch.mapper()
    switch.answering(error)
    outcome, _, how = mapped(driver, "dora@GATEHOUSE.TEST")
    assert outcome == "lookup_failed" and "account dora cannot be looked up: " in how
    outcome, _, how = mapped(driver, "alice@GATEHOUSE.TEST")
    assert outcome == "lookup_failed" and "account alice: its groups cannot be looked up: " in how
    switch.answering("ok")
    assert mapped(driver, "alice@GATEHOUSE.TEST")[1]["groups"] == [6001, 9001]
    assert mapped(driver, "dora@GATEHOUSE.TEST")[0] == "ids"


@pytest.mark.parametrize("how", ["silently", "aloud"])
def test_directory_half_down(switch, how):
    """A directory that fails for an account's groups, {how}, while it finds accounts is found out: by errno, or by asking it for a group
    that is not there [G6]"""
    switch.answering(f"groups-{how}")
    outcome, _, how = mapped(switch, "alice@GATEHOUSE.TEST")
    assert outcome == "lookup_failed" and "its groups cannot be looked up: " in how


def test_failure_does_not_displace(switch):
    """What was found before the directory failed is kept for its time to live [G6]"""
    driver = switch.mapper(ttl_ms=60_000)
    switch.answering("ok")
    assert mapped(driver, "alice@GATEHOUSE.TEST")[1]["groups"] == [6001, 9001]
    switch.answering("EIO")
    assert holds_for(lambda: mapped(driver, "alice@GATEHOUSE.TEST")[1]["groups"] == [6001, 9001], 0.2)
    assert mapped(driver, "dora@GATEHOUSE.TEST")[0] == "lookup_failed"
