"""How the seeds in corpus/config were made: the shipped file, what an administrator makes of it, and slips of the pen.

    GATEHOUSE_BUILD=build/release /usr/bin/python3 tests/fuzz/config_seeds.py [CORPUS]

shipped-*: conf/gatehouse.conf, whole, with its settings taken in, and stanza by stanza. printed-*: what gatehoused --print-config
makes of a file that it takes. used-*: configurations as the tests use them. edge-*: made by hand.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from peers import toml  # noqa: E402
from peers.gateway import run, write_config  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402

SHIPPED = (HERE.parents[1] / "conf/gatehouse.conf").read_text()
BASE = toml.config({"l": "unix:/run/l.sock"}, {"b": {"address": "unix:/run/b.sock", "programs": ["nfs:3-4"]}}, {"g": {"listener": "l", "backends": ["b"]}})


def guest(**keys) -> str:
    return BASE + "\n" + toml.entry("guest", "h", uid=5, backends=["b"], **keys)


def shipped() -> dict[str, str]:
    """shipped are the file, the file with every "#key = value" taken in, and its stanzas so."""
    taken_in = re.sub(r"(?m)^#(?=[\[a-z])", "", SHIPPED)
    bare = "\n".join(line for line in taken_in.splitlines() if not line.startswith("#"))
    stanzas = [stanza for stanza in re.split(r"(?m)^(?=\[)", bare) if stanza.strip()]
    return {"whole": SHIPPED, "taken-in": taken_in} | {f"stanza-{number}": stanza for number, stanza in enumerate(stanzas)}


def used() -> dict[str, str]:
    """used are small configurations of each kind."""
    limits = {"connections": 5, "in_flight": 4, "record_bytes": "64KiB", "fragments": 16, "buffered_bytes": "1MiB", "log_lines": 3}
    backends = {"nfs": {"address": "tcp:127.0.0.1:2049", "programs": ["nfs:3-4", "100227:3"]},
                "mountd": {"address": "tcp:127.0.0.1:20048", "programs": ["mountd:3"], "proxy_protocol": True, "connect_timeout": "5s"}}
    return {
        "base": BASE, "limits": guest(limits=limits), "squash-all": guest(squash="all", anonuid=99, anongid=98),
        "maps": guest(uid_map=["0-65535:100000", "70000:5"], gid_map=["1-99:1001"]), "krb5": guest(sec=["krb5", "krb5i", "krb5p"]),
        "insecure": guest(insecure_action="squash", groups="reject"), "programs": guest(programs=["nfs:4", "nfs:3/null,getattr"]),
        "principals": guest(principals=["*@EXAMPLE.COM", "host/*"]),
        "gss-limits": guest(limits={"contexts": 9, "nascent_contexts": 3, "inits_per_second": 7, "gss_request_bytes": "4MiB", "gss_reply_bytes": "5MiB"}),
        "kerberos": kerberos(),
        "by-program": guest(sec_by_program={"nfs": ["krb5p"], "mountd": ["sys"]}), "source": guest(source_address="127.66.0.42"),
        "trusted": toml.section("trust", allowed=["h"]) + guest(trusted=True, squash="none", secure=False, sec=["none", "sys"]),
        "vsock": toml.config({"v": "vsock:any:2049"}, backends, {"web1": {"cid": 42, "uuid": "4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "backends": ["nfs", "mountd"]},
                                                                 "me": {"cid": 1, "listener": "v", "backends": ["nfs"]}}),
        "hybrid": toml.config({"fc1": "hybrid:/srv/vm/fc1.sock:2049"}, backends, {"fc1": {"listener": "fc1", "uid": 107, "backends": ["nfs"]}}),
        "tap": toml.config({"t": "tcp:[fe80::1%tap0]:2049"}, backends, {"t": {"interface": "tap0", "backends": ["mountd"]}}),
        "loopback": toml.config({"t": "tcp:127.0.0.1:21001"}, backends, {"t": {"listener": "t", "backends": ["nfs"]}}),
        "systemd": toml.config({"s": "systemd:nfs"}, backends, {"s": {"listener": "s", "backends": ["nfs"]}}, gateway={"workers": 4, "idle_timeout": "1h"}),
    }


def kerberos() -> str:
    """kerberos is a configuration that states all of [kerberos], and rules of each kind."""
    maps = {"host/*": '"nobody"', "b@R": "{ uid = 1, gid = 2, groups = [3, 3, 2] }", "x@*": '"deny"', "*": '"all"'}
    rules = "".join(f'[[principal]]\nmatch = "{match}"\nmap = {to}\n' for match, to in maps.items())
    return toml.section("kerberos", acceptor="gssproxy", keytab="/k", gssproxy_socket="/g", service="rpc", replay_cache="", accept_timeout="2s",
                        id_cache="1min", context_lifetime="1h", sequence_window=128) + rules + BASE


def edge() -> dict[str, str]:
    """edge are texts that must give problems, or only just do not."""
    return {
        "empty": "\n", "no-toml": "listener = [", "unknown-key": guest(squish="all"), "wrong-type": guest(trusted="yes"), "dangling": guest(listener="nowhere"),
        "twice": BASE + BASE, "duplicate-key": "[gateway]\nworkers = 1\nworkers = 2\n", "no-trust": guest(squash="none"), "nested": "a = " + "[" * 300,
        "tables": "[a.b.c.d]\ne.f.g = { h = { i = 1 } }\n", "escapes": 'x = "\\u0000\\u001b\\n\\"\\\\"\n', "crlf": BASE.replace("\n", "\r\n"), "bom": "\ufeff" + BASE,
        "big": "[gateway]\nworkers = 9223372036854775807\n", "time": '[gateway]\nidle_timeout = "99999999999999999999d"\n', "float": "[gateway]\nworkers = 1e9\n",
        "date": "[gateway]\nworkers = 1979-05-27T07:32:00Z\n", "map-overlap": guest(uid_map=["0-10:0", "5:9"]), "map-end": guest(uid_map=["0-4294967294:0"]),
        "any-tcp": BASE.replace("unix:/run/l.sock", "tcp:0.0.0.0:2049"), "versions": BASE.replace("nfs:3-4", "nfs:4-3"), "long-path": BASE.replace("/run/l.sock", "/" + "x" * 200),
        "pattern": guest(principals=["alice"]), "pattern-escape": guest(principals=["a\x1b@R"]), "gss-bytes": guest(limits={"gss_reply_bytes": "1MiB"}),
        "keytab": '[kerberos]\nkeytab = "FILE:/k"\nreplay_cache = "r"\ngssproxy_socket = "/' + "s" * 120 + '"\n', "unreachable": '[[principal]]\nmatch = "*"\nmap = "a:b"\n[[principal]]\nmatch = "*@R"\nmap = "x"\n',
        "name": guest().replace('"h"', '"h\\u001b\\n"'), "defaults": "[defaults]\nsquash = 'none'\n" + BASE, "principal": '[[principal]]\nmatch = "host/*"\nmap = { uid = 1, gid = 2, groups = [3] }\n' + BASE,
    }


def printed(files: dict[str, str]) -> dict[str, str]:
    """printed are what --print-config says of those files that are taken."""
    directory, out = private_directory(), {}
    try:
        for name, text in files.items():
            outcome = run("gatehoused", "--config", write_config(directory, text), "--print-config")
            if outcome.status == 0:
                out[name] = outcome.out
    finally:
        remove_directory(directory)
    return out


def main() -> None:
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus") / "config"
    folder.mkdir(parents=True, exist_ok=True)
    groups = {"shipped": shipped(), "used": used(), "edge": edge()}
    groups["printed"] = printed({name: text for group in groups.values() for name, text in group.items() if name in ("vsock", "trusted", "maps", "principal", "principals", "gss-limits", "kerberos")})
    for group, files in groups.items():
        for name, text in files.items():
            (folder / f"{group}-{name}").write_text(text, newline="")
    print(f"config: {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
