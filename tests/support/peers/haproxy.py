"""A real haproxy that expects the PROXY protocol (accept-proxy) and tells whom it took the connection to be from."""

import socket
from pathlib import Path

from .process import Process
from .wait import until

CONFIG = """
global
  log {log} local0
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend in
  bind {bind} accept-proxy
  log global
  option logasap
  log-format "from=%ci:%cp"
  default_backend out
backend out
  server one {server}
"""


class Haproxy:
    """Haproxy listens on a unix socket (`path`) or a loopback `port`, demands a PROXY header on each connection, and passes the
    rest to `server` ("unix@PATH" or "ADDRESS:PORT"). `address` is what the gateway's configuration calls it."""

    def __init__(self, directory: Path, server: str, path: Path | None = None, port: int | None = None):
        log = directory / "haproxy.dgram"
        self._log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._log.bind(str(log))
        self.address = f"unix:{path}" if path else f"tcp:127.0.0.1:{port}"
        config = directory / "haproxy.cfg"
        config.write_text(CONFIG.format(log=log, bind=f"unix@{path}" if path else f"127.0.0.1:{port}", server=server))
        self.process = Process(["haproxy", "-db", "-f", str(config)], directory / "haproxy.log")
        family, where = (socket.AF_UNIX, str(path)) if path else (socket.AF_INET, ("127.0.0.1", port))
        self.process.wait_for(lambda: _connects(family, where), f"haproxy listens on {self.address}")

    def source(self, seconds: float = 10.0) -> str:
        """source waits for the next connection that carried a PROXY header and returns the ADDRESS:PORT in it."""
        self._log.settimeout(seconds)

        def next_source() -> str:
            line = self._log.recv(4096).decode(errors="replace")
            return line.rpartition("from=")[2].strip() if "from=" in line else ""
        return until(next_source, "a connection in haproxy's log", seconds)

    def stop(self) -> None:
        self.process.stop()
        self._log.close()


def _connects(family: int, where) -> bool:
    with socket.socket(family) as probe:
        return probe.connect_ex(where) == 0
