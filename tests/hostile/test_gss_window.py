"""Sequence numbers under attack: replays, jumps, the end of the numbers, and messages that are not authentic."""

import threading

import pytest
from gss_scene import CALL
from peers import gss, rpc
from peers.gss import MAXSEQ, flip, put

PROGRAM, VERSION, _ = CALL
SERVICES = (gss.NONE, gss.INTEGRITY, gss.PRIVACY)


def works(scene, context, seq: int, service: int = gss.NONE) -> None:
    """works demands that a call of that number is answered."""
    with scene.lab.connect() as connection:
        assert context.call(connection, *CALL, b"good", service, seq=seq).results == b"good"


#= rfc2203#5.3.3.1
## a request whose number was seen gets no answer
@pytest.mark.parametrize("service", SERVICES)
def test_replay(gss_standing, service):
    """a call sent again byte by byte, or another with its number, closes the connection (service {service}) [G1]"""
    context = gss_standing.fresh()
    message = context.message(*CALL, b"good", service, seq=5)
    assert gss_standing.ask(message).outcome == "SUCCESS"
    gss_standing.closes(message, context.message(*CALL, b"othr", service, seq=5),
                        context.message(PROGRAM, VERSION, 0, seq=5, gss_procedure=gss.DESTROY))


#= rfc2203#5.3.3.1
## a request below the window gets no answer
#= rfc2203#5.3.3.1
## numbers from the newest down to the newest - seq_window + 1 are accepted, each once
@pytest.mark.parametrize("window", [32, 128, 1024])
def test_window(gss_scene, window):
    """with sequence_window = {window} the oldest number that is taken is the newest - {window} + 1 [G1]"""
    scene = gss_scene(kerberos={"sequence_window": window})
    context = scene.fresh()
    assert context.window == window
    newest = 5000
    works(scene, context, newest)
    scene.closes(*(context.message(*CALL, b"evil", seq=newest - back) for back in (0, window, window + 1, 2 * window, newest)))
    for back in (window - 1, window - 2, 1, window // 2):
        works(scene, context, newest - back)
        scene.closes(context.message(*CALL, b"evil", seq=newest - back))


@pytest.mark.parametrize("jump", [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 1 << 20])
def test_jumps(gss_scene, jump):
    """after jumps of {jump} every number is taken once, and those that fell out of a window of 128 not at all [G1]"""
    scene = gss_scene(kerberos={"sequence_window": 128})
    context = scene.fresh()
    seen = [1000 + turn * jump for turn in range(5)]
    for seq in seen:
        works(scene, context, seq)
    scene.closes(*(context.message(*CALL, b"evil", seq=seq) for seq in seen))
    for seq in (seen[-1] - 1, seen[-1] - 126, seen[-1] - 127):
        if seq not in seen:
            works(scene, context, seq)
    scene.closes(context.message(*CALL, b"evil", seq=seen[-1] - 128))


def test_first_numbers(gss_standing):
    """the first number may be any: 0, 1, the last below MAXSEQ; 0 is taken once [G1]"""
    for first in (0, 1, 77, MAXSEQ - 1):
        context = gss_standing.fresh()
        works(gss_standing, context, first, gss.PRIVACY)
        gss_standing.closes(context.message(*CALL, b"evil", seq=first))


#= rfc2203#5.3.3.3
## a sequence number beyond the maximum is denied with RPCSEC_GSS_CTXPROBLEM
@pytest.mark.parametrize("service", SERVICES)
def test_end_of_numbers(gss_standing, service):
    """MAXSEQ and more is CTXPROBLEM (service {service}), MAXSEQ - 1 is taken, and the context goes on with what is left [G1]"""
    context = gss_standing.fresh()
    gss_standing.denied(*(context.message(*CALL, b"evil", service, seq=seq) for seq in (MAXSEQ, MAXSEQ + 1, 0xFFFFFFFF)), outcome="GSS_CTXPROBLEM")
    works(gss_standing, context, 1, service)
    works(gss_standing, context, MAXSEQ - 1, service)
    works(gss_standing, context, MAXSEQ - 2, service)
    gss_standing.denied(context.message(*CALL, b"evil", service, seq=MAXSEQ), outcome="GSS_CTXPROBLEM")


#= rfc2203#5.3.3.1
## only a verified header checksum moves the window
#= rfc2203#5.3.3.4.2
## a header checksum that does not verify is denied with RPCSEC_GSS_CREDPROBLEM
@pytest.mark.parametrize("service", SERVICES)
def test_forged_number(gss_standing, service):
    """a forged call of number 0x7fffffff is CREDPROBLEM (service {service}) and leaves the window where it was [G1]"""
    context = gss_standing.fresh()
    works(gss_standing, context, 10, service)
    forged = [context.message(*CALL, b"evil", service, seq=0x7FFFFFFF, mic=hook) for hook in (flip(-1), put(b""), put(bytes(28)))]
    forged.append(context.message(*CALL, b"evil", service, seq=MAXSEQ, mic=flip(-1)))
    gss_standing.denied(*forged, outcome="GSS_CREDPROBLEM")
    for seq in (11, 9, 12):
        works(gss_standing, context, seq, service)


def test_forged_replay(gss_standing):
    """a replay whose header is forged is CREDPROBLEM: the MIC is looked at before the window [G1]"""
    context = gss_standing.fresh()
    works(gss_standing, context, 10)
    gss_standing.denied(context.message(*CALL, b"evil", seq=10, mic=flip(-1)), outcome="GSS_CREDPROBLEM")


def test_number_of_a_refused_call(gss_standing):
    """a number is used up by a call whose program is refused, or whose body is garbage [G1]"""
    context = gss_standing.fresh()
    with gss_standing.lab.connect() as connection:
        assert context.call(connection, 400000, 1, 1, b"", seq=20).outcome == "PROG_UNAVAIL"
        assert context.call(connection, *CALL, b"evil", gss.INTEGRITY, seq=21, checksum=flip(-1)).outcome == "GARBAGE_ARGS"
    gss_standing.closes(*(context.message(*CALL, b"evil", seq=seq) for seq in (20, 21)))
    works(gss_standing, context, 22)


@pytest.mark.parametrize("service", SERVICES)
def test_concurrent_duplicates(gss_standing, service):
    """of one call sent over 8 connections at a time exactly one is answered and forwarded (service {service}), 20 times over [G1, P15]"""
    context = gss_standing.fresh()
    connections = {}
    for turn in range(20):
        message = rpc.record(context.message(*CALL, rpc.u32(turn), service))
        connections = [gss_standing.lab.connect() for _ in range(8)]
        before = len(gss_standing.server.calls)
        gate = threading.Barrier(8)
        threads = [threading.Thread(target=lambda c=c: (gate.wait(), c.send(message))) for c in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(connection.closed() for connection in connections) == [False] + [True] * 7
        assert len(gss_standing.server.calls) - before == 1
        for connection in connections:
            connection.close()
    gss_standing.witnesses_work()


#= rfc2203#5.4
## DESTROY needs a valid sequence number and a valid header checksum
def test_forged_destroy(gss_standing):
    """a DESTROY without a valid MIC is CREDPROBLEM, one with a number that was used closes its connection, one beyond MAXSEQ is CTXPROBLEM; the
    context goes on [G1]"""
    context = gss_standing.fresh()
    works(gss_standing, context, 10)

    def destroy(**hooks) -> bytes:
        return context.message(PROGRAM, VERSION, 0, gss_procedure=gss.DESTROY, **hooks)
    gss_standing.denied(*(destroy(seq=11, mic=hook) for hook in (flip(0), flip(-1), put(b""), put(bytes(28)))), outcome="GSS_CREDPROBLEM")
    gss_standing.denied(destroy(seq=MAXSEQ), outcome="GSS_CTXPROBLEM")
    gss_standing.closes(destroy(seq=10))
    works(gss_standing, context, 11)


def test_destroyed_then_used(gss_standing):
    """after DESTROY every call with the handle is CREDPROBLEM, another DESTROY too, and whatever was sent behind it on its connection [G1]"""
    context = gss_standing.fresh()
    with gss_standing.lab.connect() as connection:
        messages = [context.message(PROGRAM, VERSION, 0, gss_procedure=gss.DESTROY)]
        messages += [context.message(*CALL, b"evil", service) for service in SERVICES]
        messages.append(context.message(PROGRAM, VERSION, 0, gss_procedure=gss.DESTROY))
        before = len(gss_standing.server.calls)
        connection.send(b"".join(map(rpc.record, messages)))
        assert [connection.read_reply().outcome for _ in messages] == ["SUCCESS"] + ["AUTH_ERROR GSS_CREDPROBLEM"] * 4
    assert gss_standing.server.calls[before:] == []
    gss_standing.witnesses_work()


def test_destroyed_with_a_call_under_way(gss_standing):
    """the reply to a call that was under way when its context was destroyed comes with its verifier and protection [G1]"""
    context = gss_standing.fresh()
    held = []
    gss_standing.server.answer = lambda call: held.append(call)
    with gss_standing.lab.connect() as connection:
        seq = context.next_seq()
        connection.send(rpc.record(context.message(*CALL, b"data", gss.PRIVACY, seq=seq, xid=1)))
        gss_standing.server.wait_calls(len(gss_standing.server.calls) + 1) if not held else None
        with gss_standing.lab.connect() as other:
            assert context.destroy(other, PROGRAM, VERSION).outcome == "SUCCESS"
        gss_standing.server.connections[-1].send(rpc.record(rpc.success(1, b"data")))
        assert context.open(connection.read_reply(), seq, gss.PRIVACY).results == b"data"
