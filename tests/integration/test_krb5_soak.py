"""Everything at once: calls of every flavor and size, good and bad, in pieces, to two backends that answer out of order, under narrow limits."""

import random
import threading
from dataclasses import dataclass, field

import pytest
from peers import gss, kerberos, rpc, toml
from peers.build import program
from peers.client import Connection
from peers.kerberos import Lab
from peers.scripted import Scripted
from peers.wait import until

ONE, TWO = 0x20000001, 0x20000002
ECHO, FLUSH = 2, 9
CONNECTIONS, CALLS, FLUSHES = 6, 60, 10
LIMITS = {"in_flight": 64, "record_bytes": 300_000, "gss_request_bytes": 700_000, "gss_reply_bytes": 700_000, "fragments": 100_000}


class Shuffling(Scripted):
    """Shuffling is a server that keeps some of a connection's calls for later and answers them in another order, in fragments of any size;
    FLUSH answers all that is left. Connections are told apart by the upper half of the xid."""

    def __init__(self, path, seed: int):
        self.random = random.Random(seed)
        self.kept: dict[int, list[rpc.Call]] = {}
        super().__init__(path=path, answer=self.shuffle)

    def shuffle(self, call: rpc.Call) -> bytes | None:
        kept = self.kept.setdefault(call.xid >> 16, [])
        kept.append(call)
        if call.procedure != FLUSH and len(kept) < 5 and self.random.random() < 0.6:
            return None
        self.random.shuffle(kept)
        answers = b"".join(rpc.record(rpc.success(each.xid, _results(each.arguments)), self.random.choice([None, 3000, 70_000])) for each in kept)
        kept.clear()
        return answers


