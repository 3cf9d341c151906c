"""INIT and CONTINUE_INIT under attack."""

import os
import threading

import pytest
from gss_scene import CALL
from peers import gss, rpc
from peers.gateway import parse_line
from peers.gss import CONTINUE_INIT
from peers.rpc import u32

PROGRAM, VERSION, _ = CALL
FRAME = bytes.fromhex("06092a864886f712010202")


def creation(token: bytes, **hooks) -> bytes:
    return gss.creation(PROGRAM, VERSION, token, **hooks)


def failed(scene, *messages: bytes) -> list[int]:
    """failed demands that each message fails as a creation in the RFC's shape, and returns the majors; everything else goes on."""
    with scene.nothing_forwarded(), scene.lab.connect() as connection:
        created = [gss.parse_creation(gss.converse(connection, message)) for message in messages]
        assert not {each.major for each in created} & {gss.COMPLETE, gss.CONTINUE_NEEDED}
        assert scene.lab.context(over=connection).call(connection, *CALL, b"good", gss.PRIVACY).results == b"good"
    return [each.major for each in created]


#= rfc2203#5.2.3.1
## when the creation failed, handle and token are empty
@pytest.mark.parametrize("size", [0, 1, 2, 15, 16, 17, 1000, 65536, 65537, 262144])
def test_garbage_tokens(gss_standing, size):
    """tokens of {size} bytes of zeros, ones and noise fail in the RFC's shape [G1, G5]"""
    failed(gss_standing, *map(creation, (bytes(size), b"\xff" * size, os.urandom(size))))


def test_every_truncation(gss_standing):
    """a good token that ends after any of its bytes, or has bytes behind it, fails in the RFC's shape [G1]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    failed(gss_standing, *(creation(token[:length]) for length in range(0, len(token), 3)), creation(token + b"\0" * 8))


def test_every_byte(gss_standing):
    """a good token with any one byte changed fails in the RFC's shape, or is taken where the byte means nothing [G1]"""
    context = gss.Context(gss_standing.lab.ticket("alice"))
    token = context.token()
    majors = []
    with gss_standing.nothing_forwarded(), gss_standing.lab.connect() as connection:
        for at in range(len(token)):
            message = creation(gss.flip(at, 0x41)(token))
            majors.append(gss.parse_creation(gss.converse(connection, message)).major)
        assert majors.count(gss.COMPLETE) <= 1
        assert gss_standing.lab.context(over=connection).call(connection, *CALL, b"good").results == b"good"


MECHS = {
    "SPNEGO without a token": "60 0e 06062b0601050502 a0 04 30 02 a0 00",
    "NegoEx": "60 1c 06062b0601050502 a0 12 30 10 a0 0e 30 0c 060a2b06010401823702021e",
    "NTLM": "4e544c4d53535000 01000000 00000000 00000000 00000000",
    "krb5 by user to user": "60 0d 060a2a864886f71201020203 0400",
    "IAKERB": "60 09 06062b060105020500",
    "krb5 with no token behind it": "60 0b 06092a864886f712010202",
    "krb5 with an AP-REP's id": "60 0f 06092a864886f712010202 0200 6f00",
    "krb5 with an error's id": "60 0f 06092a864886f712010202 0300 7e00",
    "krb5 with an unknown id": "60 0f 06092a864886f712010202 9999 6e00",
    "a frame that declares 4 GiB": "6084ffffffff 06092a864886f712010202 0100",
    "a frame that declares nothing": "6000",
    "a frame of indefinite length": "6080 06092a864886f712010202 0100 0000",
    "a mechanism that declares 127 bytes": "60 0b 067f2a864886f712010202",
    "an AP-REQ without a frame": "6e 04 30 02 a0 00",
}


@pytest.mark.parametrize("name", list(MECHS))
def test_mechanisms(gss_standing, name):
    """a token of another mechanism or kind fails in the RFC's shape: {name} [G11]"""
    failed(gss_standing, creation(bytes.fromhex(MECHS[name])))


#= rfc2203#5.2.3.2
## a creation request is never answered with RPCSEC_GSS_CREDPROBLEM or RPCSEC_GSS_CTXPROBLEM
def test_continue(gss_standing):
    """CONTINUE_INIT fails with GSS_S_NO_CONTEXT for an established context's handle, another guest's, an unknown and an empty one, and
    leaves each context as it is [G1, G12]"""
    scene = gss_standing
    other = scene.fresh("bob", "web2")
    token = gss.Context(scene.lab.ticket("alice")).token()
    handles = (scene.attacker.handle, other.handle, bytes(16), b"", b"short", bytes(380))
    for body in (token, b"", bytes(1000)):
        assert set(failed(scene, *(creation(body, gss_procedure=CONTINUE_INIT, handle=handle) for handle in handles))) == {gss.NO_CONTEXT}
    with scene.lab.connect("web2") as connection:
        assert other.call(connection, *CALL, b"good").results == b"good"


def test_legs(gss_standing):
    """a client that wants three legs is refused at the first, and its second finds no context [G11]"""
    flags = gss.Flag.mutual_authentication | gss.Flag.integrity | gss.Flag.dce_style
    for _ in range(20):
        context = gss.Context(gss_standing.lab.ticket("alice"), flags=int(flags))
        failed(gss_standing, creation(context.token()), creation(b"third leg", gss_procedure=CONTINUE_INIT, handle=bytes(16)))


