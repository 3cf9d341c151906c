"""gatehousectl doctor and Kerberos: a real keytab, a real KDC, a real gssproxy, and what goes wrong with each."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from peers import toml
from peers.doctor import doctor
from peers.gateway import write_config
from peers.gssproxy import Gssproxy
from peers.realm import Realm

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
SERVICE = "nfs/localhost@GATEHOUSE.TEST"


@pytest.fixture
def config(directory):
    """config writes a configuration whose guest uses krb5p alone, with the keys of [kerberos] given."""
    def write(**kerberos) -> Path:
        (directory / "rcache").mkdir(mode=0o700, exist_ok=True)
        keys = {"replay_cache": str(directory / "rcache"), **{key: str(value) for key, value in kerberos.items()}}
        return write_config(directory, toml.config({"in": f"unix:{directory}/in.sock"}, {"nfs": {"address": f"unix:{directory}/none.sock", "programs": ["nfs:4"]}},
                                                   {"web1": {"listener": "in", "backends": ["nfs"], "sec": ["krb5p"]}}, kerberos=keys, admin={"socket": ""}))
    return write


@pytest.fixture
def keytab(realm, directory):
    """keytab is a copy of the realm's, for a test to spoil."""
    return Path(shutil.copy(realm.keytab, directory / "nfs.keytab"))


@pytest.fixture
def own_realm(directory, stopping):
    """own_realm is a realm that the test may change and stop."""
    return stopping(Realm(directory / "realm"))


def test_sound(realm, config, keytab):
    """a good keytab: its principals, key versions and types are shown, the KDC has the same key, the clocks agree [G8]"""
    said = doctor(config(keytab=keytab), env=realm.env())
    seen = said.one("keytab", "ok", SERVICE, "kvno ")["seen"]
    assert all(word in seen for word in ("aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha256-128", "aes256-cts-hmac-sha384-192"))
    said.one("kdc", "ok", "agree within")
    said.one("kdc", "ok", "the KDC has the same key for " + SERVICE)
    said.one("files", "ok", "nfs.keytab", "not to others")
    assert said.results("files") | said.results("gssproxy") <= {"ok", "warning"}  # the secret's directory need not be there


def test_keytab_open(realm, config, keytab):
    """a keytab that everybody may read is a problem [L7]"""
    keytab.chmod(0o644)
    assert "chmod o=" in doctor(config(keytab=keytab), env=realm.env()).one("files", "problem", "open to everybody", "mode 0644")["mend"]


def test_keytab_of_root(realm, config, keytab, directory):
    """a keytab that the service's user may not read is a problem that names LoadCredential= [L7]"""
    os.chown(directory, 65534, 65534)
    said = doctor(config(keytab=keytab), "--user", "nobody", env=realm.env())
    said.one("files", "problem", "nobody may not read", "nfs.keytab", "LoadCredential=")


def test_keytab_of_another(realm, config, keytab):
    """a keytab of another user's is a problem [L7]"""
    os.chown(keytab, 4242, 4242)
    doctor(config(keytab=keytab), env=realm.env()).one("files", "problem", "nfs.keytab belongs to somebody else", "uid 4242")


def test_keytab_missing(realm, config, directory):
    """a keytab that is not there is a problem, with the command that makes it, and no KDC is asked for nothing [G8]"""
    said = doctor(config(keytab=directory / "none"), env=realm.env())
    assert "ktadd -k" in said.one("files", "problem", "none: No such file")["mend"]
    assert said.results("keytab") == said.results("kdc") == {"unknown"}


def test_keytab_garbage(realm, config, keytab):
    """a file that is no keytab is a problem [G8]"""
    keytab.write_bytes(b"[libdefaults]\n")
    doctor(config(keytab=keytab), env=realm.env()).one("keytab", "problem", "does not parse")


def test_keytab_of_another_service(realm, config, keytab):
    """a keytab without a key for the service is a problem that says so [G8]"""
    doctor(config(keytab=keytab, service="cifs"), env=realm.env()).one("keytab", "problem", "has no key for cifs/*", "cifs/NAME")


def test_replay_cache(realm, config, keytab, directory):
    """a replay cache that others may write to, or that is no directory, is a problem: contexts would be refused [G8]"""
    written = config(keytab=keytab)
    (directory / "rcache").chmod(0o770)
    doctor(written, env=realm.env()).one("files", "problem", "replay cache", "every Kerberos context is refused")
    (directory / "rcache").rmdir()
    doctor(written, env=realm.env()).one("files", "ok", "replay cache", "is made with the first context")


