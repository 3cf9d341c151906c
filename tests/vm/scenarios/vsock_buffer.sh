#!/bin/bash
# vsock_buffer: what the kernel holds of a connection that nobody reads. And a listener on a CID that this kernel does not have.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# held PORT: how many bytes of calls the gateway's side takes while the backend is down, and so nothing is read but the first of them.
held() {
  "$python" - "$1" <<'PY'
import socket, struct, sys
call = struct.pack(">10I", 1, 0, 2, 100003, 4, 0, 0, 0, 0, 0)
calls = (struct.pack(">I", 0x80000000 | len(call)) + call) * 1000
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as sock:
    # Ours must be as large as the other one may be, or it would be ours that is measured.
    for option in (socket.SO_VM_SOCKETS_BUFFER_MAX_SIZE, socket.SO_VM_SOCKETS_BUFFER_SIZE):
        sock.setsockopt(socket.AF_VSOCK, option, 16 << 20)
    sock.bind((socket.VMADDR_CID_ANY, 600))
    sock.connect((1, int(sys.argv[1])))
    sock.settimeout(2)
    taken = 0
    try:
        while True:
            taken += sock.send(calls[taken % len(calls):])
    except TimeoutError:
        print(taken)
PY
}

# holds PORT LEAST MOST, in KiB.
holds() {
  local bytes
  bytes=$(held "$1") || { echo "$bytes"; return 1; }
  [ $((bytes / 1024)) -ge "$2" ] && [ $((bytes / 1024)) -le "$3" ] || { echo "it holds $((bytes / 1024)) KiB"; return 1; }
}

absent_cid_is_retried() {
  logged gateway 'event=listener-failed' 'listener=absent' 'retried=yes'
}

must "vsock's loopback is there" modprobe vsock_loopback
write_gateway_config gateway 2049 1
sed -i -e '/^address = "vsock/a vsock_buffer = "64KiB"' -e 's/127.0.0.1:2049/127.0.0.1:9/' /lab/gateway.conf
cat >>/lab/gateway.conf <<'CONF'
[[listener]]
name = "large"
address = "vsock:any:2050"
vsock_buffer = "4MiB"
[[listener]]
name = "absent"
address = "vsock:77:2049"
CONF
start_gateway gateway
check "a listener with vsock_buffer = 64KiB holds little more than a read and that of a slow guest [L6]" holds 2049 64 640
check "one with 4MiB holds that much" holds 2050 4096 4800
check "a listener on a CID that is not there is retried and reported [V6]" absent_cid_is_retried
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
