"""gatehousectl doctor: what it says of files, ports, listeners and backends, and that nothing can keep it from ending."""

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from peers import rpc, toml
from peers.build import program
from peers.doctor import IDS, as_user, doctor
from peers.gateway import run, write_config
from peers.haproxy import Haproxy
from peers.ports import free_port
from peers.rpcbind import Rpcbind
from peers.scripted import Scripted
from peers.tirpc import PROGRAM, TirpcServer
from peers.vmm import Monitor

NOBODY = 65534


def sections(directory: Path, **more) -> dict[str, dict]:
    """sections are those that keep the doctor to the test's own files."""
    return {"gateway": {"secret": str(directory / "secret")}, "admin": {"socket": ""}, "defaults": {"sec": ["sys"]}, **more}


@pytest.fixture
def setup(directory):
    """setup writes a configuration: a guest web1 behind one unix listener, and the backends given as name = address or keys."""
    def write(backends: dict | None = None, guests: dict | None = None, listeners: dict | None = None, **more) -> Path:
        backends = {name: keys if isinstance(keys, dict) else {"address": keys, "programs": ["nfs:3-4"]}
                    for name, keys in (backends or {"nfs": f"unix:{directory}/backend.sock"}).items()}
        guests = guests or {"web1": {"listener": "in", "backends": list(backends)}}
        listeners = {"in": f"unix:{directory}/in.sock"} if listeners is None else listeners
        return write_config(directory, toml.config(listeners, backends, guests, **sections(directory, **more)))
    return write


@pytest.fixture
def accepting(stopping):
    """accepting listens on a loopback port and answers what the function given returns for the first bytes of each connection."""
    class Server:
        def __init__(self, answer):
            self.port = free_port()
            self.listener = socket.create_server(("127.0.0.1", self.port))
            self.answer, self.kept = answer, []
            threading.Thread(target=self.serve, daemon=True).start()

        def serve(self):
            while True:
                try:
                    sock, _ = self.listener.accept()
                except OSError:
                    return
                self.kept.append(sock)
                if self.answer is None:
                    continue
                sock.recv(4096)
                sock.sendall(self.answer)
                sock.close()

        def stop(self):
            self.listener.close()
            for sock in self.kept:
                sock.close()
    return lambda answer: stopping(Server(answer))


def test_every_check(setup, directory, stopping):
    """each check says something, in the order of the help, and a sound gateway ends with 0 [T7]"""
    stopping(Scripted(path=directory / "backend.sock"))
    said = doctor(setup({"nfs": {"address": f"unix:{directory}/backend.sock", "programs": ["300000:1"]}}))
    assert list(dict.fromkeys(finding["check"] for finding in said.findings)) == list(IDS)
    assert said.status == 0 and all(finding["result"] != "problem" for finding in said.findings)
    assert all(set(finding) == {"check", "result", "seen", "mend"} for finding in said.findings)
    assert all((finding["mend"] is None) == (finding["result"] == "ok") for finding in said.findings)
    help_text = run("gatehousectl", "doctor", "--help").out
    assert [line.split()[0] for line in help_text.partition("Checks:\n")[2].splitlines() if line.strip()] == list(IDS)


def test_text(setup):
    """people get a line a finding, the cure below it, and the counts at the end; a problem is exit status 1 [T7]"""
    outcome = run("gatehousectl", "--config", setup(), "doctor")
    lines = outcome.out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("problem  backends"))
    assert lines[at + 1].strip().startswith("-> start the server") and outcome.status == 1
    assert lines[-1].startswith("1 problem, ") and outcome.err == ""


def test_configuration_with_errors(setup, directory):
    """errors of the configuration are shown with file, line and column, and the exit status is 2; what needs none is checked [T6]"""
    write_config(directory, "[gateway]\nworkers = true\nsquish = 1\n")
    said = doctor(directory / "gatehouse.conf")
    assert said.status == 2
    said.one("configuration", "problem", f"{directory}/gatehouse.conf:2:11: ")
    said.one("configuration", "problem", f"{directory}/gatehouse.conf:3:1: ")
    said.one("reserved-ports", "ok", "ip_unprivileged_port_start")
    assert said.results("backends") == {"unknown"}


