"""A private realm whose KDC permits weak encryption types too, and tokens of every kind for its services."""

import os
import shutil
import subprocess
from pathlib import Path

import gssapi
from peers.build import program
from peers.ports import free_port, listening
from peers.process import Process

STRONG = "aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha256-128"
WEAK = "arcfour-hmac-md5 des3-cbc-sha1 camellia256-cts-cmac"
BY_NUMBER = {17: "aes128-cts-hmac-sha1-96", 18: "aes256-cts-hmac-sha1-96", 19: "aes128-cts-hmac-sha256-128", 20: "aes256-cts-hmac-sha384-192"}
KRB5 = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")


class Realm:
    """Realm is a krb5kdc of its own in `directory`, its krb5.conf, and one keytab for each principal made.

    Who uses the realm sets KRB5_CONFIG to `config`; `weak_config` differs in that it permits RC4, 3DES and Camellia.
    """

    def __init__(self, directory: Path, name: str = "GATEHOUSE.TEST"):
        self.name = name
        self.directory = directory
        directory.mkdir(parents=True)
        self.port = free_port()
        self.config = self._write_config("krb5.conf", STRONG)
        self.weak_config = self._write_config("weak.conf", f"{STRONG} {WEAK}")
        env = {"KRB5_CONFIG": str(self.weak_config), "KRB5_KDC_PROFILE": str(directory / "kdc.conf")}
        (directory / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{self.port}\n kdc_tcp_listen = 127.0.0.1:{self.port}\n"
            f"[realms]\n {name} = {{\n  database_name = {directory}/principal\n  key_stash_file = {directory}/stash\n  max_life = 24h\n"
            f"  supported_enctypes = {' '.join(f'{e}:normal' for e in STRONG.split())}\n }}\n"
            f"[logging]\n kdc = FILE:{directory}/kdc.log\n default = FILE:{directory}/krb5.log\n")
        self._env = {**os.environ, **env}
        self._run("kdb5_util", "create", "-s", "-r", name, "-P", "master")
        self._start()

    def environment(self, weak: bool = False) -> dict[str, str]:
        """environment is what a server of the realm needs; `weak`: it permits what the KDC permits."""
        return {"KRB5_CONFIG": str(self.weak_config if weak else self.config), "KRB5RCACHEDIR": str(self.directory)}

    def env(self) -> dict[str, str]:
        """env and keytab make the realm one that peers.gssproxy can serve."""
        return self.environment()

    @property
    def keytab(self) -> Path:
        return self.keytab_of("nfs/localhost")

    def _write_config(self, file: str, enctypes: str) -> Path:
        path = self.directory / file
        path.write_text(
            f"[libdefaults]\n default_realm = {self.name}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n dns_canonicalize_hostname = false\n"
            f" rdns = false\n udp_preference_limit = 1\n permitted_enctypes = {enctypes}\n allow_rc4 = true\n allow_des3 = true\n"
            f"[realms]\n {self.name} = {{\n  kdc = 127.0.0.1:{self.port}\n }}\n[domain_realm]\n localhost = {self.name}\n .test = {self.name}\n")
        return path

    def _start(self) -> None:
        self.kdc = Process(["krb5kdc", "-n", "-P", self.directory / "kdc.pid"], self.directory / "krb5kdc.out", self._env)
        self.kdc.wait_for(lambda: listening(self.port), "the KDC answers")

    def _run(self, *words: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run([str(word) for word in words], env=env or self._env, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def keytab_of(self, name: str) -> Path:
        return self.directory / f"{name.replace('/', '_')}.keytab"

    def add(self, *names: str, enctypes: str = STRONG, session: str = "") -> None:
        """add makes principals with random keys of `enctypes`, and a keytab for each; `session`: what their tickets' session keys may
        be."""
        salted = ",".join(f"{each}:normal" for each in enctypes.split())
        for name in names:
            said = self._run("kadmin.local", "-r", self.name, "-q", f"addprinc -randkey -e {salted} {name}")
            assert "created" in said, said
            if session:
                self._run("kadmin.local", "-r", self.name, "-q", f"setstr {name} session_enctypes {session}")
            self._run("kadmin.local", "-r", self.name, "-q", f"ktadd -norandkey -k {self.keytab_of(name)} {name}")

    def merge(self, into: Path, *names: str) -> Path:
        """merge makes a keytab with the keys of several principals, at one stroke as far as readers can see."""
        script = "".join(f"rkt {self.keytab_of(name)}\n" for name in names)
        made = into.with_suffix(".new")
        made.unlink(missing_ok=True)
        subprocess.run(["ktutil"], input=f"{script}wkt {made}\nquit\n", text=True, check=True, capture_output=True)
        made.replace(into)
        return into

    def only(self, number: int | None) -> Path:
        """only is a krb5.conf for clients that permits one encryption type; None: all, weak ones too."""
        return self._write_config(f"only{number}.conf", BY_NUMBER[number]) if number else self.weak_config

    def login(self, name: str, life: str = "1h", only: int | None = None) -> Path:
        """login gets a ticket-granting ticket for a principal and returns its cache, a new one each time."""
        cache = self.directory / f"{name.replace('/', '_')}.{len(list(self.directory.glob('*.cc')))}.cc"
        self._run("kinit", "-k", "-t", self.keytab_of(name), "-l", life, "-c", f"FILE:{cache}", name,
                  env={**self._env, "KRB5_CONFIG": str(self.only(only))})
        return cache

    def context(self, cache: Path, service: str = "nfs@localhost", mech=KRB5, only: int | None = None) -> gssapi.SecurityContext:
        """context begins a client's context; its step() makes the token."""
        os.environ["KRB5_CONFIG"] = str(self.only(only))
        creds = gssapi.Credentials(usage="initiate", store={"ccache": f"FILE:{cache}"})
        return gssapi.SecurityContext(name=gssapi.Name(service, gssapi.NameType.hostbased_service), creds=creds, mech=mech, usage="initiate",
                                      flags=gssapi.RequirementFlag.mutual_authentication)

    def token(self, cache: Path, service: str = "nfs@localhost", **options) -> bytes:
        """token is a fresh initial token for `service`."""
        return self.context(cache, service, **options).step()

    def made(self, cache: Path, kind: str, number: int = 0, service: str = "nfs@localhost") -> bytes:
        """made is a token of an unusual kind; see token_maker.c."""
        copy = cache.with_suffix(f".{kind}{number}")
        shutil.copy(cache, copy)
        env = {**self._env, "KRB5CCNAME": f"FILE:{copy}"}
        return bytes.fromhex(self._run(str(program("tests/acceptors/token-maker")), kind, service, str(number), env=env).strip())

    def sized(self, cache: Path, size: int) -> bytes:
        """sized is a valid token of exactly `size` bytes. Lengths in ASN.1 grow with what they tell, and a random number in each token
        takes three to five bytes: hence several tries."""
        length = size // 2
        for _ in range(100):
            token = self.made(cache, "extension", length)
            if len(token) == size:
                return token
            length += size - len(token)
        raise AssertionError(f"no token of {size} bytes could be made")

    def stop(self) -> None:
        self.kdc.stop()
