"""gatehoused as a service: the units as they are shipped, run by a real systemd from the installed packages."""

import json
import re
import shutil
import socket
import subprocess
from ipaddress import ip_address, ip_network

import pytest
from peers import gss, rpc, toml
from peers.build import ROOT
from peers.client import connect_unix
from peers.wait import until

CONFIG = "/etc/gatehouse/gatehouse.conf"
RPCBIND = 100000
NET_BIND_SERVICE = 1 << 10
# A system call that is not on the list ends the process: nothing that the daemon does may be refused to it.
STRICT = "[Service]\nSystemCallErrorNumber=kill\n"
GUEST = toml.config({"in": "unix:/run/gatehouse/in.sock"},
                    {"portmap": {"address": "tcp:127.0.0.1:111", "programs": ["rpcbind:2-4"]}},
                    {"local": {"uid": 0, "backends": ["portmap"]}}, admin=None)


def configure(machine, text: str, before: str = "") -> None:
    """configure adds text to the installed configuration, and puts `before` at its head."""
    file = machine.path(CONFIG)
    file.write_text(before + file.read_text() + text)


def ask(machine, path: str = "/run/gatehouse/in.sock") -> rpc.Reply:
    """ask calls NULL of the machine's rpcbind through the gateway."""
    with connect_unix(machine.path(path)) as connection:
        return connection.call(RPCBIND, 2, 0, rpc.auth_sys(1000, 1000))


@pytest.fixture
def serving(installed):
    """serving is a machine whose gatehoused serves a guest, after one edit of the shipped configuration."""
    installed.drop_in("gatehoused.service", STRICT)
    installed.run("systemctl", "start", "rpcbind.service")
    configure(installed, GUEST)
    installed.run("gatehousectl", "check")
    installed.run("systemctl", "restart", "gatehoused")
    return installed


def test_doctor(serving):
    """gatehousectl doctor finds what the package installed in order, and the service served as it is configured [T7, L7]"""
    findings = json.loads(serving.run("gatehousectl", "doctor", "--json").stdout)
    assert [f for f in findings if f["result"] == "problem"] == []
    results = {(f["check"], f["result"]) for f in findings}
    assert {(check, "ok") for check in ("configuration", "files", "backends", "listeners", "admin", "limits")} <= results, findings


def test_admin_socket(serving):
    """gatehousectl asks the service under its restrictions by the default socket, which lets in root and the daemon's user alone [L7, T7]"""
    assert ask(serving).outcome == "SUCCESS"
    status = json.loads(serving.run("gatehousectl", "--json", "status").stdout)
    assert status["snapshot"]["number"] == 1 and status["totals"]["calls"] == 1
    assert serving.run("stat", "-c", "%a %U", "/run/gatehouse/admin.sock").stdout == "600 gatehouse\n"
    assert "configuration 2 is in force" in serving.run("gatehousectl", "reload").stdout
    assert serving.run("setpriv", "--reuid=gatehouse", "--regid=gatehouse", "--init-groups", "gatehousectl", "guests").stdout.count("local") == 1
    stranger = serving.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "gatehousectl", "status", check=False)
    assert stranger.returncode == 4 and "Permission denied" in stranger.stderr


def copies(directory, *names) -> list:
    """copies returns the paths of copies of units that start a program which is there."""
    for name in names:
        text = (ROOT / "conf/host" / name).read_text()
        (directory / name).write_text(text.replace("/usr/sbin/gatehoused", "/bin/true"))
    return [directory / name for name in names]


def test_units_are_well_formed(directory):
    """systemd finds no fault with the gateway's service and its socket [L7]"""
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *copies(directory, "gatehoused.service", "gatehoused.socket")],
                          text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_service_is_confined(directory):
    """the gateway's service is rated 2.0 or better by systemd-analyze security [L7]"""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", *copies(directory, "gatehoused.service")],
                          text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_vsock_socket():
    """the socket unit listens at port 2049 of any CID [L7]"""
    assert "\nListenStream=vsock::2049\n" in (ROOT / "conf/host/gatehoused.socket").read_text()