def test_key_renewed(own_realm, config):
    """keys that were renewed in the KDC and not in the keytab are a problem; adding them mends it [G8]"""
    written = config(keytab=own_realm.keytab)
    doctor(written, env=own_realm.env()).one("kdc", "ok", "has the same key")
    own_realm.kadmin("cpw", "-randkey", "nfs/localhost")
    mend = doctor(written, env=own_realm.env()).one("kdc", "problem", "the KDC has another key for " + SERVICE, "kvno ")["mend"]
    assert f"ktadd -k {own_realm.keytab} {SERVICE}" in mend
    own_realm.kadmin("ktadd", "-k", str(own_realm.keytab), "nfs/localhost")
    doctor(written, env=own_realm.env()).one("kdc", "ok", "has the same key")


def test_key_renewed_with_preauthentication(own_realm, config):
    """the same where the KDC demands preauthentication [G8]"""
    own_realm.kadmin("modprinc", "+requires_preauth", "nfs/localhost")
    doctor(config(keytab=own_realm.keytab), env=own_realm.env()).one("kdc", "ok", "has the same key")
    own_realm.kadmin("cpw", "-randkey", "nfs/localhost")
    doctor(config(keytab=own_realm.keytab), env=own_realm.env()).one("kdc", "problem", "the KDC has another key")


def test_principal_deleted(own_realm, config):
    """a principal that the KDC does not know is said to be unknown there [G8]"""
    own_realm.kadmin("delprinc", "-force", "nfs/localhost")
    said = doctor(config(keytab=own_realm.keytab), env=own_realm.env())
    assert "addprinc" in said.one("kdc", "warning", "the KDC knows no " + SERVICE)["mend"]
    said.one("kdc", "ok", "agree within")


def test_no_kdc(own_realm, config):
    """a KDC that is down is said to be unreachable, and the keytab is judged all the same [G8]"""
    own_realm.process.stop()
    said = doctor(config(keytab=own_realm.keytab), env=own_realm.env())
    said.one("kdc", "warning", "no KDC of GATEHOUSE.TEST can be asked")
    assert said.results("keytab") == {"ok"}


