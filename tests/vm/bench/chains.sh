#!/bin/bash
# chains.sh: the scenario of run.sh: in one kernel, chains between bench_load and bench_server that cross AF_VSOCK by loopback (CID 1):
#   gatehouse   load --TCP--> gatehouse-guest --vsock--> gatehoused --TCP--> server
#   socat       load --TCP--> socat           --vsock--> socat      --TCP--> server     a process a connection, buffers of 256 KiB
#   proxyd      load --TCP--> gatehouse-guest --vsock--> systemd-socket-proxyd --TCP--> server     it cannot connect to vsock itself
# measure.py visits them in turns. ROUNDS, CALLS (a multiple of what measure.py does) and MODES come from run.sh.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
guest=$BUILD/guest/gatehouse-guest
server=tcp:127.0.0.1:2100

# write_config: the load comes from ports above 1023, which makes its user anonymous.
write_config() {
  write_gateway_config gateway 2049 1 &&
    sed -i "s,^address = \"tcp:.*,address = \"$server\",; s,nfs:4,nfs:3,; s,^cid = .*,&\ninsecure_action = \"squash\"," /lab/gateway.conf
}

# start NAME PORT COMMAND...: a part of a chain; its process id is in /run/NAME.pid. Waits until it listens on the port.
start() {
  local name=$1 port=$2
  shift 2
  "$@" >"/lab/$name.log" 2>&1 &
  echo $! >"/run/$name.pid"
  must "$name listens on port $port" wait_for 20 "the socket" listens "$port"
}

listens() {
  listens_on "$1" || ss --vsock -lnH | grep -q ":$1 "
}

start_chains() {
  start server 2100 "$BUILD/tests/bench/bench_server" --listen "$server"
  must "the configuration is written" write_config
  start_gateway gateway
  start guest 20490 "$guest" --listen 127.0.0.1:20490 --to vsock:1:2049
  start socat-host 2050 socat -b262144 VSOCK-LISTEN:2050,fork,backlog=128 TCP4:127.0.0.1:2100,nodelay
  start socat-guest 20500 socat -b262144 TCP4-LISTEN:20500,bind=127.0.0.1,fork,backlog=128,reuseaddr,nodelay VSOCK-CONNECT:1:2050
  start proxyd 2051 systemd-socket-activate -l vsock::2051 /lib/systemd/systemd-socket-proxyd 127.0.0.1:2100
  start guest-proxyd 20510 "$guest" --listen 127.0.0.1:20510 --to vsock:1:2051
}

must "the vsock module loads" modprobe vsock_loopback
start_chains
"$python" -B "$here/bench/measure.py" "$BUILD/tests/bench/bench_load" "$ROUNDS" "$CALLS" "$MODES" 2>/lab/measure.err &&
  echo "ok every reply of every chain was verified" && exit 0
echo "not ok every reply of every chain was verified: $(tail -n 1 /lab/measure.err)"
exit 1
