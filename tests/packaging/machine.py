"""A machine with a real systemd as its first process, on a throw-away copy of this system's files."""

import os
import shutil
import subprocess
import uuid
from pathlib import Path

from peers.process import Process
from peers.wait import until

SECONDS = 120
# An overlay on this system's files and the boot, in a mount namespace that ends with it.
BOOT = r"""
set -eu
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay none -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
echo "$2" >"$1/root/etc/hostname"
: >"$1/root/etc/machine-id"
# Containers have one that forbids services to start.
rm -f "$1/root/usr/sbin/policy-rc.d"
exec systemd-nspawn --quiet --directory="$1/root" --machine="$2" --register=no --keep-unit --private-network --console=pipe \
  --boot systemd.unit=basic.target
"""
# Where systemd-nspawn makes control groups: below its own.
HIERARCHIES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


class Machine:
    """Machine boots in the constructor, and is without a network but its own loopback. stop() ends it, and nothing is left of it."""

    def __init__(self, directory: Path):
        self.name = f"gh{uuid.uuid4().hex[:8]}"
        root = directory / "machine"
        root.mkdir()
        self._groups = [Path(h, self.name) for h in HIERARCHIES if Path(h, "cgroup.procs").exists()]
        for group in self._groups:
            group.mkdir()
        self._process = Process(["sh", "-c", "".join(f"echo $$ >{group}/cgroup.procs; " for group in self._groups) +
                                 'exec unshare --mount sh -c "$0" boot "$@"', BOOT, str(root), self.name], directory / "machine.log")
        try:
            self._leader = self._process.wait_for(self._first_process, "systemd as the first process of a machine", SECONDS)
            self._process.wait_for(lambda: self.run("systemctl", "is-active", "basic.target", check=False).returncode == 0,
                                   "basic.target", SECONDS)
        except BaseException:
            self.stop()
            raise

    def _first_process(self):
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return next((int(pid) for pid in children if name_of(pid) == "systemd"), None)

    def path(self, inside: str) -> Path:
        """path is where a file of the machine is for this process."""
        return Path(f"/proc/{self._leader}/root{inside}")

    def run(self, *argv, check: bool = True) -> subprocess.CompletedProcess:
        """run runs a command in the machine, as root. With `check` an exit status other than 0 is a failure that shows what it said."""
        done = subprocess.run(["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-r", "-w", *map(str, argv)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"})
        assert not check or done.returncode == 0, f"{' '.join(map(str, argv))}: {done.returncode}\n{done.stdout}{done.stderr}{self.journal()}"
        return done

    def install(self, *files, options=()) -> str:
        """install installs package files, with dpkg's `options`, and returns what dpkg said."""
        for file in files:
            shutil.copy(file, self.path("/root") / Path(file).name)
        return self.run("dpkg", *options, "--install", *(f"/root/{Path(file).name}" for file in files)).stdout

    def show(self, unit: str, name: str) -> str:
        """show is a property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def wait_show(self, unit: str, name: str, value: str) -> None:
        """wait_show waits until a property of a unit has the value."""
        until(lambda: self.show(unit, name) == value, f"{name}={value} of {unit}:\n{self.journal()}", 30, pause=0.1)

    def status(self, unit: str) -> dict[str, str]:
        """status is /proc/PID/status of a service's main process."""
        lines = self.run("cat", f"/proc/{self.show(unit, 'MainPID')}/status").stdout.splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def journal(self, unit: str = "gatehoused") -> str:
        """journal is what a unit wrote to the journal."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}", check=False).stdout

    def drop_in(self, unit: str, text: str) -> None:
        """drop_in adds a drop-in to a unit, until the machine ends."""
        folder = self.path(f"/run/systemd/system/{unit}.d")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{len(list(folder.iterdir()))}.conf").write_text(text)
        self.run("systemctl", "daemon-reload")

    def stop(self) -> None:
        # The kernel ends all processes of a machine with the first one.
        leader = getattr(self, "_leader", None)
        if leader is None:
            self._process.kill()  # nspawn's children end with it
        elif self._process.running():
            os.kill(leader, 9)
        try:
            until(lambda: not self._process.running(), "the end of the machine", SECONDS)
        finally:
            self._process.kill()
            for group in self._groups:
                for folder, _, _ in os.walk(group, topdown=False):
                    until(lambda folder=folder: _removed(folder), f"an empty control group {folder}", SECONDS)
            shutil.rmtree(f"/run/systemd/nspawn/propagate/{self.name}", ignore_errors=True)


def name_of(pid: str) -> str | None:
    """name_of is what a process is called; None of one that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _removed(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