def test_unprivileged(installed):
    """gatehoused runs as its own user with one capability, no new privileges and a list of system calls [L7]"""
    status = installed.status("gatehoused")
    uid = int(installed.run("id", "-u", "gatehouse").stdout)
    assert uid != 0 and status["Uid"].split() == [str(uid)] * 4
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {NET_BIND_SERVICE}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_directories(installed):
    """the secret is where only gatehoused reads it, and the directory of sockets is there before the service [L7]"""
    stat = installed.run("stat", "-c", "%a %U", "/var/lib/gatehouse", "/var/lib/gatehouse/secret", "/run/gatehouse").stdout.split("\n")
    assert stat[:3] == ["700 gatehouse", "600 gatehouse", "755 gatehouse"]
    assert "secret-not-kept" not in installed.journal()


def test_serves(serving):
    """after one edit a guest is served, from a reserved port, with no system call refused [L8]"""
    with connect_unix(serving.path("/run/gatehouse/in.sock")) as connection:
        assert connection.call(RPCBIND, 2, 0, rpc.auth_sys(1000, 1000)).outcome == "SUCCESS"
        ((address, port),) = re.findall(r"(\S+):(\d+)\s+127\.0\.0\.1:111\s", serving.run("ss", "-Htn", "dst", "127.0.0.1:111").stdout)
    assert ip_address(address) in ip_network("127.64.0.0/10") and int(port) < 1024
    assert serving.status("gatehoused")["Seccomp"] == "2" and serving.show("gatehoused", "NRestarts") == "0"


def own_keytab(machine, realm) -> None:
    """own_keytab gives the gateway a keytab of its own."""
    shutil.copy(realm.keytab, machine.path("/etc/gatehouse/nfs.keytab"))
    machine.run("chown", "gatehouse:", "/etc/gatehouse/nfs.keytab")
    machine.run("chmod", "600", "/etc/gatehouse/nfs.keytab")
    file = machine.path(CONFIG)
    file.write_text(file.read_text().replace('keytab = "/etc/krb5.keytab"', 'keytab = "/etc/gatehouse/nfs.keytab"'))


def by_gssproxy(machine, realm) -> None:
    """by_gssproxy lets gssproxy accept for the gateway, by the example, with the keytab of the host; it starts first, as at a boot."""
    machine.run("systemctl", "stop", "gatehoused")
    shutil.copy(realm.keytab, machine.path("/etc/krb5.keytab"))
    machine.run("chmod", "600", "/etc/krb5.keytab")
    for other in machine.path("/etc/gssproxy").glob("[0-9]*"):
        other.unlink()
    machine.run("cp", "/usr/share/doc/gatehouse/examples/gssproxy/99-gatehouse.conf", "/etc/gssproxy/")
    machine.run("systemctl", "restart", "gssproxy")
    file = machine.path(CONFIG)
    file.write_text(file.read_text().replace('acceptor = "keytab"', 'acceptor = "gssproxy"'))


ACCEPTORS = {"a keytab of the gateway's own": own_keytab, "gssproxy": by_gssproxy}


@pytest.mark.parametrize("acceptor", ACCEPTORS)
def test_serves_kerberos(serving, realm, acceptor):
    """a user is accepted by {acceptor}, with the system's accounts, and no system call refused [L7, G5, G6]"""
    serving.run("useradd", "--uid", "5001", "alice")
    shutil.copy(realm.config, serving.path("/etc/krb5.conf"))
    ACCEPTORS[acceptor](serving, realm)
    serving.run("systemctl", "restart", "gatehoused")
    with connect_unix(serving.path("/run/gatehouse/in.sock")) as connection:
        context = gss.Context(realm.kinit("alice")).create(connection, RPCBIND, 2)
        assert context.call(connection, RPCBIND, 2, 0, b"", gss.SERVICES["krb5p"]).outcome == "SUCCESS"
    rcache = serving.run("stat", "-c", "%a %U", "/var/lib/gatehouse/rcache", check=False).stdout
    assert rcache == ("700 gatehouse\n" if acceptor != "gssproxy" else "")
    assert serving.show("gatehoused", "NRestarts") == "0"