def test_no_such_user(setup):
    """a user that is not there is a problem, and the rest is looked at as who asks [L7]"""
    said = doctor(setup(), "--user", "gatehouse-nobody-knows")
    said.one("files", "problem", "there is no user gatehouse-nobody-knows")
    assert said.status == 1 and "ok" in said.results("files")


def test_changes_nothing(setup, directory, stopping):
    """nothing is made, written or removed [T7]"""
    stopping(Scripted(path=directory / "backend.sock"))
    config = setup()
    (directory / "secret").write_bytes(os.urandom(32))
    before = {path: (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_uid) for path in [directory, *directory.rglob("*")]}
    doctor(config)
    assert {path: (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_uid) for path in [directory, *directory.rglob("*")]} == before


# --- files ---------------------------------------------------------------------------------------------------------------

def test_secret_open_to_all(setup, directory):
    """a secret that others may read is a problem, with the command that mends it [L7]"""
    (directory / "secret").write_bytes(os.urandom(32))
    (directory / "secret").chmod(0o640)
    assert "chmod 600" in doctor(setup()).one("files", "problem", "secret", "mode 0640")["mend"]
    (directory / "secret").chmod(0o600)
    doctor(setup()).one("files", "ok", "secret", "nobody else")


def test_service_user(setup, directory):
    """what the service's user may not read is a problem, by the kernel's own judgement [L7]"""
    config = setup()
    (directory / "secret").write_bytes(os.urandom(32))
    (directory / "secret").chmod(0o600)
    config.chmod(0o600)
    said = doctor(config, "--user", "nobody")
    said.one("files", "problem", "nobody may not read", "gatehouse.conf", "Permission denied")
    said.one("files", "problem", "nobody may not read", "secret")
    said.one("files", "problem", "nobody may not make a file in", str(directory))
    config.chmod(0o644)
    os.chown(directory / "secret", NOBODY, NOBODY)
    os.chown(directory, NOBODY, NOBODY)
    assert doctor(config, "--user", "nobody").results("files") == {"ok"}


def test_folder_closed_above(setup, directory):
    """a file that can be read, below a folder that cannot be entered, is seen as what it is [L7]"""
    config = setup()
    directory.chmod(0o700)
    doctor(config, "--user", "nobody").one("files", "problem", "nobody may not read", "gatehouse.conf")


def test_foreign_owner(setup, directory):
    """a secret of somebody else's is a problem [L7]"""
    (directory / "secret").write_bytes(os.urandom(32))
    (directory / "secret").chmod(0o600)
    os.chown(directory / "secret", 4242, 4242)
    assert "chown" in doctor(setup()).one("files", "problem", "belongs to somebody else", "uid 4242")["mend"]


def test_folder_of_everybody(setup, directory):
    """a directory in which anybody could put another socket is a problem [L7]"""
    directory.chmod(0o777)
    doctor(setup()).one("files", "problem", "anybody can put another file", "chmod o-w")


def test_audit_log(setup, directory):
    """an audit log that the service's user cannot write is a problem: the daemon would not start [L7]"""
    folder = directory / "log"
    folder.mkdir()
    config = setup(audit={"log": str(folder / "audit.log")})
    doctor(config).one("files", "ok", "audit.log can be written")
    doctor(config, "--user", "nobody").one("files", "problem", f"nobody may not make a file in {folder}")
    os.chown(folder, NOBODY, NOBODY)
    (folder / "audit.log").touch(0o640)
    doctor(config, "--user", "nobody").one("files", "problem", "nobody may not write to", "audit.log")


def test_group_writes_configuration(setup, directory):
    """a configuration that a group may write is a warning [L7]"""
    config = setup()
    os.chown(config, 0, 4242)
    config.chmod(0o664)
    doctor(config).one("files", "warning", "can be written by its group", "chmod g-w")


