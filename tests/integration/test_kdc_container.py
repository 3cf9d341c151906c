"""The KDC in a container, or, where no container engine works, the same KDC as a process."""

import os
import subprocess

import pytest
from krb5lab import ANY
from peers import gss, kerberos
from peers.ports import free_port, listening
from peers.realm import KDC, Realm
from peers.wait import until


@pytest.fixture(scope="module")
def realm(shared_directory):
    made = Realm(shared_directory / "realm", container=True)
    yield made
    made.stop()


def test_container_where_demanded(realm):
    """with GATEHOUSE_KDC=container, as in continuous integration, the KDC runs in a container [G1]"""
    assert realm.way in (("podman", "docker") if os.environ.get("GATEHOUSE_KDC") == "container" else ("podman", "docker", "process"))


@pytest.mark.parametrize("service", ["krb5", "krb5i", "krb5p"])
def test_gateway_takes_its_tickets(lab5, script, service):
    """alice, with a ticket of that KDC, is served over {service} [G1, G6]"""
    lab = lab5()
    connection = lab.connect()
    reply = lab.context("alice", connection).call(connection, *ANY, b"data", gss.SERVICES[service])
    assert reply.results == b"data"
    assert kerberos.seen(script.calls[-1]) == (5001, 5001, (6001, 6002, 6003, 6004))


def run(*words, mode: str | None = None) -> str:
    """run runs tests/kdc/run in a mode of GATEHOUSE_KDC (the environment's, unless stated) and returns what it printed."""
    env = {**os.environ, **({"GATEHOUSE_KDC": mode} if mode else {})}
    return subprocess.run([str(KDC / "run"), *map(str, words)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          env=env).stdout


@pytest.mark.parametrize("mode", ["process", None])
def test_same_realm(directory, mode):
    """the KDC of tests/kdc/run has the same principals as a process and where it runs by itself (mode {mode}), and stop leaves nothing [G1]"""
    port = free_port()
    way, name = run("start", directory, port, mode=mode).split()
    assert way == run("which", mode=mode).strip()
    for user, keytab in (("alice", "alice"), ("bob", "bob"), ("carol", "carol"), ("root/localhost", "root")):
        env = {**os.environ, "KRB5_CONFIG": str(directory / "krb5.conf"), "KRB5CCNAME": f"FILE:{directory}/cc"}
        subprocess.run(["kinit", "-k", "-t", str(directory / f"{keytab}.keytab"), user], check=True, env=env)
        for service in ("nfs/localhost", "host/localhost"):
            subprocess.run(["kvno", "-k", str(directory / "service.keytab"), service], check=True, env=env, stdout=subprocess.DEVNULL)
    run("stop", directory, mode=mode)
    until(lambda: not listening(port), "the port given back")
    assert name not in open("/proc/self/mountinfo").read()


def test_container_demanded_in_vain(directory):
    """who may run no container gets the process, and an error where a container is demanded [G1]"""
    def which(mode: str) -> subprocess.CompletedProcess:
        return subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(KDC / "run"), "which"], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, "GATEHOUSE_KDC": mode, "HOME": str(directory)})
    assert which("").stdout.strip() == "process"
    refused = which("container")
    assert refused.returncode != 0 and "GATEHOUSE_KDC=container" in refused.stderr
