"""Message protection against libgssapi, on contexts that a real KDC gave the keys for. The checks are C++: differential_test.cc,
hostile_test.cc, libkrb5_test.cc."""

import os
import subprocess

import pytest

from peers.build import program
from peers.realm import ENCTYPES

NAMES = list(ENCTYPES.values())
NUMBER = {name: number for number, name in ENCTYPES.items()}


def run(tag: str, environment: dict[str, str]) -> None:
    """run runs the test cases of one tag; all must pass, and there must be some."""
    done = subprocess.run([str(program("tests/gssapi/gssapi_differential")), f"[{tag}]", "--warn", "NoTests"],
                          env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-20000:]
    assert "All tests passed" in done.stdout, done.stdout


@pytest.mark.parametrize("enctype", NAMES)
def test_sealing(environment, enctype):
    """{enctype}: libgssapi and the gateway open what the other one sealed, at every length and rotation [G4]"""
    run("seal", environment[NUMBER[enctype]])


@pytest.mark.parametrize("enctype", NAMES)
def test_signing(environment, enctype):
    """{enctype}: libgssapi and the gateway take what the other one signed, at every length [G4]"""
    run("sign", environment[NUMBER[enctype]])


@pytest.mark.parametrize("enctype", NAMES)
def test_hostile(environment, enctype):
    """{enctype}: a token that was changed, cut, sent back or is of another context is refused, and libgssapi agrees [G4]"""
    run("hostile", environment[NUMBER[enctype]])


def test_libkrb5():
    """tokens put together by libkrb5 with random keys open, and those it makes wrong on purpose do not [G4]"""
    run("libkrb5", {})
