"""Record marking under attack: marks, fragments, truncation, other protocols, and streams that end badly."""

import pytest
from peers import rpc
from peers.rpc import fragment, u32
from scene import GUESTS, WAYS, echo, send_all

LIMIT = 64 * 1024
FRAGMENTS = 16
CALL = echo()
ways = pytest.mark.parametrize("way", WAYS)


def message_of(length: int) -> bytes:
    """message_of is a good call of exactly so many bytes; what follows the arguments means nothing to the server."""
    return CALL + bytes(length - len(CALL))


@ways
@pytest.mark.parametrize("length", [LIMIT - 1, LIMIT])
def test_longest_record(standing, way, length):
    """over {way} a record of {length} bytes, within record_bytes, is answered [V3]"""
    standing.answers(way, fragment(message_of(length)))
    standing.answers(way, fragment(message_of(length)[:-7], last=False) + fragment(bytes(7)))


MARKS = [
    ("a mark of limit + 1", fragment(message_of(LIMIT + 1)), "record-too-long"),
    ("a mark of limit + 1 and nothing else", u32(rpc.LAST_FRAGMENT | LIMIT + 1), "record-too-long"),
    ("a mark of 2^31-1", u32(0x7FFFFFFF) + CALL, "record-too-long"),
    ("a last mark of 2^31-1", u32(0xFFFFFFFF) + CALL, "record-too-long"),
    ("fragments that sum to limit + 1", fragment(message_of(LIMIT), last=False) + fragment(b"x"), "record-too-long"),
    ("a second fragment of 2^31-1", fragment(CALL, last=False) + u32(0x7FFFFFFF), "record-too-long"),
    ("an empty record", fragment(b""), "malformed-call"),
    ("limit + 1 fragments", rpc.record(CALL[:FRAGMENTS + 1], 1), "too-many-fragments"),
    ("empty fragments without end", fragment(b"", last=False) * 1000, "too-many-fragments"),
    ("a whole call in one-byte fragments", rpc.record(CALL, 1), "too-many-fragments"),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", "record-too-long"),
    ("a TLS ClientHello", bytes.fromhex("16030100310100002d0303") + bytes(45), "record-too-long"),
    ("an SSH banner", b"SSH-2.0-OpenSSH_9.2p1\r\n", "record-too-long"),
]


@ways
@pytest.mark.parametrize("what,data,reason", MARKS, ids=[case[0] for case in MARKS])
def test_bad_mark(standing, way, what, data, reason):
    """over {way}, {what}: closed as {reason}, nothing forwarded, others unharmed [V3, L6]"""
    standing.closes(way, data, reason)


@ways
@pytest.mark.parametrize("count", [FRAGMENTS - 1, FRAGMENTS])
def test_most_fragments(standing, way, count):
    """over {way} a call in {count} fragments, some of them empty, is answered [V3]"""
    size = len(CALL) // (count - 4)
    pieces = [CALL[at * size:(at + 1) * size] for at in range(count - 5)] + [CALL[(count - 5) * size:]]
    data = fragment(b"", last=False) * 4 + b"".join(fragment(piece, last=False) for piece in pieces[:-1]) + fragment(pieces[-1])
    standing.answers(way, data)


def test_one_byte_fragments(scene):
    """a call in one-byte fragments, with empty ones between, is answered when the limit allows it [V3]"""
    data = b"".join(fragment(b"", last=False) + fragment(bytes([byte]), last=False) for byte in CALL[:-1]) + fragment(CALL[-1:])
    scene().answers("unix", data)


@ways
def test_byte_by_byte(standing, way):
    """over {way} a call that comes one byte at a time is answered [V3]"""
    with standing.connect(way) as connection:
        for byte in rpc.record(CALL, 30):
            connection.send(bytes([byte]))
        assert connection.read_reply().outcome == "SUCCESS"


@ways
def test_every_truncation_of_the_stream(standing, way):
    """over {way} a stream that ends after any byte of a record is closed as truncated-record, and no call reaches the server [V3]"""
    data = rpc.record(CALL)
    with standing.nothing_forwarded(way), standing.counted(way, closed_truncated_record=len(data) - 1):
        for at in range(1, len(data)):
            with standing.connect(way) as connection:
                connection.send(data[:at])
                connection.half_close()
                assert connection.closed()
    assert standing.gateway.events("closed", guest=GUESTS[way], reason="truncated-record")


