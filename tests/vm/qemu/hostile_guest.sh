#!/bin/bash
# Guest 43 does what it can to hurt, while guest 42 writes, reads and compares over NFS. How much slower 42 gets is printed, not judged:
# all share two emulated processors.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/qemu_guests.sh"
. "$here/qemu_nfs.sh"

# attack NAME COUNT [ADDRESS]: hostile.py's attack by g43, by TCP from its own network unless told otherwise.
attack() {
  (inside g43 "$python" -B "$here/qemu/hostile.py" "$1" "${3:-2049}" "$2")
}

# is_closed_for REASON ATTACK COUNT: the gateway closes each such connection, counts it under the reason, and says so in its log.
is_closed_for() {
  local before
  before=$(counter g43 "closed-$1")   # of when counters were last logged: nothing else is closed for that
  attack "$2" "$3" || return
  fresh_counters || return
  same "the connections closed for $1" "$(counter g43 "closed-$1")" $((${before:-0} + $3)) || return
  logged gateway 'event=closed' 'guest=g43' 'peer=vsock:43:[0-9]+( |$)' "reason=$1"
}

flood_is_limited() {
  wait_for 90 "the end of the flood" grep -q '^flood: ' /lab/flood.log || return
  local open refused closed shed
  read -r _ open _ refused _ closed _ < <(grep '^flood: ' /lab/flood.log)
  echo "# 10000 connections: $open open, $refused refused by the kernel, $closed closed by the gateway" >&3
  same "the connections of the flood" $((open + refused + closed)) 10000 || return
  fresh_counters || return
  shed=$(counter g43 connections_shed)
  [ "${shed:-0}" -gt 0 ] || { echo "the gateway counted no connection as beyond the limit"; return 1; }
  logged gateway 'event=connection-limit' 'guest=g43' 'peer=vsock:43:5[0-9]+( |$)' 'limit=32' || return
  [ "$(descriptors gateway)" -le $((one_guest + 32)) ] || { echo "the gateway has $(descriptors gateway) descriptors"; return 1; }
}

# forgery_is_nobody: what came under 42's CID came to nothing, and who sent it is still served.
forgery_is_nobody() {
  local connections
  attack call answered /run/g43.sock || return
  fresh_counters || return
  connections=$(counter g42 connections)
  same "g42's connections" "$connections" "$connections_before" || return
  ! line_with /lab/gateway.log 'peer=vsock:42:' || { echo "the log has a peer of g42's"; return 1; }
}

is_still_served() {
  attack call answered /run/g43.sock
}

log_is_bounded() {
  local lines
  lines=$(grep -c 'guest=g43 ' /lab/gateway.log)
  [ "$lines" -lt 2000 ] || { echo "the log has $lines lines about g43"; return 1; }
}

exec 3>&1
start_two_guests
one_guest=$(descriptors gateway)
fresh_counters
connections_before=$(counter g42 connections)
start_load
must "g42's load is warm" wait_for 120 "g42's first turns" load_has_done 40
quiet=$(now_ms)
must "g42's load runs alone" wait_for 120 "g42's turns" load_has_done 140
attacks=$(now_ms)
start_machine g43 43 --forge 42=2049 --relay tcp:127.0.0.1:2049=2049 --relay unix:/run/g43.sock=2049
check "packets that name another machine's CID, a wrong host or no known operation reach nobody [V6]" forgery_is_nobody
check "HTTP is refused, and said so" is_closed_for record-too-long http 10
check "a record declared as 2 GiB is refused before it is read, and said so [V3]" is_closed_for record-too-long huge-record 10
check "what is no call is refused, and said so" is_closed_for bad-message-type garbage 10
check "the end of a connection within a record is said to be one" is_closed_for truncated-record half-close-in-record 10
check "a connection that only its sender ended is closed" attack half-close 10
check "resets in the middle of a record are survived" attack reset-in-record 50
check "resets while 40 calls run are survived" attack reset-under-calls 30
check "connections closed while 40 calls run are survived" attack close-under-calls 30
check "who takes no reply is not read from without end [P10]" attack never-read 1
check "the guest is served after all of this" is_still_served
must "g43 goes" kill_machine g43
check "of all of this nothing is left [P10]" nothing_is_left g43 "$one_guest"
flooded=$(now_ms)
start_machine flood 43 --flood 10000=2049
check "of 10000 connections a guest gets as many as its limit, and the rest is refused and said so [V6]" flood_is_limited
must "the flood goes" kill_machine flood
check "of the flood nothing is left [P10]" nothing_is_left g43 "$one_guest"
deaf=$(now_ms)
start_machine g43 43 --window 0 --relay tcp:127.0.0.1:2049=2049
check "a machine that never gives credit is not read from without end [P10]" attack never-read 1
must "it goes" kill_machine g43
check "of the machine without credit nothing is left [P10]" nothing_is_left g43 "$one_guest"
end=$(now_ms)
check "the other guest's calls go on" load_goes_on
check "the other guest has lost no call and no byte meanwhile [P10]" stop_load
check "none of its turns took longer than a client waits before it sends again" \
  "$python" -B "$here/qemu/load.py" worst /run/load.times 60000
"$python" -B "$here/qemu/load.py" say /run/load.times "g42 alone" "$quiet" "$attacks" "g42 under attacks" "$attacks" "$flooded" \
  "g42 under the flood" "$flooded" "$deaf" "g42 beside a machine without credit" "$deaf" "$end"
check "the log of a hostile guest is bounded" log_is_bounded
check "the file system unmounts" umount /mnt/g42
check "gatehoused ends at SIGTERM" stop_gateway gateway
finish