def with_context(machine, realm):
    """with_context is a context that alice has made at a machine that serves Kerberos."""
    machine.run("useradd", "--uid", "5001", "alice")
    shutil.copy(realm.config, machine.path("/etc/krb5.conf"))
    own_keytab(machine, realm)
    machine.run("systemctl", "restart", "gatehoused")
    with connect_unix(machine.path("/run/gatehouse/in.sock")) as connection:
        return gss.Context(realm.kinit("alice")).create(connection, RPCBIND, 2)


def call(machine, context) -> str:
    """call is what a krb5p call with the context comes to, over a new connection."""
    with connect_unix(machine.path("/run/gatehouse/in.sock")) as connection:
        return context.call(connection, RPCBIND, 2, 0, b"", gss.SERVICES["krb5p"]).outcome


def test_contexts_survive(serving, packages, realm):
    """established contexts survive a restart and an upgrade in the service manager's store, which is empty again then; not a crash [L8]"""
    context = with_context(serving, realm)
    for restart in (lambda: serving.run("systemctl", "restart", "gatehoused"), lambda: serving.install(*packages.glob("gatehouse_*.deb"))):
        pid = serving.show("gatehoused", "MainPID")
        restart()
        assert serving.show("gatehoused", "MainPID") != pid
        assert call(serving, context) == "SUCCESS"
        serving.wait_show("gatehoused", "NFileDescriptorStore", "0")
    assert serving.journal().count("event=contexts-saved") == serving.journal().count("event=contexts-restored") == 2
    serving.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "gatehoused")
    serving.wait_show("gatehoused", "NRestarts", "1")
    serving.wait_show("gatehoused", "ActiveState", "active")
    assert call(serving, context) == "AUTH_ERROR GSS_CREDPROBLEM"


def test_contexts_without_a_store(serving, realm):
    """where the unit has no store it is said that contexts are lost, and why; and stopped by hand, the service leaves none behind [L8]"""
    context = with_context(serving, realm)
    serving.run("systemctl", "stop", "gatehoused")
    assert "event=contexts-saved" in serving.journal()
    serving.wait_show("gatehoused", "NFileDescriptorStore", "0")
    serving.run("systemctl", "start", "gatehoused")
    assert call(serving, context) == "AUTH_ERROR GSS_CREDPROBLEM"
    with connect_unix(serving.path("/run/gatehouse/in.sock")) as connection:
        context = gss.Context(realm.kinit("alice")).create(connection, RPCBIND, 2)
    serving.drop_in("gatehoused.service", "[Service]\nFileDescriptorStoreMax=0\n")
    serving.run("systemctl", "restart", "gatehoused")
    assert "event=contexts-not-saved error=\"the service manager refused them" in serving.journal()
    assert call(serving, context) == "AUTH_ERROR GSS_CREDPROBLEM"


def test_group_of_a_socket(installed):
    """a unix listener's socket is given to a group that the service has [L7]"""
    installed.drop_in("gatehoused.service", STRICT + "SupplementaryGroups=users\n")
    configure(installed, toml.entry("listener", "in", address="unix:/run/gatehouse/in.sock", mode="0660", group="users"))
    installed.run("systemctl", "restart", "gatehoused")
    assert installed.run("stat", "-c", "%a %G", "/run/gatehouse/in.sock").stdout == "660 users\n"


