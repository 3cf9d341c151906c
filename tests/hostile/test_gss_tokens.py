"""RFC 4121 tokens under attack: MICs, checksums and wrapped bodies, bit by bit."""

import pytest
from gss_scene import CALL
from peers import gss, rpc
from peers.gss import flip, put, rotated, with_extra_count, with_rotation

SERVICES = (gss.NONE, gss.INTEGRITY, gss.PRIVACY)
MIC, WRAP_OVERHEAD = 28, 60


def every_bit(token: bytes):
    """every_bit are the hooks that flip one bit of a token of that length."""
    return [flip(at, 1 << bit) for at in range(len(token)) for bit in range(8)]


#= rfc2203#5.3.1
## the header checksum covers the call up to and including the credential
@pytest.mark.parametrize("service", SERVICES)
def test_mic_bits(gss_standing, service):
    """a header whose MIC has any one bit flipped is CREDPROBLEM (service {service}) [G1]"""
    token = gss_standing.attacker.mic(b"")
    gss_standing.denied(*(gss_standing.message(service=service, mic=hook) for hook in every_bit(token)), outcome="GSS_CREDPROBLEM")


def test_mic_lengths(gss_standing):
    """a header MIC of 0 to 400 bytes, cut from a good one or with bytes behind it, is CREDPROBLEM [G1]"""
    messages = [gss_standing.message(mic=lambda mic, n=length: (mic + bytes(400))[:n]) for length in range(401) if length != MIC]
    gss_standing.denied(*messages, outcome="GSS_CREDPROBLEM")


def test_mic_of_others(gss_standing):
    """a header with the MIC of another message, another context, or the gateway's own verifier is CREDPROBLEM [G1]"""
    scene = gss_standing
    other = scene.fresh()
    with scene.lab.connect() as connection:
        reply = scene.attacker.call(connection, *CALL, b"good")
    header = scene.message()[:68]
    hooks = [put(scene.attacker.mic(b"other")), put(reply.verifier), put(other.mic(header)), put(scene.attacker.wrap(header, sealed=False)[:400]),
             put(scene.attacker.wrap(b"", sealed=True))]
    scene.denied(*(scene.message(service=service, mic=hook) for hook in hooks for service in SERVICES), outcome="GSS_CREDPROBLEM")


RFC1964 = bytes.fromhex("6026") + bytes.fromhex("06092a864886f712010202") + b"\x01\x01" + bytes.fromhex("1100ffffffff") + bytes(16)


@pytest.mark.parametrize("token", [RFC1964, RFC1964[:20], RFC1964[2:], b"\x60\x80" + bytes(20), b"\x60\xff" * 14, b"\x04\x04",
                                   b"\x04\x04" + b"\xff" * 26],
                         ids=["RFC 1964", "cut", "unframed", "indefinite length", "endless length", "two bytes", "all ones"])
def test_mic_of_another_kind(gss_standing, token):
    """a header whose MIC is a token of RFC 1964 or a mere frame is CREDPROBLEM [G1]"""
    gss_standing.denied(*(gss_standing.message(service=service, mic=put(token)) for service in SERVICES), outcome="GSS_CREDPROBLEM")


def test_mic_framed(gss_standing):
    """a good MIC in the frame of an initial token is CREDPROBLEM: tokens of RFC 4121 have none [G1]"""
    def framed(mic: bytes) -> bytes:
        inner = bytes.fromhex("06092a864886f712010202") + mic
        return bytes([0x60, len(inner)]) + inner
    gss_standing.denied(gss_standing.message(mic=framed), outcome="GSS_CREDPROBLEM")


#= rfc2203#5.3.3.4.2
## arguments whose checksum does not verify are answered GARBAGE_ARGS
def test_checksum_bits(gss_standing):
    """a krb5i body whose checksum has any one bit flipped is GARBAGE_ARGS with a valid verifier [G1]"""
    gss_standing.garbage(gss.INTEGRITY, *({"checksum": hook} for hook in every_bit(bytes(MIC))))


def test_checksum_lengths(gss_standing):
    """a krb5i body whose checksum has 0 to 100 bytes is GARBAGE_ARGS with a valid verifier [G1]"""
    gss_standing.garbage(gss.INTEGRITY, *({"checksum": lambda mic, n=length: (mic + bytes(100))[:n]} for length in range(101) if length != MIC))


#= rfc2203#5.3.3.4.3
## arguments that do not unwrap are answered GARBAGE_ARGS
def test_wrap_bits(gss_standing):
    """a krb5p body that has any one bit flipped, of its header, ciphertext or checksum, is GARBAGE_ARGS with a valid verifier [G1]"""
    gss_standing.garbage(gss.PRIVACY, *({"token": hook} for hook in every_bit(bytes(WRAP_OVERHEAD + 8))))


