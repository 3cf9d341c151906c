"""What the tests of the acceptors share: our code, run by a driver, with a real KDC, a real gssproxy and real directories."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers.accounts import Accounts  # noqa: E402
from peers.fixtures import directory, shared_directory, stopping  # noqa: E402,F401
from peers.gssproxy import Gssproxy  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.sentences import pytest_itemcollected  # noqa: E402,F401
from driver import Driver  # noqa: E402
from realm import BY_NUMBER, Realm  # noqa: E402


@pytest.fixture(scope="session")
def realm():
    """realm is a realm for all tests of a run, with users, machines and services of every encryption type."""
    made = private_directory("gh-realm-")
    realm = Realm(made / "kdc")
    realm.add("alice", "bob", "carol", "nfs/localhost", "host/localhost", "root/localhost", "nfs/other.test")
    for number, enctype in BY_NUMBER.items():
        realm.add(f"nfs/e{number}.test", enctypes=enctype)
    realm.add("nfs/rc4.test", enctypes="arcfour-hmac-md5")
    realm.add("nfs/des3.test", enctypes="des3-cbc-sha1")
    realm.add("nfs/camellia.test", enctypes="camellia256-cts-cmac")
    realm.add("nfs/mixed.test", enctypes=f"{BY_NUMBER[18]} arcfour-hmac-md5 des3-cbc-sha1 camellia256-cts-cmac")
    yield realm
    realm.stop()
    remove_directory(made)


@pytest.fixture(scope="session")
def alice(realm):
    """alice is the path of a cache with alice's tickets."""
    return realm.login("alice")


@pytest.fixture(scope="session")
def accounts():
    """accounts are alice, bob, root and nobody."""
    made = private_directory("gh-accounts-")
    yield Accounts(made)
    remove_directory(made)


@pytest.fixture
def drive(stopping):
    """drive starts a driver, which must end well after the test."""
    def start(env: dict[str, str], **options) -> Driver:
        return stopping(Driver(env, **options))
    return start


@pytest.fixture(scope="module")
def proxy(realm, accounts, shared_directory):
    """proxy is a gssproxy with the keys of all services that the tests use."""
    services = ["localhost", "other.test", "mixed.test", "rc4.test", *(f"e{number}.test" for number in BY_NUMBER)]
    realm.merge(shared_directory / "keytab", "host/localhost", *(f"nfs/{name}" for name in services))
    proxy = Gssproxy(shared_directory / "gssproxy", realm, {**accounts.env(), **realm.environment(weak=True)}, shared_directory / "keytab")
    yield proxy
    proxy.stop()


@pytest.fixture
def own_proxy(realm, accounts, directory, stopping):
    """own_proxy is a gssproxy for one test, not yet started."""
    return stopping(Gssproxy(directory / "gssproxy", realm, accounts.env(), realm.keytab, start=False))
