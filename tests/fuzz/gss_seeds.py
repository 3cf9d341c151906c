"""The seeds in corpus/ that libgssapi made against a real KDC: files named gssapi-WHAT.

    /usr/bin/python3 tests/fuzz/gss_seeds.py [CORPUS]

For each enctype alice and root/localhost establish contexts with nfs/localhost, once with and once without mutual authentication
(with it the acceptor gives a key of its own). From them come: RPCSEC_GSS credentials (gss_cred), arguments of INIT (init_args), and
calls' bodies with integrity and privacy (integ_body, priv_body), each behind what opens it: a byte with the enctype's number, the
session key, the sequence number.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import gssapi  # noqa: E402
from gssapi.raw import ext_krb5  # noqa: E402
from peers import gss, rpc  # noqa: E402
from peers.process import private_directory, remove_directory  # noqa: E402
from peers.realm import ENCTYPES, Realm  # noqa: E402

# Arguments of calls: of NULL, of GETATTR (a handle), of a COMPOUND with PUTROOTFH and GETFH, and something larger.
ARGUMENTS = {"null": b"", "getattr": rpc.opaque(bytes(range(28))), "compound": rpc.opaque(b"tag") + rpc.u32(1, 2, 24, 10),
             "write": rpc.opaque(bytes(range(256)) * 3)}
NFS = 100003
TARGETS = {"integ_body": gss.INTEGRITY, "priv_body": gss.PRIVACY}
FLAGS = {"mutual": gss.Flag.mutual_authentication, "plain": gss.Flag.integrity}


class Pair:
    """Pair is both ends of a context, established without anybody between them; `tokens` are the initiator's and the acceptor's."""

    def __init__(self, realm: Realm, user: str, enctype: int, flags: gss.Flag):
        cache = realm.kinit(user)
        self.client = gss.Context(cache, enctype=enctype, flags=flags | gss.Flag.integrity | gss.Flag.confidentiality)
        self.client.handle = os.urandom(16)
        server = gssapi.Credentials(usage="accept", store={"keytab": f"FILE:{realm.keytab}"})
        self.token = self.client.token()
        answer = gssapi.SecurityContext(usage="accept", creds=server).step(self.token)
        if answer:
            self.client.inner.step(answer)
        assert self.client.inner.complete

    def key(self) -> bytes:
        """key ends the client's context, and returns the enctype's number and the session key."""
        kept = ext_krb5.krb5_export_lucid_sec_context(self.client.inner, 1).cfx_kd
        if kept.acceptor_subkey:
            return bytes([kept.acceptor_subkey_type]) + kept.acceptor_subkey
        return bytes([kept.ctx_key_type]) + kept.ctx_key


def write(folder: Path, target: str, name: str, data: bytes) -> None:
    (folder / target).mkdir(parents=True, exist_ok=True)
    (folder / target / f"gssapi-{name}").write_bytes(data)


def credential(message: bytes) -> bytes:
    """credential is the body of the credential of an encoded call."""
    return rpc.Reader(message[28:]).opaque()


def record_credentials(folder: Path, pair: Pair, label: str) -> None:
    """record_credentials writes the credentials of a context's messages: they know nothing of keys."""
    client = pair.client
    messages = {"init": gss.creation(NFS, 4, pair.token), "destroy": client.message(NFS, 4, 0, gss_procedure=gss.DESTROY)}
    for what, arguments in ARGUMENTS.items():
        for sec, service in gss.SERVICES.items():
            messages[f"{what}-{sec}"] = client.message(NFS, 4, 1, arguments, service)
    for what, message in messages.items():
        write(folder, "gss_cred", f"{label}-{what}", credential(message))


def record(folder: Path, pair: Pair, label: str) -> None:
    """record writes the token of a context and the bodies of its calls, and ends the context."""
    client = pair.client
    write(folder, "init_args", label, rpc.opaque(pair.token))
    bodies = []
    for number, (what, arguments) in enumerate(ARGUMENTS.items(), 1):
        for target, service in TARGETS.items():
            bodies.append((target, what, rpc.u32(number), client.protect(number, arguments, service)))
    rotated = client.protect(5, ARGUMENTS["getattr"], gss.PRIVACY, token=gss.rotated(28))
    bodies.append(("priv_body", "rotated", rpc.u32(5), rotated))
    key = pair.key()
    for target, what, seq, body in bodies:
        write(folder, target, f"{label}-{what}", key + seq + body)


def record_tokens(folder: Path, realm: Realm) -> None:
    """record_tokens writes first tokens that are not of the ordinary kind: other targets, mechanisms and options."""
    cache = realm.kinit("alice")
    for what, options in {"host": {"target": "host@localhost"}, "spnego": {"mech": gss.SPNEGO},
                          "dce": {"flags": gss.Flag.dce_style | gss.Flag.mutual_authentication},
                          "replay": {"flags": gss.Flag.replay_detection | gss.Flag.out_of_sequence_detection}}.items():
        write(folder, "init_args", what, rpc.opaque(gss.Context(cache, **options).token()))
    write(folder, "init_args", "empty", rpc.opaque(b""))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    directory = private_directory()
    realm = Realm(directory / "realm")
    try:
        for enctype in ENCTYPES:
            for user in ("alice", "root/localhost"):
                for what, flags in FLAGS.items():
                    pair, label = Pair(realm, user, enctype, flags), f"{enctype}-{user.split('/')[0]}-{what}"
                    if enctype == min(ENCTYPES):
                        record_credentials(folder, pair, label)
                    record(folder, pair, label)
        record_tokens(folder, realm)
    finally:
        realm.stop()
        remove_directory(directory)


if __name__ == "__main__":
    main()