@pytest.mark.parametrize("preauthentication", ["-requires_preauth", "+requires_preauth"])
@pytest.mark.parametrize("shift,result,words", [("-10m", "problem", "ahead of"), ("+10m", "problem", "behind"), ("+2m", "warning", "behind"), ("+5s", "ok", "agree within")])
def test_clock(own_realm, config, shift, result, words, preauthentication):
    """a clock that differs by {shift} from the KDC's is {result} [G8]"""
    own_realm.kadmin("modprinc", preauthentication, "nfs/localhost")
    clock = {"LD_PRELOAD": FAKETIME, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    seen = doctor(config(keytab=own_realm.keytab), env={**own_realm.env(), **clock}).one("kdc", result, words)["seen"]
    if result != "ok":
        expected = 600 if "10m" in shift else 120
        assert any(f" is {seconds} s " in seen for seconds in range(expected - 2, expected + 3)), seen


def test_weak_keys(directory, config, stopping):
    """keys of types that are not taken are a problem where there are no others, else a warning [G4]"""
    weak = stopping(Realm(directory / "realm", also="arcfour-hmac"))
    weak.kadmin("addprinc", "-randkey", "-e", "arcfour-hmac:normal", "nfs/old")
    weak.kadmin("ktadd", "-norandkey", "-k", str(directory / "weak.keytab"), "nfs/old")
    said = doctor(config(keytab=directory / "weak.keytab"), env=weak.env())
    said.one("keytab", "problem", "only of encryption types that are not taken")
    weak.kadmin("ktadd", "-norandkey", "-k", str(directory / "weak.keytab"), "nfs/localhost")
    said = doctor(config(keytab=directory / "weak.keytab"), env=weak.env())
    said.one("keytab", "problem", "nfs/old@GATEHOUSE.TEST", "weak types only (arcfour-hmac)")
    said.one("keytab", "ok", SERVICE)


# --- gssproxy --------------------------------------------------------------------------------------------------------------

def proxied(server: Gssproxy) -> dict:
    """proxied are the keys of [kerberos] for it."""
    return {"acceptor": "gssproxy", "gssproxy_socket": server.socket}


def test_gssproxy(realm, config, directory, stopping):
    """gssproxy answers and has keys; when it is stopped its socket leads nowhere, and when it never was there is none [G8]"""
    server = stopping(Gssproxy(directory / "proxy", realm))
    said = doctor(config(**proxied(server)), env=realm.env())
    said.one("gssproxy", "ok", "has a keytab")
    said.one("kdc", "ok", "agree within")
    server.stop()
    said = doctor(config(**proxied(server)), env=realm.env())
    assert "restart gssproxy" in said.one("gssproxy", "problem", str(server.socket))["mend"]
    server.socket.unlink(missing_ok=True)
    doctor(config(**proxied(server)), env=realm.env()).one("gssproxy", "problem", "No such file", "99-gatehouse.conf")


def test_gssproxy_without_keys(realm, config, directory, stopping):
    """a gssproxy that has no keys for the service is a problem that names cred_store [G8]"""
    server = stopping(Gssproxy(directory / "proxy", realm, keytab=directory / "none.keytab"))
    assert "cred_store" in doctor(config(**proxied(server)), env=realm.env()).one("gssproxy", "problem", str(server.socket))["mend"]


def test_gssproxy_for_another(realm, config, directory, stopping):
    """a gssproxy whose section is for another user is a problem that names euid [G8]"""
    server = Gssproxy(directory / "proxy", realm, start=False)
    text = directory / "proxy/gssproxy.conf"
    text.write_text(text.read_text().replace("allow_any_uid = yes", "allow_any_uid = no").replace("euid = 0", "euid = 4242"))
    server.start()
    stopping(server)
    assert "euid = root" in doctor(config(**proxied(server)), env=realm.env()).one("gssproxy", "problem", str(server.socket))["mend"]


def test_gssproxy_is_asked_as_the_service(realm, config, directory, stopping):
    """gssproxy is asked as the service's user, whom alone it answers [G8]"""
    server = Gssproxy(directory / "proxy", realm, start=False)
    text = directory / "proxy/gssproxy.conf"
    text.write_text(text.read_text().replace("allow_any_uid = yes", "allow_any_uid = no").replace("euid = 0", "euid = 65534"))
    server.start()
    stopping(server)
    doctor(config(**proxied(server)), "--user", "nobody", env=realm.env()).one("gssproxy", "ok", "answers nobody", "has a keytab")


def test_mute(realm, config, directory):
    """a KDC and a gssproxy that take connections and say nothing do not hang the doctor [A1]"""
    path = directory / "proxy.sock"
    with socket.create_server(("127.0.0.1", 0)) as kdc, socket.socket(socket.AF_UNIX) as proxy:
        (directory / "krb5.conf").write_text(realm.config.read_text().replace(f"127.0.0.1:{realm.port}", f"127.0.0.1:{kdc.getsockname()[1]}"))
        proxy.bind(str(path))
        proxy.listen()
        said = doctor(config(acceptor="gssproxy", gssproxy_socket=path), env={**realm.env(), "KRB5_CONFIG": str(directory / "krb5.conf")})
    said.one("kdc", "warning", "did not end in time", "the KDC does not answer")
    said.one("gssproxy", "problem", str(path), "did not answer")


def test_gssproxy_is_no_socket(realm, config, directory):
    """a file where gssproxy's socket should be is said to be none [G8]"""
    (directory / "proxy.sock").write_text("")
    doctor(config(acceptor="gssproxy", gssproxy_socket=directory / "proxy.sock"), env=realm.env()).one("gssproxy", "problem", "is no socket")


def test_no_kerberos(realm, config, keytab):
    """where no guest may use Kerberos nothing of it is asked for [G8]"""
    written = config(keytab="/nonexistent/keytab")
    written.write_text(written.read_text().replace('"krb5p"', '"sys"'))
    said = doctor(written, env=realm.env())
    assert said.results("keytab") == said.results("kdc") == said.results("gssproxy") == {"ok"}


def test_library_is_there():
    """the clock of these tests can be shifted [G8]"""
    assert Path(FAKETIME).exists()
    shifted = subprocess.run(["date", "+%s"], env={**os.environ, "LD_PRELOAD": FAKETIME, "FAKETIME": "-10m"}, capture_output=True, text=True, check=True)
    now = subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True)
    assert 590 < int(now.stdout) - int(shifted.stdout) < 610
