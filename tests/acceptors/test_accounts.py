"""What these tests themselves stand on: accounts of a test are found by programs with threads."""

import subprocess

from peers.accounts import Accounts
from peers.build import program


def test_at_the_same_time(directory):
    """two threads that look for accounts first and at the same time both find them, in each of 100 programs [G6]"""
    look_up = program("tests/support/accounts/look-up")
    env = Accounts(directory / "accounts").env(look_up)
    assert [subprocess.run([look_up, "alice", "bob"], env=env, timeout=30).returncode for _ in range(100)] == [0] * 100
