"""The Debian packages: their form, and their life on a machine from installation to purge."""

import re
import shutil
import subprocess

from peers.build import ROOT, program

CONFIG = "/etc/gatehouse/gatehouse.conf"


def later(package, directory, change=None):
    """later returns a package file as it is, but of version 0.1.1; `change` may change its unpacked tree."""
    tree = directory / "later"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", "Version: 0.1.1", control.read_text()))
    if change:
        change(tree)
    file = directory / "later.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, file], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return file


def host(packages):
    """host is the host's package."""
    (file,) = packages.glob("gatehouse_*.deb")
    return file


def test_lintian(packages):
    """lintian finds neither error nor warning in the packages [T7]"""
    (changes,) = packages.glob("*.changes")
    done = subprocess.run(["lintian", "--fail-on=error,warning", "--allow-root", "--tag-display-limit=0", changes], text=True,
                          capture_output=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_version(packages):
    """the packages have the version that the programs say [T7]"""
    said = subprocess.run([program("proxy/gatehoused"), "--version"], text=True, capture_output=True, check=True).stdout
    assert f"gatehouse_{said.split()[1]}_" in host(packages).name


def test_build_dependencies():
    """the source package needs what scripts/lib.sh installs for a build, and debhelper [T7]"""
    listed = re.search(r'\[build\]="(.*)"', (ROOT / "scripts/lib.sh").read_text()).group(1).split()
    text = (ROOT / "packaging/debian/control").read_text()
    stated = re.search(r"Build-Depends:\n((?: .*\n)+)", text).group(1)
    names = {line.split()[0].rstrip(",") for line in stated.splitlines()}
    # ccache only makes builds faster.
    assert names - {"debhelper-compat", "dh-sequence-installsysusers"} == set(listed) - {"ccache"}


def test_install(installed):
    """installed, the programs are where they belong, the gateway runs and lets nobody in, and nothing else was switched on [L8]"""
    assert installed.show("gatehoused", "ActiveState") == "active"
    assert "event=ready" in installed.journal() and "event=listening" not in installed.journal()
    assert "0 listeners, 0 backends, 0 guests" in installed.run("gatehousectl", "check").stdout
    assert installed.run("/sbin/mount.gatehouse", "-h").stdout.startswith("Usage: mount -t gatehouse")
    assert installed.run("mount", "-t", "gatehouse", "2:/x", "/none", check=False).returncode == 32
    assert installed.run("gatehouse-guest", "--help").stdout.startswith("Usage: gatehouse-guest")
    states = [installed.run("systemctl", "is-enabled", unit, check=False).stdout.strip()
              for unit in ("gatehoused.service", "gatehoused.socket", "gatehouse-guest.socket")]
    assert states == ["enabled", "disabled", "disabled"]
    assert installed.path(CONFIG).read_text() == (ROOT / "conf/gatehouse.conf").read_text()


def test_upgrade(installed, packages, directory):
    """an upgrade restarts the gateway and keeps an edited configuration, also where the shipped one changed, and the secret [L8]"""
    file = installed.path(CONFIG)
    edited = file.read_text().replace('idle_timeout = "6min"', 'idle_timeout = "7min"')
    file.write_text(edited)
    secret = installed.path("/var/lib/gatehouse/secret").read_bytes()
    pid = installed.show("gatehoused", "MainPID")
    installed.install(host(packages))
    assert (file.read_text(), installed.show("gatehoused", "ActiveState")) == (edited, "active")
    assert installed.show("gatehoused", "MainPID") != pid

    def change(tree):
        with open(f"{tree}{CONFIG}", "a") as shipped:
            shipped.write("# new\n")
    installed.install(later(host(packages), directory, change), options=["--force-confold"])
    assert file.read_text() == edited and installed.path(CONFIG + ".dpkg-dist").read_text().endswith("# new\n")
    assert installed.show("gatehoused", "ActiveState") == "active"
    assert installed.path("/var/lib/gatehouse/secret").read_bytes() == secret
    assert "idle_timeout = \"7min\"" in installed.run("gatehoused", "--print-config").stdout


def test_rollback(installed, packages, directory):
    """the older package goes over a newer one as well, and the gateway runs [L8]"""
    installed.install(later(host(packages), directory))
    installed.install(host(packages), options=["--force-downgrade"])
    assert installed.show("gatehoused", "ActiveState") == "active"


def test_remove_and_purge(installed):
    """removed, the gateway is gone and its configuration and secret stay; purged, they are gone, too [L8]"""
    installed.run("dpkg", "--remove", "gatehouse", "gatehouse-guest")
    assert installed.run("systemctl", "is-active", "gatehoused", check=False).stdout.strip() == "inactive"
    assert not installed.path("/usr/sbin/gatehoused").exists() and not installed.path("/sbin/mount.gatehouse").exists()
    assert installed.path(CONFIG).exists() and installed.path("/var/lib/gatehouse/secret").exists()
    installed.run("dpkg", "--purge", "gatehouse", "gatehouse-guest")
    for name in ("/etc/gatehouse", "/var/lib/gatehouse", "/run/gatehouse"):
        assert not installed.path(name).exists(), name
    left = installed.run("find", "/etc", "/lib/systemd", "/usr/lib", "/var/lib/systemd", "-xdev", "-name", "*gatehouse*").stdout
    assert left == ""
