"""A real gssproxy, on unix sockets in a private directory."""

from pathlib import Path

from .process import Process
from .realm import Realm
from .rpcbind import connects

CONFIG = """
[gssproxy]
[service/gatehouse]
  mechs = krb5
  socket = {socket}
  cred_store = keytab:{keytab}
  trusted = yes
  kernel_nfsd = no
  allow_any_uid = yes
  euid = 0
  cred_usage = accept
"""


class Gssproxy:
    """Gssproxy runs gssproxy(8) with the keys of `realm` (or `keytab`) and, for its look-up of accounts, the environment `env`.
    `socket` is where it accepts; it is there until start() (unless `start`) and after each stop() not served. Needs root: /run is
    private to it, for it writes its process id there."""

    SCRIPT = 'mount --bind "$0" /run && exec gssproxy -i -c "$1" -C "$2" -s "$3"'

    def __init__(self, directory: Path, realm: Realm, env: dict[str, str] | None = None, keytab: Path | None = None, start: bool = True):
        self.directory = directory
        self.socket = directory / "accept.sock"
        self.process: Process | None = None
        self._env = {**realm.env(), **(env or {})}
        (directory / "run").mkdir(parents=True, exist_ok=True)
        (directory / "gssproxy.conf").write_text(CONFIG.format(socket=self.socket, keytab=keytab or realm.keytab))
        if start:
            self.start()

    def start(self) -> None:
        """start starts it (again); it returns when its socket takes connections."""
        self.process = Process(["unshare", "--mount", "--propagation", "private", "sh", "-c", self.SCRIPT, str(self.directory / "run"),
                                str(self.directory / "gssproxy.conf"), str(self.directory / "none.d"), str(self.directory / "default.sock")],
                               self.directory / "gssproxy.log", env=self._env)
        self.process.wait_for(lambda: connects(self.socket), f"gssproxy listens on {self.socket}")

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def kill(self) -> None:
        """kill ends it without letting it answer what it has begun."""
        if self.process:
            self.process.kill()

    def restart(self) -> None:
        """restart is stop() and start()."""
        self.stop()
        self.start()
