"""Where the programs under test are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def build_directory() -> Path:
    """build_directory returns the build tree under test: $GATEHOUSE_BUILD (from the repository's root), else build/release."""
    return ROOT / os.environ.get("GATEHOUSE_BUILD", "build/release")


def program(relative: str) -> Path:
    """program returns the path of a program of the build tree; raises FileNotFoundError that says how to build it."""
    path = build_directory() / relative
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: build it first (cmake --preset release && cmake --build --preset release), "
                                "or name another build tree in GATEHOUSE_BUILD")
    return path
