#!/bin/bash
# A signal in the wrong moment: accept() and connect() of AF_VSOCK say EINTR (interrupt.c), once in each process.
#   bench_load --unix--> gateway "outer" --vsock 1:2050--> gateway "inner" --unix--> bench_server
#   bench_load --tcp--> gatehouse-guest --vsock 1:2050--> gateway "inner"
# bench_load verifies every reply.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

write_configs() {
  cat >/lab/inner.conf <<'CONF'
[[listener]]
name = "in"
address = "vsock:any:2050"
[[backend]]
name = "server"
address = "unix:/run/server.sock"
programs = ["nfs:3"]
[[guest]]
name = "loop"
cid = 1
insecure_action = "squash"
backends = ["server"]
CONF
  cat >/lab/outer.conf <<'CONF'
[[listener]]
name = "in"
address = "unix:/run/gatehouse/outer.sock"
[[backend]]
name = "inner"
address = "vsock:1:2050"
programs = ["nfs:3"]
[[guest]]
name = "operator"
uid = 0
backends = ["inner"]
CONF
}

served_over() {
  "$BUILD/tests/bench/bench_load" --socket "$1" --mode 1x1 --calls 20 >/lab/load.log 2>&1 || { tail -n 1 /lab/load.log; return 1; }
}

no_backend_is_down() {
  ! line_with /lab/outer.log 'event=backend-down'
}

must "vsock's loopback is there" modprobe vsock_loopback
must "cc builds interrupt.c" cc -shared -fPIC -O1 -o /run/interrupt.so "$here/interrupt.c"
"$BUILD/tests/bench/bench_server" --listen unix:/run/server.sock >/lab/server.log 2>&1 &
must "the server starts" wait_for 10 "the server's socket" test -S /run/server.sock
write_configs
export LD_PRELOAD=/run/interrupt.so
start_gateway inner
start_gateway outer
start_guest_relay relay 20500 1 2050
unset LD_PRELOAD
check "a connection whose accept was interrupted is served, and a link whose connect was gets a new socket" \
  served_over /run/gatehouse/outer.sock
check "so it is in the relay" served_over tcp:127.0.0.1:20500
check "the gateway's accept was interrupted" logged inner '^interrupted accept4'
check "the gateway's connect was interrupted" logged outer '^interrupted connect'
check "which is no backend that is down" no_backend_is_down
check "the relay's connect was interrupted" logged relay '^interrupted connect'
check "gatehoused ends at SIGTERM" stop_gateway outer
check "and the other" stop_gateway inner
finish
