#!/bin/bash
# gatehoused is restarted, as an upgrade does it, under a krb5p mount with a writer at work: its listener stays with the service manager, its
# contexts come back from the service manager's store, and the kernel's NFS client notices nothing:
#   client, sec=krb5p --TCP--> relay.py --vsock, CID 1--> manager.py's socket, gatehoused --TCP, AUTH_SYS--> knfsd
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/kerberos.sh"
. "$here/writers.sh"

# start_manager NAME: the service manager of gatehoused with /lab/NAME.conf, which it does not start yet.
start_manager() {
  install -D -m 600 "/lab/$1.conf" "/run/gatehouse/$1.conf"
  STATE_DIRECTORY=/run/gatehouse/state "$python" "$here/manager.py" "$1" 2049 "$gatehoused" --config "/run/gatehouse/$1.conf" \
    >/lab/manager.log 2>&1 &
  manager=$!
  must "the service manager listens" wait_for 10 "its listening socket" grep -q '^ready' /lab/manager.log
}

# start_service NAME: true when gatehoused, started by its service manager, is ready.
start_service() {
  rm -f "/run/$1.status"
  : >"/lab/$1.log"
  kill -HUP "$manager"
  wait_for 20 "event=ready of gatehoused" gateway_ready "$1" && [ ! -s "/run/$1.status" ]
}

# no_contexts_are_made: since gatehoused was started, though there are some.
no_contexts_are_made() {
  signal_gateway gateway USR1
  logged gateway 'event=counters' 'guest=vm1' 'calls=[1-9]' 'contexts=[1-9]' || return
  ! grep 'contexts_established=' /lab/gateway.log || return
  ! grep 'event=refused' /lab/gateway.log || { echo "an honest client has been refused something"; return 1; }
}

contexts_came_back() {
  logged gateway 'event=contexts-restored' 'guests=1' 'contexts=[1-9]'
}

# client_waits: the relay's connection to nobody is open, and the writer is neither served nor told anything.
client_waits() {
  wait_for 30 "the relay's second connection" has_connected "$1" && writers_go_on
}

has_connected() {
  [ "$(grep -c '^relay ' /lab/relay.log)" -ge "$1" ]
}

# writes_arrive: more of the writer's blocks are at the server than now.
writes_arrive() {
  local before
  before=$(stat -c %y /export/writer-0)
  wait_for 60 "a write" changed_since "$before"
}

changed_since() {
  [ "$(stat -c %y /export/writer-0)" != "$1" ]
}

bytes_are_there() {
  written_is_in /export && same "the owner at the server" "$(owner writer-0)" 5001:5001
}

add_account alice 5001
must "the realm starts" start_kdc aes256-cts-hmac-sha1-96 alice
must "knfsd starts" start_knfsd '/export 127.66.0.1(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
must "rpc.gssd starts" start_gssd
must "alice gets a ticket" get_ticket alice
must "the configuration is written" write_krb5_config gateway krb5p
sed -i 's/^address = "vsock:any:2049"/address = "systemd:nfs"/' /lab/gateway.conf
start_manager gateway
must "gatehoused is ready" start_service gateway
start_relay relay 20490 1 2049 keep
must "the kernel's NFS client mounts version 4.2 with sec=krb5p" mount_krb5 krb5p
check "a writer begins" begin_writers 1 as_user alice
for turn in 1 2; do
  check "gatehoused ends at SIGTERM under the writes, time $turn" stop_gateway gateway
  check "its contexts are with the service manager, time $turn [L8]" logged gateway 'event=contexts-saved' 'contexts=[1-9]'
  check "the client connects again while no gatehoused runs, and waits, time $turn [L7]" client_waits $((turn + 1))
  must "gatehoused is ready again" start_service gateway
  check "the contexts come back, time $turn [L8]" contexts_came_back
  check "writes go on after the restart, time $turn [L8]" writes_arrive
  check "no context has been made after the restart, time $turn [L8, G12]" no_contexts_are_made
done
check "the writer ends well, having read and written over both restarts [L8]" writers_end_well
check "every byte is at the server, and alice's" bytes_are_there
check "the file system unmounts after the restarts" umount /mnt/nfs
check "gatehoused ends at SIGTERM at last" stop_gateway gateway
kill "$manager"
finish