def _results(arguments: bytes) -> bytes:
    """_results are as long as the first word of the arguments says, and begin with the second: the call's number."""
    if len(arguments) < 8:
        return b""
    size = int.from_bytes(arguments[:4], "big")
    assert size < 1 << 20, f"results of {size} bytes wanted by arguments of {len(arguments)} bytes"
    return (arguments[4:8] * (size // 4 + 1))[:size]


@dataclass
class Traffic:
    """Traffic is what one connection sends and, by xid, a check of each reply and the reply itself."""
    stream: bytearray = field(default_factory=bytearray)
    checks: dict = field(default_factory=dict)
    raw: dict[int, bytes] = field(default_factory=dict)
    failures: list = field(default_factory=list)

    def add(self, message: bytes, check, size: int | None = None) -> None:
        self.checks[int.from_bytes(message[:4], "big")] = check
        self.stream += rpc.record(message, size)


def _size(rng: random.Random) -> int:
    return 4 * rng.choice([0, 1, 2, rng.randrange(100), rng.randrange(3000), rng.randrange(30_000, 70_000)])


def good(rng, context, xid, number) -> tuple[bytes, object]:
    """good is a call by a context, and the check of its reply."""
    service, results = rng.choice([1, 2, 3]), 4 + _size(rng)
    arguments = rpc.u32(results, number) + bytes(_size(rng))
    seq = context.next_seq()

    def check(reply):
        return context.open(reply, seq, service).results == _results(arguments)
    return context.message(number, 1, ECHO, arguments, service, xid=xid, seq=seq), check


def bad(rng, context, xid, number) -> tuple[bytes, object]:
    """bad is a call that is refused, and the check of its reply."""
    seq = context.next_seq()
    kind = rng.randrange(5)
    if kind == 0:
        return (context.message(number, 1, ECHO, bytes(_size(rng)), 3, xid=xid, seq=seq, mic=gss.flip(-1)),
                lambda reply: reply.outcome == "AUTH_ERROR GSS_CREDPROBLEM")
    if kind == 1:
        return (context.message(number, 1, ECHO, bytes(_size(rng)), 3, xid=xid, seq=seq, token=gss.flip(-1)),
                lambda reply: context.open(reply, seq, 3).outcome == "GARBAGE_ARGS")
    if kind == 2:
        return (context.message(number, 1, ECHO, bytes(_size(rng)), 2, xid=xid, seq=seq, checksum=gss.flip(-1)),
                lambda reply: context.open(reply, seq, 2).outcome == "GARBAGE_ARGS")
    if kind == 3:
        return context.message(400_000, 1, 1, b"", 3, xid=xid, seq=seq), lambda reply: context.open(reply, seq, 3).outcome == "PROG_UNAVAIL"
    return gss.creation(number, 1, bytes(rng.randrange(5000)), xid=xid), lambda reply: gss.parse_creation(reply).major == gss.DEFECTIVE_TOKEN


def plain(rng, xid, number) -> tuple[bytes, object]:
    """plain is a call by AUTH_SYS, and the check of its reply."""
    arguments = rpc.u32(4 + _size(rng), number) + bytes(_size(rng))
    return rpc.call(xid, number, 1, ECHO, rpc.auth_sys(1000, 100), arguments), lambda reply: reply.results == _results(arguments)


def traffic(rng: random.Random, contexts, connection: int) -> Traffic:
    """traffic makes the calls of one connection, the last of which flush the servers."""
    made = Traffic()
    for turn in range(CALLS):
        xid, number, context = connection << 16 | turn, rng.choice([ONE, TWO]), rng.choice(contexts)
        kind = rng.random()
        message, check = good(rng, context, xid, number) if kind < 0.6 else bad(rng, context, xid, number) if kind < 0.8 else plain(rng, xid, number)
        made.add(message, check, rng.choice([None, None, 100, 5000]))
    return made


def send(sock, made: Traffic, rng: random.Random, connection: int) -> None:
    """send sends the traffic in pieces of any size, then calls that make both servers answer what they kept."""
    try:
        at = 0
        while at < len(made.stream):
            piece = rng.choice([1, 10, 500, 20_000, 400_000])
            sock.sendall(made.stream[at:at + piece])
            at += piece
        for turn in range(FLUSHES):
            xid = connection << 16 | 0x8000 | turn
            sock.sendall(rpc.record(rpc.call(xid, (ONE, TWO)[turn % 2], 1, FLUSH, rpc.auth_sys(1000, 100))))
    except OSError as error:
        made.failures.append(error)


def converse(connection: Connection, made: Traffic, rng: random.Random, number: int) -> None:
    """converse sends the traffic while it reads the replies, until all are there."""
    sender = threading.Thread(target=send, args=(connection.sock, made, rng, number))
    sender.start()
    try:
        while len(made.raw) < len(made.checks) + FLUSHES:
            record = connection.read_record()
            made.raw[int.from_bytes(record[:4], "big")] = record
    except Exception as error:
        made.failures.append(error)
    sender.join()


@pytest.mark.parametrize("seed", range(8))
def test_everything_at_once(gateway, realm, accounts, directory, stopping, seed):
    """each of 360 calls of random kind and size over 6 connections gets its own reply, and nothing stays behind (seed {seed}) [G1, G13, P6]"""
    rng = random.Random(seed)
    servers = [stopping(Shuffling(directory / f"server{number}.sock", seed + number)) for number in (1, 2)]
    text = toml.config({"web1": f"unix:{directory}/web1.sock"},
                       {f"peer{number}": {"address": server.address, "programs": [f"{program_number}:1"]}
                        for number, (server, program_number) in enumerate(zip(servers, (ONE, TWO)))},
                       {"web1": {"listener": "web1", "backends": ["peer0", "peer1"], "insecure_action": "squash", "limits": LIMITS}},
                       kerberos=kerberos.section(realm, directory, sequence_window=65536))
    lab = Lab(gateway(text, env=accounts.env(program("proxy/gatehoused"))), realm, {"web1": directory / "web1.sock"})
    contexts = [lab.context(user, number=ONE) for user in ("alice", "bob")]
    made = [traffic(rng, contexts, connection) for connection in range(CONNECTIONS)]
    connections = [lab.connect() for _ in made]
    threads = [threading.Thread(target=converse, args=(connection, each, random.Random(seed * 100 + number), number))
               for number, (connection, each) in enumerate(zip(connections, made))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in made:
        assert each.failures == []
        for xid, check in each.checks.items():
            assert check(rpc.parse_reply(each.raw[xid])), f"{xid:#x}"

    def idle():
        counters = lab.gateway.counters("web1")
        return not any(counters[key] for key in ("in_flight", "buffered_bytes", "nascent_contexts", "gss_request_bytes", "gss_reply_bytes"))
    until(idle, "nothing under way")
    assert servers[0].errors == servers[1].errors == []
    lab.close()
