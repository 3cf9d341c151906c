"""The secret that the keys of all guests are made from: kept across restarts, known to nobody else, or the daemon says so."""

import pytest
from peers import toml
from peers.gateway import run, write_config


def text(directory, **gateway) -> str:
    """text is a configuration with a guest, and these keys of [gateway]."""
    return toml.config({"in": f"unix:{directory}/in.sock"}, {"nfs": {"address": f"unix:{directory}/none.sock", "programs": ["nfs:3-4"]}},
                       {"web1": {"listener": "in", "backends": ["nfs"]}}, gateway=gateway)


def test_made_once(gateway, directory):
    """the secret is made at the first start, for its owner alone, and is the same after a restart [T3]"""
    first = gateway(text(directory))
    file = directory / "state" / "secret"
    assert first.wait_event("secret-made")["file"] == str(file)
    assert (file.stat().st_mode & 0o7777, len(made := file.read_bytes())) == (0o600, 32)
    first.stop()
    second = gateway(text(directory))
    assert (len(second.events("secret-made")), file.read_bytes()) == (1, made)
    assert made.hex() not in second.log()


def test_stated(gateway, directory):
    """a stated secret is used where it is, and made there when it is not [T3]"""
    file = directory / "keys" / "nfs"
    running = gateway(text(directory, secret=str(file)))
    assert running.wait_event("secret-made")["file"] == str(file)
    assert not (directory / "state" / "secret").exists()


@pytest.mark.parametrize("what,size,mode,said", [("readable to its group", 32, 0o640, "is open to its group or to everybody"),
                                                 ("too short", 31, 0o600, "has 31 bytes")])
def test_bad(directory, what, size, mode, said):
    """a secret that is {what} is an error that names it, whether it is stated or not: the daemon does not start [T3]"""
    file = directory / "secret"
    file.write_bytes(bytes(size))
    file.chmod(mode)
    for keys in ({}, {"secret": str(file)}):
        outcome = run("gatehoused", "--config", write_config(directory, text(directory, **keys)), env={"STATE_DIRECTORY": str(directory)})
        assert outcome.status == 1 and str(file) in outcome.err and said in outcome.err
    assert file.read_bytes() == bytes(size)


def test_stated_and_impossible(directory):
    """a stated secret that is not there and cannot be made is an error that says why: the daemon does not start [T3]"""
    outcome = run("gatehoused", "--config", write_config(directory, text(directory, secret="/proc/gatehouse/secret")))
    assert outcome.status == 1 and "/proc/gatehouse cannot be made" in outcome.err


def test_not_kept(gateway, directory):
    """where no secret is stated and none can be made, the daemon starts with one for this run, and warns of what is lost with it [T3]"""
    running = gateway(text(directory), env={"STATE_DIRECTORY": "/proc/gatehouse"})
    line = running.wait_event("secret-not-kept")
    assert line["file"] == "/proc/gatehouse/secret" and "lose their open files and locks" in line["hint"]


def test_check_makes_none(directory):
    """--check-config makes no secret [T3]"""
    outcome = run("gatehoused", "--check-config", "--config", write_config(directory, text(directory)), env={"STATE_DIRECTORY": str(directory)})
    assert outcome.status == 0 and not (directory / "secret").exists()