def test_without_root(setup, directory):
    """without root, what only root can tell is unknown, and says so; it is no problem [T7]"""
    directory.chmod(0o755)
    port = free_port()
    config = setup({"nfs": f"tcp:127.0.0.1:{port}"})
    os.chown(config, NOBODY, NOBODY)
    done = subprocess.run([*as_user(NOBODY), "--config", config, "doctor", "--json", "--user", "root"], capture_output=True, text=True, timeout=60)
    findings = json.loads(done.stdout)
    assert {f["result"] for f in findings if f["check"] == "backends"} == {"unknown"}
    unknown = [f for f in findings if f["result"] == "unknown" and f["check"] in ("files", "backends")]
    assert not any("root may" in f["seen"] or "sockets can be made" in f["seen"] for f in findings if f["result"] == "ok")
    assert len(unknown) >= 2 and all("as root" in f["mend"] for f in unknown)


# --- backends ------------------------------------------------------------------------------------------------------------

def test_backend_answers(setup, directory, stopping):
    """a real rpcbind answers each version that it is said to serve; the time is said [P6]"""
    server = stopping(Rpcbind(directory / "rpcbind"))
    said = doctor(setup({"rpcbind": {"address": f"unix:{server.socket}", "programs": ["rpcbind:2-4"]}}))
    assert "rpcbind 2, rpcbind 3, rpcbind 4" in said.one("backends", "ok", " ms")["seen"]


def test_program_not_there(setup, directory, stopping):
    """PROG_UNAVAIL and PROG_MISMATCH of a real rpcbind are told apart [P6]"""
    server = stopping(Rpcbind(directory / "rpcbind"))
    said = doctor(setup({"rpcbind": {"address": f"unix:{server.socket}", "programs": ["rpcbind:4-5", "nfs:3"]}}))
    said.one("backends", "problem", "rpcbind 5", "PROG_MISMATCH (it has versions 2 to 4)")
    said.one("backends", "problem", "nfs 3", "PROG_UNAVAIL")
    said.one("backends", "ok", "rpcbind 4")


def test_source(setup, stopping):
    """the call comes from a guest's source address and a reserved port, as the gateway's would [L4]"""
    port = free_port()
    server = stopping(Scripted(port=port))
    config = setup({"nfs": f"tcp:127.0.0.1:{port}"}, {"web1": {"listener": "in", "backends": ["nfs"], "source_address": "127.66.0.42"}})
    said = doctor(config)
    said.one("backends", "ok", "from 127.66.0.42")
    assert server.sources[0][0] == "127.66.0.42" and 665 <= server.sources[0][1] < 1024
    assert {(call.program, call.version, call.flavor) for call in server.calls if call.procedure == 0} == {(100003, 3, 0), (100003, 4, 0)}


def test_denied(setup, directory, stopping):
    """a server that denies the call is told apart from one that is not there [P6]"""
    stopping(Scripted(path=directory / "backend.sock", answer=lambda call: rpc.record(rpc.auth_error(call.xid, rpc.AuthStat.TOOWEAK))))
    doctor(setup()).one("backends", "problem", "nfs 3", "AUTH_TOOWEAK")


def test_proxy_protocol(setup, directory, stopping):
    """a backend that wants the PROXY header gets it, with the guest's source address; one that gets none closes [P10]"""
    stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))
    haproxy = stopping(Haproxy(directory, f"unix@{directory}/server.sock", port=free_port()))
    guests = {"web1": {"listener": "in", "backends": ["peer"], "source_address": "127.66.0.42"}}
    peer = {"address": haproxy.address, "programs": [f"{PROGRAM}:1"]}
    doctor(setup({"peer": {**peer, "proxy_protocol": True}}, guests)).one("backends", "ok", "127.66.0.42")
    assert haproxy.source().startswith("127.66.0.42:")
    doctor(setup({"peer": peer}, guests)).one("backends", "problem", "without a reply", "PROXY header")


def test_hybrid(setup, directory, stopping):
    """a service inside a machine is asked through its VMM's socket; a port that is not served and what is no VMM are told apart [V1]"""
    stopping(Scripted(path=directory / "agent.sock"))
    monitor = stopping(Monitor(directory / "vm.sock", {700: directory / "agent.sock"}))
    said = doctor(setup({"agent": {"address": f"{monitor.address}:700", "programs": ["300000:1"]},
                         "other": {"address": f"{monitor.address}:701", "programs": ["300001:1"]}}))
    said.one("backends", "ok", "agent (hybrid:")
    said.one("backends", "problem", "other (hybrid:", "nothing listens on that port in its guest")
    monitor.answer = [b"HTTP/1.1 400\r\n\r\n"]
    doctor(setup({"agent": {"address": f"{monitor.address}:700", "programs": ["300000:1"]}})).one("backends", "problem", "no virtual machine monitor's")