@ways
def test_every_truncation_of_a_gathered_record(scene, way):
    """over {way} the same of a record in four fragments, for which the server is not even connected to [V3]"""
    opened = scene()
    data = rpc.record(CALL, len(CALL) // 4 + 1)
    with opened.nothing_forwarded(way), opened.counted(way, closed_truncated_record=len(data) - 1):
        for at in range(1, len(data)):
            with opened.connect(way) as connection:
                connection.send(data[:at])
                connection.half_close()
                assert connection.closed()
    assert opened.tap.connections == 1


@ways
def test_every_truncation_of_the_message(standing, way):
    """over {way} a record that ends within the header gets AUTH_BADCRED or AUTH_BADVERF, or a close where xid to procedure are not there;
    one that ends within the arguments is the server's to refuse [V3, P11]"""
    cred_end = 24 + len(USER_BYTES)
    for at in range(24):
        with standing.connect(way) as connection:
            connection.send(fragment(CALL[:at]))
            assert connection.closed()
    with standing.nothing_forwarded(way), standing.connect(way) as connection:
        for at in range(24, cred_end + 8):
            connection.send(fragment(CALL[:at]))
            assert connection.read_reply().outcome == ("AUTH_ERROR BADCRED" if at < cred_end else "AUTH_ERROR BADVERF")
    with standing.connect(way) as connection:
        for at in range(cred_end + 8, len(CALL)):
            connection.send(fragment(CALL[:at]))
            assert connection.read_reply().outcome == "GARBAGE_ARGS"
    standing.witness_works()


USER_BYTES = rpc.auth_sys(1000, 100)


@ways
def test_half_close(standing, way):
    """over {way} a client that half-closes after its call still gets the reply, then the end [V3]"""
    with standing.connect(way) as connection:
        connection.send(rpc.record(rpc.call(9, 0x20000001, 1, 3, USER_BYTES, u32(300))))
        connection.half_close()
        assert connection.read_reply().results == u32(300)
        assert connection.closed()


@ways
def test_gone_in_mid_record(standing, way):
    """over {way} a client that resets, or closes both ways, in the middle of a record costs nobody anything [V3, L6]"""
    with standing.nothing_forwarded(way):
        for at in (2, 4, 20, 60, len(CALL)):
            connection = standing.connect(way)
            connection.send(rpc.record(CALL)[:at])
            connection.reset()
    standing.wait_empty(way)


@ways
def test_gone_with_calls_in_flight(standing, way):
    """over {way} a client that resets with slow calls in flight leaves nothing behind [V3, L6]"""
    for _ in range(5):
        connection = standing.connect(way)
        connection.send(b"".join(rpc.record(rpc.call(xid, 0x20000001, 1, 3, USER_BYTES, u32(200))) for xid in range(20)))
        connection.reset()
    standing.wait_empty(way)
    standing.witness_works()


HALVES = [("half a mark", b"\x80\x00"), ("a mark", rpc.record(CALL)[:4]), ("half a header", rpc.record(CALL)[:40]),
          ("half the arguments", rpc.record(CALL)[:-4]), ("half a fragment", rpc.record(CALL, 30)[:50]),
          ("all fragments but the last", fragment(CALL, last=False)), ("the rest of a refused call", rpc.record(echo(credential=rpc.auth(99)))[:-4])]


@ways
@pytest.mark.parametrize("what,data", HALVES, ids=[case[0] for case in HALVES])
def test_half_sent(scene, way, what, data):
    """over {way} a client that sends {what} and then nothing is closed after record_timeout, others are not [L6]"""
    opened = scene(gateway={"record_timeout": "300ms"})
    with opened.connect(way) as idle, opened.nothing_forwarded(way), opened.counted(way, closed_record_timeout=1), opened.connect(way) as connection:
        send_all(connection, data)
        until_closed(connection)
        assert not idle.closed(0.1)
    assert opened.gateway.events("closed", guest=GUESTS[way], reason="record-timeout")


def test_slow_sender(scene):
    """a byte now and then does not put the record's time-out off [L6]"""
    opened = scene(gateway={"record_timeout": "1s"})
    with opened.counted("unix", closed_record_timeout=1), opened.connect() as connection:
        for byte in rpc.record(CALL):
            send_all(connection, bytes([byte]))
            if connection.readable(0.1):
                break
        assert connection.closed()


def until_closed(connection) -> None:
    """until_closed reads what answers there are until the connection is closed."""
    connection.sock.settimeout(10.0)
    try:
        while connection.sock.recv(4096):
            pass
    except ConnectionError:
        pass