def test_socket_of_gssproxy_stays(serving):
    """what gssproxy made in the directory of sockets outlives the service [L7]"""
    with socket.socket(socket.AF_UNIX) as gssproxy:
        gssproxy.bind(str(serving.path("/run/gatehouse/gssproxy.sock")))
        serving.run("systemctl", "restart", "gatehoused")
        serving.run("systemctl", "stop", "gatehoused")
        assert serving.run("stat", "-c", "%F %U", "/run/gatehouse/gssproxy.sock").stdout == "socket root\n"
        serving.run("systemctl", "start", "gatehoused")
        assert ask(serving).outcome == "SUCCESS"


def test_keytab_by_credential(installed):
    """the drop-in among the examples hands a keytab that is root's alone to gatehoused [G5]"""
    keytab = installed.path("/etc/krb5.keytab")
    keytab.write_bytes(b"keys")
    keytab.chmod(0o600)
    example = installed.path("/usr/share/doc/gatehouse/examples/keytab-credential.conf").read_text()
    place = re.search(r'keytab = "(.*)"', example).group(1)
    installed.drop_in("gatehoused.service", example)
    installed.run("systemctl", "restart", "gatehoused")
    assert installed.run("setpriv", "--reuid=gatehouse", "--clear-groups", "cat", place).stdout == "keys"
    assert installed.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", place, check=False).returncode != 0


def test_watchdog(installed):
    """a gatehoused that does not come round is ended and started again, and one that does is left alone [L6]"""
    installed.drop_in("gatehoused.service", "[Service]\nWatchdogSec=4s\n")
    installed.run("systemctl", "restart", "gatehoused")
    since = installed.show("gatehoused", "WatchdogTimestampMonotonic")
    until(lambda: int(installed.show("gatehoused", "WatchdogTimestampMonotonic")) > int(since) + 5_000_000,
          "the watchdog fed for longer than its time-out", 30, pause=0.1)
    assert installed.show("gatehoused", "NRestarts") == "0"
    installed.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "gatehoused")
    installed.wait_show("gatehoused", "NRestarts", "1")
    installed.wait_show("gatehoused", "ActiveState", "active")


def test_socket_unit(serving):
    """the socket unit keeps the listener while gatehoused is away, and a connection brings it back [L7]"""
    unit = serving.path("/lib/systemd/system/gatehoused.socket").read_text()
    # No vsock here: everything else is as it is shipped.
    serving.path("/run/systemd/system/gatehoused.socket").write_text(
        unit.replace("ListenStream=vsock::2049", "ListenStream=/run/gatehouse/held.sock"))
    file = serving.path(CONFIG)
    file.write_text(file.read_text().replace("unix:/run/gatehouse/in.sock", "systemd:nfs"))
    serving.run("systemctl", "daemon-reload")
    serving.run("systemctl", "stop", "gatehoused")
    serving.run("systemctl", "start", "gatehoused.socket")
    assert serving.show("gatehoused", "ActiveState") == "inactive"
    assert ask(serving, "/run/gatehouse/held.sock").outcome == "SUCCESS"
    assert serving.show("gatehoused", "ActiveState") == "active"
    held = serving.run("stat", "-c", "%i", "/run/gatehouse/held.sock").stdout
    serving.run("systemctl", "restart", "gatehoused")
    assert ask(serving, "/run/gatehouse/held.sock").outcome == "SUCCESS"
    assert serving.run("stat", "-c", "%i", "/run/gatehouse/held.sock").stdout == held


def test_bad_configuration(serving):
    """a configuration with errors is named by reload, which changes nothing, and stops a start for good [T6]"""
    configure(serving, "", before="nonsense = 1\n")
    assert serving.run("systemctl", "reload", "gatehoused", check=False).returncode != 0
    assert f"{CONFIG}:1:1" in serving.journal()
    assert ask(serving).outcome == "SUCCESS"
    assert serving.run("systemctl", "restart", "gatehoused", check=False).returncode != 0
    assert (serving.show("gatehoused", "ActiveState"), serving.show("gatehoused", "NRestarts")) == ("failed", "0")
