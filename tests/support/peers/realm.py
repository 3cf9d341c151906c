"""A private Kerberos realm: a real krb5kdc, its principals, and tickets of theirs."""

import os
import subprocess
from pathlib import Path

from .build import ROOT
from .ports import free_port, listening
from .process import Process

REALM = "GATEHOUSE.TEST"
KDC = ROOT / "tests" / "kdc"
# The enctypes that the gateway takes, by their numbers on the wire.
ENCTYPES = {17: "aes128-cts-hmac-sha1-96", 18: "aes256-cts-hmac-sha1-96", 19: "aes128-cts-hmac-sha256-128", 20: "aes256-cts-hmac-sha384-192"}


class Realm:
    """Realm is a KDC with nfs/localhost, host/localhost, root/localhost, alice, bob and carol (tests/kdc/realm makes it), all in
    `directory` and on a loopback port of its own. `config` is krb5.conf, `keytab` has the keys of nfs/localhost and host/localhost.
    With `container` the KDC comes from tests/kdc/run, which says in `way` what it runs in; without, it is a process. `also` is a further
    enctype that it permits."""

    def __init__(self, directory: Path, port: int | None = None, container: bool = False, also: str | None = None):
        self.directory = directory
        self.port = port or free_port()
        self.config = directory / "krb5.conf"
        self.keytab = directory / "service.keytab"
        self.process: Process | None = None
        self.way = "process"
        directory.mkdir(parents=True, exist_ok=True)
        if container:
            self.way = _run([KDC / "run", "start", directory, self.port], timeout=600).split()[0]
        else:
            self.process = Process([str(KDC / "realm"), str(directory), str(self.port)], directory / "kdc.out",
                                   env={"GATEHOUSE_KDC_ALSO": also} if also else None)
            self.process.wait_for(lambda: listening(self.port), f"krb5kdc listens on {self.port}", 30)
        # The tickets of the test run itself: libgssapi in this process reads the environment whenever it is called.
        self._before = {key: os.environ.get(key) for key in self.env()}
        os.environ.update(self.env())

    def stop(self) -> None:
        for key, value in self._before.items():
            os.environ.pop(key, None) if value is None else os.environ.update({key: value})
        if self.process:
            self.process.stop()
        else:
            _run([KDC / "run", "stop", self.directory])

    def env(self, user: str | None = None, cache: Path | None = None) -> dict[str, str]:
        """env is the environment of a program of this realm: its configuration, a replay cache of its own and, for a client, the
        tickets of `user` (or in `cache`)."""
        env = {"KRB5_CONFIG": str(self.config), "KRB5RCACHEDIR": str(self.directory)}
        if user or cache:
            env["KRB5CCNAME"] = f"FILE:{cache or self.cache(user)}"
        return env

    def cache(self, user: str) -> Path:
        """cache is where kinit() puts the tickets of a user."""
        return self.directory / f"{user.replace('/', '_')}.cc"

    def kinit(self, user: str, life: str | None = None, cache: Path | None = None, enctype: int | None = None,
              keytab: Path | None = None) -> Path:
        """kinit gets a ticket by the user's keytab (or the one given), for `life` (as kinit(1) has it, such as "5s") and with a session
        key of `enctype`, and returns its credential cache: a new one each time."""
        cache = cache or self.cache(user)
        cache.unlink(missing_ok=True)
        life_words = ["-l", life] if life else []
        env = {**self.env(), **({"KRB5_CONFIG": str(self.config_for(enctype))} if enctype else {})}
        _run(["kinit", *life_words, "-k", "-t", keytab or self.user_keytab(user), "-c", f"FILE:{cache}", user], env)
        return cache

    def user_keytab(self, user: str) -> Path:
        """user_keytab has the keys of a user, or of root/localhost."""
        return self.directory / f"{user.split('/')[0]}.keytab"

    def config_for(self, enctype: int) -> Path:
        """config_for is a krb5.conf that permits one enctype and no other."""
        path = self.directory / f"krb5-{enctype}.conf"
        lines = self.config.read_text().splitlines()
        permitted = [line for line in lines if "permitted_enctypes" in line][0]
        name = ENCTYPES[enctype]
        only = "\n".join(f"  {key} = {name}" for key in ("permitted_enctypes", "default_tgs_enctypes", "default_tkt_enctypes"))
        path.write_text("\n".join(lines).replace(permitted, only) + "\n")
        return path

    def add(self, name: str, enctype: int | None = None, life: str | None = None, keytab: Path | None = None) -> Path:
        """add makes a principal with keys of `enctype` (else of all) and tickets of at most `life` (such as "10 seconds"), and puts
        its keys into `keytab`, else into one of its own, which it returns."""
        keytab = keytab or self.directory / f"{name.split('/')[0]}.keytab"
        words = ["-randkey", *(["-e", f"{ENCTYPES[enctype]}:normal"] if enctype else []), *(["-maxlife", life] if life else [])]
        self.kadmin("addprinc", *words, name)
        self.kadmin("ktadd", "-norandkey", "-k", str(keytab), name)
        return keytab

    def kadmin(self, *words: str) -> str:
        """kadmin runs one command of kadmin.local on the realm's database; raises AssertionError with what it said."""
        env = {**self.env(), "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf")}
        return _run(["kadmin.local", "-r", REALM, *words], env)


def _run(argv, env: dict[str, str] | None = None, timeout: float = 60) -> str:
    done = subprocess.run(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})
    assert done.returncode == 0, f"{' '.join(map(str, argv))}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
