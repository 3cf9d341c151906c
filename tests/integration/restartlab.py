"""The arrangement of the tests of restarts: a gateway that is started and stopped under a service manager, before a backend of a script."""

import pytest
from krb5lab import ANY
from peers import gss, kerberos
from peers.service_manager import ServiceManager


class Host:
    """Host is what a gateway is started and stopped on, again and again: a service manager and a directory."""

    def __init__(self, manager, gateway, realm, accounts, directory, backend):
        self.manager = manager
        self.lab: kerberos.Lab | None = None
        self._all = []
        self._start = gateway
        self._rest = (realm, accounts, directory, backend)

    def start(self, held=(), **keys) -> kerberos.Lab:
        """start starts the gateway; the listeners of the guests in `held` are the service manager's. `keys` are open_lab's."""
        directory = self._rest[2]

        def begin(text: str, env: dict):
            for name in held:
                text = text.replace(f'"unix:{directory}/{name}.sock"', f'"systemd:{name}"')
            with self.manager.starting() as options:
                return self._start(text, **{**options, "env": {**options["env"], **env}})
        self.lab = kerberos.open_lab(begin, *self._rest, **keys)
        self._all.append(self.lab)
        return self.lab

    def restart(self, **keys) -> kerberos.Lab:
        """restart ends the gateway in the ordinary way and starts it again."""
        self.lab.gateway.stop()
        return self.start(**keys)

    def close(self) -> None:
        for lab in self._all:
            lab.close()


@pytest.fixture
def manager(directory, stopping):
    return stopping(ServiceManager(directory))


@pytest.fixture
def host(manager, gateway, realm, accounts, directory, script):
    """host has a service manager with room in its store, and a backend that answers with what it was asked."""
    made = Host(manager, gateway, realm, accounts, directory, script.address)
    yield made
    made.close()


def works(lab, context, service: int = gss.NONE, guest: str = "web1", **hooks) -> bool:
    """works says whether a call with the context is answered as it should be."""
    return context.call(lab.connect(guest), *ANY, b"data", service, **hooks).outcome == "SUCCESS"


def unknown(lab, context, guest: str = "web1") -> bool:
    """unknown says whether the context is one that never was."""
    return context.call(lab.connect(guest), *ANY, b"data").outcome == "AUTH_ERROR GSS_CREDPROBLEM"