def test_nobody_there(setup, directory):
    """a port that nobody listens on and a socket that is not there are told apart [P10]"""
    said = doctor(setup({"a": f"tcp:127.0.0.1:{free_port()}", "b": {"address": f"unix:{directory}/none.sock", "programs": ["300000:1"]}}))
    said.one("backends", "problem", "a (tcp:", "Connection refused")
    said.one("backends", "problem", "b (unix:", "No such file")


@pytest.mark.parametrize("what,answer,words", [
    ("closes", b"", "closed it without a reply"), ("speaks HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n", "no RPC reply"),
    ("declares 2 GiB", b"\xff\xff\xff\xff" + bytes(64), "no RPC reply"), ("sends half a reply", b"\x80\x00\x00\x18\x00\x00", "closed it"),
    ("answers another call", rpc.record(rpc.success(7)), "no RPC reply to the call")], ids=lambda value: value if isinstance(value, str) else "")
def test_garbage(setup, accepting, what, answer, words):
    """a server that {what} is said to [A1]"""
    doctor(setup({"nfs": f"tcp:127.0.0.1:{accepting(answer).port}"})).one("backends", "problem", words)


def test_silence(setup, directory, accepting):
    """ten servers that never answer, a file that hangs whoever opens it and a mute daemon cost no more time than one of them; each is
    named, and what is said of others stays [A1]"""
    silent = {f"s{number}": {"address": f"tcp:127.0.0.1:{accepting(None).port}", "programs": [f"{300000 + number}:1"]} for number in range(10)}
    os.mkfifo(directory / "keytab", 0o600)
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(directory / "admin.sock"))
        daemon.listen(0)
        config = setup(silent, kerberos={"keytab": str(directory / "keytab"), "replay_cache": ""}, defaults={"sec": ["krb5"]},
                       admin={"socket": str(directory / "admin.sock")})
        began = time.monotonic()
        said = doctor(config)
        assert time.monotonic() - began < 10  # two of the bounds
    assert len([f for f in said.of("backends") if f["result"] == "problem" and "did not answer in time" in f["seen"]]) == 10
    said.one("keytab", "problem", "did not end in time")
    said.one("admin", "problem", "took the connection and did not answer")
    assert said.results("reserved-ports") == {"ok"} and said.results("limits") <= {"ok", "warning"}


# --- ports and listeners ---------------------------------------------------------------------------------------------------

def test_served(gateway, directory):
    """the listeners of a running gateway are seen as served by it, without a connection to them [T7]"""
    port = free_port()
    server = gateway(toml.config({"in": f"unix:{directory}/in.sock", "tcp": f"tcp:127.0.0.1:{port}", "vmm": f"hybrid:{directory}/vmm.sock:2049"},
                                 {"nfs": {"address": f"unix:{directory}/none.sock", "programs": ["nfs:4"]}},
                                 {"web1": {"listener": "in", "backends": ["nfs"]}}, defaults={"sec": ["sys"]}))
    doctor(server.config).one("listeners", "ok", "served: in, tcp, vmm")
    assert not server.events("no-guest")


def test_port_taken(setup, stopping):
    """a port that another program has, and the program, are named [T7]"""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = doctor(setup(listeners={"in": f"tcp:127.0.0.1:{port}"}))
    said.one("listeners", "problem", f"port {port} is taken by", "python")


def test_not_free(setup, directory):
    """a file in a socket's place, a missing directory, a missing interface and a missing socket unit are told apart [T7]"""
    (directory / "a.sock").write_text("")
    said = doctor(setup(listeners={"in": f"unix:{directory}/a.sock", "b": f"hybrid:{directory}/none/v.sock:2049", "c": "tcp:[fe80::1%nonesuch0]:2049",
                                   "d": "systemd:gatehouse-test"}))
    said.one("listeners", "problem", "a.sock is in the way")
    said.one("files", "warning", f"{directory}/none: No such file")
    said.one("listeners", "warning", "no interface nonesuch0")
    said.one("listeners", "problem", "FileDescriptorName=gatehouse-test")


