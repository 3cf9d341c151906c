#!/bin/bash
# Beta knows all of alpha's identifiers, those on alpha's wire and those that the server itself uses, and may use the same export as the
# same user. First nothing is bound to guests, and each attack bites: this shows that they are attacks. Then the gateway binds.
#   alpha: the kernel's client, version 4.2 at /mnt/nfs and 4.0 at /mnt/nfs40, with a file open and locked on each, and writers
#   beta:  attacks/attack.py
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$here/knfsd.sh"
. "$here/writers.sh"
. "$here/two_guests.sh"

# alpha_mounts: what alpha says from now on is recorded anew.
alpha_mounts() {
  rm -f "$recording"-* && mkdir -p /mnt/nfs40 && mount_nfs 20490 &&
    timeout 20 mount -t nfs -o "vers=4.0,sec=sys,port=20490" 127.0.0.1:/ /mnt/nfs40 && hold nfs/held && hold nfs40/held40
}

alpha_goes() {
  touch /run/hold.held.go /run/hold.held40.go
  wait_for 60 "the end of alpha's work" test -s /run/hold.held.status -a -s /run/hold.held40.status || return
  umount /mnt/nfs /mnt/nfs40 && rm -f /export/held*
}

lost_its_locks() {
  wait_for 20 "the loss of alpha's locks" both_locks_are_free
}

both_locks_are_free() {
  ! is_locked held >/dev/null && ! is_locked held40 >/dev/null
}

# callbacks_lead_nowhere: the server has no address of a client of 4.0, which could be anybody's, to call back.
callbacks_lead_nowhere() {
  local found
  found=$(grep -l '^minor version: 0' /proc/fs/nfsd/clients/*/info | xargs sed -n 's/^callback address: //p' | tr -d '"' | sort -u)
  same "the callback addresses of 4.0" "$found" 0.0.0.0:0
}

handles_are_logged() {
  same "the lines about foreign handles" "$(grep -c 'event=foreign-handle guest=beta peer=vsock:1:[0-9]* ' /lab/bound.log)" 2
}

# alpha_is_not_logged: nothing of alpha's own work was taken for an attack.
alpha_is_not_logged() {
  ! line_with /lab/bound.log 'event=(unknown-state|foreign-handle|refused)' 'guest=alpha'
}

made_as_beta() {
  came_to /run/bound NFS4_OK name || return
  same "the owner on the server" "$(stat -c %u:%g /export/by-name)" 65534:65534
}

# only_the_gateway_reaches: the host's packet filter lets the gateway's user alone connect to the server; here that is root.
only_the_gateway_reaches() {
  iptables-legacy -A OUTPUT -o lo -p tcp --dport 2049 -m owner ! --uid-owner 0 -j REJECT --reject-with tcp-reset || return
  attack_by_hand /run/filtered root && came_to /run/filtered refused begin
}

must "knfsd starts" start_knfsd '/export 127.66.0.0/16(rw,no_root_squash,fsid=0,no_subtree_check,sec=sys)'
write_alpha_beta plain 'state_ids = "plain"' 'client_owners = "plain"'
start_alpha_and_beta plain
must "alpha mounts and works" alpha_mounts
must "a user of the host attacks" attack_by_hand /run/hand reserved-port root40 handle40 write-state40 renew guess-session
check "a user of the host who binds a guest's source address has no port that the server takes for the gateway's [L7]" \
  came_to /run/hand EACCES reserved-port
check "and so no file of the server: not by its root, a handle, or an open file's state id [L7]" \
  came_to /run/hand PERM root40 handle40 write-state40
check "the server itself lets him renew clients and use sessions: what the gateway cannot keep from it [L7]" \
  came_to /run/hand NFS4_OK renew guess-session
check "a packet filter by user can [L7]" only_the_gateway_reaches
must "beta attacks" attack /run/plain sequence bind create-session destroy-client renew confirm guess-renew \
  handle handle40 write-state write-state40 guess-state40 unlock-state40 destroy-session owner owner40
check "unbound, another guest's sessions, clients, state ids of 4.0 and handles are anybody's" came_to /run/plain NFS4_OK sequence bind \
  create-session renew confirm guess-renew handle handle40 write-state40 guess-state40 unlock-state40 destroy-session
check "unbound, the server knows another guest's client id" came_to /run/plain CLIENTID_BUSY destroy-client
check "and by its owner it loses its locks" lost_its_locks
must "alpha ends" alpha_goes
must "gatehoused ends at SIGTERM" stop_gateway plain

write_alpha_beta bound 'filehandles = "bound"'
start_gateway bound
must "alpha mounts and works anew" alpha_mounts
check "a callback address of 4.0 leads nowhere [P4]" callbacks_lead_nowhere
must "alpha's writers begin" begin_writers 2
clients_of "$victim" >/run/clients
must "beta attacks the bound" attack /run/bound root sequence bind guess-session create-session destroy-client guess-client renew confirm \
  guess-renew handle handle40 write-state close-state unlock-state free-state write-state40 guess-state40 unlock-state40 name owner owner40 \
  destroy-session guess-destroy
check "the other guest itself is served" came_to /run/bound NFS4_OK begin root
check "SEQUENCE, BIND_CONN_TO_SESSION and DESTROY_SESSION with another guest's session id get BADSESSION [V8]" \
  came_to /run/bound BADSESSION sequence bind destroy-session
check "and so do those with the server's own, all that can be guessed [V8]" came_to /run/bound BADSESSION guess-session guess-destroy
check "CREATE_SESSION and DESTROY_CLIENTID with another guest's client id get STALE_CLIENTID [V8]" \
  came_to /run/bound STALE_CLIENTID create-session destroy-client guess-client
check "RENEW and SETCLIENTID_CONFIRM with another guest's client id of 4.0 get STALE_CLIENTID [V8]" \
  came_to /run/bound STALE_CLIENTID renew confirm guess-renew
check "another guest's state ids get BAD_STATEID in a session of the guest's own [V8]" \
  came_to /run/bound BAD_STATEID write-state close-state unlock-state free-state
check "another guest's state ids of 4.0, and the server's own, get STALE_STATEID [V8]" \
  came_to /run/bound STALE_STATEID write-state40 guess-state40 unlock-state40
check "another guest's file handles get STALE where handles are bound, in the same export [V8, P9]" came_to /run/bound STALE handle handle40
check "another guest's client owner makes a client of one's own [V8]" came_to /run/bound NFS4_OK owner owner40
check "and the server keeps the other guest's clients" clients_stay /run/clients
check "another guest's machine name changes nobody's ids [L3]" made_as_beta
# guess-session and guess-destroy are 63 each.
check "each of these attacks is in the log, with guest, peer and operation" attacks_logged bound beta 1 BIND_CONN_TO_SESSION=1 CLOSE=1 \
  CREATE_SESSION=1 DESTROY_CLIENTID=2 DESTROY_SESSION=64 FREE_STATEID=1 LOCKU=2 RENEW=2 SEQUENCE=64 SETCLIENTID_CONFIRM=1 WRITE=3
check "and those by file handles" handles_are_logged
check "the victim's file stays open and locked over 4.2, and is written to" held_well held
check "the victim's file stays open and locked over 4.0, and is written to" held_well held40
check "the victim's writers see no error" writers_end_well
check "the server has every byte they wrote" written_is_in /export
check "nothing of the victim's own work was logged as an attack" alpha_is_not_logged
check "the file systems unmount" umount /mnt/nfs /mnt/nfs40
check "gatehoused ends at SIGTERM" stop_gateway bound
finish
