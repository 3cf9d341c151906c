#!/bin/bash
# Guests that the kernel itself tells apart, CID 42 and CID 43: what 43 gets by all that 42 says on its wire, and by the server's own ids;
# and then whoever has CID 42 after 42 is gone. 42's client is the kernel's, version 4.2 and 4.0, with files open and locked, and a load.
#   client --TCP 2051, 2052--> socat, which records --TCP 2049--> vsguest, CID 42 --vhost--> gatehoused --> knfsd, an export a guest
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/qemu_guests.sh"
. "$here/qemu_nfs.sh"
. "$here/two_guests.sh"
victim=127.66.0.42
exported=/export/g42
recording=/run/g42

# record PORT NUMBER: carries one connection of g42's to its machine from a port below 1024, and keeps what it says.
record() {
  (inside g42 socat -r "$recording-$2.calls" "TCP-LISTEN:$1,bind=127.0.0.1,reuseaddr,fork" TCP:127.0.0.1:2049,lowport >"/lab/socat-$2.log" 2>&1) &
  wait_for 10 "the recorder on port $1" nsenter --net=/run/netns/g42 sh -c "[ -n \"\$(ss -tlnH '( sport = :$1 )')\" ]"
}

# g42_mounts VERSION PORT WHERE
g42_mounts() {
  mkdir -p "$3"
  (inside g42 timeout 60 mount -t nfs -o "vers=$1,sec=sys,port=$2" 127.0.0.1:/g42 "$3")
}

# attack_as MACHINE FILE ATTACK...: state ids are tried on a file that g43 may use.
attack_as() {
  local attack_by=(nsenter "--net=/run/netns/$1")
  shift
  attack_from 2049 "$@" --file g43/note --file40 g43/note
}

# same_cid: another machine with CID 42, in a network of its own.
same_cid() {
  start_machine next 42 --relay tcp:127.0.0.1:2049=2049
}

# write_later: the configuration of who has given CID 42 to another guest.
write_later() {
  sed -e 's/"g42"/"next"/' -e 's/127.66.0.42/127.66.0.99/' /lab/gateway.conf >/lab/later.conf
}

victim_is_not_logged() {
  ! line_with /lab/gateway.log 'event=(unknown-state|foreign-handle|refused)' 'guest=g42'
}

must "this kernel is a host of virtual machines" prepare_host
write_two_guests
sed -i 's/^in_flight = .*/&\nlog_lines = 1000/' /lab/gateway.conf   # g43 makes many
must "knfsd starts" start_two_exports
start_gateway gateway
must "g42 has a network of its own" client_network g42
must "g43 has a network of its own" client_network g43
start_machine g42 42 --relay tcp:127.0.0.1:2049=2049
start_g43
must "a recorder for 4.2" record 2051 1
must "a recorder for 4.0" record 2052 2
must "g42 mounts version 4.2" g42_mounts 4.2 2051 /mnt/g42
must "g42 mounts version 4.0" g42_mounts 4.0 2052 /mnt/g42-40
must "g42 works over 4.2" hold g42/held
must "g42 works over 4.0" hold g42-40/held40
start_load
clients_of "$victim" >/run/clients
must "g43 attacks" attack_as g43 /run/out root sequence bind guess-session create-session destroy-client guess-client renew confirm guess-renew \
  handle handle40 write-state close-state free-state write-state40 guess-state40 unlock-state40 owner owner40 destroy-session guess-destroy
check "CID 43 itself is served" came_to /run/out NFS4_OK begin root
check "a session id of CID 42 gets BADSESSION from CID 43, as it was shown and as the server has it [V6, V8]" \
  came_to /run/out BADSESSION sequence bind guess-session destroy-session guess-destroy
check "a client id of CID 42 gets STALE_CLIENTID from CID 43, as it was shown and as the server has it [V6, V8]" \
  came_to /run/out STALE_CLIENTID create-session destroy-client guess-client renew confirm guess-renew
check "a state id of CID 42 gets BAD_STATEID in a session of CID 43 [V6, V8]" came_to /run/out BAD_STATEID write-state close-state free-state
check "a state id of 4.0 of CID 42 gets STALE_STATEID from CID 43 [V6, V8]" came_to /run/out STALE_STATEID write-state40 guess-state40 unlock-state40
check "a file handle of CID 42 is STALE to CID 43, which has another export: plain handles are as good as the exports [V8, P9]" \
  came_to /run/out STALE handle handle40
check "a client owner of CID 42 makes CID 43 a client of its own [V8]" came_to /run/out NFS4_OK owner owner40
check "and the server keeps those of CID 42" clients_stay /run/clients
check "each of these attacks is in the log with CID 43" attacks_logged gateway g43 43 BIND_CONN_TO_SESSION=1 CLOSE=1 CREATE_SESSION=1 \
  DESTROY_CLIENTID=2 DESTROY_SESSION=64 FREE_STATEID=1 LOCKU=1 RENEW=2 SEQUENCE=64 SETCLIENTID_CONFIRM=1 WRITE=3
check "nothing of CID 42's own work was logged as an attack" victim_is_not_logged
check "CID 42's other work has lost no call and no byte meanwhile" stop_load

must "g42 is killed" kill_machine g42
must "g43 attacks who is gone" attack_as g43 /run/gone sequence create-session renew
check "what a machine had is worth nothing to others when it is gone [T3]" came_to /run/gone BADSESSION sequence
check "nor its client ids [T3]" came_to /run/gone STALE_CLIENTID create-session renew
check "gatehoused ends at SIGTERM" stop_gateway gateway
write_later
start_gateway later
must "another machine has a network of its own" client_network next
same_cid
must "it attacks" attack_as next /run/next sequence create-session renew handle
check "CID 42, now another guest's, inherits no session of the one before [T3]" came_to /run/next BADSESSION sequence
check "and no client [T3]" came_to /run/next STALE_CLIENTID create-session renew
check "and no file [T3]" came_to /run/next STALE handle
must "it goes" kill_machine next
check "the next gatehoused ends at SIGTERM" stop_gateway later
start_gateway gateway
start_machine g42 42 --relay tcp:127.0.0.1:2049=2049
must "the victim calls again over 4.2" touch /mnt/g42/again
must "the victim calls again over 4.0" touch /mnt/g42-40/again
check "the victim comes back; its file is still open and locked over 4.2, and is written to" held_well held
check "its file is still open and locked over 4.0, and is written to" held_well held40
must "g42 is killed again" kill_machine g42
same_cid
must "it attacks as the guest that it is taken for" attack_as next /run/same sequence
check "CID 42, still the same guest's, is that guest, whoever has it: who gives out CIDs is trusted [T3]" came_to /run/same NFS4_OK sequence
check "gatehoused ends at SIGTERM at last" stop_gateway gateway
finish
