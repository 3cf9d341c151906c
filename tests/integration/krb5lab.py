"""The arrangement of the Kerberos tests: a gateway before a backend that a script plays, or a real one."""

import pytest
from peers import kerberos
from peers.scripted import Scripted
from peers.tirpc import ECHO, PROGRAM

# Program, version and procedure of most calls: the backend answers any with its arguments.
ANY = (PROGRAM, 1, ECHO)


@pytest.fixture
def script(directory, stopping):
    """script is a server that answers each call with its own arguments and remembers it."""
    return stopping(Scripted(path=directory / "backend.sock"))


@pytest.fixture
def lab5(gateway, realm, accounts, directory, request):
    """lab5 starts a gateway with the keys given before `script`, or before the server at `address`."""
    opened = []

    def begin(address: str | None = None, accounts=accounts, **keys) -> kerberos.Lab:
        address = address or request.getfixturevalue("script").address
        opened.append(kerberos.open_lab(gateway, realm, accounts, directory, address, **keys))
        return opened[-1]
    yield begin
    for each in opened:
        each.close()
