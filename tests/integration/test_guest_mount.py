"""mount.gatehouse given nonsense, and the units of the relay. What mounts is in tests/vm."""

import shutil
import subprocess

import pytest
from peers.build import ROOT, program
from peers.ports import free_port

SECONDS = 60
NONSENSE = {
    "no colon": (["2/export", "{d}"], 1, "names no CID"),
    "no CID": ([":/x", "{d}"], 1, "nothing before the colon"),
    "a relative path": (["2:export", "{d}"], 1, "does not begin with /"),
    "a name for a CID": (["abc:/x", "{d}"], 1, "no number before the colon"),
    "a CID above 32 bits": (["4294967296:/x", "{d}"], 1, "above 4294967294"),
    "the CID that means any": (["0xffffffff:/x", "{d}"], 1, "no number before the colon"),
    "the CID that means any, in decimal": (["4294967295:/x", "{d}"], 1, "above 4294967294"),
    "no mount point": (["2:/x"], 1, "SPEC DIRECTORY"),
    "a mount point that is not there": (["2:/x", "{d}/none"], 32, "does not exist: mkdir"),
    "a file for a mount point": (["2:/x", "/etc/passwd"], 32, "is not a directory"),
    "an unknown flag": (["2:/x", "{d}", "-z"], 1, "unknown option"),
    "a port of its own": (["2:/x", "{d}", "-o", "port=2049"], 1, "vsockport="),
    "a vsock port that is none": (["2:/x", "{d}", "-o", "vsockport=x"], 1, "no vsock port"),
    "a relay elsewhere": (["2:/x", "{d}", "-o", "relay=192.0.2.1:2049"], 1, "no loopback address"),
    "a version that is none": (["2:/x", "{d}", "-o", "vers=9"], 1, "no version that can be mounted"),
    "a quote without an end": (["2:/x", "{d}", "-o", 'sec="krb5'], 1, "inside a quote"),
    "a server that is no name": (["2:/x", "{d}", "-o", "server=a b"], 1, "no host name"),
}


def helper(words) -> subprocess.CompletedProcess:
    """helper runs mount.gatehouse with the words."""
    return subprocess.run([program("guest/mount.gatehouse"), *words], text=True, capture_output=True, timeout=SECONDS)


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense(what, directory):
    """mount.gatehouse given {what}: one line says what is wrong, and the status is that of mount(8) [V1]"""
    words, status, said = NONSENSE[what]
    done = helper([word.replace("{d}", str(directory)) for word in words])
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("mount.gatehouse: ") and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_relay_does_not_run(directory):
    """a relay that does not run is named, with the status of a mount that failed [V1]"""
    done = helper(["2:/x", str(directory), "-o", f"relay=127.0.0.1:{free_port()}"])
    assert done.returncode == 32
    assert "no relay listens at 127.0.0.1:" in done.stderr and done.stderr.count("\n") == 1


def test_root_alone(directory):
    """who is not root is told that only root mounts, whatever fstab says [V5]"""
    copy = directory / "mount.gatehouse"
    shutil.copy(program("guest/mount.gatehouse"), copy)
    copy.chmod(0o755)
    done = subprocess.run([copy, "2:/x", "/", "-o", "user"], text=True, capture_output=True, timeout=SECONDS, user=65534)
    assert done.returncode == 1
    assert "only root can mount" in done.stderr and done.stderr.count("\n") == 1


def test_fake(directory):
    """-f looks at everything and mounts nothing [V1]"""
    assert helper(["2:/x", str(directory), "-f"]).returncode == 0
    assert helper(["2/x", str(directory), "-f"]).returncode == 1


def units(directory):
    """units returns the paths of copies of the units that start the program of this build."""
    for name in ("gatehouse-guest.service", "gatehouse-guest.socket"):
        text = (ROOT / "conf/guest" / name).read_text()
        (directory / name).write_text(text.replace("/usr/sbin/gatehouse-guest", str(program("guest/gatehouse-guest"))))
    return directory / "gatehouse-guest.service", directory / "gatehouse-guest.socket"


def test_units_are_well_formed(directory):
    """systemd finds no fault with the relay's service and socket [V5]"""
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units(directory)], text=True, capture_output=True, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")


def test_service_is_confined(directory):
    """the relay's service is rated 2.0 or better by systemd-analyze security [V5]"""
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", units(directory)[0]], text=True,
                          capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout
