"""NFSv4 COMPOUNDs, encoded by hand: the state operations, and one that is none."""

from peers import rpc
from peers.nfs4 import COMPOUND, GETFH, PROGRAM, PUTROOTFH, VERSION, compound

__all__ = ["COMPOUND", "GETFH", "PROGRAM", "PUTROOTFH", "VERSION", "compound"]
SESSION, CLIENT, VERIFIER = bytes(16), bytes(8), bytes(8)
CHANNEL = rpc.u32(0, 1 << 20, 1 << 20, 4096, 8, 16, 0)

# Each as RFC 8881 and RFC 7530 have it: the number of the operation and its arguments.
STATE = {
    "EXCHANGE_ID": rpc.u32(42) + VERIFIER + rpc.opaque(b"Linux NFSv4.2 web1") + rpc.u32(0x103, 0) + rpc.u32(1) + rpc.opaque(b"kernel.org") +
    rpc.opaque(b"Linux 6.1") + bytes(12),
    "CREATE_SESSION": rpc.u32(43) + CLIENT + rpc.u32(1, 2) + CHANNEL * 2 + rpc.u32(0x40000000, 2, 0, 1) + rpc.auth_sys_body(0, 0, (), b"web1"),
    "BIND_CONN_TO_SESSION": rpc.u32(41) + SESSION + rpc.u32(3, 0),
    "SEQUENCE": rpc.u32(53) + SESSION + rpc.u32(1, 0, 0, 0),
    "RECLAIM_COMPLETE": rpc.u32(58, 0),
    "DESTROY_SESSION": rpc.u32(44) + SESSION,
    "DESTROY_CLIENTID": rpc.u32(57) + CLIENT,
    "SETCLIENTID": rpc.u32(35) + VERIFIER + rpc.opaque(b"web1") + rpc.u32(0x40000000) + rpc.opaque(b"tcp") + rpc.opaque(b"0.0.0.0.0.0") + rpc.u32(1),
    "SETCLIENTID_CONFIRM": rpc.u32(36) + CLIENT + VERIFIER,
    "RENEW": rpc.u32(30) + CLIENT,
}
