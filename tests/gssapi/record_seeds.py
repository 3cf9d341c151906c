"""Records the seeds of the fuzz target rfc4121 anew, and the keys that they are read with.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/gssapi/record_seeds.py
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers.build import program  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.realm import Realm  # noqa: E402

from contexts import environments  # noqa: E402

FUZZ = HERE.parent / "fuzz"
HEADER = """// The keys that the seeds of rfc4121 were recorded with, for enctypes 17 to 20. Written by tests/gssapi/record_seeds.py.
#pragma once

namespace gatehouse::fuzz::rfc4121 {

inline constexpr const char* kKeys[] = {
"""


def main() -> None:
    corpus = FUZZ / "corpus" / "rfc4121"
    corpus.mkdir(parents=True, exist_ok=True)
    directory = private_directory()
    realm = Realm(directory)
    try:
        keys = [subprocess.run([str(program("tests/gssapi/gssapi_record_seeds")), str(corpus), str(number)], env={**os.environ, **environment},
                               capture_output=True, text=True, check=True).stdout.strip() for number, environment in environments(realm).items()]
    finally:
        realm.stop()
        remove_directory(directory)
    (FUZZ / "rfc4121_keys.h").write_text(HEADER + "".join(f'    "{key}",\n' for key in keys) + "};\n\n}  // namespace gatehouse::fuzz::rfc4121\n")


if __name__ == "__main__":
    main()
