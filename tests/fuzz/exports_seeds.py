"""How the seeds in corpus/exports were made: "m" and the results of MOUNT's EXPORT, or "e" and knfsd's table.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/exports_seeds.py [CORPUS]

ganesha-*: what a real nfs-ganesha answered; needs root. etab-*: as exportfs(8) wrote it in tests/vm. edge-*: lengths that lie.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import rpc  # noqa: E402
from peers.client import connect_tcp  # noqa: E402
from peers.ganesha import Export, Ganesha  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.rpc import opaque, u32  # noqa: E402

ETAB = "/export\t127.66.0.1(rw,sync,wdelay,hide,nocrossmnt,{},no_root_squash,no_all_squash,no_subtree_check,secure_locks,acl,no_pnfs,fsid=0," \
       "anonuid=65534,anongid=65534,sec=sys,rw,{},no_root_squash,no_all_squash)\n"


def asked(exports: list[Export]) -> bytes:
    """asked are the results of a real server's EXPORT."""
    directory = private_directory()
    server = Ganesha(directory / "ganesha", exports)
    try:
        with connect_tcp(server.mount_port, source="127.66.0.42") as connection:  # it shows each what it may mount
            return connection.call(100005, 3, 5).results
    finally:
        server.stop()
        remove_directory(directory)


def export(path: bytes, *groups: bytes) -> bytes:
    """export is one entry of the list."""
    return u32(1) + opaque(path) + b"".join(u32(1) + opaque(group) for group in groups) + u32(0)


def seeds() -> dict[str, bytes]:
    """seeds are all of them by name."""
    everybody, some = asked([Export("all")]), asked([Export("web1", clients=("127.66.0.42",)), Export("web2", clients=("127.66.0.0/16", "127.67.0.1"))])
    made = {"ganesha-all": b"m" + everybody, "ganesha-some": b"m" + some,
            "etab-secure": b"e" + ETAB.format("secure", "secure").encode(), "etab-insecure": b"e" + ETAB.format("insecure", "insecure").encode() * 2,
            "etab-blank": b"e/srv/a\\040b\t@group(rw)\n", "etab-cut": b"e/srv 1.2.3.4(rw", "etab-two": b"e/a\t1.2.3.4(rw)\n/b\t*(ro)\n/a\t1.2.3.5(rw)\n",
            "etab-no-client": b"e/srv (rw)\n", "etab-empty": b"e", "etab-escape": b"e/srv\\77 *(ro)\n/srv\\ *()\n"}
    whole = export(b"/srv", b"127.66.0.42", b"@g") + export(b"/x") + u32(0)
    made |= {"edge-none": u32(0), "edge-whole": whole, "edge-cut": whole[:-5], "edge-longer": whole + u32(0), "edge-length": u32(1, 0xfffffff0),
             "edge-path": export(b"/" * 1024) + u32(0), "edge-path-long": export(b"/" * 1025) + u32(0), "edge-group": export(b"/", b"g" * 255) + u32(0),
             "edge-group-long": export(b"/", b"g" * 256) + u32(0), "edge-boolean": u32(2), "edge-boolean-group": u32(1, 0, 2, 0)}
    return {name: body if body[:1] in (b"m", b"e") and name[:4] != "edge" else b"m" + body for name, body in made.items()}


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus" / "exports"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, content in seeds().items():
        (corpus / name).write_bytes(content)


if __name__ == "__main__":
    main()
