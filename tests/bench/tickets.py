"""What the Kerberos part of a run needs of the world: a private realm, a service's keytab, and a client's tickets."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.realm import Realm  # noqa: E402

from kerberos import ENCTYPES  # noqa: E402

CLIENT = "alice"


class Tickets:
    """A realm of its own until stop(), with one client. `clients` has the environment of the load generator for each kind of key."""

    def __init__(self, directory: Path) -> None:
        self.realm = Realm(directory)
        self.keytab = self.realm.keytab
        self.clients = {digest: self.client(digest, enctype) for digest, enctype in ENCTYPES.items()}

    def stop(self) -> None:
        self.realm.stop()

    def server(self) -> dict[str, str]:
        """The environment of what accepts: the service's keys and a replay cache of its own."""
        return {**self.realm.env(), "KRB5_KTNAME": f"FILE:{self.keytab}"}

    def client(self, digest: str, enctype: int) -> dict[str, str]:
        """A client that permits one enctype gets session and sub keys of that."""
        cache = self.realm.kinit(CLIENT, cache=self.realm.directory / f"{digest}.cc", enctype=enctype)
        return {**self.server(), "KRB5_CONFIG": str(self.realm.config_for(enctype)), "KRB5CCNAME": f"FILE:{cache}"}