def test_wrap_lengths(gss_standing):
    """a krb5p body that is cut after any byte, or has bytes behind it, is GARBAGE_ARGS with a valid verifier [G1]"""
    size = WRAP_OVERHEAD + 8
    gss_standing.garbage(gss.PRIVACY, *({"token": lambda token, n=length: (token + bytes(40))[:n]} for length in range(size + 40) if length != size))


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 32, 255, 65535])
def test_extra_count(gss_standing, count):
    """an EC of {count} that the sealed header does not have is GARBAGE_ARGS, whatever the rotation [G1]"""
    gss_standing.garbage(gss.PRIVACY, {"token": with_extra_count(count)}, {"token": lambda token: with_extra_count(count)(rotated(28)(token))},
                         arguments=bytes(1000))


def rotations(length: int) -> list[int]:
    return [1, 16, 28, length - 1, length + 1, 65535 if 65535 % length else 65534]


@pytest.mark.parametrize("size", [0, 4, 1000, 65536])
def test_false_rotation(gss_standing, size):
    """an RRC that says what was not done is GARBAGE_ARGS, for {size} bytes of arguments [G1]"""
    length = WRAP_OVERHEAD - 16 + 4 + size
    gss_standing.garbage(gss.PRIVACY, *({"token": with_rotation(count % 65536)} for count in rotations(length) if count % 65536 % length),
                         arguments=bytes(size))


@pytest.mark.parametrize("size", [0, 4, 1000, 65536])
def test_rotation(gss_standing, size):
    """a token rotated by its RRC is taken, be it 0, 1, 28, the length and about it, or 65535, for {size} bytes of arguments [G1]"""
    length = WRAP_OVERHEAD - 16 + 4 + size
    with gss_standing.lab.connect() as connection:
        for count in (0, *rotations(length), length, 2 * length):
            reply = gss_standing.attacker.call(connection, *CALL, bytes(size), gss.PRIVACY, token=rotated(count % 65536))
            assert reply.results == bytes(size), count
        # The whole length leaves every byte where it is.
        if length < 65536:
            assert gss_standing.attacker.call(connection, *CALL, bytes(size), gss.PRIVACY, token=with_rotation(length)).results == bytes(size)
    gss_standing.witnesses_work()


@pytest.mark.parametrize("flags", range(8))
def test_flags(gss_standing, flags):
    """a wrap token whose flags are {flags:#x} instead of its own is GARBAGE_ARGS, sealed or not, of the wrong direction or not [G1]"""
    own = gss_standing.attacker.wrap(b"")[2]
    if flags == own:
        return
    gss_standing.garbage(gss.PRIVACY, {"token": lambda token: gss.change(token, 2, bytes([flags]))})


#= rfc2203#5.3.2.3
## with privacy the arguments are an opaque of sequence number and arguments, wrapped with confidentiality
def test_not_sealed(gss_standing):
    """a krb5p body that was wrapped without confidentiality is GARBAGE_ARGS, also when it claims to be sealed [G1]"""
    scene = gss_standing
    for flags in (0, gss.SEALED):
        seq = scene.attacker.seq

        def unsealed(_: bytes) -> bytes:
            token = scene.attacker.wrap(rpc.u32(seq) + b"evil", sealed=False)
            return gss.change(token, 2, bytes([token[2] | flags]))
        scene.garbage(gss.PRIVACY, {"token": unsealed, "seq": seq})


def test_reflected(gss_standing):
    """what the gateway itself wrapped or signed for a context is GARBAGE_ARGS when it comes back [G1]"""
    scene = gss_standing
    for service in (gss.INTEGRITY, gss.PRIVACY):
        with scene.lab.connect() as connection:
            seq = scene.attacker.next_seq()
            reply = gss.converse(connection, scene.attacker.message(*CALL, b"data", service, seq=seq))
            assert reply.outcome == "SUCCESS"
        # The number inside is that of the call before: even so it is the token that fails, whose own body is whole.
        scene.garbage(service, {"body": put(reply.results)})


def test_token_of_another_context(gss_standing):
    """a body that another context of the same user protected is GARBAGE_ARGS [G1]"""
    other, seq = gss_standing.fresh(), gss_standing.attacker.seq + 100
    gss_standing.garbage(gss.PRIVACY, {"token": put(other.wrap(rpc.u32(seq) + b"evil")), "seq": seq})
    gss_standing.garbage(gss.INTEGRITY, {"checksum": put(other.mic(rpc.u32(seq + 100) + b"evil")), "seq": seq + 100})


def test_token_kinds(gss_standing):
    """a MIC where a wrap token belongs, and a wrap token where a MIC belongs, are GARBAGE_ARGS [G1]"""
    scene = gss_standing
    scene.garbage(gss.PRIVACY, {"token": lambda _: scene.attacker.mic(bytes(8))}, {"token": put(b"")}, {"token": put(bytes(16))})
    scene.garbage(gss.INTEGRITY, {"checksum": lambda _: scene.attacker.wrap(b"")}, {"checksum": lambda _: scene.attacker.wrap(b"", sealed=False)})
