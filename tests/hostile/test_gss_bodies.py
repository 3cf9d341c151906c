"""Bodies of krb5i and krb5p under attack: lengths, padding, numbers, and what stands behind them."""

import pytest
from gss_scene import CALL
from peers import gss, rpc
from peers.gss import put
from peers.rpc import opaque, u32

SERVICES = (gss.INTEGRITY, gss.PRIVACY)
BOTH = pytest.mark.parametrize("service", SERVICES)


#= rfc2203#5.3.3.1
## a sequence number in the body that differs from the credential's is answered GARBAGE_ARGS
@BOTH
def test_number_inside(gss_standing, service):
    """a number in the body that is not the header's is GARBAGE_ARGS (service {service}) [G1]"""
    seq = gss_standing.attacker.seq + 1000
    wrong = (seq + 1, seq - 5, 0, 0xFFFFFFFF, 0x80000000 | seq)
    gss_standing.garbage(service, *({"seq": seq + turn, "embedded_seq": number} for turn, number in enumerate(wrong)))


def test_short_databody(gss_standing):
    """a krb5i databody of 0 to 3 bytes, or not in whole words, is GARBAGE_ARGS though its checksum is right [G1]"""
    def cut(length: int):
        return lambda inside: (inside + bytes(8))[:length]
    gss_standing.garbage(gss.INTEGRITY, *({"plain": cut(length)} for length in (0, 1, 2, 3, 5, 6, 7, 9)))


def test_short_plaintext(gss_standing):
    """a krb5p plaintext of 0 to 3 bytes, or not in whole words, is GARBAGE_ARGS [G1]"""
    gss_standing.garbage(gss.PRIVACY, *({"plain": lambda inside, n=length: (inside + bytes(8))[:n]} for length in (0, 1, 2, 3, 5, 6, 7, 9)))


@BOTH
def test_number_alone(gss_standing, service):
    """a body of nothing but the number is a call without arguments (service {service}) [G1]"""
    with gss_standing.lab.connect() as connection:
        assert gss_standing.attacker.call(connection, *CALL, b"", service).results == b""


@BOTH
@pytest.mark.parametrize("tail", [b"\0\0\0\0", b"\0" * 64, b"\xff"])
def test_trailing(gss_standing, service, tail):
    """bytes behind a body are GARBAGE_ARGS: {tail!r} (service {service}) [G1]"""
    gss_standing.garbage(service, {"body": lambda body: body + tail})


@BOTH
def test_every_truncation(gss_standing, service):
    """a body that ends after any of its bytes is GARBAGE_ARGS (service {service}) [G1]"""
    size = len(gss_standing.attacker.protect(1, b"evil", service))
    gss_standing.garbage(service, *({"body": lambda body, n=length: body[:n]} for length in range(size)))


@pytest.mark.parametrize("length", [0, 1, 7, 9, 12, 400, 1 << 20, 1 << 31, (1 << 32) - 4, (1 << 32) - 1])
def test_declared_databody(gss_standing, length):
    """a krb5i databody that declares {length} bytes and has 8 is GARBAGE_ARGS [G1]"""
    gss_standing.garbage(gss.INTEGRITY, {"body": lambda body: u32(length) + body[4:]})


@pytest.mark.parametrize("length", [0, 1, 27, 29, 32, 401, 1 << 20, 1 << 31, (1 << 32) - 4, (1 << 32) - 1])
def test_declared_checksum(gss_standing, length):
    """a krb5i checksum that declares {length} bytes and has 28 is GARBAGE_ARGS [G1]"""
    gss_standing.garbage(gss.INTEGRITY, {"body": lambda body: body[:12] + u32(length) + body[16:]})


@pytest.mark.parametrize("length", [0, 1, 16, 67, 69, 72, 1 << 20, 1 << 31, (1 << 32) - 4, (1 << 32) - 1])
def test_declared_wrap(gss_standing, length):
    """a krb5p body that declares {length} bytes and has 68 is GARBAGE_ARGS [G1]"""
    gss_standing.garbage(gss.PRIVACY, {"body": lambda body: u32(length) + body[4:]})


@BOTH
def test_padding(gss_standing, service):
    """padding that is not zero is GARBAGE_ARGS or ignored, and never forwarded as data (service {service}) [G1]"""
    def padded(body: bytes) -> bytes:
        at = 12 if service == gss.INTEGRITY else 0
        return body[:at] + u32(int.from_bytes(body[at:at + 4], "big") - 1) + body[at + 4:]
    gss_standing.garbage(service, {"body": padded})


def test_services_mixed_up(gss_standing):
    """a body of another service than the credential names is GARBAGE_ARGS; bare arguments under krb5i and krb5p too [G1]"""
    attacker = gss_standing.attacker
    gss_standing.garbage(gss.INTEGRITY, {"service_number": gss.PRIVACY})
    gss_standing.garbage(gss.PRIVACY, {"service_number": gss.INTEGRITY})
    for service in SERVICES:
        gss_standing.garbage(service, {"body": put(b"evil")}, {"body": put(b"")}, {"body": put(opaque(b"evil"))},
                             {"body": lambda _: opaque(attacker.wrap(b"evil", sealed=False))})


def test_service_changed_on_the_way(gss_standing):
    """a credential whose service was changed on the way is CREDPROBLEM, for the header's MIC covers it [G1]"""
    messages = []
    for service in (gss.NONE, *SERVICES):
        whole = gss_standing.message(service=service)
        messages += [gss.change(whole, 47, bytes([other])) for other in (1, 2, 3) if other != service]
    gss_standing.denied(*messages, outcome="GSS_CREDPROBLEM")


@BOTH
@pytest.mark.parametrize("pieces", [1, 3, 100])
def test_bad_in_fragments(gss_scene, service, pieces):
    """a bad body that comes in fragments of {pieces} bytes is GARBAGE_ARGS, and the next call of the connection is served (service {service}) [G1]"""
    scene = gss_scene(limits={"fragments": 100000})
    with scene.lab.connect() as connection:
        bad = {"checksum": gss.flip(-1)} if service == gss.INTEGRITY else {"token": gss.flip(-1)}
        for _ in range(3):
            assert scene.attacker.call(connection, *CALL, bytes(400), service, size=pieces, **bad).outcome == "GARBAGE_ARGS"
            assert scene.attacker.call(connection, *CALL, bytes(400), service, size=pieces).results == bytes(400)
    scene.wait_idle()
    scene.witnesses_work()


@BOTH
def test_bad_large(gss_standing, service):
    """1 MiB whose last byte is wrong is GARBAGE_ARGS, and its room is given back (service {service}) [G1, P6]"""
    bad = {"checksum": gss.flip(-1)} if service == gss.INTEGRITY else {"token": gss.flip(-1)}
    gss_standing.garbage(service, *[bad] * 5, arguments=bytes(1 << 20))
    gss_standing.wait_idle()


@BOTH
def test_sent_byte_by_byte(gss_standing, service):
    """a call that arrives one byte at a time is served (service {service}) [G1]"""
    with gss_standing.lab.connect() as connection:
        seq = gss_standing.attacker.next_seq()
        for byte in rpc.record(gss_standing.message(b"slow", service, seq=seq)):
            connection.send(bytes([byte]))
        assert gss_standing.attacker.open(connection.read_reply(), seq, service).results == b"slow"