#= rfc2203#5.2.2
## the arguments of a creation request are one token
#= rfc2203#5.2.3.2
## an accepted creation request with a status other than SUCCESS has an empty AUTH_NONE verifier
@pytest.mark.parametrize("length", [1, 2, 9, 12, 262145, 1 << 31, (1 << 32) - 4, (1 << 32) - 1])
def test_declared_length(gss_standing, length):
    """a token that declares {length} bytes and has 8 is GARBAGE_ARGS with an AUTH_NONE verifier [G1]"""
    with gss_standing.nothing_forwarded(), gss_standing.lab.connect() as connection:
        for _ in range(3):
            reply = gss.converse(connection, creation(bytes(8), body=lambda body: u32(length) + body[4:]))
            assert (reply.outcome, reply.verifier_flavor, reply.verifier) == ("GARBAGE_ARGS", rpc.Flavor.NONE, b"")


@pytest.mark.parametrize("tail", [b"\0" * 4, b"\0", b"\xff" * 100])
def test_behind_the_token(gss_standing, tail):
    """bytes behind the token are GARBAGE_ARGS: {tail!r} [G1]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    with gss_standing.nothing_forwarded():
        assert gss_standing.ask(creation(token, body=lambda body: body + tail)).outcome == "GARBAGE_ARGS"


def test_no_arguments(gss_standing):
    """an INIT without arguments, or with fewer than four bytes of them, is GARBAGE_ARGS [G1]"""
    with gss_standing.nothing_forwarded():
        for size in range(4):
            assert gss_standing.ask(creation(b"", body=gss.put(bytes(size)))).outcome == "GARBAGE_ARGS"


def test_half_sent(gss_scene):
    """INITs that are never finished hold no more than their guest's nascent contexts, and another guest is served [G13]"""
    scene = gss_scene(limits={"nascent_contexts": 8}, gateway={"record_timeout": "1s"})
    whole = rpc.record(creation(bytes(262144)))
    connections = [scene.lab.connect() for _ in range(24)]
    for connection in connections:
        connection.send(whole[:3000])
    assert scene.lab.gateway.counters("web1")["nascent_contexts"] <= 8
    scene.witnesses_work()
    assert scene.fresh("bob", "web2").handle
    for connection in connections:
        assert connection.closed()
    scene.wait_idle()
    scene.attacker_works()


def test_handles_cannot_be_guessed(gss_standing):
    """200 handles have nothing in common: every byte takes many values, no two share four bytes in a row [G12]"""
    with gss_standing.lab.connect() as connection:
        handles = [gss_standing.lab.context(over=connection).handle for _ in range(200)]
    assert all(len({handle[at] for handle in handles}) > 64 for at in range(16))
    words = [handle[at:at + 4] for handle in handles for at in range(0, 16, 4)]
    assert len(set(words)) == len(words)


def test_everybody_at_once(gss_scene, realm):
    """INITs of four users from eight threads, two guests, all good and bad ones mixed, each get what is theirs [G13, G6]"""
    scene = gss_scene(kerberos={"id_cache": "1s"}, limits={"nascent_contexts": 4})
    tickets = {user: scene.lab.ticket(user) for user in ("alice", "bob", "carol", "root/localhost")}
    tokens = [[gss.Context(tickets[user]).token() if turn % 5 else os.urandom(500) for turn in range(25)] for user in tickets for _ in range(2)]
    majors: list[list[int]] = [[] for _ in tokens]

    def create(number: int) -> None:
        with scene.lab.connect("web1" if number % 2 else "web2") as connection:
            connection.timeout = 60.0
            for token in tokens[number]:
                majors[number].append(gss.parse_creation(gss.converse(connection, creation(token))).major)
    threads = [threading.Thread(target=create, args=(number,)) for number in range(len(tokens))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, got in enumerate(majors):
        wanted = gss.UNAUTHORIZED if number // 2 == 2 else gss.COMPLETE
        assert [major for turn, major in enumerate(got) if turn % 5] == [wanted] * 20, number
        assert gss.COMPLETE not in got[::5]
    scene.witnesses_work()


@pytest.mark.parametrize("name", ['evil" event=ready x="', "per%cent event=closed", "x=\u00e9\u2028y", "a" * 500])
def test_names_in_the_log(gss_scene, realm, name):
    """a principal cannot write log lines of its own, whatever it is called: {name} [L6, G6]"""
    scene = gss_scene()
    keytab = realm.add(name, keytab=realm.directory / f"evil{len(name)}.keytab")
    cache = realm.kinit(name, cache=keytab.with_suffix(".cc"), keytab=keytab)
    before = len(scene.lab.gateway.log().splitlines())
    with scene.lab.connect() as connection:
        created = gss.parse_creation(gss.converse(connection, creation(gss.Context(cache).token())))
    assert created.major == gss.UNAUTHORIZED
    scene.lab.gateway.wait_event("context-refused", guest="web1")
    lines = scene.lab.gateway.log().splitlines()[before:]
    assert [parse_line(line).get("event") for line in lines] == ["context-refused"]
    assert all(line.isascii() and line.isprintable() for line in lines)
