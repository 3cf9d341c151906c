"""What these tests themselves stand on: a machine whose first processes come and go."""

import os
import subprocess

from machine import name_of


def test_name_of_what_ended():
    """a process that ended between being listed and being asked has no name, and is no failure [L9]"""
    ended = subprocess.Popen(["true"])
    ended.wait(10)
    assert name_of(str(ended.pid)) is None
    with open(f"/proc/{os.getpid()}/comm") as own:
        assert name_of(str(os.getpid())) == own.read().strip()