def test_port_start(setup):
    """ports below 1024 that anybody may use are a problem [L4]"""
    script = 'echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec "$@"'
    done = subprocess.run(["unshare", "--net", "sh", "-c", script, "sh", str(program("proxy/gatehousectl")), "--config", setup(), "doctor", "--json"],
                          capture_output=True, text=True, timeout=60)
    (found,) = [f for f in json.loads(done.stdout) if f["check"] == "reserved-ports" and f["result"] == "problem"]
    assert "ip_unprivileged_port_start is 80" in found["seen"] and "ip_unprivileged_port_start=1024" in found["mend"]


def test_ports_in_use(setup):
    """source ports that others have taken from a guest's address are counted [L4]"""
    config = setup(guests={"web1": {"listener": "in", "backends": ["nfs"], "source_address": "127.66.7.7"}})
    held = []
    try:
        for port in range(665, 1000):
            held.append(socket.socket())
            held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held[-1].bind(("127.66.7.7", port))
            held[-1].listen()
        doctor(config).one("reserved-ports", "warning", "127.66.7.7", "335 in use")
    finally:
        for sock in held:
            sock.close()
    doctor(config).one("reserved-ports", "ok", "at most 0 by one guest's address")


def test_admin_socket(setup, directory):
    """nobody on the admin socket is a warning; one that takes no connections is a problem [T7]"""
    path = directory / "admin.sock"
    config = setup(admin={"socket": str(path)})
    doctor(config).one("admin", "warning", "does not run")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as waiting:
        listener.bind(str(path))
        listener.listen(0)
        waiting.connect(str(path))  # fills the queue
        doctor(config).one("admin", "problem", "takes no connections")


def test_admin_answers(gateway, directory):
    """a daemon that runs answers on its admin socket [T7]"""
    server = gateway(toml.config({}, {}, {}, admin={"socket": str(directory / "admin.sock")}))
    doctor(server.config).one("admin", "ok", f"gatehoused answers on {directory}/admin.sock")


def test_limits(setup):
    """limits that add up to more than the host has are warnings, with the sums [L6]"""
    limits = {"connections": 100000, "buffered_bytes": "512GiB"}
    guests = {f"g{number}": {"listener": "in", "uid": number, "backends": ["nfs"], "limits": limits} for number in range(1, 12)}
    said = doctor(setup(guests=guests))
    said.one("limits", "warning", "2200257 descriptors")
    said.one("limits", "warning", "5767872 MiB")
    assert said.status == 1  # the backend is not there


def test_many_guests(setup, directory):
    """of ten thousand guests with one fault five are named, and the rest counted [L6]"""
    guests = {f"g{number:05}": {"listener": "in", "uid": number, "backends": ["nfs"], "limits": {"connections": 400}} for number in range(1, 10001)}
    said = doctor(setup({"nfs": f"tcp:127.0.0.1:{free_port()}"}, guests))
    assert "and 9995 more" in said.one("reserved-ports", "warning", "g00001 (400), g00002 (400)")["seen"]
    assert len(json.dumps(said.findings)) < 20000


def test_many_listeners(setup, directory):
    """of a hundred faults twenty are shown, and the rest counted [L6]"""
    listeners = {"in": f"unix:{directory}/in.sock", **{f"t{number}": f"tcp:[fe80::1%none{number}]:2049" for number in range(100)}}
    said = doctor(setup(listeners=listeners))
    assert len([f for f in said.of("listeners") if "there is no interface" in f["seen"]]) == 20
    said.one("listeners", "warning", "and 80 more like these")


def test_hostile_names(setup, directory):
    """what is shown is one line of ASCII, whatever stands in paths [A1]"""
    folder = directory / "x\ny\x1b[31mé"
    folder.mkdir()
    os.rename(setup(), folder / "gatehouse.conf")
    outcome = run("gatehousectl", "--config", folder / "gatehouse.conf", "doctor")
    assert "x\\x0ay\\x1b[31m\\xc3\\xa9/gatehouse.conf: 1 listener" in outcome.out and outcome.out.isascii()
    assert all(line.startswith(("ok ", "warning ", "problem ", "unknown ", " ")) for line in outcome.out.splitlines()[:-1])
