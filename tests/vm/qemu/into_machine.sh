#!/bin/bash
# The other direction: a program of the host calls a service inside machine 42, which comes, goes and does not always listen:
#   bench_load --unix socket, SO_PEERCRED--> gatehoused --vsock 42:700--> vsguest, CID 42 --unix socket--> bench_server
# bench_load verifies every reply.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/qemu_guests.sh"

write_config() {
  cat >/lab/gateway.conf <<CONF
[[listener]]
name = "in"
address = "unix:/run/gatehouse/in.sock"
[[backend]]
name = "agent"
address = "vsock:42:700"
programs = ["nfs:3"]
[[guest]]
name = "operator"
uid = 0
sec = ["sys"]
backends = ["agent"]
CONF
}

start_service() {
  "$BUILD/tests/bench/bench_server" --listen unix:/run/agent.sock >/lab/service.log 2>&1 &
  wait_for 10 "the service's socket" test -S /run/agent.sock
}

start_g42() {
  start_machine g42 42 --serve 700=unix:/run/agent.sock
}

# start_calls OPTION...: bench_load in the background, its status in /run/calls.status.
start_calls() {
  rm -f /run/calls.status
  ("$BUILD/tests/bench/bench_load" --socket /run/gatehouse/in.sock "$@" >/lab/calls.log 2>&1; echo $? >/run/calls.status) &
}

calls_end_well() {
  wait_for 30 "the end of the calls" test -s /run/calls.status || return
  same "bench_load's status" "$(cat /run/calls.status)" 0 || { tail -n 1 /lab/calls.log; return 1; }
}

# is_down NAME WHY: the gateway with that name says so, once, with the reason that the kernel gave; and the calls wait.
is_down() {
  logged "$1" 'event=backend-down' 'address=vsock:42:700' "$2" && [ ! -s /run/calls.status ] && return
  echo "the calls did not wait: $(tail -n 1 /lab/calls.log)"
  return 1
}

from_reserved_port() {
  local port
  port=$(sed -n 's/^serve 700 <- //p' /lab/g42.log | tail -n 1)
  [ "${port:-0}" -ge 665 ] && [ "$port" -lt 1024 ] || { echo "the machine saw source port '$port'"; return 1; }
}

dies_under_calls() {
  wait_for 20 "the calls" calls_are_under_way || return
  kill_machine g42 || return
  wait_for 10 "the end of the calls" test -s /run/calls.status || return
  [ "$(cat /run/calls.status)" -ne 0 ] || { echo "bench_load noticed nothing"; return 1; }
  logged gateway 'event=closed' 'guest=operator' 'reason=backend-closed' || return
  wait_for 10 "the end of its descriptors" descriptors_are "$idle" || return
  fresh_counters || return
  same "the calls in flight" "$(counter operator in_flight)" 0
}

calls_are_under_way() {
  fresh_counters && [ "$(counter operator replies)" -gt 500 ]
}

must "this kernel is a host of virtual machines" prepare_host
must "the service inside starts" start_service
write_config
start_gateway gateway
idle=$(descriptors gateway)
start_calls --mode 1x1 --calls 20
check "calls into a machine that is not there wait, and the log says ENODEV [V9]" is_down gateway 'No such device'
start_g42
check "when it is there they reach its service, and every reply comes back [V9]" calls_end_well
check "the machine sees a port below 1024, which no common user of the host can have [V9]" from_reserved_port
start_calls --mode 16x8 --calls 3000
check "16 connections with 8 calls each are carried [V9]" calls_end_well
start_calls --mode 16x1 --seconds 600
check "a machine killed under calls ends the sessions with calls there, and leaves nothing [V9]" dies_under_calls
check "gatehoused ends at SIGTERM" stop_gateway gateway
start_machine g42 42
cp /lab/gateway.conf /lab/second.conf
start_gateway second
start_calls --mode 1x1 --calls 20
check "calls into a machine that does not listen wait, and the log says ECONNRESET [V9]" is_down second 'reset by peer'
must "the machine goes" kill_machine g42
start_g42
check "they arrive when the machine is back with its CID and its service [V9]" calls_end_well
check "the second gatehoused ends at SIGTERM" stop_gateway second
finish
