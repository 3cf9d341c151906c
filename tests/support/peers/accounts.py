"""Local accounts for one process and its children, by libnss_wrapper: nothing of the system's own accounts is read or changed."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .build import program as built

FIRST_GROUP = 200_000


@dataclass(frozen=True)
class User:
    """User is an account: its ids and its further groups."""
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


ALICE = User(5001, 5001, (6001, 6002, 6003, 6004))
BOB = User(5002, 5002, (6001, *range(7001, 7042)))
# Users with so many further groups: what a group list may look like at its limits.
COUNTS = (0, 1, 16, 17, 5000, 65536)


def many(count: int) -> User:
    """many is a user with `count` further groups."""
    return User(10_000 + count, 10_000 + count, tuple(range(FIRST_GROUP, FIRST_GROUP + count)))


def standard() -> dict[str, User]:
    """standard are the accounts that most tests want: alice (4 further groups), bob (42), root and nobody. Not carol."""
    return {"root": User(0, 0), "nobody": User(65534, 65534), "alice": ALICE, "bob": BOB}


class Accounts:
    """Accounts writes passwd and group files; env() makes a process see them and no others. Not for nfs-ganesha 4.3, which crashes
    under libnss_wrapper. Look-ups are one at a time, which the wrapper needs in a program with threads."""

    def __init__(self, directory: Path, users: dict[str, User] | None = None):
        directory.mkdir(parents=True, exist_ok=True)
        self.passwd, self.group = directory / "passwd", directory / "group"
        self.write(standard() if users is None else users)

    def write(self, users: dict[str, User]) -> None:
        """write replaces the accounts; a process sees the new ones at its next look-up."""
        members: dict[int, list[str]] = {}
        for name, user in users.items():
            members.setdefault(user.gid, [])
            for gid in user.groups:
                members.setdefault(gid, []).append(name)
        _replace(self.passwd, [f"{name}:x:{user.uid}:{user.gid}:{name}:/:/bin/sh" for name, user in users.items()])
        _replace(self.group, [f"g{gid}:x:{gid}:{','.join(names)}" for gid, names in members.items()])

    def env(self, program: Path | None = None) -> dict[str, str]:
        """env is the environment that shows these accounts to a process: to `program`, if it may have been built with a sanitizer,
        whose library must come first, and who knows no RTLD_DEEPBIND."""
        preload = [*([sanitizer] if program and (sanitizer := _sanitizer(program)) else []),
                   str(built("tests/support/accounts/one_at_a_time.so")), "libnss_wrapper.so"]
        return {"LD_PRELOAD": " ".join(preload), "NSS_WRAPPER_PASSWD": str(self.passwd), "NSS_WRAPPER_GROUP": str(self.group),
                "NSS_WRAPPER_DISABLE_DEEPBIND": "1"}


def _replace(path: Path, lines: list[str]) -> None:
    new = path.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in lines))
    new.rename(path)


def _sanitizer(program: Path) -> str | None:
    needed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout.split()
    return next((word for word in needed if word.startswith(("libasan.so", "libtsan.so"))), None)
